import type { ScheduleId } from "@effect-qstash/domain/ScheduleId"
import * as Effect from "effect/Effect"
import type { PendingLimits } from "../../ExceededLimit.ts"
import type { StoredSchedule } from "../../Rows.ts"
import { firing, nextTime, overwritten, pausedOrResumed } from "../../ScheduleRules.ts"
import type { Store } from "../../Store.ts"
import { EventLog } from "./EventLog.ts"
import { found, type Memory } from "./Memory.ts"
import type { Messages } from "./messages.ts"
import type { NewMessage, ScheduleRow } from "./rows.ts"
import { endpointsOf } from "./urlGroups.ts"

/** A copy without this store's own fields, so that the caller's value does not change later. */
const scheduleOf = ({
  due: _due,
  sequence: _sequence,
  states,
  ...schedule
}: ScheduleRow): StoredSchedule => ({
  ...schedule,
  lastStates: Object.fromEntries(states)
})

export const scheduleVerbs = (memory: Memory, { makeMessage }: Messages) => {
  const { schedules, tenants } = memory

  const scheduleRow = (tenantId: string, scheduleId: ScheduleId): ScheduleRow | undefined =>
    tenants.get(tenantId)?.schedules.get(scheduleId)

  const advanceSchedule = (row: ScheduleRow, after: number): void => {
    row.nextTime = nextTime(row.settings.cron, after)
    schedules.plan(row, row.nextTime)
  }

  const fire = (row: ScheduleRow, now: number, limits: PendingLimits, log: EventLog): void => {
    const { callerIp, scheduleId, settings } = row
    const tenant = memory.tenantOf(row.tenantId)
    const endpoints = endpointsOf(tenant, settings.destination)
    const { error, notBefore, targets } = firing(settings, endpoints, tenant, limits, now)
    row.lastTime = now
    row.states = new Map()
    row.error = error
    for (const target of targets) {
      const messageId = memory.mintMessageId()
      row.states.set(messageId, "IN_PROGRESS")
      const newMessage: NewMessage = { settings, ...target, scheduleId, callerIp, notBefore }
      makeMessage(tenant, messageId, newMessage, now, log)
    }
  }

  return {
    upsertSchedule: ({ callerIp, limit, now, scheduleId, settings, tenantId }) =>
      Effect.sync(() => {
        const rows = memory.tenantOf(tenantId).schedules
        const known = rows.get(scheduleId)
        if (known !== undefined) {
          Object.assign(known, overwritten({ callerIp, now, settings }))
          schedules.plan(known, known.nextTime)
          return "stored"
        }
        if (rows.size >= limit) return "full"
        const row: ScheduleRow = {
          tenantId,
          scheduleId,
          settings,
          callerIp,
          createdAt: now,
          isPaused: false,
          lastTime: undefined,
          nextTime: undefined,
          states: new Map(),
          error: undefined,
          sequence: memory.nextSequence(),
          due: undefined
        }
        rows.set(scheduleId, row)
        advanceSchedule(row, now)
        return "stored"
      }),

    getSchedule: (tenantId, scheduleId) => found(() => scheduleRow(tenantId, scheduleId), scheduleOf),

    listSchedules: (tenantId) =>
      Effect.sync(() => Array.from(tenants.get(tenantId)?.schedules.values() ?? [], scheduleOf)),

    deleteSchedule: (tenantId, scheduleId) =>
      Effect.sync(() => {
        const row = scheduleRow(tenantId, scheduleId)
        if (row === undefined) return false
        schedules.plan(row, undefined)
        return memory.tenantOf(tenantId).schedules.delete(scheduleId)
      }),

    setPaused: ({ isPaused, now, scheduleId, tenantId }) =>
      Effect.sync(() => {
        const row = scheduleRow(tenantId, scheduleId)
        if (row === undefined) return false
        Object.assign(row, pausedOrResumed(row, isPaused, now))
        schedules.plan(row, row.nextTime)
        return true
      }),

    claimDueSchedules: ({ limit, limits, now }) =>
      Effect.sync(() => {
        const log = new EventLog(now)
        for (let taken = 0; taken < limit; taken++) {
          const row = schedules.takeDue(now)
          if (row === undefined) break
          advanceSchedule(row, now)
          if (row.isPaused) continue
          fire(row, now, limits, log)
        }
        return { events: log.events }
      })
  } satisfies Partial<Store.Service<never>>
}
