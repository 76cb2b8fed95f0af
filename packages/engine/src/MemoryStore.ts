/**
 * @since 0.1.0
 */
import type { ScheduleId } from "@effect-qstash/domain/ScheduleId"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import { Heap } from "./internal/Heap.ts"
import {
  type Lease,
  nextTime,
  type Settlement,
  Store,
  type StoredMessage,
  type StoredSchedule
} from "./Store.ts"

/** A place in one of the heaps. It counts only while its row still says the same: rows that moved on leave old places behind. */
interface Due<Row> {
  readonly at: number
  readonly sequence: number
  readonly row: Row
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] }

interface ScheduleRow extends Omit<Mutable<StoredSchedule>, "lastStates"> {
  readonly sequence: number
  /** `lastStates` as a Map: an object with a new key at every firing costs as much as the rest of the firing. */
  states: Map<string, string>
  due: Due<ScheduleRow> | undefined
}

interface MessageRow {
  readonly sequence: number
  message: StoredMessage
  due: Due<MessageRow> | undefined
  token: number | undefined
}

const byTime = (self: Due<unknown>, that: Due<unknown>): boolean =>
  self.at < that.at || (self.at === that.at && self.sequence < that.sequence)

/** A queue of rows by time in which each row has at most one valid place. */
class Timetable<Row extends { readonly sequence: number; due: Due<Row> | undefined }> {
  private readonly heap = new Heap<Due<Row>>(byTime)
  private planned = 0

  plan(row: Row, at: number | undefined): void {
    if (row.due !== undefined) this.planned -= 1
    row.due = at === undefined ? undefined : { at, sequence: row.sequence, row }
    if (row.due === undefined) return
    this.planned += 1
    this.heap.push(row.due)
    if (this.heap.size > 2 * this.planned + 64) this.heap.keep((due) => due.row.due === due)
  }

  next(): number | undefined {
    return this.first()?.at
  }

  takeDue(now: number): Row | undefined {
    const first = this.first()
    if (first === undefined || first.at > now) return undefined
    this.heap.pop()
    this.planned -= 1
    first.row.due = undefined
    return first.row
  }

  private first(): Due<Row> | undefined {
    for (let due = this.heap.peek(); due !== undefined; due = this.heap.peek()) {
      if (due.row.due === due) return due
      this.heap.pop()
    }
    return undefined
  }
}

/** A copy without the fields that only this store knows: a caller's value does not change under its hands. */
const scheduleOf = ({
  due: _due,
  sequence: _sequence,
  states,
  ...schedule
}: ScheduleRow): StoredSchedule => ({
  ...schedule,
  lastStates: Object.fromEntries(states)
})

