import * as Either from "effect/Either"
import * as Schema from "effect/Schema"
import { hasHttpScheme, parseHttpUrl, parseUrl } from "./internal/httpUrl.ts"
import { parser, type Parsed } from "./internal/parser.ts"
import { quote } from "./internal/quote.ts"
import { UrlGroupName } from "./UrlGroupName.ts"

/**
 * Where messages go: an `http:` or `https:` URL as text, or a URL group by its name. A bare string is always a URL.
 *
 * @since 0.1.0
 * @category models
 */
export type Destination = string | { readonly urlGroup: UrlGroupName }

/** @since 0.1.0 */
export declare namespace Destination {
  /**
   * A destination as calls accept it.
   *
   * @since 0.1.0
   * @category models
   */
  export type Input = string | URL | { readonly urlGroup: UrlGroupName }
}

const toText = (destination: Destination): string =>
  typeof destination === "string" ? destination : destination.urlGroup

const toSafeText = (destination: Destination): string => {
  if (typeof destination !== "string") return destination.urlGroup
  return Either.match(parseUrl(destination), {
    onLeft: () => "an invalid URL",
    onRight: ({ host, pathname, protocol }) => `${protocol}//${host}${pathname}`
  })
}

/** Any host will do: what matters is how the URL parser treats the path. */
const origin = "https://qstash.upstash.io"
const prefix = "/v2/schedules/"

const survives = (destination: string): boolean => {
  const { pathname, search } = new URL(origin + prefix + destination)
  return pathname + search === prefix + destination
}

/** QStash reads these query parameters as its own options and removes them from the destination. */
const isOwnParameter = (name: string): boolean => /^(?:upstash-.*|qstash_token)$/is.test(name)

const parseDestinationUrl = (text: string): Parsed<string> =>
  Either.flatMap(parseHttpUrl(text), (url) => {
    for (const name of url.searchParams.keys()) {
      if (isOwnParameter(name)) {
        return Either.left(`QStash would remove the query parameter ${quote(name)} and use it itself`)
      }
    }
    if (survives(text)) return Either.right(text)
    url.hash = ""
    const normalised = url.search === "" ? url.href.replace(/\?$/, "") : url.href
    return survives(normalised)
      ? Either.right(normalised)
      : Either.left("a request path would change the URL")
  })

const parseUrlGroup = parser(UrlGroupName)
const isUrlGroupName = Schema.is(UrlGroupName)

const parse = (input: Destination.Input): Parsed<Destination> => {
  if (typeof input === "string") {
    // No name of a group has a scheme, so a URL is not compared with its schema, which takes 0.5 µs.
    return !hasHttpScheme(input) && isUrlGroupName(input)
      ? Either.left(
          `expected a URL that starts with http:// or https://; a URL group is { urlGroup: ${quote(input)} }`
        )
      : parseDestinationUrl(input)
  }
  if (input instanceof URL) return parseDestinationUrl(input.href)
  return typeof input === "object" && input !== null && "urlGroup" in input
    ? Either.map(parseUrlGroup(input.urlGroup), (urlGroup) => ({ urlGroup }))
    : Either.left(`expected a URL or { urlGroup }, got ${quote(input)}`)
}

const fromText = (text: string): Destination =>
  hasHttpScheme(text) ? text : { urlGroup: UrlGroupName.make(text, { disableValidation: true }) }

/** @since 0.1.0 */
export const Destination = {
  /**
   * Parses a destination: URL text, a `URL`, or `{ urlGroup }`.
   *
   * Makes sure that a URL survives the request path. QStash takes the destination unencoded at the end of its own path,
   * and every HTTP client parses the whole as one URL, which resolves dot segments:
   * `https://x.y/../../../../keys/rotate` would rotate the account's keys. A URL that parsing does not change is kept.
   * Any other is normalised, which drops its fragment, and rejected if it still does not survive. Query parameters that
   * QStash would treat as its own (`upstash-…`, `qstash_token`) are rejected too.
   *
   * @since 0.1.0
   * @category constructors
   */
  parse,
  /**
   * Reads a destination from a request path or a record. Text that starts with `http://` or `https://` is a URL, kept
   * byte for byte; any other text is the name of a group.
   *
   * @since 0.1.0
   * @category constructors
   */
  fromText,
  /**
   * A destination as text, for a request path or a schedule's record.
   *
   * @since 0.1.0
   * @category conversions
   */
  toText,
  /**
   * A destination for logs and errors: without credentials and query, which may be secret.
   *
   * @since 0.1.0
   * @category conversions
   */
  toSafeText
} as const
