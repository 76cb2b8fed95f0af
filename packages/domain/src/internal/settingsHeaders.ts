import type * as Duration from "effect/Duration"
import * as Either from "effect/Either"
import * as Schema from "effect/Schema"
import type { Destination } from "../Destination.ts"
import type { FlowControl } from "../FlowControl.ts"
import type { Callback, MessageSettings, Redact } from "../MessageSettings.ts"
import { QStashInvalidRequest } from "../QStashError.ts"
import { UrlGroupName } from "../UrlGroupName.ts"
import { DurationText } from "../wire/DurationText.ts"
import { errorTexts } from "../wire/ErrorBody.ts"
import { canonicalName, fromEntries, trimBlanks } from "./headers.ts"
import { hasHttpScheme, parsePrintableUrl } from "./httpUrl.ts"
import type { Parsed } from "./parser.ts"
import { quote } from "./quote.ts"

/** The parts of a request in which settings travel, as it came. */
export interface RequestParts {
  readonly target: string
  readonly headers: Readonly<Record<string, string | ReadonlyArray<string> | undefined>>
  readonly body: Uint8Array
}

/** A header and its values. */
export type HeaderEntry = readonly [name: string, values: ReadonlyArray<string>]

export const one = (name: string, value: string): HeaderEntry => [name, [value]]

const durationToText = Schema.encodeSync(DurationText)

const encodeCallback = (prefix: string, callback: Callback): ReadonlyArray<HeaderEntry> => [
  one(prefix, callback.url),
  ...(callback.method === undefined ? [] : [one(`${prefix}-Method`, callback.method)]),
  ...(callback.timeout === undefined ? [] : [one(`${prefix}-Timeout`, durationToText(callback.timeout))]),
  ...(callback.retries === undefined ? [] : [one(`${prefix}-Retries`, String(callback.retries))]),
  ...(callback.retryDelay === undefined ? [] : [one(`${prefix}-Retry-Delay`, callback.retryDelay.text)]),
  ...Object.entries(callback.headers ?? {}).map(forwarded(`${prefix}-Forward-`))
]

const forwarded =
  (prefix: string) =>
  ([name, values]: HeaderEntry): HeaderEntry => [prefix + name, values]

const encodeFlowControl = (flowControl: FlowControl): ReadonlyArray<HeaderEntry> => [
  one("Upstash-Flow-Control-Key", flowControl.key),
  one(
    "Upstash-Flow-Control-Value",
    [
      ...(flowControl.parallelism === undefined ? [] : [`parallelism=${flowControl.parallelism}`]),
      ...(flowControl.rate === undefined ? [] : [`rate=${flowControl.rate}`]),
      ...(flowControl.period === undefined ? [] : [`period=${durationToText(flowControl.period)}`])
    ].join(", ")
  )
]

const encodeRedact = (redact: Redact): string =>
  [
    ...(redact.body ? ["body"] : []),
    ...(redact.headers === true
      ? ["header"]
      : redact.headers === false
        ? []
        : redact.headers.map((name) => `header[${name}]`))
  ].join(",")

/** Writes checked settings as headers. The queue is not among them: some calls have it in their path. */
export const encodeSettings = (settings: MessageSettings): ReadonlyArray<HeaderEntry> => {
  const { "Content-Type": contentType, ...headers } = settings.headers ?? {}
  return [
    ...(settings.method === undefined ? [] : [one("Upstash-Method", settings.method)]),
    ...(settings.timeout === undefined ? [] : [one("Upstash-Timeout", durationToText(settings.timeout))]),
    ...(settings.retries === undefined ? [] : [one("Upstash-Retries", String(settings.retries))]),
    ...(settings.retryDelay === undefined ? [] : [one("Upstash-Retry-Delay", settings.retryDelay.text)]),
    ...(settings.delay === undefined ? [] : [one("Upstash-Delay", durationToText(settings.delay))]),
    ...(settings.flowControl === undefined ? [] : encodeFlowControl(settings.flowControl)),
    ...(settings.labels === undefined ? [] : [one("Upstash-Label", settings.labels.join(","))]),
    ...(settings.redact === undefined ? [] : [one("Upstash-Redact-Fields", encodeRedact(settings.redact))]),
    ...(settings.callback === undefined ? [] : encodeCallback("Upstash-Callback", settings.callback)),
    ...(settings.failureCallback === undefined
      ? []
      : encodeCallback("Upstash-Failure-Callback", settings.failureCallback)),
    ...(contentType === undefined ? [] : [["Content-Type", contentType] as const]),
    ...Object.entries(headers).map(forwarded("Upstash-Forward-"))
  ]
}

export type Decoded<A> = Either.Either<A, QStashInvalidRequest>

export const refuse = (reason: string, field?: string): Decoded<never> =>
  Either.left(new QStashInvalidRequest(field === undefined ? { reason } : { field, reason }))

const wholeNumber = (field: string, text: string): Decoded<number> =>
  /^\d+$/.test(text)
    ? Either.right(Number(text))
    : refuse(`expected a whole number of at least 0, got ${quote(text)}`, field)

