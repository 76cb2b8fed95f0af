import * as Either from "effect/Either"
import * as Schema from "effect/Schema"
import type { Destination } from "../Destination.ts"
import { UrlGroupName } from "../UrlGroupName.ts"
import { errorTexts } from "../wire/ErrorBody.ts"
import { canonicalName, fromEntries, type HeaderMap, trimBlanks } from "./headers.ts"
import { hasHttpScheme, parsePrintableUrl } from "./httpUrl.ts"
import type { Parsed } from "./parser.ts"

/** The parts of a request that carry settings, as they came. */
export interface RequestParts {
  readonly target: string
  readonly headers: Readonly<Record<string, string | ReadonlyArray<string> | undefined>>
  readonly body: Uint8Array
}

/** What a request says about settings, by the names of headers. */
export interface SettingsSource {
  /** A setting's text. Empty text is absent. */
  readonly text: (header: string) => string | undefined
  /** The headers whose names start with a prefix such as `Upstash-Forward-`, without the prefix. */
  readonly forwarded: (prefix: string) => HeaderMap
  /** The headers of each delivery: the forwarded ones and the request's own content type. */
  readonly headers: HeaderMap
  readonly body: Uint8Array
}

/** Takes QStash's own options out of a destination, whose own query stays byte for byte. */
const splitTarget = (target: string) => {
  const options = new Map<string, string>()
  const mark = target.indexOf("?")
  if (mark < 0) return { destination: target, options }
  const parameters = target.slice(mark + 1).split("&")
  const kept = parameters.filter((parameter) => {
    // With a `?` in front, because it would remove one that is part of the name.
    const [[name, value] = ["", ""]] = new URLSearchParams(`?${parameter}`)
    const lower = name.toLowerCase()
    if (lower.startsWith("upstash-")) options.set(lower, value)
    return lower !== "qstash_token" && !lower.startsWith("upstash-")
  })
  const path = target.slice(0, mark)
  return {
    destination:
      kept.length === parameters.length ? target : kept.length === 0 ? path : `${path}?${kept.join("&")}`,
    options
  }
}

/** Parses the destination of a request's target. Errors are in QStash's own words. */
export const decodeDestination = (text: string): Parsed<Destination> => {
  // A proxy that merges slashes leaves one of the two.
  const url = text.replace(/^(https?:)\/(?!\/)/i, "$1//")
  if (hasHttpScheme(url)) {
    return Either.mapLeft(parsePrintableUrl(url), (reason) => `invalid destination url: ${reason}`)
  }
  const name = text.replace(/\?.*$/s, "")
  if (name === "") return Either.left(errorTexts.emptyDestination)
  return isUrlGroupName(name) ? Either.right({ urlGroup: name }) : Either.left(errorTexts.invalidScheme)
}

const isUrlGroupName = Schema.is(UrlGroupName)

/**
 * Takes a request apart. Settings may also be in the target's query in lower case, for senders that cannot set headers;
 * a header takes precedence. Unknown headers are ignored.
 */
export const readParts = ({ body, headers, target }: RequestParts) => {
  const { destination, options } = splitTarget(target)
  const own = new Map<string, ReadonlyArray<string>>()
  /** The request's other headers by lower-case name, without the content type. */
  const others = new Map<string, ReadonlyArray<string>>()
  let contentType: ReadonlyArray<string> | undefined
  for (const [name, value] of [...options, ...Object.entries(headers)]) {
    if (value === undefined) continue
    const lower = name.toLowerCase()
    const values = (typeof value === "string" ? [value] : value).map(trimBlanks)
    if (lower === "content-type") contentType = values
    else if (lower.startsWith("upstash-")) own.set(lower, values)
    else others.set(lower, values)
  }
  const text = (header: string) => own.get(header.toLowerCase())?.join(", ") || undefined
  const forwarded = (prefix: string) => {
    const lower = prefix.toLowerCase()
    return fromEntries(
      Array.from(own)
        .filter(([name]) => name.startsWith(lower) && name !== lower)
        .map(([name, values]) => [canonicalName(name.slice(lower.length)), values])
    )
  }
  const source: SettingsSource = {
    text,
    forwarded,
    headers: {
      ...forwarded("Upstash-Forward-"),
      ...(contentType === undefined ? {} : { "Content-Type": contentType })
    },
    body
  }
  return { destination, others, source }
}
