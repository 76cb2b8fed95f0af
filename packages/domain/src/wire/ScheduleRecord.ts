/**
 * A schedule in a response: the JSON object of `GET /v2/schedules/{scheduleId}` and of each element of the list. The
 * client reads, the server writes.
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
 * Reads a schedule of a response. It is lenient where QStash varies: a field that QStash may omit is absent if it is
 * null or empty, as is an instant in or before 1970, `callerIP` and `callerIp` are one, and unknown fields are ignored.
 * The error names the field and contains nothing of its value.
 *
 * @since 0.1.0
 * @category conversions
 */
export const decode: (json: unknown) => Either.Either<QStashSchedule, string> = schedule.decode

/**
 * Writes a schedule as QStash does. If QStash's own documents disagree on a name (`callerIP`, `label`), both are
 * written.
 *
 * @since 0.1.0
 * @category conversions
 */
export const encode: (schedule: QStashSchedule) => ScheduleJson = schedule.encode
