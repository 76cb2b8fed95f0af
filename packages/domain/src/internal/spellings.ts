import * as Arr from "effect/Array"
import * as Either from "effect/Either"
import { Destination } from "../Destination.ts"
import { parseHttpUrl, parsePrintableUrl, parseUrl } from "./httpUrl.ts"
import type { Parsed } from "./parser.ts"

/** All texts that one value of a filter matches. */
type Spellings = Arr.NonEmptyReadonlyArray<string>

const unique = (...texts: Spellings): Spellings => Arr.dedupe(texts)

/**
 * How QStash may have stored a URL: as a destination, as the URL of a callback or an endpoint, or as another client
 * normalised it. A filter looks for all of them, so that it finds the text that was published.
 */
export const spellingsOfUrl = (input: string | URL): Parsed<Spellings> => {
  const text = typeof input === "string" ? input : input.href
  return Either.map(Either.all([parseHttpUrl(text), parsePrintableUrl(text)]), ([url, printable]) => {
    const published = Either.getOrElse(Destination.parse(text), () => printable)
    url.hash = ""
    return unique(typeof published === "string" ? published : printable, printable, url.href)
  })
}

/** A host as written, and as URL parsing writes it: in lower case and Punycode. */
export const spellingsOfHost = (host: string): Parsed<Spellings> => {
  if (/[/\\?#@\s]/.test(host)) {
    // The error does not quote it: it may be a URL with a secret.
    return Either.left(
      'expected a host such as "api.example.com" or "localhost:3000", without scheme or path'
    )
  }
  // Keeps a port that is not the scheme's default.
  const scheme = /:0*80$/.test(host) ? "https" : "http"
  const normalised = (text: string) => Either.map(parseUrl(`${scheme}://${text}`), (url) => url.host)
  // An odd host may become one that would be normalised again, or one that a query reads as several.
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

/** A path as written, and as URL parsing writes it: encoded, without dot segments and fragment. */
export const spellingsOfPath = (path: string): Parsed<Spellings> => {
  if (!path.startsWith("/")) return Either.left('expected a path that starts with "/"')
  // A path without its query would match more than was meant.
  if (path.includes("?")) return Either.left("expected a path without a query")
  return Either.map(parseUrl(`http://host${path}`), ({ pathname }) => unique(path, pathname))
}
