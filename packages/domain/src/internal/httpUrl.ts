import * as Either from "effect/Either"
import type { Parsed } from "./parser.ts"

const scheme = /^https?:\/\//i
/** URL parsing reads `https:///x` as `https://x`, but readers that follow RFC 3986, as QStash does, see no host. */
const host = /^https?:\/\/[^/\\?#]/i
const control = /\p{Cc}/u

/** Whether text is a URL and not a group's name. */
export const hasHttpScheme = (text: string): boolean => scheme.test(text)

/** What the URL parser reads as user, password, host and port. */
const authority = /^[^:/?#\\]*:[/\\]*([^/?#\\]*)/
/** DNS allows 253 characters in a name; escapes and letters beyond ASCII may need more until they are decoded. */
const maxHostLength = 1024
/** The URL parser removes these wherever they are. */
const removed = /[\t\n\r]/g

/**
 * Parses any URL. A very long host is rejected first: the URL parser takes quadratic time to encode international
 * names, 10 seconds for 1 MB.
 *
 * `URL.canParse` does not work: after some ten thousand calls, Node 20 reads Latin-1 text as UTF-8 and rejects
 * `https://é.example`.
 */
export const parseUrl = (text: string): Parsed<URL> => {
  const hosted = authority.exec(text.replaceAll(removed, ""))?.[1] ?? ""
  return hosted.length - (hosted.lastIndexOf("@") + 1) > maxHostLength
    ? Either.left(`the host of the URL is longer than ${maxHostLength} characters`)
    : Either.try({ try: () => new URL(text), catch: () => "the URL is invalid" })
}

/** Parses an absolute `http:` or `https:` URL. The reason quotes nothing of it: it may contain secrets. */
export const parseHttpUrl = (text: string): Parsed<URL> => {
  if (!scheme.test(text)) return Either.left("expected a URL that starts with http:// or https://")
  if (control.test(text)) return Either.left("the URL contains a control character")
  if (!host.test(text)) return Either.left("the URL has no host")
  // A host of dots would be a dot segment in a request path.
  return Either.filterOrLeft(
    parseUrl(text),
    ({ hostname }) => hostname !== "." && hostname !== "..",
    () => "the URL has no host"
  )
}

/** Parses a URL for a header or for JSON: kept if a header can carry it as it is, else normalised. */
export const parsePrintableUrl = (input: unknown): Parsed<string> => {
  const text = typeof input === "string" ? input : input instanceof URL ? input.href : ""
  return Either.map(parseHttpUrl(text), (url) => (/^[\x21-\x7e]+$/.test(text) ? text : url.href))
}
