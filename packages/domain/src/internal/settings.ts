import * as DateTime from "effect/DateTime"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"
import type { FlowControl } from "../FlowControl.ts"
import type { Callback, MessageSettings, Redact } from "../MessageSettings.ts"
import { QStashInvalidRequest } from "../QStashError.ts"
import { DurationText } from "../wire/DurationText.ts"
import { errorTexts } from "../wire/ErrorBody.ts"
import { omitUndefined } from "./omitUndefined.ts"
import { type HeaderMap, parseHeaders, trimBlanks } from "./headers.ts"
import { parsePrintableUrl } from "./httpUrl.ts"
import {
  type Checked,
  parseBody,
  parseCount,
  parseDeduplicationId,
  parseFlag,
  parseInstant,
  parseKey,
  parseLabels,
  parseMethod,
  parsePeriod,
  parseQueueName,
  parseRedact,
  parseRetryDelay,
  parseSpan,
  refuse,
  rejectUnknownKeys,
  required
} from "./optionChecks.ts"
import type { Parsed } from "./parser.ts"
import { quote } from "./quote.ts"
import type { SettingsSource } from "./requestParts.ts"
import {
  checkAll,
  decodeAll,
  encodeAll,
  type HeaderEntry,
  headerNamesOf,
  type HeaderText,
  type Setting,
  setting,
  type Settings,
  unnamed
} from "./setting.ts"

export const plainText = { write: (value: string) => value, read: Either.right } satisfies HeaderText<string>

const upperCaseText = { ...plainText, read: (text: string) => Either.right(text.toUpperCase()) }

export const expressionText = {
  write: ({ text }: { readonly text: string }) => text,
  read: Either.right
}

const wholeNumberText: HeaderText<number> = {
  write: String,
  read: (text) =>
    /^\d+$/.test(text)
      ? Either.right(Number(text))
      : Either.left(`expected a whole number of at least 0, got ${quote(text)}`)
}

const decodeDuration = Schema.decodeEither(DurationText)

export const durationText = {
  write: Schema.encodeSync(DurationText),
  read: (text: string) => Either.mapLeft(decodeDuration(text), ({ message }) => message)
}

const instantText: HeaderText<DateTime.Utc> = {
  write: (instant) => String(Math.ceil(DateTime.toEpochMillis(instant) / 1000)),
  read: (text) =>
    Either.fromOption(
      /^\d+$/.test(text) ? DateTime.make(Number(text) * 1000) : Option.none(),
      () => `expected whole seconds since 1970, got ${quote(text)}`
    )
}

export const flagText = {
  write: String,
  read: (text: string): Parsed<boolean> => {
    const lower = text.toLowerCase()
    return lower === "true" || lower === "false"
      ? Either.right(lower === "true")
      : Either.left(`expected true or false, got ${quote(text)}`)
  }
}

const list = (text: string): ReadonlyArray<string> =>
  text
    .split(",")
    .map(trimBlanks)
    .filter((part) => part !== "")

const labelsText: HeaderText<ReadonlyArray<string>> = {
  write: (labels) => labels.join(","),
  read: (text) => Either.right(list(text))
}

const redactedHeader = /^headers?\[([^\]]+)\]$/i

const redactText: HeaderText<Redact> = {
  write: ({ body, headers }) =>
    [
      ...(body ? ["body"] : []),
      ...(headers === true ? ["header"] : headers === false ? [] : headers.map((name) => `header[${name}]`))
    ].join(","),
  read: (text) => {
    let body = false
    let all = false
    const names: Array<string> = []
    for (const part of list(text)) {
      const name = redactedHeader.exec(part)?.[1]
      if (part.toLowerCase() === "body") body = true
      else if (/^headers?$/i.test(part)) all = true
      else if (name !== undefined) names.push(name)
      else return Either.left(`expected body, header or header[Name], got ${quote(part)}`)
    }
    return Either.right({ body, headers: all ? true : names })
  }
}

/** Makes the empty value absent, because it is the default. */
const nonEmpty =
  <A>(parse: (input: unknown) => Parsed<A>, isEmpty: (value: A) => boolean) =>
  (input: unknown): Parsed<A | undefined> =>
    Either.map(parse(input), (value) => (isEmpty(value) ? undefined : value))

const isEmptyList = (value: { readonly length: number }): boolean => value.length === 0

const method = (header: string) => setting(header, parseMethod, upperCaseText)
const timeout = (header: string) => setting(header, parseSpan(1), durationText)
const retries = (header: string) => setting(header, parseCount(0), wholeNumberText)
const retryDelay = (header: string) => setting(header, parseRetryDelay, expressionText)

