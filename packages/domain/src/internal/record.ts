import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"
import { type FlowControlKey, FlowControlKeyFromAnswer } from "../FlowControl.ts"
import type { Page } from "../Page.ts"
import type { QStashHeaders } from "../QStashHeaders.ts"
import { type QueueName, QueueNameFromAnswer } from "../QueueName.ts"
import { RedactedValue } from "../RedactedValue.ts"
import { decodeBase64, encodeBase64 } from "./base64.ts"
import { omitUndefined } from "./omitUndefined.ts"
import { describeIssue } from "./effectSchema.ts"
import type { Parsed } from "./parser.ts"
import { utf8Bytes, utf8Text } from "./utf8.ts"

/** What an answer shows of a body. */
export type Body = string | Uint8Array | RedactedValue | undefined

/** Go leaves out what is zero, other writers send null: both are an absent setting. */
export const optional = <A, I>(schema: Schema.Schema<A, I>) =>
  Schema.optionalWith(schema, { exact: true, nullable: true })

/** Some writers send empty text for a name that there is none of. */
export const emptyAsAbsent = <A extends string>(schema: Schema.Schema<A, string>) =>
  Schema.Union(schema, Schema.Literal(""))

export const Instant = Schema.compose(Schema.NonNegative, Schema.DateTimeUtcFromNumber)
/** An instant that may be absent. Go writes the one that is not set as the first day of its calendar, long before 1970. */
export const InstantOrZero = Schema.Union(Instant, Schema.Negative.pipe(Schema.finite()))
export const Count = Schema.NonNegative.pipe(Schema.finite())
/** As many seconds as a `Duration` can count in milliseconds. */
export const Seconds = Schema.Number.pipe(Schema.between(0, Number.MAX_SAFE_INTEGER / 1000))
export const Millis = Schema.Number.pipe(Schema.between(0, Number.MAX_SAFE_INTEGER))

/** `Schema.Record` builds its answer by assignment, which would lose a header with the name `__proto__`. */
export const recordOf = <A>(value: Schema.Schema<A>) => {
  const isValue = Schema.is(value)
  return Schema.declare(
    (input: unknown): input is Readonly<Record<string, A>> =>
      Predicate.isReadonlyRecord(input) && Object.values(input).every((entry) => isValue(entry))
  )
}

export const HeaderRecord = recordOf(Schema.Union(Schema.Array(Schema.String), Schema.String))

/** A schema as the reader of an answer. The reason names the field and nothing of its value. */
export const decoder = <A, I>(schema: Schema.Schema<A, I>) => {
  const decode = Schema.decodeUnknownEither(schema)
  return (json: unknown): Parsed<A> => Either.mapLeft(decode(json), describeIssue)
}

const orRedacted = (text: string): string | RedactedValue =>
  Option.getOrElse(RedactedValue.fromText(text), () => text)

const decodeHeaders = (headers: typeof HeaderRecord.Type | undefined): QStashHeaders =>
  Object.fromEntries(
    Object.entries(headers ?? {}).map(([name, values]) => [
      name,
      (typeof values === "string" ? [values] : values).map(orRedacted)
    ])
  )

export const decodeSomeHeaders = (headers: typeof HeaderRecord.Type | undefined): QStashHeaders | undefined =>
  headers === undefined || Object.keys(headers).length === 0 ? undefined : decodeHeaders(headers)

export const encodeHeaders = (headers: QStashHeaders | undefined) =>
  headers === undefined || Object.keys(headers).length === 0
    ? undefined
    : Object.fromEntries(Object.entries(headers).map(([name, values]) => [name, values.map(String)]))

/** A body in base64. What was redacted stands for itself, or is encoded like any other. */
export const decodeBase64Body = (field: string, base64: string | undefined): Parsed<Body> => {
  if (base64 === undefined || base64 === "") return Either.right(undefined)
  const redacted = RedactedValue.fromText(base64)
  if (Option.isSome(redacted)) return Either.right(redacted.value)
  return Either.map(decodeBytes(field, base64), (bytes) => {
    const text = utf8Text(bytes)
    return text === undefined ? bytes : orRedacted(text)
  })
}

/** A body as text, or under another name in base64 where it is none. */
export const decodeBody = (
  text: string | undefined,
  base64: string | undefined,
  base64Name: string
): Parsed<Body> =>
  text === undefined || text === "" ? decodeBase64Body(base64Name, base64) : Either.right(orRedacted(text))

/** The two forms of a body, of which at most one is there. */
export const encodeBody = (body: Body): { readonly text?: string; readonly base64?: string } => {
  if (body === undefined) return {}
  if (!(body instanceof Uint8Array)) return { text: String(body) }
  const text = utf8Text(body)
  return text === undefined ? { base64: encodeBase64(body) } : { text }
}

export const encodeBase64Body = (body: Body): string | undefined =>
  body === undefined || body instanceof RedactedValue
    ? body?.toString()
    : encodeBase64(typeof body === "string" ? utf8Bytes(body) : body)

export const decodeBytes = (field: string, base64: string): Parsed<Uint8Array> =>
  Either.mapLeft(decodeBase64(base64), (reason) => `${field} ${reason}`)

/** An old answer shows `"parallelism": 0` on a schedule without flow control, so zero is not set. */
export const zeroToUndefined = (count: number | undefined): number | undefined =>
  count === 0 ? undefined : count

/** No schedule fires, and none has fired, at 1970 or before. */
export const instantOrNone = (instant: DateTime.Utc | number | undefined): DateTime.Utc | undefined =>
  DateTime.isDateTime(instant) && DateTime.toEpochMillis(instant) > 0 ? instant : undefined

export const emptyToUndefined = <A extends string>(text: A | "" | undefined): A | undefined =>
  text === "" ? undefined : text

