import * as Arr from "effect/Array"
import * as Either from "effect/Either"
import { Destination } from "../Destination.ts"
import { parseHttpUrl, parsePrintableUrl, parseUrl } from "./httpUrl.ts"
import type { Parsed } from "./parser.ts"

/** All texts that stand for one value of a filter. Any of them matches. */
type Spellings = Arr.NonEmptyReadonlyArray<string>

const unique = (...texts: Spellings): Spellings => Arr.dedupe(texts)

/**
 * How a URL that a user writes may be stored: as a destination, as the URL of a callback or an endpoint, or as another
 * client normalised it before it published. A filter looks for all of them, so that the text which was published is
 * found again.
 */
export const spellingsOfUrl = (input: string | URL): Parsed<Spellings> => {
  const text = typeof input === "string" ? input : input.href
  return Either.map(Either.all([parseHttpUrl(text), parsePrintableUrl(text)]), ([url, printable]) => {
    const published = Either.getOrElse(Destination.parse(text), () => printable)
    url.hash = ""
    return unique(typeof published === "string" ? published : printable, printable, url.href)
  })
}

/** A host as it is written, and as URL parsing writes it: lower case, Punycode. */
export const spellingsOfHost = (host: string): Parsed<Spellings> => {
  if (/[/\\?#@\s]/.test(host)) {
    // A URL in its place may hold a secret, so the error does not repeat it.
    return Either.left(
      'expected a host such as "api.example.com" or "localhost:3000", without scheme or path'
    )
  }
  // A port that is not the default of the scheme stays.
  const scheme = /:0*80$/.test(host) ? "https" : "http"
  const normalised = (text: string) => Either.map(parseUrl(`${scheme}://${text}`), (url) => url.host)
  // An odd host may become one that would be normalised again, or one that the wire takes for several.
  return normalised(host).pipe(
    Either.filterOrLeft(
      (text) => Either.getOrNull(normalised(text)) === text && !text.includes(","),
      () => "the host is not stable"
    ),
    Either.match({
      onLeft: () => Either.right<Spellings>([host]),
      onRight: (text) => Either.right(unique(host, text))
    })
  )
}

/** A path as it is written, and as URL parsing writes it: encoded, without dot segments and fragment. */
export const spellingsOfPath = (path: string): Parsed<Spellings> => {
  if (!path.startsWith("/")) return Either.left('expected a path that starts with "/"')
  // Without its query it would match more than is meant.
  if (path.includes("?")) return Either.left("expected a path without a query")
  return Either.map(parseUrl(`http://host${path}`), ({ pathname }) => unique(path, pathname))
}
