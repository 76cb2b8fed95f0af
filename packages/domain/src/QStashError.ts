/**
 * One class for each decision that a caller can make. Every class says with `isRetryable` whether the same call may
 * succeed later. No error repeats a token, a signing key, a body, a forwarded header, or the credentials and query of a
 * URL: of those it names the field alone.
 *
 * @since 0.1.0
 */
import * as DateTime from "effect/DateTime"
import * as Schema from "effect/Schema"
import { omitUndefined } from "./internal/omitUndefined.ts"
import { quote } from "./internal/quote.ts"
import { ScheduleId, ScheduleIdFromAnswer } from "./ScheduleId.ts"
import { DlqIdFromAnswer } from "./DlqId.ts"
import { FlowControlKeyFromAnswer } from "./FlowControl.ts"
import { MessageIdFromAnswer } from "./MessageId.ts"
import { QueueNameFromAnswer } from "./QueueName.ts"
import { UrlGroupNameFromAnswer } from "./UrlGroupName.ts"

/** Which schedule a failed create was about. */
const ofSchedule = {
  scheduleId: Schema.optionalWith(Schema.typeSchema(ScheduleIdFromAnswer), { exact: true })
}

const suffix = ({ scheduleId }: { readonly scheduleId?: ScheduleId }): string =>
  scheduleId === undefined ? "" : ` (schedule ${quote(scheduleId)})`

/**
 * No schedule has this id: QStash answered 404 to a call that names it.
 *
 * @since 0.1.0
 * @category errors
 */
export class ScheduleNotFound extends Schema.TaggedError<ScheduleNotFound>(
  "@effect-qstash/domain/ScheduleNotFound"
)("ScheduleNotFound", { scheduleId: Schema.typeSchema(ScheduleIdFromAnswer) }) {
  /** @since 0.1.0 */
  get isRetryable(): boolean {
    return false
  }
  override get message(): string {
    return `No schedule has the id ${quote(this.scheduleId)}`
  }
}

/**
 * No pending message has this id: there was none, or it is delivered, given up or cancelled.
 *
 * @since 0.1.0
 * @category errors
 */
export class MessageNotFound extends Schema.TaggedError<MessageNotFound>(
  "@effect-qstash/domain/MessageNotFound"
)("MessageNotFound", { messageId: Schema.typeSchema(MessageIdFromAnswer) }) {
  /** @since 0.1.0 */
  get isRetryable(): boolean {
    return false
  }
  override get message(): string {
    return `No pending message has the id ${quote(this.messageId)}`
  }
}

/**
 * No queue has this name.
 *
 * @since 0.1.0
 * @category errors
 */
export class QueueNotFound extends Schema.TaggedError<QueueNotFound>("@effect-qstash/domain/QueueNotFound")(
  "QueueNotFound",
  { queueName: Schema.typeSchema(QueueNameFromAnswer) }
) {
  /** @since 0.1.0 */
  get isRetryable(): boolean {
    return false
  }
  override get message(): string {
    return `No queue has the name ${quote(this.queueName)}`
  }
}

/**
 * No URL group has this name, or it does not have the endpoints that a call names.
 *
 * @since 0.1.0
 * @category errors
 */
export class UrlGroupNotFound extends Schema.TaggedError<UrlGroupNotFound>(
  "@effect-qstash/domain/UrlGroupNotFound"
)("UrlGroupNotFound", { urlGroup: Schema.typeSchema(UrlGroupNameFromAnswer) }) {
  /** @since 0.1.0 */
  get isRetryable(): boolean {
    return false
  }
  override get message(): string {
    return `No URL group has the name ${quote(this.urlGroup)}`
  }
}

/**
 * The dead letter queue has no entry with this id: there was none, or it is deleted, retried or has expired.
 *
 * @since 0.1.0
 * @category errors
 */
export class DlqMessageNotFound extends Schema.TaggedError<DlqMessageNotFound>(
  "@effect-qstash/domain/DlqMessageNotFound"
)("DlqMessageNotFound", { dlqId: Schema.typeSchema(DlqIdFromAnswer) }) {
  /** @since 0.1.0 */
  get isRetryable(): boolean {
    return false
  }
  override get message(): string {
    return `No dead letter has the id ${quote(this.dlqId)}`
  }
}

/**
 * No message has used this flow-control key yet.
 *
 * @since 0.1.0
 * @category errors
 */
