import type { QStashSchedule } from "@effect-qstash/domain/QStashSchedule"
import { QStashSchedules } from "@effect-qstash/domain/QStashSchedules"
import { ScheduleIdFromAnswer } from "@effect-qstash/domain/ScheduleId"
import * as ScheduleRecord from "@effect-qstash/domain/wire/ScheduleRecord"
import { byNextFiring, scheduleCard, scheduleTable } from "../../render/schedules.ts"
import * as flags from "../flags.ts"
import { deleteSome, getOne, listAll, pauseSome, resumeSome } from "../records.ts"

const kind = {
  service: QStashSchedules,
  noun: { one: "schedule", many: "schedules", key: "scheduleId" },
  argument: flags.existing("id", ScheduleIdFromAnswer, "The id of a schedule."),
  order: byNextFiring,
  idOf: ({ scheduleId }: QStashSchedule) => scheduleId,
  encode: ScheduleRecord.encode,
  table: scheduleTable,
  card: scheduleCard,
  none: [
    "There are no schedules",
    "Create one",
    'schedules create https://example.com/jobs/nightly --cron "0 4 * * *"'
  ]
} as const

export const list = listAll(kind)
export const get = getOne(kind)
export const pause = pauseSome(kind)
export const resume = resumeSome(kind)
export const remove = deleteSome(kind)
