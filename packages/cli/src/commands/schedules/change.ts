import type { QStashSchedule } from "@effect-qstash/domain/QStashSchedule"
import { QStashSchedules } from "@effect-qstash/domain/QStashSchedules"
import * as Effect from "effect/Effect"
import { byNextFiring } from "../../render/schedules.ts"
import { change } from "../each.ts"
import { idArgument, schedule } from "./schedule.ts"

/** The ids of those that it concerns, the next to fire first. */
const every = (concerns: (schedule: QStashSchedule) => boolean) =>
  Effect.flatMap(QStashSchedules, (schedules) =>
    Effect.map(schedules.list, (found) =>
      found
        .filter(concerns)
        .toSorted(byNextFiring)
        .map(({ scheduleId }) => scheduleId)
    )
  )

export const pause = change({
  name: "pause",
  noun: schedule,
  done: "paused",
  argument: idArgument,
  every: every(({ isPaused }) => !isPaused),
  apply: (scheduleId) => Effect.flatMap(QStashSchedules, (schedules) => schedules.pause(scheduleId)),
  asksAlways: false
})

export const resume = change({
  name: "resume",
  noun: schedule,
  done: "resumed",
  argument: idArgument,
  every: every(({ isPaused }) => isPaused),
  apply: (scheduleId) => Effect.flatMap(QStashSchedules, (schedules) => schedules.resume(scheduleId)),
  asksAlways: false
})

export const remove = change({
  name: "delete",
  noun: schedule,
  done: "deleted",
  argument: idArgument,
  every: every(() => true),
  apply: (scheduleId) => Effect.flatMap(QStashSchedules, (schedules) => schedules.delete(scheduleId)),
  asksAlways: true
})
