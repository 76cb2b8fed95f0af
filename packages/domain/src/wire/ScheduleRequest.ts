/**
 * How a request to create a schedule travels: the destination raw behind the path, the settings as headers, the payload
 * as the body. Client and server use the two directions of this one codec.
 *
 * @since 0.1.0
 */
import type * as Duration from "effect/Duration"
import * as Either from "effect/Either"
import * as Schema from "effect/Schema"
import type { Callback, CreateSchedule, Redact } from "../CreateSchedule.ts"
import { Destination } from "../Destination.ts"
import type { FlowControl } from "../FlowControl.ts"
import { checkSchedule } from "../internal/checkSchedule.ts"
import { canonicalName, fromEntries, type HeaderMap, trimBlanks } from "../internal/headers.ts"
import { hasHttpScheme, parseHttpUrl } from "../internal/httpUrl.ts"
import type { Parsed } from "../internal/parser.ts"
import { quote } from "../internal/quote.ts"
import { QStashInvalidRequest } from "../QStashError.ts"
import { UrlGroupName } from "../UrlGroupName.ts"
import { DurationText } from "./DurationText.ts"
import { errorTexts } from "./ErrorBody.ts"

/**
 * The parts of the request in which the settings travel.
 *
 * @since 0.1.0
 * @category models
 */
export interface ScheduleRequest {
  /** What stands in the request target behind `/v2/schedules/`, byte for byte. */
  readonly target: string
  /** Names in any case. A name that occurs several times has its values in order. */
  readonly headers: Readonly<Record<string, string | ReadonlyArray<string> | undefined>>
  readonly body: Uint8Array
}

const durationToText = Schema.encodeSync(DurationText)

const encodeCallback = (prefix: string, callback: Callback): Array<[string, ReadonlyArray<string>]> => [
  [prefix, [callback.url]],
  ...(callback.method === undefined ? [] : [one(`${prefix}-Method`, callback.method)]),
  ...(callback.timeout === undefined ? [] : [one(`${prefix}-Timeout`, durationToText(callback.timeout))]),
  ...(callback.retries === undefined ? [] : [one(`${prefix}-Retries`, String(callback.retries))]),
  ...(callback.retryDelay === undefined ? [] : [one(`${prefix}-Retry-Delay`, callback.retryDelay.text)]),
  ...Object.entries(callback.headers ?? {}).map(forwarded(`${prefix}-Forward-`))
]

const one = (name: string, value: string): [string, ReadonlyArray<string>] => [name, [value]]

const forwarded =
  (prefix: string) =>
  ([name, values]: [string, ReadonlyArray<string>]): [string, ReadonlyArray<string>] => [
    prefix + name,
    values
  ]