/** Headers that are sent under their names with a prefix. */
const forwardedHeaders = (prefix: string): Setting<HeaderMap> => ({
  headerNames: { "": `${prefix}*` },
  check: (input, user) =>
    unnamed(
      nonEmpty(
        (given) =>
          Either.flatMap(
            parseHeaders(given),
            (headers) => user?.headers(headers, prefix) ?? Either.right(headers)
          ),
        (headers) => isEmptyList(Object.keys(headers))
      )
    )(input),
  encode: (headers) => Object.entries(headers).map(([name, values]) => [prefix + name, values]),
  decode: ({ forwarded }) => Either.right(forwarded(prefix))
})

const messageHeaders = forwardedHeaders("Upstash-Forward-")

const headers: Setting<HeaderMap> = {
  ...messageHeaders,
  encode: ({ "Content-Type": contentType, ...others }) => [
    ...(contentType === undefined ? [] : [["Content-Type", contentType] as const]),
    ...messageHeaders.encode(others)
  ],
  decode: (source) => Either.right(source.headers)
}

const body: Setting<Uint8Array> = {
  headerNames: {},
  check: (input, user) =>
    Either.mapLeft(unnamed(nonEmpty(parseBody, isEmptyList))(input), (error) =>
      user === undefined
        ? error
        : new QStashInvalidRequest({
            reason: `${error.reason}; use ${user.jsonHelpers} to send a value as JSON`
          })
    ),
  encode: () => [],
  decode: (source) => Either.right(source.body)
}

const redactNames: ReadonlySet<string> = new Set(["body", "headers"] satisfies ReadonlyArray<keyof Redact>)

const redactValue = setting(
  "Upstash-Redact-Fields",
  nonEmpty(parseRedact, (redact) => !redact.body && redact.headers === false),
  redactText
)

const redact: Setting<Redact> = {
  ...redactValue,
  check: (input, user) =>
    Either.flatMap(
      Predicate.isReadonlyRecord(input) ? rejectUnknownKeys(input, redactNames, "redact") : Either.void,
      () => redactValue.check(input, user)
    )
}

const flowControlKey = "Upstash-Flow-Control-Key"
const flowControlValue = "Upstash-Flow-Control-Value"

/** QStash's own text names the header, so the error has no field. */
const limit = (name: string): Setting<number> => ({
  ...setting(name, parseCount(1), wholeNumberText),
  decode: ({ text }) => {
    const found = text(name)
    if (found === undefined) return Either.right(undefined)
    return /^[1-9]\d*$/.test(found) ? Either.right(Number(found)) : refuse(errorTexts.flowControlValue)
  }
})

type Limits = Required<Omit<FlowControl, "key">>

/** The limits are the parts of one header, such as `parallelism=5, rate=10`. */
const limits = {
  parallelism: limit("parallelism"),
  rate: limit("rate"),
  period: setting("period", parsePeriod, durationText)
} satisfies {
  readonly [K in keyof Limits]: Setting<Limits[K], FlowControl.Input[K]>
}

const flowControlNames: ReadonlySet<string> = new Set(["key", ...Object.keys(limits)])

function* checkFlowControl(input: unknown) {
  if (!Predicate.isReadonlyRecord(input)) return yield* refuse(`expected an object, got ${quote(input)}`)
  yield* rejectUnknownKeys(input, flowControlNames, "flow control")
  const key = yield* required("key", input["key"], parseKey)
  const { parallelism, rate, ...period } = yield* checkAll<Limits>(limits, input)
  if (parallelism !== undefined) return { key, parallelism, ...omitUndefined({ rate }), ...period }
  if (rate !== undefined) return { key, rate, ...period }
  return yield* refuse("expected parallelism, rate, or both")
}

function* decodeFlowControl(source: SettingsSource) {
  const key = source.text(flowControlKey)
  const value = source.text(flowControlValue)
  if (key === undefined) {
    return value === undefined
      ? undefined
      : yield* refuse(`is required with ${flowControlValue}`, flowControlKey)
  }
  const parts = new Map<string, string>()
  for (const part of list(value ?? "")) {
    const [, name, text] = /^(\w+)\s*=\s*(\S+)$/.exec(part) ?? []
    if (name === undefined || text === undefined || !Object.hasOwn(limits, name)) {
      return yield* refuse(errorTexts.flowControlValue)
    }
    parts.set(name, text)
  }
  if (!parts.has("parallelism") && !parts.has("rate")) return yield* refuse(errorTexts.flowControlValue)
  const decoded = decodeAll<Limits>(limits, { ...source, text: (name) => parts.get(name) })
  return {
    key,
    ...(yield* Either.mapLeft(decoded, (error) =>
      error.field === undefined
        ? error
        : new QStashInvalidRequest({ field: flowControlValue, reason: error.reason })
    ))
  }
}

const flowControl: Setting<FlowControl> = {
  headerNames: {
    "": flowControlValue,
    key: flowControlKey,
    ...Object.fromEntries(Object.keys(limits).map((name) => [name, flowControlValue]))
  },
  check: (input) => Either.gen(() => checkFlowControl(input)),
  encode: (value) => [
    [flowControlKey, [value.key]],
    [
      flowControlValue,
      [
        encodeAll<Limits>(limits, value)
          .map(([name, [text]]) => `${name}=${text}`)
          .join(", ")
      ]
    ]
  ],
  decode: (source) => Either.gen(() => decodeFlowControl(source))
}