export class FlowControlKeyNotFound extends Schema.TaggedError<FlowControlKeyNotFound>(
  "@effect-qstash/domain/FlowControlKeyNotFound"
)("FlowControlKeyNotFound", { flowControlKey: Schema.typeSchema(FlowControlKeyFromAnswer) }) {
  /** @since 0.1.0 */
  get isRetryable(): boolean {
    return false
  }
  override get message(): string {
    return `No message has used the flow-control key ${quote(this.flowControlKey)}`
  }
}

/**
 * The request cannot be served as it is: refused before it was sent (`status` is absent), or answered by QStash with
 * 400 or another 4xx. `field` names the option or header at fault where it is known; `reason` is QStash's own text
 * for an answer. `conflictsWith` names the option that cannot be combined with `field`, where that is the reason.
 *
 * @since 0.1.0
 * @category errors
 */
export class QStashInvalidRequest extends Schema.TaggedError<QStashInvalidRequest>(
  "@effect-qstash/domain/QStashInvalidRequest"
)("QStashInvalidRequest", {
  reason: Schema.String,
  field: Schema.optionalWith(Schema.String, { exact: true }),
  conflictsWith: Schema.optionalWith(Schema.String, { exact: true }),
  status: Schema.optionalWith(Schema.Number, { exact: true }),
  ...ofSchedule
}) {
  /** @since 0.1.0 */
  get isRetryable(): boolean {
    return false
  }
  override get message(): string {
    const subject = this.field === undefined ? this.reason : `${this.field}: ${this.reason}`
    const what =
      this.status === undefined ? "The request was not sent" : `QStash refused the request (${this.status})`
    return `${what}: ${subject}${suffix(this)}`
  }
}

/**
 * The token is missing, wrong, of another region, or may not do this: QStash answered 401 or 403.
 *
 * @since 0.1.0
 * @category errors
 */
export class QStashUnauthorized extends Schema.TaggedError<QStashUnauthorized>(
  "@effect-qstash/domain/QStashUnauthorized"
)("QStashUnauthorized", { status: Schema.Number, reason: Schema.String, ...ofSchedule }) {
  /** @since 0.1.0 */
  get isRetryable(): boolean {
    return false
  }
  override get message(): string {
    return `QStash did not accept the token (${this.status}): ${this.reason}. Check QSTASH_TOKEN, and that QSTASH_URL names the token's own region${suffix(this)}`
  }
}

/**
 * The account's plan does not allow it: QStash answered 412, or with a text that starts with `quota `.
 *
 * @since 0.1.0
 * @category errors
 */
export class QStashQuotaExceeded extends Schema.TaggedError<QStashQuotaExceeded>(
  "@effect-qstash/domain/QStashQuotaExceeded"
)("QStashQuotaExceeded", { status: Schema.Number, reason: Schema.String, ...ofSchedule }) {
  /** @since 0.1.0 */
  get isRetryable(): boolean {
    return false
  }
  override get message(): string {
    return `QStash refused the request (${this.status}): it is over a limit of the plan: ${this.reason}${suffix(this)}`
  }
}

/**
 * QStash answered 429 and the wait for its reset did not fit what the call may take. `daily` counts messages a day,
 * `burst` counts calls a second, `unknown` is a 429 whose headers tell neither.
 *
 * @since 0.1.0
 * @category errors
 */
export class QStashRateLimited extends Schema.TaggedError<QStashRateLimited>(
  "@effect-qstash/domain/QStashRateLimited"
)("QStashRateLimited", {
  kind: Schema.Literal("daily", "burst", "unknown"),
  limit: Schema.optionalWith(Schema.Number, { exact: true }),
  remaining: Schema.optionalWith(Schema.Number, { exact: true }),
  resetAt: Schema.optionalWith(Schema.DateTimeUtc, { exact: true }),
  ...ofSchedule
}) {
  /** @since 0.1.0 */
  get isRetryable(): boolean {
    return true
  }
  override get message(): string {
    const limit = this.limit === undefined ? "" : ` of ${this.limit}`
    const reset = this.resetAt === undefined ? "" : `; it resets at ${DateTime.formatIso(this.resetAt)}`
    const name = this.kind === "daily" ? "daily limit" : this.kind === "burst" ? "burst limit" : "rate limit"
    return `QStash's ${name}${limit} is reached${reset}${suffix(this)}`
  }
}

/**
 * QStash could not be reached or could not answer: no connection, no reply in time, 408 or 5xx. Whether the call took
 * effect is not known. Calls that name what they are about are safe to repeat; a create or a publish does so with an id
 * of yours alone. Look at the keys before you repeat `QStashSigningKeys.rotate`.
 *
 * @since 0.1.0
 * @category errors
 */
