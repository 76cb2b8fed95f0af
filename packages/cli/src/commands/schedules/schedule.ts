import { ScheduleIdFromAnswer } from "@effect-qstash/domain/ScheduleId"
import * as Args from "@effect/cli/Args"
import * as flags from "../flags.ts"
import type { Noun } from "../noun.ts"

export const schedule: Noun = { one: "schedule", many: "schedules", key: "scheduleId" }

export const idArgument = flags
  .existing("id", ScheduleIdFromAnswer)
  .pipe(Args.withDescription("The id of a schedule."))
