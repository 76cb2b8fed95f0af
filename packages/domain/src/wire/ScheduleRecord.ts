/**
 * How a schedule stands in an answer: the JSON object of `GET /v2/schedules/{scheduleId}` and of each element of the
 * list. Client and server use the two directions of this one codec.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import * as Either from "effect/Either"
import * as Encoding from "effect/Encoding"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"
import { Destination } from "../Destination.ts"
import { FlowControlKeyFromAnswer } from "../FlowControl.ts"
import { defined } from "../internal/defined.ts"
import { describe } from "../internal/describe.ts"
import type { QStashHeaders, QStashSchedule } from "../QStashSchedule.ts"
import { QueueNameFromAnswer } from "../QueueName.ts"
import { RedactedValue } from "../RedactedValue.ts"
import { ScheduleIdFromAnswer } from "../ScheduleId.ts"

/** Go leaves out what is zero, other writers send null: both are an absent setting. */
const optional = <A, I>(schema: Schema.Schema<A, I>) =>
  Schema.optionalWith(schema, { exact: true, nullable: true })

/** Some writers send empty text for a name that there is none of. */
const orEmpty = <A extends string>(schema: Schema.Schema<A, string>) =>
  Schema.Union(schema, Schema.Literal(""))

const Instant = Schema.compose(Schema.NonNegative, Schema.DateTimeUtcFromNumber)
const Count = Schema.NonNegative.pipe(Schema.finite())
/** As many seconds as a `Duration` can count in milliseconds. */
const Seconds = Schema.Number.pipe(Schema.between(0, Number.MAX_SAFE_INTEGER / 1000))

/** `Schema.Record` builds its answer by assignment, which would lose a header with the name `__proto__`. */
const recordOf = <A>(value: Schema.Schema<A>) => {
  const isValue = Schema.is(value)
  return Schema.declare(
    (input: unknown): input is Readonly<Record<string, A>> =>
      Predicate.isReadonlyRecord(input) && Object.values(input).every((entry) => isValue(entry))
  )
}

const HeaderRecord = recordOf(Schema.Union(Schema.Array(Schema.String), Schema.String))

const ScheduleJson = Schema.Struct({
  scheduleId: ScheduleIdFromAnswer,
  cron: Schema.String,
  destination: Schema.String,
  createdAt: Instant,
  method: optional(Schema.String),
  isPaused: optional(Schema.Boolean),
  header: optional(HeaderRecord),
  body: optional(Schema.String),
  bodyBase64: optional(Schema.String),
  retries: optional(Count),
  retryDelayExpression: optional(Schema.String),
  delay: optional(Seconds),
  timeout: optional(Count),
  callback: optional(Schema.String),
  callbackHeader: optional(HeaderRecord),
  failureCallback: optional(Schema.String),
  failureCallbackHeader: optional(HeaderRecord),
  queueName: optional(orEmpty(QueueNameFromAnswer)),
  flowControlKey: optional(orEmpty(FlowControlKeyFromAnswer)),
  parallelism: optional(Count),
  rate: optional(Count),
  period: optional(Seconds),
  label: optional(Schema.String),
  labels: optional(Schema.Array(Schema.String)),
  callerIP: optional(Schema.String),
  callerIp: optional(Schema.String),
  lastScheduleTime: optional(Instant),
  nextScheduleTime: optional(Instant),
  lastScheduleStates: optional(recordOf(Schema.String)),
  error: optional(Schema.String)
})

/**
 * The JSON object on the wire.
 *
 * @since 0.1.0
 * @category models
 */
export type ScheduleJson = typeof ScheduleJson.Encoded

const decodeJson = Schema.decodeUnknownEither(ScheduleJson)
const encodeJson = Schema.encodeSync(ScheduleJson)

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })

/** Bytes as text where they are UTF-8. */
const asText = (bytes: Uint8Array): string | undefined => {
  try {
    return utf8.decode(bytes)
  } catch {
    return undefined
  }
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

const encodeHeaders = (headers: QStashHeaders | undefined) =>
  headers === undefined || Object.keys(headers).length === 0
    ? undefined
    : Object.fromEntries(Object.entries(headers).map(([name, values]) => [name, values.map(String)]))

const decodeBody = (
  text: string | undefined,
  base64: string | undefined
): Either.Either<QStashSchedule["body"], string> => {
  if (text !== undefined && text !== "") return Either.right(orRedacted(text))
  if (base64 === undefined || base64 === "") return Either.right(undefined)
  const redacted = RedactedValue.fromText(base64)
  if (Option.isSome(redacted)) return Either.right(redacted.value)
  return Either.mapLeft(Encoding.decodeBase64(base64), () => "bodyBase64 is not base64")
}

const encodeBody = (
  body: QStashSchedule["body"]
): { readonly body?: string; readonly bodyBase64?: string } => {
  if (body === undefined) return {}
  if (!(body instanceof Uint8Array)) return { body: String(body) }
  const text = asText(body)
  return text === undefined ? { bodyBase64: Encoding.encodeBase64(body) } : { body: text }
}

/** An old answer shows `"parallelism": 0` on a schedule without flow control, so zero is not set. */
const positive = (count: number | undefined): number | undefined => (count === 0 ? undefined : count)

const filled = <A extends string>(text: A | "" | undefined): A | undefined => (text === "" ? undefined : text)

/**
 * Reads a schedule of an answer. Lenient where QStash is known to vary: what it may leave out, null or empty is absent,
 * `callerIP` and `callerIp` are one, fields that this library does not know are passed over. The reason of a refusal
 * names the field and nothing of its value.
 *
 * @since 0.1.0
 * @category conversions
 */
export const decode = (json: unknown): Either.Either<QStashSchedule, string> =>
  Either.gen(function* () {
    const record = yield* Either.mapLeft(decodeJson(json), describe)
    const body = yield* decodeBody(record.body, record.bodyBase64)
    const period = positive(record.period)
    return {
      scheduleId: record.scheduleId,
      cron: record.cron,
      destination: Destination.fromText(record.destination),
      createdAt: record.createdAt,
      method: filled(record.method) ?? "POST",
      isPaused: record.isPaused ?? false,
      headers: decodeHeaders(record.header),
      labels: record.labels ?? (filled(record.label) === undefined ? [] : [record.label ?? ""]),
      lastScheduleStates: record.lastScheduleStates ?? {},
      ...defined({
        body,
        retries: record.retries,
        retryDelay: filled(record.retryDelayExpression),
        delay: record.delay === undefined ? undefined : Duration.seconds(record.delay),
        timeout: record.timeout,
        callback: filled(record.callback),
        callbackHeaders:
          record.callbackHeader === undefined ? undefined : decodeHeaders(record.callbackHeader),
        failureCallback: filled(record.failureCallback),
        failureCallbackHeaders:
          record.failureCallbackHeader === undefined
            ? undefined
            : decodeHeaders(record.failureCallbackHeader),
        queueName: filled(record.queueName),
        flowControlKey: filled(record.flowControlKey),
        parallelism: positive(record.parallelism),
        rate: positive(record.rate),
        period: period === undefined ? undefined : Duration.seconds(period),
        callerIp: filled(record.callerIP) ?? filled(record.callerIp),
        lastScheduleTime: record.lastScheduleTime,
        nextScheduleTime: record.nextScheduleTime,
        error: filled(record.error)
      })
    }
  })

/**
 * Writes a schedule as QStash answers it. Where QStash's own documents disagree on a name (`callerIP`, `label`), both
 * are written.
 *
 * @since 0.1.0
 * @category conversions
 */
export const encode = (schedule: QStashSchedule): ScheduleJson => {
  const label = schedule.labels[0]
  return encodeJson({
    scheduleId: schedule.scheduleId,
    cron: schedule.cron,
    destination: Destination.toText(schedule.destination),
    createdAt: schedule.createdAt,
    method: schedule.method,
    isPaused: schedule.isPaused,
    ...encodeBody(schedule.body),
    ...defined({
      header: encodeHeaders(schedule.headers),
      retries: schedule.retries,
      retryDelayExpression: schedule.retryDelay,
      delay: schedule.delay === undefined ? undefined : Duration.toSeconds(schedule.delay),
      timeout: schedule.timeout,
      callback: schedule.callback,
      callbackHeader: encodeHeaders(schedule.callbackHeaders),
      failureCallback: schedule.failureCallback,
      failureCallbackHeader: encodeHeaders(schedule.failureCallbackHeaders),
      queueName: schedule.queueName,
      flowControlKey: schedule.flowControlKey,
      parallelism: schedule.parallelism,
      rate: schedule.rate,
      period: schedule.period === undefined ? undefined : Duration.toSeconds(schedule.period),
      label,
      labels: label === undefined ? undefined : schedule.labels,
      callerIP: schedule.callerIp,
      callerIp: schedule.callerIp,
      lastScheduleTime: schedule.lastScheduleTime,
      nextScheduleTime: schedule.nextScheduleTime,
      lastScheduleStates:
        Object.keys(schedule.lastScheduleStates).length === 0 ? undefined : schedule.lastScheduleStates,
      error: schedule.error
    })
  })
}