const encodeFlowControl = (flowControl: FlowControl): Array<[string, ReadonlyArray<string>]> => [
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

/**
 * Writes checked settings as the parts of a request. The body is empty where there is none.
 *
 * @since 0.1.0
 * @category conversions
 */
export const encode = (
  schedule: CreateSchedule
): { readonly target: string; readonly headers: HeaderMap; readonly body: Uint8Array } => {
  const { "Content-Type": contentType, ...headers } = schedule.headers ?? {}
  return {
    target: Destination.toText(schedule.destination),
    headers: fromEntries([
      one("Upstash-Cron", schedule.cron.text),
      ...(schedule.scheduleId === undefined ? [] : [one("Upstash-Schedule-Id", schedule.scheduleId)]),
      ...(schedule.method === undefined ? [] : [one("Upstash-Method", schedule.method)]),
      ...(schedule.timeout === undefined ? [] : [one("Upstash-Timeout", durationToText(schedule.timeout))]),
      ...(schedule.retries === undefined ? [] : [one("Upstash-Retries", String(schedule.retries))]),
      ...(schedule.retryDelay === undefined ? [] : [one("Upstash-Retry-Delay", schedule.retryDelay.text)]),
      ...(schedule.delay === undefined ? [] : [one("Upstash-Delay", durationToText(schedule.delay))]),
      ...(schedule.queueName === undefined ? [] : [one("Upstash-Queue-Name", schedule.queueName)]),
      ...(schedule.flowControl === undefined ? [] : encodeFlowControl(schedule.flowControl)),
      ...(schedule.labels === undefined ? [] : [one("Upstash-Label", schedule.labels.join(","))]),
      ...(schedule.redact === undefined ? [] : [one("Upstash-Redact-Fields", encodeRedact(schedule.redact))]),
      ...(schedule.callback === undefined ? [] : encodeCallback("Upstash-Callback", schedule.callback)),
      ...(schedule.failureCallback === undefined
        ? []
        : encodeCallback("Upstash-Failure-Callback", schedule.failureCallback)),
      ...(contentType === undefined ? [] : [["Content-Type", contentType] as const]),
      ...Object.entries(headers).map(forwarded("Upstash-Forward-"))
    ]),
    body: schedule.body ?? new Uint8Array()
  }
}

type Decoded<A> = Either.Either<A, QStashInvalidRequest>

const refuse = (reason: string, field?: string): Decoded<never> =>
  Either.left(new QStashInvalidRequest(field === undefined ? { reason } : { field, reason }))

const wholeNumber = (field: string, text: string): Decoded<number> =>
  /^\d+$/.test(text)
    ? Either.right(Number(text))
    : refuse(`expected a whole number of at least 0, got ${quote(text)}`, field)

const decodeDuration = Schema.decodeEither(DurationText)

const duration = (field: string, text: string): Decoded<Duration.Duration> =>
  Either.mapLeft(decodeDuration(text), (error) => new QStashInvalidRequest({ field, reason: error.message }))

const upperCase = (_field: string, text: string): Decoded<string> => Either.right(text.toUpperCase())

const list = (text: string): ReadonlyArray<string> =>
  text
    .split(",")
    .map((part) => part.trim())
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

const flowControlText =
  "Upstash-Flow-Control-Value should be either rate=X or parallelism=Y, or both as comma-separated values"

function* decodeFlowControl(key: string | undefined, value: string | undefined) {
  if (key === undefined && value === undefined) return undefined
  if (key === undefined)
    return yield* refuse("is required with Upstash-Flow-Control-Value", "Upstash-Flow-Control-Key")
  const limits = new Map<string, string>()
  for (const part of list(value ?? "")) {
    const [, name, text] = /^(parallelism|rate|period)\s*=\s*(\S+)$/.exec(part) ?? []
    if (name === undefined || text === undefined || (name !== "period" && !/^[1-9]\d*$/.test(text))) {
      return yield* refuse(flowControlText)
    }
    limits.set(name, text)
  }
  const count = (name: string) => {
    const text = limits.get(name)
    return text === undefined ? undefined : Number(text)
  }
  const parallelism = count("parallelism")
  const rate = count("rate")
  if (parallelism === undefined && rate === undefined) return yield* refuse(flowControlText)
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

const decodeDestination = (text: string): Parsed<Destination> => {
  // A proxy that merges slashes leaves one of the two behind the scheme.
  const url = text.replace(/^(https?:)\/(?!\/)/i, "$1//")
  if (hasHttpScheme(url)) {
    return Either.mapBoth(parseHttpUrl(url), {
      onLeft: (reason) => `invalid destination url: ${reason}`,
      onRight: () => url
    })
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

/** QStash's texts for a wrong cron or destination say themselves what they are about. */
const speaksForItself = new Set(["cron", "destination"])

/**
 * Reads the parts of a request. The first setting that is wrong is refused, with QStash's own text where one is known;
 * headers that QStash does not know are passed over. Settings may also stand in the target's query in lower case, as
 * senders write them that cannot set headers; where both are present the header counts.
 *
 * @since 0.1.0
 * @category conversions
 */
export const decode = (request: ScheduleRequest): Decoded<CreateSchedule> =>
  Either.gen(function* () {
    const { destination, options } = splitTarget(request.target)
    const own = new Map<string, string>()
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
      else if (family === undefined) own.set(lower, values.join(", "))
      else family[1].set(canonicalName(lower.slice(family[0].length)), values)
    }
    if (contentType !== undefined) headers.set("Content-Type", contentType)

    const text = (name: string): string | undefined => own.get(name.toLowerCase()) || undefined
    function* read<A>(name: string, parse: (field: string, text: string) => Decoded<A>) {
      const value = text(name)
      return value === undefined ? undefined : yield* parse(name, value)
    }
    function* callback(name: string, forward: Iterable<readonly [string, ReadonlyArray<string>]>) {
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

    const unchecked = {
      scheduleId: text("Upstash-Schedule-Id"),
      cron: text("Upstash-Cron") ?? "",
      destination,
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
    return yield* Either.mapLeft(
      checkSchedule(unchecked, decodeDestination, (option) => headerNames.get(option) ?? option),
      (error) =>
        error.field !== undefined && speaksForItself.has(error.field)
          ? new QStashInvalidRequest({ reason: error.reason })
          : error
    )
  })
