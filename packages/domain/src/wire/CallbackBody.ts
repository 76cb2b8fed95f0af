/**
 * What QStash sends to a callback and to a failure callback: the answer of one attempt, and the message it is about.
 * A worker that receives callbacks reads them with this; the local server and the tests write them with it.
 *
 * @since 0.1.0
 */
import * as DateTime from "effect/DateTime"
import * as Either from "effect/Either"
import * as Schema from "effect/Schema"
import { type DlqId, DlqIdFromAnswer } from "../DlqId.ts"
import { encodeBase64 } from "../internal/base64.ts"
import { omitUndefined } from "../internal/omitUndefined.ts"
import { type HeaderMap } from "../internal/headers.ts"
import {
  Count,
  decodeBytes,
  emptyToUndefined,
  HeaderRecord,
  Instant,
  optional,
  emptyAsAbsent,
  zeroToUndefined,
  decoder
} from "../internal/record.ts"
import { type MessageId, MessageIdFromAnswer } from "../MessageId.ts"
import { type ScheduleId, ScheduleIdFromAnswer } from "../ScheduleId.ts"
import { type UrlGroupName, UrlGroupNameFromAnswer } from "../UrlGroupName.ts"

/**
 * The body of a callback. A callback comes after every attempt: the last one has a `status` of 200 to 299, or `retried`
 * is `maxRetries`. A failure callback comes once, when the message has failed for good.
 *
 * @since 0.1.0
 * @category models
 */
export interface CallbackBody {
  /** The status of the answer; absent where no answer came. */
  readonly status?: number
  /** The headers of the answer. */
  readonly headers: HeaderMap
  /** The body of the answer, which QStash may cut. */
  readonly body: Uint8Array
  /** How many retries there were before this attempt: 0 at the first one. */
  readonly retried: number
  readonly maxRetries: number
  /** The dead letter that the message has become; only in a failure callback. */
  readonly dlqId?: DlqId
  /** The message that was attempted. The callback has an id of its own. */
  readonly sourceMessageId: MessageId
  readonly urlGroup?: UrlGroupName
  readonly endpointName?: string
  /** What was called. */
  readonly url: string
  readonly method: string
  /** The headers of the message. */
  readonly sourceHeaders: HeaderMap
  /** The body of the message. */
  readonly sourceBody: Uint8Array
  readonly notBefore: DateTime.Utc
  readonly createdAt: DateTime.Utc
  /** The schedule that made the message. */
  readonly scheduleId?: ScheduleId
  /** The address of whoever published the message. */
  readonly callerIp?: string
}

/** QStash's examples show some numbers as text. */
const NumberOrText = Schema.Union(
  Schema.Number,
  Schema.String.pipe(Schema.pattern(/^\d{1,16}$/), Schema.compose(Schema.NumberFromString))
)
const AnyCount = Schema.compose(NumberOrText, Count)
const AnyInstant = Schema.compose(NumberOrText, Instant)

const readJson = decoder(
  Schema.Struct({
    status: optional(AnyCount),
    header: optional(HeaderRecord),
    body: optional(Schema.String),
    retried: optional(AnyCount),
    maxRetries: optional(AnyCount),
    dlqId: optional(emptyAsAbsent(DlqIdFromAnswer)),
    sourceMessageId: MessageIdFromAnswer,
    topicName: optional(emptyAsAbsent(UrlGroupNameFromAnswer)),
    endpointName: optional(Schema.String),
    url: Schema.String,
    method: optional(Schema.String),
    sourceHeader: optional(HeaderRecord),
    sourceBody: optional(Schema.String),
    notBefore: optional(AnyInstant),
    createdAt: AnyInstant,
    scheduleId: optional(emptyAsAbsent(ScheduleIdFromAnswer)),
    callerIP: optional(Schema.String),
    callerIp: optional(Schema.String)
  })
)

const headersOf = (headers: typeof HeaderRecord.Type | undefined): HeaderMap =>
  Object.fromEntries(
    Object.entries(headers ?? {}).map(([name, values]) => [
      name,
      typeof values === "string" ? [values] : values
    ])
  )

/**
 * Reads the JSON of a callback. Lenient where QStash's documents disagree: numbers may be text, the values of a header
 * text or a list, and what is null or empty is absent. The reason of a refusal names the field and nothing of its
 * value. Verify the signature of the request first.
 *
 * @since 0.1.0
 * @category conversions
 */
export const decode = (json: unknown): Either.Either<CallbackBody, string> =>
  Either.gen(function* () {
    const record = yield* readJson(json)
    return {
      headers: headersOf(record.header),
      body: yield* decodeBytes("body", record.body ?? ""),
      retried: record.retried ?? 0,
      maxRetries: record.maxRetries ?? 0,
      sourceMessageId: record.sourceMessageId,
      url: record.url,
      method: emptyToUndefined(record.method) ?? "POST",
      sourceHeaders: headersOf(record.sourceHeader),
      sourceBody: yield* decodeBytes("sourceBody", record.sourceBody ?? ""),
      notBefore: record.notBefore ?? record.createdAt,
      createdAt: record.createdAt,
      ...omitUndefined({
        status: zeroToUndefined(record.status),
        dlqId: emptyToUndefined(record.dlqId),
        urlGroup: emptyToUndefined(record.topicName),
        endpointName: emptyToUndefined(record.endpointName),
        scheduleId: emptyToUndefined(record.scheduleId),
        callerIp: emptyToUndefined(record.callerIP) ?? emptyToUndefined(record.callerIp)
      })
    }
  })

/**
 * Writes the JSON of a callback as QStash sends it: bodies in base64, a status of 0 where no answer came.
 *
 * @since 0.1.0
 * @category conversions
 */
export const encode = (callback: CallbackBody): unknown => ({
  status: callback.status ?? 0,
  header: callback.headers,
  body: encodeBase64(callback.body),
  retried: callback.retried,
  maxRetries: callback.maxRetries,
  sourceMessageId: callback.sourceMessageId,
  url: callback.url,
  method: callback.method,
  sourceHeader: callback.sourceHeaders,
  sourceBody: encodeBase64(callback.sourceBody),
  notBefore: DateTime.toEpochMillis(callback.notBefore),
  createdAt: DateTime.toEpochMillis(callback.createdAt),
  ...omitUndefined({
    dlqId: callback.dlqId,
    topicName: callback.urlGroup,
    endpointName: callback.endpointName,
    scheduleId: callback.scheduleId,
    callerIP: callback.callerIp
  })
})
