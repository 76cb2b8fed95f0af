/**
 * How a schedule stands in an answer: the JSON object of `GET /v2/schedules/{scheduleId}` and of each element of the
 * list. Client and server use the two directions of this one codec.
 *
 * @since 0.1.0
 */
import * as Either from "effect/Either"
import * as Schema from "effect/Schema"
import { Destination } from "../Destination.ts"
import { omitUndefined } from "../internal/omitUndefined.ts"
import {
  Count,
  decodeMessageFields,
  encodeMessageFields,
  emptyToUndefined,
  Instant,
  instantOrNone,
  InstantOrZero,
  messageFields,
  optional,
  decoder,
  recordOf,
  Seconds,
  secondsOrNone,
  toSeconds
} from "../internal/record.ts"
import type { QStashSchedule } from "../QStashSchedule.ts"
import { ScheduleIdFromAnswer } from "../ScheduleId.ts"

const ScheduleJson = Schema.Struct({
  ...messageFields,
  scheduleId: ScheduleIdFromAnswer,
  cron: Schema.String,
  destination: Schema.String,
  createdAt: Instant,
  method: optional(Schema.String),
  isPaused: optional(Schema.Boolean),
  retries: optional(Count),
  delay: optional(Seconds),
  lastScheduleTime: optional(InstantOrZero),
  nextScheduleTime: optional(InstantOrZero),
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

const decodeJson = decoder(ScheduleJson)
const encodeJson = Schema.encodeSync(ScheduleJson)

/**
 * Reads a schedule of an answer. Lenient where QStash is known to vary: what it may leave out, null or empty is absent,
 * an instant of 1970 or before too, `callerIP` and `callerIp` are one, fields that this library does not know are
 * passed over. The reason of a refusal names the field and nothing of its value.
 *
 * @since 0.1.0
 * @category conversions
 */
export const decode = (json: unknown): Either.Either<QStashSchedule, string> =>
  Either.gen(function* () {
    const record = yield* decodeJson(json)
    return {
      scheduleId: record.scheduleId,
      cron: record.cron,
      destination: Destination.fromText(record.destination),
      createdAt: record.createdAt,
      method: emptyToUndefined(record.method) ?? "POST",
      isPaused: record.isPaused ?? false,
      lastScheduleStates: record.lastScheduleStates ?? {},
      ...(yield* decodeMessageFields(record)),
      ...omitUndefined({
        retries: record.retries,
        delay: secondsOrNone(record.delay),
        lastScheduleTime: instantOrNone(record.lastScheduleTime),
        nextScheduleTime: instantOrNone(record.nextScheduleTime),
        error: emptyToUndefined(record.error)
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
export const encode = (schedule: QStashSchedule): ScheduleJson =>
  encodeJson({
    scheduleId: schedule.scheduleId,
    cron: schedule.cron,
    destination: Destination.toText(schedule.destination),
    createdAt: schedule.createdAt,
    method: schedule.method,
    isPaused: schedule.isPaused,
    ...encodeMessageFields(schedule),
    ...omitUndefined({
      retries: schedule.retries,
      delay: toSeconds(schedule.delay),
      lastScheduleTime: schedule.lastScheduleTime,
      nextScheduleTime: schedule.nextScheduleTime,
      lastScheduleStates:
        Object.keys(schedule.lastScheduleStates).length === 0 ? undefined : schedule.lastScheduleStates,
      error: schedule.error
    })
  })
