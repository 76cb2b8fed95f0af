/**
 * One class for each decision that a caller can make. No error contains a token, a signing key, a body, a forwarded
 * header's value, or the credentials and query of a URL. It only names the field.
 *
 * `isRetryable` says whether the same call may succeed later. A create or a publish is safe to repeat only with an id
 * that you choose yourself.
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

/** The schedule that could not be created. */
const ofSchedule = {
  scheduleId: Schema.optionalWith(Schema.typeSchema(ScheduleIdFromAnswer), { exact: true })
}

const suffix = ({ scheduleId }: { readonly scheduleId?: ScheduleId }): string =>
  scheduleId === undefined ? "" : ` (schedule ${quote(scheduleId)})`

/**
 * No schedule has this id.
 *
 * @since 0.1.0
 * @category errors
 */
export class ScheduleNotFound extends Schema.TaggedError<ScheduleNotFound>()("ScheduleNotFound", {
  scheduleId: Schema.typeSchema(ScheduleIdFromAnswer)
}) {
  /** @since 0.1.0 */
  get isRetryable(): boolean {
    return false
  }
  override get message(): string {
    return `No schedule has the id ${quote(this.scheduleId)}`
  }
}

/**
 * No pending message has this id: it never existed, or it was delivered, has failed permanently or was cancelled.
 *
 * @since 0.1.0
 * @category errors
 */