export class QStashUnavailable extends Schema.TaggedError<QStashUnavailable>(
  "@effect-qstash/domain/QStashUnavailable"
)("QStashUnavailable", {
  reason: Schema.String,
  status: Schema.optionalWith(Schema.Number, { exact: true }),
  cause: Schema.optionalWith(Schema.Defect, { exact: true }),
  ...ofSchedule
}) {
  /** @since 0.1.0 */
  get isRetryable(): boolean {
    return true
  }
  override get message(): string {
    return this.status === undefined
      ? `QStash could not be reached: ${this.reason}${suffix(this)}`
      : `QStash could not answer (${this.status}): ${this.reason}${suffix(this)}`
  }
}

/**
 * Something answered, but not as QStash does: a redirect, an answer that does not decode, a 404 without QStash's JSON.
 * Most often `QSTASH_URL` names another server.
 *
 * @since 0.1.0
 * @category errors
 */
export class QStashUnexpectedResponse extends Schema.TaggedError<QStashUnexpectedResponse>(
  "@effect-qstash/domain/QStashUnexpectedResponse"
)("QStashUnexpectedResponse", { status: Schema.Number, reason: Schema.String, ...ofSchedule }) {
  /** @since 0.1.0 */
  get isRetryable(): boolean {
    return false
  }
  override get message(): string {
    return `The answer is not one that QStash gives (${this.status}): ${this.reason}. Check QSTASH_URL${suffix(this)}`
  }
}

/** Of a limit in bytes what a person would say. */
const sizeOf = (bytes: number): string => {
  const mebibytes = bytes / 1024 / 1024
  return Number.isInteger(mebibytes) ? `${mebibytes} MiB` : `${bytes} bytes`
}

/**
 * The response is larger than the client reads (its option `maxResponseBytes`). A call that changes something has been
 * done. Ask for less, such as a page with a smaller `count`, or raise the limit.
 *
 * @since 0.1.0
 * @category errors
 */
export class QStashResponseTooLarge extends Schema.TaggedError<QStashResponseTooLarge>(
  "@effect-qstash/domain/QStashResponseTooLarge"
)("QStashResponseTooLarge", { status: Schema.Number, limit: Schema.Number, ...ofSchedule }) {
  /** @since 0.1.0 */
  get isRetryable(): boolean {
    return false
  }
  override get message(): string {
    return `The response (${this.status}) is larger than ${sizeOf(this.limit)}. Ask for less, such as a smaller count, or raise maxResponseBytes${suffix(this)}`
  }
}

/**
 * What any call can fail with; each method's type adds its own.
 *
 * @since 0.1.0
 * @category errors
 */
export type QStashError =
  | QStashInvalidRequest
  | QStashUnauthorized
  | QStashRateLimited
  | QStashUnavailable
  | QStashUnexpectedResponse
  | QStashResponseTooLarge

const isScheduleId = Schema.is(ScheduleId)

/**
 * Adds to an error which schedule it is about, so that one of many creates can be found. Without a valid id it returns
 * the error as it is.
 *
 * @since 0.1.0
 * @category conversions
 */
export const namingSchedule = (
  scheduleId: unknown
): (<E extends QStashQuotaExceeded | ScheduleNotFound | QStashError>(error: E) => E) => {
  function name<E extends QStashQuotaExceeded | ScheduleNotFound | QStashError>(error: E): E
  function name(error: QStashQuotaExceeded | ScheduleNotFound | QStashError) {
    if (!isScheduleId(scheduleId)) return error
    switch (error._tag) {
      case "ScheduleNotFound":
        return error
      case "QStashInvalidRequest": {
        const { conflictsWith, field, reason, status } = error
        return new QStashInvalidRequest({
          reason,
          ...omitUndefined({ field, conflictsWith, status }),
          scheduleId
        })
      }
      case "QStashUnauthorized":
        return new QStashUnauthorized({ status: error.status, reason: error.reason, scheduleId })
      case "QStashQuotaExceeded":
        return new QStashQuotaExceeded({ status: error.status, reason: error.reason, scheduleId })
      case "QStashRateLimited": {
        const { kind, limit, remaining, resetAt } = error
        return new QStashRateLimited({ kind, ...omitUndefined({ limit, remaining, resetAt }), scheduleId })
      }
      case "QStashUnavailable": {
        const { cause, reason, status } = error
        return new QStashUnavailable({ reason, ...omitUndefined({ status, cause }), scheduleId })
      }
      case "QStashUnexpectedResponse":
        return new QStashUnexpectedResponse({ status: error.status, reason: error.reason, scheduleId })
      case "QStashResponseTooLarge":
        return new QStashResponseTooLarge({ status: error.status, limit: error.limit, scheduleId })
    }
  }
  return name
}
