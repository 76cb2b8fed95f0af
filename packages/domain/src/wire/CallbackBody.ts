/**
 * What QStash sends to a callback or a failure callback: the response to one attempt, and its message. A worker that
 * receives callbacks reads them with this module; the local server and tests write them with it.
 *
 * @since 0.1.0
 */
import * as DateTime from "effect/DateTime"
import type * as Either from "effect/Either"
import { identity } from "effect/Function"
import type { DlqId } from "../DlqId.ts"
import { encodeBase64 } from "../internal/base64.ts"
import {
  field,
  id,
  optional,
  optionalText,
  orElse,
  orZero,
  readBytes,
  readCount,
  readHeaderMap,
  readInstant,
  text,
  twice,
  zeroAsAbsent
} from "../internal/fields.ts"
import type { HeaderMap } from "../internal/headers.ts"
import { record } from "../internal/record.ts"
import type { MessageId } from "../MessageId.ts"
import type { ScheduleId } from "../ScheduleId.ts"
import type { UrlGroupName } from "../UrlGroupName.ts"

/**
 * The body of a callback. A callback comes after every attempt: for the last one, `status` is 200 to 299 or `retried`
 * equals `maxRetries`. A failure callback comes once, when the message has failed permanently.
 *
 * @since 0.1.0
 * @category models
 */
export interface CallbackBody {
  /** The status of the response; absent if there was none. */
  readonly status?: number
  /** The headers of the response. */
  readonly headers: HeaderMap
  /** The body of the response, which QStash may cut. */
  readonly body: Uint8Array
  /** How many retries came before this attempt: 0 for the first one. */
  readonly retried: number
  readonly maxRetries: number
  /** The dead letter of the message; only in a failure callback. */
  readonly dlqId?: DlqId
  /** The message that was attempted. The callback has an id of its own. */
  readonly sourceMessageId: MessageId
  readonly urlGroup?: UrlGroupName
  readonly endpointName?: string
  /** The URL that was called. */
  readonly url: string
  readonly method: string
  /** The headers of the message. */
  readonly sourceHeaders: HeaderMap
  /** The body of the message. */
  readonly sourceBody: Uint8Array
  readonly notBefore: DateTime.Utc
  readonly createdAt: DateTime.Utc
  /** The schedule that created the message. */
  readonly scheduleId?: ScheduleId
  /** The IP address of the publisher. */
  readonly callerIp?: string
}

/** QStash's examples show some numbers as text. */
const numberOf = (value: unknown): unknown =>
  typeof value === "string" && /^\d{1,16}$/.test(value) ? Number(value) : value

const readAnyCount = (value: unknown) => readCount(numberOf(value))
const readAnyInstant = (value: unknown) => readInstant(numberOf(value))

const count = (name: string) => orElse(optional(name, readAnyCount, identity), () => 0)

const status = (name: string) => optional(name, (value) => zeroAsAbsent(readCount)(numberOf(value)), identity)

const createdAt = field("createdAt", readAnyInstant, DateTime.toEpochMillis)

const headers = (name: string) => orElse(optional(name, readHeaderMap, identity), () => ({}))

const bytes = (name: string) => orElse(optional(name, readBytes, encodeBase64), () => new Uint8Array())

const callerIp = optionalText("callerIP")

const callback = record<CallbackBody>({
  status: orZero(status, "status"),
  headers: headers("header"),
  body: bytes("body"),
  retried: count("retried"),
  maxRetries: count("maxRetries"),
  dlqId: optionalText("dlqId"),
  sourceMessageId: id("sourceMessageId"),
  urlGroup: optionalText("topicName"),
  endpointName: optionalText("endpointName"),
  url: text("url"),
  method: orElse(optionalText("method"), () => "POST"),
  sourceHeaders: headers("sourceHeader"),
  sourceBody: bytes("sourceBody"),
  notBefore: orElse(optional("notBefore", readAnyInstant, DateTime.toEpochMillis), createdAt.read),
  createdAt,
  scheduleId: optionalText("scheduleId"),
  callerIp: { read: twice(callerIp, optionalText("callerIp")).read, write: callerIp.write }
})

/**
 * Reads the JSON of a callback. It is lenient where QStash's documents disagree: numbers may be text, the values of a
 * header text or a list, and null or empty means absent. The error names the field and contains nothing of its value.
 * Verify the signature of the request first.
 *
 * @since 0.1.0
 * @category conversions
 */
export const decode: (json: unknown) => Either.Either<CallbackBody, string> = callback.decode

/**
 * Writes the JSON of a callback as QStash sends it: bodies in base64, and the status 0 if there was no response.
 *
 * @since 0.1.0
 * @category conversions
 */
export const encode: (callback: CallbackBody) => unknown = callback.encode
