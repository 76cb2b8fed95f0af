import { ScheduleId } from "@effect-qstash/domain/ScheduleId"
import * as ScheduleRecord from "@effect-qstash/domain/wire/ScheduleRecord"
import * as ScheduleRequest from "@effect-qstash/domain/wire/ScheduleRequest"
import type { Engine } from "@effect-qstash/engine/Engine"
import * as Effect from "effect/Effect"
import { checkingId, done, type Handlers, idOf, partsOf } from "../call.ts"
import { json } from "../http.ts"

export const schedules = (
  engine: Engine.Service
): Handlers<
  "CreateSchedule" | "ListSchedules" | "GetSchedule" | "DeleteSchedule" | "PauseSchedule" | "ResumeSchedule"
> => {
  const byId = checkingId(engine.schedules, idOf(ScheduleId, "schedule"))
  return {
    CreateSchedule: (call) =>
      partsOf(call).pipe(
        Effect.flatMap(ScheduleRequest.decode),
        Effect.flatMap((settings) => engine.createSchedule(call.tenant, settings)),
        Effect.map((scheduleId) => json({ scheduleId }))
      ),
    ListSchedules: ({ tenant }) =>
      Effect.map(engine.schedules(tenant).list, (all) => json(all.map(ScheduleRecord.encode))),
    GetSchedule: byId((all, id) =>
      Effect.map(all.get(id), (schedule) => json(ScheduleRecord.encode(schedule)))
    ),
    DeleteSchedule: byId((all, id) => Effect.as(all.delete(id), done)),
    PauseSchedule: byId((all, id) => Effect.as(all.pause(id), done)),
    ResumeSchedule: byId((all, id) => Effect.as(all.resume(id), done))
  }
}