const decodeDuration = Schema.decodeEither(DurationText)

const duration = (field: string, text: string): Decoded<Duration.Duration> =>
  Either.mapLeft(decodeDuration(text), (error) => new QStashInvalidRequest({ field, reason: error.message }))

const upperCase = (_field: string, text: string): Decoded<string> => Either.right(text.toUpperCase())

export const flag = (field: string, text: string): Decoded<boolean> => {
  const lower = text.toLowerCase()
  return lower === "true" || lower === "false"
    ? Either.right(lower === "true")
    : refuse(`expected true or false, got ${quote(text)}`, field)
}

const list = (text: string): ReadonlyArray<string> =>
  text
    .split(",")
    .map(trimBlanks)
    .filter((part) => part !== "")

const redactedHeader = /^headers?\[([^\]]+)\]$/i

const decodeRedact = (field: string, text: string): Decoded<Redact> => {
  let body = false
  let all = false
  const names: Array<string> = []
  for (const part of list(text)) {
    const name = redactedHeader.exec(part)?.[1]
    if (part.toLowerCase() === "body") body = true
    else if (/^headers?$/i.test(part)) all = true
    else if (name !== undefined) names.push(name)
    else return refuse(`expected body, header or header[Name], got ${quote(part)}`, field)
  }
  return Either.right({ body, headers: all ? true : names })
}

function* decodeFlowControl(key: string | undefined, value: string | undefined) {
  if (key === undefined && value === undefined) return undefined
  if (key === undefined)
    return yield* refuse("is required with Upstash-Flow-Control-Value", "Upstash-Flow-Control-Key")
  const limits = new Map<string, string>()
  for (const part of list(value ?? "")) {
    const [, name, text] = /^(parallelism|rate|period)\s*=\s*(\S+)$/.exec(part) ?? []
    if (name === undefined || text === undefined || (name !== "period" && !/^[1-9]\d*$/.test(text))) {
      return yield* refuse(errorTexts.flowControlValue)
    }
    limits.set(name, text)
  }
  const count = (name: string) => {
    const text = limits.get(name)
    return text === undefined ? undefined : Number(text)
  }
  const parallelism = count("parallelism")
  const rate = count("rate")
  if (parallelism === undefined && rate === undefined) return yield* refuse(errorTexts.flowControlValue)
  const period = limits.get("period")
  return {
    key,
    parallelism,
    rate,
    period: period === undefined ? undefined : yield* duration("Upstash-Flow-Control-Value", period)
  }
}