/**
 * Keeps everything in memory, and forgets it when the process ends. Each verb is one synchronous block, so no other
 * fiber sees half of it.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make: Effect.Effect<Store.Service> = Effect.sync(() => {
  const tenants = new Map<string, Map<ScheduleId, ScheduleRow>>()
  const schedules = new Timetable<ScheduleRow>()
  const messages = new Timetable<MessageRow>()
  const leased = new Map<number, MessageRow>()
  let sequence = 0
  let lastToken = 0

  const rowOf = (tenantId: string, scheduleId: ScheduleId): ScheduleRow | undefined =>
    tenants.get(tenantId)?.get(scheduleId)

  const rowsOf = (tenantId: string): Map<ScheduleId, ScheduleRow> => {
    const rows = tenants.get(tenantId) ?? new Map<ScheduleId, ScheduleRow>()
    tenants.set(tenantId, rows)
    return rows
  }

  const moveOn = (row: ScheduleRow, after: number): void => {
    row.nextTime = nextTime(row.settings.cron, after)
    schedules.plan(row, row.nextTime)
  }

  const noteState = (message: StoredMessage, state: string): void => {
    const states = rowOf(message.tenantId, message.scheduleId)?.states
    if (states?.has(message.messageId)) states.set(message.messageId, state)
  }

  const endLease = (token: number): MessageRow | undefined => {
    const row = leased.get(token)
    if (row === undefined) return undefined
    leased.delete(token)
    row.token = undefined
    return row
  }

  const settleOne = (settlement: Settlement): "settled" | "stale" => {
    const row = endLease(settlement.token)
    if (row === undefined) return "stale"
    if (settlement._tag === "Retry") {
      const { notBefore } = settlement
      row.message = { ...row.message, retried: row.message.retried + 1, notBefore }
      messages.plan(row, notBefore)
    } else {
      messages.plan(row, undefined)
      noteState(row.message, settlement._tag === "Delivered" ? "SUCCESS" : "FAIL")
    }
    return "settled"
  }

  return {
    upsertSchedule: ({ callerIp, limit, now, scheduleId, settings, tenantId }) =>
      Effect.sync(() => {
        const rows = rowsOf(tenantId)
        const known = rows.get(scheduleId)
        if (known !== undefined) {
          known.settings = settings
          known.callerIp = callerIp
          moveOn(known, now)
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
          sequence: sequence++,
          due: undefined
        }
        rows.set(scheduleId, row)
        moveOn(row, now)
        return "stored"
      }),

    getSchedule: (tenantId, scheduleId) =>
      Effect.sync(() => Option.map(Option.fromNullable(rowOf(tenantId, scheduleId)), scheduleOf)),

    listSchedules: (tenantId) =>
      Effect.sync(() => Array.from(tenants.get(tenantId)?.values() ?? [], scheduleOf)),

    deleteSchedule: (tenantId, scheduleId) =>
      Effect.sync(() => {
        const row = rowOf(tenantId, scheduleId)
        if (row === undefined) return false
        schedules.plan(row, undefined)
        return rowsOf(tenantId).delete(scheduleId)
      }),

    setPaused: ({ isPaused, now, scheduleId, tenantId }) =>
      Effect.sync(() => {
        const row = rowOf(tenantId, scheduleId)
        if (row === undefined) return false
        if (row.isPaused && !isPaused && row.nextTime !== undefined && row.nextTime <= now) moveOn(row, now)
        row.isPaused = isPaused
        return true
      }),

    claimDueSchedules: ({ limit, mintMessageId, now }) =>
      Effect.sync(() => {
        const fired: Array<StoredMessage> = []
        for (let taken = 0; taken < limit; taken++) {
          const row = schedules.takeDue(now)
          if (row === undefined) break
          moveOn(row, now)
          if (row.isPaused) continue
          const delay = row.settings.delay === undefined ? 0 : Duration.toMillis(row.settings.delay)
          const message: StoredMessage = {
            tenantId: row.tenantId,
            messageId: mintMessageId(),
            sequence: sequence++,
            scheduleId: row.scheduleId,
            settings: row.settings,
            callerIp: row.callerIp,
            createdAt: now,
            notBefore: now + delay,
            retried: 0
          }
          row.lastTime = now
          row.states = new Map([[message.messageId, "IN_PROGRESS"]])
          messages.plan(
            { sequence: message.sequence, message, due: undefined, token: undefined },
            message.notBefore
          )
          fired.push(message)
        }
        return fired
      }),

    claimDueMessages: ({ leaseFor, limit, now }) =>
      Effect.sync(() => {
        const leases: Array<Lease> = []
        while (leases.length < limit) {
          const row = messages.takeDue(now)
          if (row === undefined) break
          if (row.token !== undefined) leased.delete(row.token)
          const { message } = row
          const token = ++lastToken
          row.token = token
          leased.set(token, row)
          messages.plan(row, now + leaseFor(message))
          leases.push({ token, message })
        }
        return leases
      }),

    settle: (settlements) => Effect.sync(() => settlements.map(settleOne)),

    release: (tokens) =>
      Effect.sync(() => {
        for (const token of tokens) {
          const row = endLease(token)
          if (row !== undefined) messages.plan(row, row.message.notBefore)
        }
      }),

    nextWake: Effect.sync(() => ({ schedule: schedules.next(), message: messages.next() }))
  }
})

/**
 * @since 0.1.0
 * @category layers
 */
export const layer: Layer.Layer<Store> = Layer.effect(Store, make)
