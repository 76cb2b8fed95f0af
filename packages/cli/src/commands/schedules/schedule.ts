import { ScheduleIdFromAnswer } from "@effect-qstash/domain/ScheduleId"
import * as flags from "../flags.ts"
import type { Noun } from "../noun.ts"

export const schedule: Noun = { one: "schedule", many: "schedules", key: "scheduleId" }

export const idArgument = flags.existing("id", ScheduleIdFromAnswer, "The id of a schedule.")