export const secondsOrNone = (seconds: number | undefined): Duration.Duration | undefined =>
  seconds === undefined ? undefined : Duration.seconds(seconds)

export const toSeconds = (span: Duration.Duration | undefined): number | undefined =>
  span === undefined ? undefined : Duration.toSeconds(span)

export const toMillis = (instant: DateTime.Utc | undefined): number | undefined =>
  instant === undefined ? undefined : DateTime.toEpochMillis(instant)

/** What schedules, messages and log entries report of their settings under the same names. */
export const settingsFields = {
  header: optional(HeaderRecord),
  retryDelayExpression: optional(Schema.String),
  callback: optional(Schema.String),
  failureCallback: optional(Schema.String),
  queueName: optional(emptyAsAbsent(QueueNameFromAnswer)),
  flowControlKey: optional(emptyAsAbsent(FlowControlKeyFromAnswer)),
  parallelism: optional(Count),
  rate: optional(Count),
  period: optional(Seconds),
  label: optional(Schema.String),
  labels: optional(Schema.Array(Schema.String))
}

const Settings = Schema.Struct(settingsFields)

export const decodeSettingsFields = (record: typeof Settings.Type) => ({
  headers: decodeHeaders(record.header),
  labels: record.labels ?? (emptyToUndefined(record.label) === undefined ? [] : [record.label ?? ""]),
  ...omitUndefined({
    retryDelay: emptyToUndefined(record.retryDelayExpression),
    callback: emptyToUndefined(record.callback),
    failureCallback: emptyToUndefined(record.failureCallback),
    queueName: emptyToUndefined(record.queueName),
    flowControlKey: emptyToUndefined(record.flowControlKey),
    parallelism: zeroToUndefined(record.parallelism),
    rate: zeroToUndefined(record.rate),
    period: secondsOrNone(zeroToUndefined(record.period))
  })
})

interface ReportedSettings {
  readonly headers: QStashHeaders
  readonly retryDelay?: string
  readonly callback?: string
  readonly failureCallback?: string
  readonly queueName?: QueueName
  readonly flowControlKey?: FlowControlKey
  readonly parallelism?: number
  readonly rate?: number
  readonly period?: Duration.Duration
  readonly labels: ReadonlyArray<string>
}

export const encodeSettingsFields = (settings: ReportedSettings) => {
  const label = settings.labels[0]
  return omitUndefined({
    header: encodeHeaders(settings.headers),
    retryDelayExpression: settings.retryDelay,
    callback: settings.callback,
    failureCallback: settings.failureCallback,
    queueName: settings.queueName,
    flowControlKey: settings.flowControlKey,
    parallelism: settings.parallelism,
    rate: settings.rate,
    period: toSeconds(settings.period),
    label,
    labels: label === undefined ? undefined : settings.labels
  })
}

/** What schedules and messages have beside that under the same names. */
export const messageFields = {
  ...settingsFields,
  body: optional(Schema.String),
  bodyBase64: optional(Schema.String),
  timeout: optional(Count),
  callbackHeader: optional(HeaderRecord),
  failureCallbackHeader: optional(HeaderRecord),
  callerIP: optional(Schema.String),
  callerIp: optional(Schema.String)
}

const MessageFields = Schema.Struct(messageFields)

export const decodeMessageFields = (record: typeof MessageFields.Type) =>
  Either.map(decodeBody(record.body, record.bodyBase64, "bodyBase64"), (body) => ({
    ...decodeSettingsFields(record),
    ...omitUndefined({
      body,
      timeout: record.timeout,
      callbackHeaders: decodeSomeHeaders(record.callbackHeader),
      failureCallbackHeaders: decodeSomeHeaders(record.failureCallbackHeader),
      callerIp: emptyToUndefined(record.callerIP) ?? emptyToUndefined(record.callerIp)
    })
  }))

interface ReportedMessage extends ReportedSettings {
  readonly body?: string | Uint8Array | RedactedValue
  readonly timeout?: number
  readonly callbackHeaders?: QStashHeaders
  readonly failureCallbackHeaders?: QStashHeaders
  readonly callerIp?: string
}

export const encodeMessageFields = (message: ReportedMessage) => {
  const { base64, text } = encodeBody(message.body)
  return {
    ...encodeSettingsFields(message),
    ...omitUndefined({
      body: text,
      bodyBase64: base64,
      timeout: message.timeout,
      callbackHeader: encodeHeaders(message.callbackHeaders),
      failureCallbackHeader: encodeHeaders(message.failureCallbackHeaders),
      callerIP: message.callerIp,
      callerIp: message.callerIp
    })
  }
}

/** Reads each element of a list; the reason tells which one is wrong. */
export const decodeList =
  <A>(name: string, decode: (json: unknown) => Parsed<A>) =>
  (list: ReadonlyArray<unknown>): Parsed<ReadonlyArray<A>> =>
    Either.all(
      Array.from(list, (json, index) =>
        Either.mapLeft(decode(json), (reason) =>
          reason.startsWith("the JSON ")
            ? `${name}[${index}] ${reason.slice("the JSON ".length)}`
            : `${name}[${index}]${reason.startsWith("[") ? "" : "."}${reason}`
        )
      )
    )

const readCursor = decoder(Schema.Struct({ cursor: optional(Schema.String) }))

/** Makes a page of its parts. On the last one some answers leave the cursor out, some send null, some empty text. */
export const decodePage = <A>(json: unknown, items: Parsed<ReadonlyArray<A>>): Parsed<Page<A>> =>
  Either.flatMap(items, (found) =>
    Either.map(readCursor(json), ({ cursor }) => ({
      items: found,
      ...omitUndefined({ cursor: emptyToUndefined(cursor) })
    }))
  )
