/**
 * Settings and responses as JSON, for a Store that keeps them outside of the process.
 *
 * @since 0.1.0
 */
import type { CreateSchedule } from "@effect-qstash/domain/CreateSchedule"
import { CronExpression } from "@effect-qstash/domain/CronExpression"
import { DeduplicationId } from "@effect-qstash/domain/DeduplicationId"
import { DeliveryMethod } from "@effect-qstash/domain/DeliveryMethod"
import { FlowControlKey } from "@effect-qstash/domain/FlowControl"
import type { MessageSettings } from "@effect-qstash/domain/MessageSettings"
import { QueueName } from "@effect-qstash/domain/QueueName"
import { RetryDelayExpression } from "@effect-qstash/domain/RetryDelayExpression"
import { ScheduleId } from "@effect-qstash/domain/ScheduleId"
import { UrlGroupName } from "@effect-qstash/domain/UrlGroupName"
import { DurationText } from "@effect-qstash/domain/wire/DurationText"
import * as Schema from "effect/Schema"
import type { DeliveryResponse } from "./Rows.ts"

const optional = <A, I>(schema: Schema.Schema<A, I>) => Schema.optionalWith(schema, { exact: true })

/** Pairs, because a header may be called `__proto__`. */
const recordOf = <A, I>(value: Schema.Schema<A, I>) =>
  Schema.transform(
    Schema.Array(Schema.Tuple(Schema.String, value)),
    Schema.declare((input: unknown): input is Readonly<Record<string, A>> => typeof input === "object"),
    { strict: true, decode: (entries) => Object.fromEntries(entries), encode: Object.entries<A> }
  )

/** JSON has no undefined. */
const Absent = Schema.transform(Schema.Null, Schema.Undefined, {
  strict: true,
  decode: () => undefined,
  encode: () => null
})

const headers = recordOf(Schema.Array(Schema.String))

const callback = Schema.Struct({
  url: Schema.String,
  method: optional(DeliveryMethod),
  timeout: optional(DurationText),
  retries: optional(Schema.Number),
  retryDelay: optional(RetryDelayExpression.FromString),
  headers: optional(headers)
})

const flowControlCommon = { key: FlowControlKey, period: optional(DurationText) }

const settings = {
  method: optional(DeliveryMethod),
  headers: optional(headers),
  body: optional(Schema.Uint8ArrayFromBase64),
  retries: optional(Schema.Number),
  retryDelay: optional(RetryDelayExpression.FromString),
  timeout: optional(DurationText),
  delay: optional(DurationText),
  callback: optional(callback),
  failureCallback: optional(callback),
  queueName: optional(QueueName),
  flowControl: optional(
    Schema.Union(
      Schema.Struct({ ...flowControlCommon, parallelism: Schema.Number, rate: optional(Schema.Number) }),
      Schema.Struct({ ...flowControlCommon, rate: Schema.Number })
    )
  ),
  labels: optional(Schema.Array(Schema.String)),
  redact: optional(
    Schema.Struct({
      body: Schema.Boolean,
      headers: Schema.Union(Schema.Boolean, Schema.Array(Schema.String))
    })
  )
  // So that a new setting does not compile before it is stored.
} satisfies Record<keyof MessageSettings, unknown>

const destination = Schema.Union(Schema.String, Schema.Struct({ urlGroup: UrlGroupName }))

/** What the settings of a message keep of the request or the schedule that it comes from. */
const origin = {
  destination: optional(destination),
  scheduleId: optional(ScheduleId),
  cron: optional(CronExpression.FromString),
  notBefore: optional(Schema.DateTimeUtcFromNumber),
  deduplicationId: optional(DeduplicationId),
  contentBasedDeduplication: optional(Schema.Boolean)
}

/**
 * The settings of a message. A Store that keeps bodies in a column of their own leaves `body` out before it encodes, and
 * adds it after it has decoded.
 *
 * @since 0.1.0
 * @category schemas
 */
export const StoredMessageSettings = Schema.Struct({ ...settings, ...origin })

/**
 * The settings of a schedule.
 *
 * @since 0.1.0
 * @category schemas
 */
export const StoredScheduleSettings = Schema.Struct({
  ...settings,
  scheduleId: optional(ScheduleId),
  cron: CronExpression.FromString,
  destination
} satisfies Record<keyof CreateSchedule, unknown>)

/**
 * A response of a destination.
 *
 * @since 0.1.0
 * @category schemas
 */
export const StoredResponse = Schema.Struct({
  status: Schema.Number,
  headers: recordOf(Schema.Union(Schema.String, Schema.Array(Schema.String), Absent)),
  body: optional(Schema.Uint8ArrayFromBase64)
} satisfies Record<keyof DeliveryResponse, unknown>)