type CallbackOptions = Required<Omit<Callback, "url">>

const callbackOptions = (header: string) =>
  ({
    method: method(`${header}-Method`),
    timeout: timeout(`${header}-Timeout`),
    retries: retries(`${header}-Retries`),
    retryDelay: retryDelay(`${header}-Retry-Delay`),
    headers: forwardedHeaders(`${header}-Forward-`)
  }) satisfies {
    readonly [K in Exclude<keyof Callback | keyof MessageSettings.CallbackInput, "url">]: Setting<
      CallbackOptions[K],
      MessageSettings.CallbackInput[K]
    >
  }

const callback = (header: string): Setting<Callback> => {
  const options: Settings<CallbackOptions> = callbackOptions(header)
  const names: ReadonlySet<string> = new Set(["url", ...Object.keys(options)])
  return {
    headerNames: { "": header, url: header, ...Object.fromEntries(headerNamesOf(options)) },
    check: (input, user) =>
      Either.gen(function* () {
        const given: unknown = typeof input === "string" || input instanceof URL ? { url: input } : input
        if (!Predicate.isReadonlyRecord(given)) {
          return yield* refuse(`expected a URL or an object with "url", got ${quote(given)}`)
        }
        yield* rejectUnknownKeys(given, names, "a callback")
        const url = yield* required("url", given["url"], parsePrintableUrl)
        return { url, ...(yield* checkAll(options, given, user)) }
      }),
    encode: (value) => [[header, [value.url]], ...encodeAll<CallbackOptions>(options, value)],
    decode: (source) => {
      const delay = `${header}-Delay`
      if (source.text(delay) !== undefined) return refuse("a callback cannot be delayed", delay)
      const url = source.text(header)
      return url === undefined
        ? Either.right(undefined)
        : Either.map(decodeAll(options, source), (values) => ({ url, ...values }))
    }
  }
}

/** The options that schedules and messages share, in the order of their headers. */
export const settings = {
  method: method("Upstash-Method"),
  timeout: timeout("Upstash-Timeout"),
  retries: retries("Upstash-Retries"),
  retryDelay: retryDelay("Upstash-Retry-Delay"),
  delay: setting("Upstash-Delay", parseSpan(0), durationText),
  flowControl,
  labels: setting("Upstash-Label", nonEmpty(parseLabels, isEmptyList), labelsText),
  redact,
  callback: callback("Upstash-Callback"),
  failureCallback: callback("Upstash-Failure-Callback"),
  headers,
  body,
  queueName: setting("Upstash-Queue-Name", parseQueueName, plainText)
} satisfies {
  readonly [K in keyof Required<MessageSettings> | keyof MessageSettings.Input]: Setting<
    Required<MessageSettings>[K],
    MessageSettings.Input[K]
  >
}

const { queueName, ...settingsWithoutQueue } = settings

/** Writes the shared options except the queue: most calls have it in their path or in JSON. */
export const encodeSettings = (values: MessageSettings): ReadonlyArray<HeaderEntry> =>
  encodeAll<Required<Omit<MessageSettings, "queueName">>>(settingsWithoutQueue, values)

export const encodeQueueName = (values: MessageSettings): ReadonlyArray<HeaderEntry> =>
  values.queueName === undefined ? [] : queueName.encode(values.queueName)

/** The headers of the options of schedules alone. `scheduleOptions` is in a module of its own, because it imports the cron parser. */
export const scheduleHeaders = { cron: "Upstash-Cron", scheduleId: "Upstash-Schedule-Id" } as const

const deduplicationId = setting("Upstash-Deduplication-Id", parseDeduplicationId, plainText)

const contentBasedDeduplication = setting(
  "Upstash-Content-Based-Deduplication",
  nonEmpty(parseFlag, (flag) => !flag),
  flagText
)

/** The options of messages alone, apart from the destination. */
export const messageOptions = {
  notBefore: setting("Upstash-Not-Before", parseInstant, instantText),
  deduplicationId: {
    ...deduplicationId,
    decode: (source: SettingsSource): Checked<unknown> =>
      source.text("Upstash-Deduplication-Id")?.includes(":") === true
        ? refuse(errorTexts.colonInDeduplicationId)
        : deduplicationId.decode(source)
  },
  contentBasedDeduplication: {
    ...contentBasedDeduplication,
    encode: (flag: boolean) => (flag ? contentBasedDeduplication.encode(flag) : [])
  }
}

/** The header of each option, by the option's path. A `*` is the name of a forwarded header. */
export const headerNames: ReadonlyMap<string, string> = new Map([
  ...headerNamesOf(settings),
  ...Object.entries(scheduleHeaders),
  ...headerNamesOf(messageOptions)
])
