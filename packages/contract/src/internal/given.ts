import type { CreateSchedule } from "@effect-qstash/domain/CreateSchedule"
import { QStashQuotaExceeded } from "@effect-qstash/domain/QStashError"
import { QStashSchedules } from "@effect-qstash/domain/QStashSchedules"
import { ScheduleId } from "@effect-qstash/domain/ScheduleId"
import { strictEqual } from "@effect/vitest/utils"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import { type Delivery, Harness, type Quotas, type Time } from "../Harness.ts"

export const second = 1000
export const minute = 60 * second
export const hour = 60 * minute
export const day = 24 * hour

/** Matches only 29 February, so that a schedule under test does not fire. */
export const rarely = "0 4 29 2 *"

/** Nothing is ever delivered there. */
export const somewhere = "https://example.com/contract"

/** A unique name. */
export const freshName = Effect.flatMap(Harness, ({ mintId }) => mintId)

/** An unused schedule id. The schedule is deleted when the law ends. */
export const freshId = Effect.acquireRelease(
  Effect.map(freshName, (name) => ScheduleId.make(name)),
  (scheduleId) => Effect.flatMap(QStashSchedules, (schedules) => Effect.ignore(schedules.delete(scheduleId)))
)

/** Creates a schedule until the end of the law. By default it does not fire. */
export const create = (settings: Partial<CreateSchedule.Input> = {}) =>
  Effect.gen(function* () {
    const scheduleId = yield* freshId
    return yield* overwrite(scheduleId, settings)
  })

/** Overwrites a schedule. */
export const overwrite = (scheduleId: ScheduleId, settings: Partial<CreateSchedule.Input> = {}) =>
  Effect.flatMap(QStashSchedules, (schedules) =>
    schedules.create({ cron: rarely, destination: somewhere, ...settings, scheduleId })
  )

export const get = (scheduleId: ScheduleId) =>
  Effect.flatMap(QStashSchedules, (schedules) => schedules.get(scheduleId))

/** Plain values that compare and print well, without clocks or caches inside. */
export const plain = (record: object): unknown => JSON.parse(JSON.stringify(record))

/** A readable instant, from milliseconds since 1970. */
export const iso = (instant: number | DateTime.Utc | undefined): string =>
  instant === undefined ? "never" : DateTime.formatIso(DateTime.unsafeMake(instant))

/** The full minute after an instant. */
export const nextMinute = (instant: number): number => (Math.floor(instant / minute) + 1) * minute

/** A cron expression that matches one minute of the year. */
export const yearlyAt = (instant: number): string => {
  const at = new Date(instant)
  return `${at.getUTCMinutes()} ${at.getUTCHours()} ${at.getUTCDate()} ${at.getUTCMonth() + 1} *`
}

/** Moves time to an instant in the future. */
export const advanceTo = (time: Time, instant: number) =>
  Effect.flatMap(time.now, (now) => time.advance(instant - now))

/** Creates a schedule for each of the settings, fires them all once at one instant, and returns that instant. */
export const fire = (time: Time, ...settings: ReadonlyArray<Partial<CreateSchedule.Input>>) =>
  Effect.gen(function* () {
    const firedAt = nextMinute(yield* time.now)
    const ids = yield* Effect.forEach(settings, (some) => create({ ...some, cron: yearlyAt(firedAt) }))
    yield* advanceTo(time, firedAt)
    return { firedAt, ids }
  })

/** Fires one schedule once. */
export const fireOne = (time: Time, settings: Partial<CreateSchedule.Input>) =>
  Effect.map(fire(time, settings), ({ firedAt, ids: [scheduleId] }) => {
    if (scheduleId === undefined) throw new Error("one schedule was to be made")
    return { firedAt, scheduleId }
  })

/** The error of every home for exceeding a quota. */
export const quotaExceeded = (name: keyof Quotas, limit: number): QStashQuotaExceeded =>
  new QStashQuotaExceeded({ status: 412, reason: `quota ${name} exceeded, current limit: ${limit}` })

/** Runs the deliveries that are due. */
export const settle = (time: Time) => time.advance(0)

/** When deliveries arrived, readable. */
export const instants = (deliveries: ReadonlyArray<Delivery>): ReadonlyArray<string> =>
  deliveries.map(({ at }) => iso(at))

/** When deliveries arrived, in seconds after an instant. */
export const secondsAfter = (instant: number, deliveries: ReadonlyArray<Delivery>): ReadonlyArray<number> =>
  deliveries.map(({ at }) => (at - instant) / second)

/** What arrived and when, in seconds after an instant, readable. */
export const arrivals = (instant: number, deliveries: ReadonlyArray<Delivery>): ReadonlyArray<string> =>
  deliveries.map((delivery) => `${textOf(delivery)} at ${(delivery.at - instant) / second}`)

/** All values of a header. The name is case-insensitive. */
export const valuesOf = ({ headers }: Delivery, name: string): ReadonlyArray<string> =>
  headers.filter(([given]) => given.toLowerCase() === name.toLowerCase()).map(([, value]) => value)

/** The only value of a header, or `undefined`. */
export const headerOf = (delivery: Delivery, name: string): string | undefined => {
  const values = valuesOf(delivery, name)
  strictEqual(values.length <= 1, true, `${name} came ${values.length} times`)
  return values[0]
}

/** The message of a delivery. */
export const idOf = (delivery: Delivery): string => headerOf(delivery, "Upstash-Message-Id") ?? ""

/** The body of a delivery as text. */
export const textOf = ({ body }: Delivery): string => new TextDecoder().decode(body)

/** The only element of a list. */
export const only = <A>(list: ReadonlyArray<A>): A => {
  const [first] = list
  if (first === undefined || list.length !== 1) throw new Error(`expected one, got ${list.length}`)
  return first
}
