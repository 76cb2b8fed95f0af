import { QStashSchedules, ScheduleNotFound } from "@effect-qstash/domain"
import { VirtualClock } from "@effect-qstash/engine/VirtualClock"
import { describe, it } from "@effect/vitest"
import { assertEquals, deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import { DateTime, Effect } from "effect"
import { advance, answered, answers, arrivalTimes, destination, id, virtual } from "./harness.ts"

const hourly = id("hourly")
const create = { scheduleId: hourly, cron: "0 * * * *", destination }

const nextTime = Effect.gen(function* () {
  const { nextScheduleTime } = yield* (yield* QStashSchedules).get(hourly)
  return nextScheduleTime === undefined ? undefined : DateTime.formatIso(nextScheduleTime)
})

describe("pause and resume", () => {
  it.effect("drops the firings of the pause and does not make up for them", () =>
    Effect.gen(function* () {
      const schedules = yield* QStashSchedules
      yield* schedules.create(create)
      yield* advance("90 minutes")
      yield* schedules.pause(hourly)
      yield* advance("3 hours")
      deepStrictEqual(yield* arrivalTimes, ["2025-01-01T01:00:00.000Z"])
      yield* schedules.resume(hourly)
      deepStrictEqual(yield* arrivalTimes, ["2025-01-01T01:00:00.000Z"])
      yield* advance("1 hour")
      deepStrictEqual(yield* arrivalTimes, ["2025-01-01T01:00:00.000Z", "2025-01-01T05:00:00.000Z"])
    }).pipe(Effect.provide(virtual()))
  )

  it.effect("lets the next time advance while paused, and leaves the last one", () =>
    Effect.gen(function* () {
      const schedules = yield* QStashSchedules
      yield* schedules.create(create)
      yield* advance("1 hour")
      yield* schedules.pause(hourly)
      strictEqual(yield* nextTime, "2025-01-01T02:00:00.000Z")
      yield* advance("10 hours")
      strictEqual(yield* nextTime, "2025-01-01T12:00:00.000Z")
      const { isPaused, lastScheduleStates, lastScheduleTime } = yield* schedules.get(hourly)
      strictEqual(isPaused, true)
      assertEquals(lastScheduleTime, DateTime.unsafeMake("2025-01-01T01:00:00.000Z"))
      deepStrictEqual(lastScheduleStates, { msg_1: "SUCCESS" })
      yield* schedules.resume(hourly)
      strictEqual(yield* nextTime, "2025-01-01T12:00:00.000Z")
      strictEqual((yield* schedules.get(hourly)).isPaused, false)
    }).pipe(Effect.provide(virtual()))
  )

  it.effect("counts a firing that falls on the very instant of the resume as missed", () =>
    Effect.gen(function* () {
      const schedules = yield* QStashSchedules
      yield* schedules.create(create)
      yield* schedules.pause(hourly)
      yield* advance("1 hour")
      yield* schedules.resume(hourly)
      yield* advance("59 minutes")
      deepStrictEqual(yield* arrivalTimes, [])
      yield* advance("1 minute")
      deepStrictEqual(yield* arrivalTimes, ["2025-01-01T02:00:00.000Z"])
    }).pipe(Effect.provide(virtual()))
  )

  it.effect("changes nothing on a paused schedule when it pauses, nor on an active one when it resumes", () =>
    Effect.gen(function* () {
      const schedules = yield* QStashSchedules
      yield* schedules.create(create)
      const active = yield* schedules.get(hourly)
      yield* schedules.resume(hourly)
      deepStrictEqual(yield* schedules.get(hourly), active)
      yield* schedules.pause(hourly)
      const paused = yield* schedules.get(hourly)
      deepStrictEqual(paused, { ...active, isPaused: true })
      yield* schedules.pause(hourly)
      deepStrictEqual(yield* schedules.get(hourly), paused)
    }).pipe(Effect.provide(virtual()))
  )

  it.effect("pauses one schedule and no other", () =>
    Effect.gen(function* () {
      const schedules = yield* QStashSchedules
      yield* schedules.create(create)
      yield* schedules.create({ ...create, scheduleId: id("other"), cron: "30 * * * *" })
      yield* schedules.pause(hourly)
      yield* advance("1 hour")
      deepStrictEqual(yield* arrivalTimes, ["2025-01-01T00:30:00.000Z"])
    }).pipe(Effect.provide(virtual()))
  )

  it.effect("still delivers a delayed message that was made before the pause", () =>
    Effect.gen(function* () {
      const schedules = yield* QStashSchedules
      yield* schedules.create({ ...create, delay: "10 minutes" })
      yield* advance("1 hour")
      yield* schedules.pause(hourly)
      yield* advance("5 hours")
      deepStrictEqual(yield* arrivalTimes, ["2025-01-01T01:10:00.000Z"])
      deepStrictEqual((yield* schedules.get(hourly)).lastScheduleStates, { msg_1: "SUCCESS" })
    }).pipe(Effect.provide(virtual()))
  )

  it.effect("still retries a message that was made before the pause", () =>
    Effect.gen(function* () {
      const schedules = yield* QStashSchedules
      yield* schedules.create(create)
      yield* advance("1 hour")
      yield* schedules.pause(hourly)
      yield* advance("5 hours")
      deepStrictEqual(yield* arrivalTimes, [
        "2025-01-01T01:00:00.000Z",
        "2025-01-01T01:00:12.000Z",
        "2025-01-01T01:02:40.000Z"
      ])
    }).pipe(Effect.provide(virtual(answers(answered(500), answered(500), answered(200)))))
  )

  it.effect("names the id that it could not find", () =>
    Effect.gen(function* () {
      const schedules = yield* QStashSchedules
      yield* schedules.create(create)
      const scheduleId = id("absent")
      const expected = new ScheduleNotFound({ scheduleId })
      assertEquals(yield* Effect.flip(schedules.pause(scheduleId)), expected)
      assertEquals(yield* Effect.flip(schedules.resume(scheduleId)), expected)
      yield* schedules.delete(hourly)
      assertEquals(yield* Effect.flip(schedules.pause(hourly)), new ScheduleNotFound({ scheduleId: hourly }))
    }).pipe(Effect.provide(virtual()))
  )

  it.effect("works from a fiber that sleeps in virtual time, between two firings", () =>
    Effect.gen(function* () {
      const schedules = yield* QStashSchedules
      const { clock } = yield* VirtualClock
      yield* schedules.create(create)
      yield* Effect.sleep("150 minutes").pipe(
        Effect.zipRight(schedules.pause(hourly)),
        Effect.withClock(clock),
        Effect.forkScoped
      )
      yield* Effect.yieldNow()
      yield* advance("6 hours")
      deepStrictEqual(yield* arrivalTimes, ["2025-01-01T01:00:00.000Z", "2025-01-01T02:00:00.000Z"])
    }).pipe(Effect.scoped, Effect.provide(virtual()))
  )
})
