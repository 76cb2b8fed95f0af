import { CreateSchedule } from "@effect-qstash/domain/CreateSchedule"
import { namingSchedule, ScheduleNotFound } from "@effect-qstash/domain/QStashError"
import type { QStashSchedules } from "@effect-qstash/domain/QStashSchedules"
import { ScheduleId } from "@effect-qstash/domain/ScheduleId"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type { Tenant, TenantServices } from "../../TenantServices.ts"
import { scheduleOf } from "../record.ts"
import { checkingId, maxDelaySeconds, orFail, quotaExceeded, type ServiceContext } from "./context.ts"

export const makeSchedules = ({ change, checkRetries, ids, limits, overLimit, store }: ServiceContext) => {
  const createSchedule: TenantServices["createSchedule"] = ({ callerIp, tenantId }, settings) =>
    Effect.gen(function* () {
      if (settings.delay !== undefined && Duration.toSeconds(settings.delay) > maxDelaySeconds) {
        return yield* quotaExceeded("maxDelay", maxDelaySeconds)
      }
      yield* checkRetries(settings)
      const scheduleId =
        settings.scheduleId ?? (yield* Effect.map(ids.next("scd"), (text) => ScheduleId.make(text)))
      const stored = yield* change((instant) =>
        store.upsertSchedule({
          tenantId,
          scheduleId,
          settings,
          callerIp,
          now: instant,
          limit: limits.maxSchedules
        })
      )
      return stored === "full" ? yield* overLimit("maxSchedules") : scheduleId
    })

  const schedules = (tenant: Tenant): QStashSchedules.Service => {
    const { tenantId } = tenant
    const byId = checkingId("scheduleId")
    const known = (scheduleId: ScheduleId) => (isKnown: boolean) =>
      isKnown ? Effect.void : Effect.fail(new ScheduleNotFound({ scheduleId }))
    const setPaused = (isPaused: boolean) =>
      byId((scheduleId: ScheduleId) =>
        Effect.flatMap(
          change((instant) => store.setPaused({ tenantId, scheduleId, isPaused, now: instant })),
          known(scheduleId)
        )
      )
    return {
      create: (input) =>
        Effect.flatMap(CreateSchedule.make(input), (settings) => createSchedule(tenant, settings)).pipe(
          Effect.mapError(namingSchedule(input?.scheduleId))
        ),
      get: byId((scheduleId: ScheduleId) =>
        Effect.flatMap(store.getSchedule(tenantId, scheduleId), (found) =>
          orFail(found, scheduleOf, () => new ScheduleNotFound({ scheduleId }))
        )
      ),
      list: Effect.map(store.listSchedules(tenantId), (all) => all.map(scheduleOf)),
      delete: byId((scheduleId: ScheduleId) =>
        Effect.flatMap(
          change(() => store.deleteSchedule(tenantId, scheduleId)),
          known(scheduleId)
        )
      ),
      pause: setPaused(true),
      resume: setPaused(false)
    }
  }

  return { createSchedule, schedules }
}
