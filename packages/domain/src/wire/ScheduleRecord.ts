/**
 * How a schedule stands in an answer: the JSON object of `GET /v2/schedules/{scheduleId}` and of each element of the
 * list. Client and server use the two directions of this one codec.
 *
 * @since 0.1.0
 */
import type * as Either from "effect/Either"
import { Destination } from "../Destination.ts"
import {
  count,
  field,
  flag,
  id,
  instant,
  optionalText,
  orElse,
  seconds,
  instantIfSet,
  text,
  texts
} from "../internal/fields.ts"
import { sharedFields } from "../internal/messageRecord.ts"
import { type Json, misshapen, record } from "../internal/record.ts"
import type { QStashSchedule } from "../QStashSchedule.ts"

const schedule = record<QStashSchedule>({
  scheduleId: id("scheduleId"),
  cron: text("cron"),
  destination: field(
    "destination",
    (value) => (typeof value === "string" ? Destination.fromText(value) : misshapen),
    Destination.toText
  ),
  createdAt: instant("createdAt"),
  method: orElse(optionalText("method"), () => "POST"),
  isPaused: flag("isPaused"),
  lastScheduleStates: texts("lastScheduleStates"),
  ...sharedFields,
  retries: count("retries"),
  delay: seconds("delay"),
  lastScheduleTime: instantIfSet("lastScheduleTime"),
  nextScheduleTime: instantIfSet("nextScheduleTime"),
  error: optionalText("error")
})

/**
 * The JSON object on the wire.
 *
 * @since 0.1.0
 * @category models
 */
export type ScheduleJson = Json

/**
 * Reads a schedule of an answer. Lenient where QStash is known to vary: what it may leave out, null or empty is absent,
 * an instant of 1970 or before too, `callerIP` and `callerIp` are one, fields that this library does not know are
 * ignored. The reason of a refusal names the field and nothing of its value.
 *
 * @since 0.1.0
 * @category conversions
 */
export const decode: (json: unknown) => Either.Either<QStashSchedule, string> = schedule.decode

/**
 * Writes a schedule as QStash answers it. Where QStash's own documents disagree on a name (`callerIP`, `label`), both
 * are written.
 *
 * @since 0.1.0
 * @category conversions
 */
export const encode: (schedule: QStashSchedule) => ScheduleJson = schedule.encode