export class MessageNotFound extends Schema.TaggedError<MessageNotFound>()("MessageNotFound", {
  messageId: Schema.typeSchema(MessageIdFromAnswer)
}) {
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
export class QueueNotFound extends Schema.TaggedError<QueueNotFound>()("QueueNotFound", {
  queueName: Schema.typeSchema(QueueNameFromAnswer)
}) {
  /** @since 0.1.0 */
  get isRetryable(): boolean {
    return false
  }
  override get message(): string {
    return `No queue has the name ${quote(this.queueName)}`
  }
}

/**
 * No URL group has this name, or `removeEndpoints` names an endpoint that it does not have.
 *
 * @since 0.1.0
 * @category errors
 */
export class UrlGroupNotFound extends Schema.TaggedError<UrlGroupNotFound>()("UrlGroupNotFound", {
  urlGroup: Schema.typeSchema(UrlGroupNameFromAnswer)
}) {
  /** @since 0.1.0 */
  get isRetryable(): boolean {
    return false
  }
  override get message(): string {
    return `No URL group has the name ${quote(this.urlGroup)}, or it has no such endpoint`
  }
}

/**
 * The dead letter queue has no entry with this id: it never existed, or it was deleted or retried, or has expired.
 *
 * @since 0.1.0
 * @category errors
 */
export class DlqMessageNotFound extends Schema.TaggedError<DlqMessageNotFound>()("DlqMessageNotFound", {
  dlqId: Schema.typeSchema(DlqIdFromAnswer)
}) {
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
export class FlowControlKeyNotFound extends Schema.TaggedError<FlowControlKeyNotFound>()(
  "FlowControlKeyNotFound",
  { flowControlKey: Schema.typeSchema(FlowControlKeyFromAnswer) }
) {
  /** @since 0.1.0 */
  get isRetryable(): boolean {
    return false
  }
  override get message(): string {
    return `No message has used the flow-control key ${quote(this.flowControlKey)}`
  }
}

/**
 * Something in the request is wrong. Without a `status` it was not sent; otherwise QStash rejected it with 400 or
 * another 4xx, and `reason` is QStash's own text. `field` names the wrong option or header, if it is known.
 * `conflictsWith` names the option that cannot be combined with `field`, if that is the reason.
 *
 * @since 0.1.0
 * @category errors
 */
export class QStashInvalidRequest extends Schema.TaggedError<QStashInvalidRequest>()("QStashInvalidRequest", {
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
 * QStash responded with 401 or 403: the token is missing, wrong, from another region, or not allowed to do this.
 *
 * @since 0.1.0
 * @category errors
 */
export class QStashUnauthorized extends Schema.TaggedError<QStashUnauthorized>()("QStashUnauthorized", {
  status: Schema.Number,
  reason: Schema.String,
  ...ofSchedule
}) {
  /** @since 0.1.0 */
  get isRetryable(): boolean {
    return false
  }
  override get message(): string {
    return `QStash did not accept the token (${this.status}): ${this.reason}. Check QSTASH_TOKEN, and that QSTASH_URL is the token's region${suffix(this)}`
  }
}

/**
 * The request is over a limit of the account's plan: QStash responded with 412, or with a text that starts with `quota `.
 *
 * @since 0.1.0
 * @category errors
 */
export class QStashQuotaExceeded extends Schema.TaggedError<QStashQuotaExceeded>()("QStashQuotaExceeded", {
  status: Schema.Number,
  reason: Schema.String,
  ...ofSchedule
}) {
  /** @since 0.1.0 */
  get isRetryable(): boolean {
    return false
  }
  override get message(): string {
    return `The request is over a limit of the QStash plan (${this.status}): ${this.reason}${suffix(this)}`
  }
}

/**
 * QStash responded with 429, and its reset is unknown or later than the client's `retryBudget` allows. `daily` limits the
 * messages per day, `burst` the calls per second; `unknown` means that the headers name neither.
 *
 * @since 0.1.0
 * @category errors
 */
export class QStashRateLimited extends Schema.TaggedError<QStashRateLimited>()("QStashRateLimited", {
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
 * The outcome is unknown: there was no usable response in time, or a 408 or 5xx. The call may have taken effect. A create
 * or a publish is safe to repeat only with an id that you choose yourself. Before you repeat `QStashSigningKeys.rotate`,
 * look at the keys.
 *
 * @since 0.1.0
 * @category errors
 */
export class QStashUnavailable extends Schema.TaggedError<QStashUnavailable>()("QStashUnavailable", {
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
      : `QStash is unavailable (${this.status}): ${this.reason}${suffix(this)}`
  }
}

/**
 * The response is not one that QStash sends: a redirect, a body that does not decode, or a 404 without QStash's JSON.
 * Usually `QSTASH_URL` is the address of another server.
 *
 * @since 0.1.0
 * @category errors
 */
export class QStashUnexpectedResponse extends Schema.TaggedError<QStashUnexpectedResponse>()(
  "QStashUnexpectedResponse",
  { status: Schema.Number, reason: Schema.String, ...ofSchedule }
) {
  /** @since 0.1.0 */
  get isRetryable(): boolean {
    return false
  }
  override get message(): string {
    return `Unexpected response (${this.status}): ${this.reason}. Is QSTASH_URL a QStash server?${suffix(this)}`
  }
}

/** Whole mebibytes read better than bytes. */
const sizeOf = (bytes: number): string => {
  const mebibytes = bytes / 1024 / 1024
  return Number.isInteger(mebibytes) ? `${mebibytes} MiB` : `${bytes} bytes`
}

/**
 * The response is larger than the client's option `maxResponseBytes`. If the call changes something, QStash has already
 * done it. Ask for less, such as a page with a smaller `count`, or raise the limit.
 *
 * @since 0.1.0
 * @category errors
 */
export class QStashResponseTooLarge extends Schema.TaggedError<QStashResponseTooLarge>()(
  "QStashResponseTooLarge",
  { status: Schema.Number, limit: Schema.Number, ...ofSchedule }
) {
  /** @since 0.1.0 */
  get isRetryable(): boolean {
    return false
  }
  override get message(): string {
    return `The response (${this.status}) is larger than ${sizeOf(this.limit)}. Ask for less, such as a smaller count, or raise maxResponseBytes${suffix(this)}`
  }
}

/**
 * Every method can fail with these. Its type adds the method's own errors.
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
 * Adds the schedule's id to an error, so that one failure among many creates can be found. Returns the error unchanged if
 * the id is not valid.
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
