import {
  type CreateSchedule,
  type QStashError,
  type QStashQuotaExceeded,
  QStashSchedules,
  ScheduleId,
  type ScheduleNotFound
} from "@effect-qstash/domain"
import { Effect } from "effect"

export const nightly = ScheduleId.make("nightly")

export const schedule: CreateSchedule.Input = {
  scheduleId: nightly,
  cron: "0 4 * * *",
  destination: "https://example.com/jobs"
}

export const methods = ["create", "get", "list", "delete", "pause", "resume"] as const

export type Method = (typeof methods)[number]

type Call = Effect.Effect<unknown, ScheduleNotFound | QStashQuotaExceeded | QStashError, QStashSchedules>

/** Each method of the service once. */
export const calls: Readonly<Record<Method, Call>> = {
  create: Effect.flatMap(QStashSchedules, (schedules) => schedules.create(schedule)),
  get: Effect.flatMap(QStashSchedules, (schedules) => schedules.get(nightly)),
  list: Effect.flatMap(QStashSchedules, (schedules) => schedules.list),
  delete: Effect.flatMap(QStashSchedules, (schedules) => schedules.delete(nightly)),
  pause: Effect.flatMap(QStashSchedules, (schedules) => schedules.pause(nightly)),
  resume: Effect.flatMap(QStashSchedules, (schedules) => schedules.resume(nightly))
}

/** Those that answer with nothing but their status. */
export const bodiless = ["delete", "pause", "resume"] as const

/** Those that name a schedule in their path. */
export const named = ["get", ...bodiless] as const