/** The destination's own query stays byte for byte; what QStash takes for its own options is taken out of it. */
const splitTarget = (target: string) => {
  const options = new Map<string, string>()
  const mark = target.indexOf("?")
  if (mark < 0) return { destination: target, options }
  const parameters = target.slice(mark + 1).split("&")
  const kept = parameters.filter((parameter) => {
    // A mark in front, for it would take one that is part of a name for its own.
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

/** Reads a destination as a request's target has it, with QStash's own words for what is none. */
export const decodeDestination = (text: string): Parsed<Destination> => {
  // A proxy that merges slashes leaves one of the two behind the scheme.
  const url = text.replace(/^(https?:)\/(?!\/)/i, "$1//")
  if (hasHttpScheme(url)) {
    return Either.mapLeft(parsePrintableUrl(url), (reason) => `invalid destination url: ${reason}`)
  }
  const name = text.replace(/\?.*$/s, "")
  if (name === "") return Either.left(errorTexts.emptyDestination)
  return isUrlGroupName(name) ? Either.right({ urlGroup: name }) : Either.left(errorTexts.invalidScheme)
}

const isUrlGroupName = Schema.is(UrlGroupName)

const callbackNames = (option: string, header: string): ReadonlyArray<readonly [string, string]> => [
  [`${option}.url`, header],
  [`${option}.method`, `${header}-Method`],
  [`${option}.timeout`, `${header}-Timeout`],
  [`${option}.retries`, `${header}-Retries`],
  [`${option}.retryDelay`, `${header}-Retry-Delay`],
  [`${option}.headers`, `${header}-Forward-*`]
]

/** Under which header each option travels, for the errors: a sender of headers knows no options. */
const headerNames: ReadonlyMap<string, string> = new Map([
  ["scheduleId", "Upstash-Schedule-Id"],
  ["method", "Upstash-Method"],
  ["headers", "Upstash-Forward-*"],
  ["retries", "Upstash-Retries"],
  ["retryDelay", "Upstash-Retry-Delay"],
  ["timeout", "Upstash-Timeout"],
  ["notBefore", "Upstash-Not-Before"],
  ["deduplicationId", "Upstash-Deduplication-Id"],
  ["queueName", "Upstash-Queue-Name"],
  ["labels", "Upstash-Label"],
  ["redact", "Upstash-Redact-Fields"],
  ["flowControl.key", "Upstash-Flow-Control-Key"],
  ["flowControl.parallelism", "Upstash-Flow-Control-Value"],
  ["flowControl.rate", "Upstash-Flow-Control-Value"],
  ["flowControl.period", "Upstash-Flow-Control-Value"],
  ...callbackNames("callback", "Upstash-Callback"),
  ...callbackNames("failureCallback", "Upstash-Failure-Callback")
])

/** Names the header in an error instead of the option. QStash's own texts about these two name what they are about. */
export const inWireTerms = ({ field, reason }: QStashInvalidRequest): QStashInvalidRequest =>
  new QStashInvalidRequest(
    field === undefined || field === "cron" || field === "destination"
      ? { reason }
      : { field: headerNames.get(field) ?? field, reason }
  )

/**
 * With these a sender asks for a run or a step of Upstash Workflow. A plain message would arrive, and the workflow would
 * then fail. `Upstash-Workflow-Sdk-Version` alone asks for nothing, and is ignored like any unknown header.
 */
const workflowHeaders = ["Upstash", "Upstash-Callback", "Upstash-Failure-Callback"].flatMap((prefix) =>
  ["Init", "RunId", "Url", "CallType", "Invoke"].map((name) => `${prefix}-Workflow-${name}`)
)

/**
 * Takes the parts of a request apart. Settings may also stand in the target's query in lower case, as senders write
 * them that cannot set headers; where both are present the header counts. Headers that QStash does not know are passed
 * over.
 */
export const readParts = (request: RequestParts) => {
  const { destination, options } = splitTarget(request.target)
  const own = new Map<string, string>()
  /** The request's own headers by lower-case name, neither QStash's nor the type of the body. */
  const others = new Map<string, ReadonlyArray<string>>()
  let contentType: ReadonlyArray<string> | undefined
  const headers = new Map<string, ReadonlyArray<string>>()
  const callbackHeaders = new Map<string, ReadonlyArray<string>>()
  const failureCallbackHeaders = new Map<string, ReadonlyArray<string>>()
  const families = [
    ["upstash-forward-", headers],
    ["upstash-callback-forward-", callbackHeaders],
    ["upstash-failure-callback-forward-", failureCallbackHeaders]
  ] as const
  for (const [name, value] of [...options, ...Object.entries(request.headers)]) {
    if (value === undefined) continue
    const lower = name.toLowerCase()
    const values = (typeof value === "string" ? [value] : value).map(trimBlanks)
    const family = families.find(([prefix]) => lower.startsWith(prefix) && lower.length > prefix.length)
    if (lower === "content-type") contentType = values
    else if (family !== undefined) family[1].set(canonicalName(lower.slice(family[0].length)), values)
    else if (lower.startsWith("upstash-")) own.set(lower, values.join(", "))
    else others.set(lower, values)
  }
  if (contentType !== undefined) headers.set("Content-Type", contentType)

  /** A setting's text; an empty one is absent. */
  const text = (name: string): string | undefined => own.get(name.toLowerCase()) || undefined
  const read = <A>(
    name: string,
    parse: (field: string, text: string) => Decoded<A>
  ): Decoded<A | undefined> => {
    const value = text(name)
    return value === undefined ? Either.right(undefined) : parse(name, value)
  }
  function* callback(name: string, forward: Iterable<HeaderEntry>) {
    if (text(`${name}-Delay`) !== undefined)
      return yield* refuse("a callback cannot be delayed", `${name}-Delay`)
    const url = text(name)
    return url === undefined
      ? undefined
      : {
          url,
          method: yield* read(`${name}-Method`, upperCase),
          timeout: yield* read(`${name}-Timeout`, duration),
          retries: yield* read(`${name}-Retries`, wholeNumber),
          retryDelay: text(`${name}-Retry-Delay`),
          headers: fromEntries(forward)
        }
  }
  const settings = Either.gen(function* () {
    const workflow = workflowHeaders.find((name) => text(name) !== undefined)
    if (workflow !== undefined)
      return yield* refuse("starts or continues an Upstash Workflow, which is not supported", workflow)
    return {
      method: yield* read("Upstash-Method", upperCase),
      headers: fromEntries(headers),
      body: request.body,
      retries: yield* read("Upstash-Retries", wholeNumber),
      retryDelay: text("Upstash-Retry-Delay"),
      timeout: yield* read("Upstash-Timeout", duration),
      delay: yield* read("Upstash-Delay", duration),
      callback: yield* callback("Upstash-Callback", callbackHeaders),
      failureCallback: yield* callback("Upstash-Failure-Callback", failureCallbackHeaders),
      queueName: text("Upstash-Queue-Name"),
      flowControl: yield* decodeFlowControl(
        text("Upstash-Flow-Control-Key"),
        text("Upstash-Flow-Control-Value")
      ),
      labels: list(text("Upstash-Label") ?? ""),
      redact: yield* read("Upstash-Redact-Fields", decodeRedact)
    }
  })
  return { destination, text, read, settings, others }
}
