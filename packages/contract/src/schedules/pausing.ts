import { QStashSchedules } from "@effect-qstash/domain/QStashSchedules"
import { deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import * as Effect from "effect/Effect"
import {
  advanceTo,
  create,
  fireOne,
  get,
  hour,
  instants,
  iso,
  minute,
  nextMinute,
  plain,
  second,
  secondsAfter
} from "../internal/given.ts"
import { chapter } from "../internal/law.ts"

export const pausing = chapter("pausing and resuming", ({ law, timed }) => {
  law("a schedule shows whether it is paused", () =>
    Effect.gen(function* () {
      const schedules = yield* QStashSchedules
      const scheduleId = yield* create()
      yield* schedules.pause(scheduleId)
      strictEqual((yield* get(scheduleId)).isPaused, true)
      yield* schedules.resume(scheduleId)
      strictEqual((yield* get(scheduleId)).isPaused, false)
    })
  )

  law("a pause changes nothing else", () =>
    Effect.gen(function* () {
      const schedules = yield* QStashSchedules
      const scheduleId = yield* create({ body: "body", headers: { "X-Kept": "yes" }, delay: "5 minutes" })
      const before = yield* get(scheduleId)
      yield* schedules.pause(scheduleId)
      deepStrictEqual(plain(yield* get(scheduleId)), plain({ ...before, isPaused: true }))
    })
  )

  law("pausing a paused schedule changes nothing", () =>
    Effect.gen(function* () {
      const schedules = yield* QStashSchedules
      const scheduleId = yield* create()
      yield* schedules.pause(scheduleId)
      const before = yield* get(scheduleId)
      yield* schedules.pause(scheduleId)
      deepStrictEqual(plain(yield* get(scheduleId)), plain(before))
    })
  )

  law("resuming an active schedule changes nothing", () =>
    Effect.gen(function* () {
      const schedules = yield* QStashSchedules
      const scheduleId = yield* create()
      const before = yield* get(scheduleId)
      yield* schedules.resume(scheduleId)
      deepStrictEqual(plain(yield* get(scheduleId)), plain(before))
    })
  )

  law("pausing one schedule leaves others active", () =>
    Effect.gen(function* () {
      const schedules = yield* QStashSchedules
      const paused = yield* create()
      const other = yield* create()
      yield* schedules.pause(paused)
      strictEqual((yield* get(other)).isPaused, false)
      yield* schedules.pause(other)
      yield* schedules.resume(paused)
      strictEqual((yield* get(other)).isPaused, true)
    })
  )

  timed("resuming an active schedule causes no extra firing", (time) =>
    Effect.gen(function* () {
      const schedules = yield* QStashSchedules
      const endpoint = yield* time.endpoint
      const first = nextMinute(yield* time.now)
      const scheduleId = yield* create({ cron: "* * * * *", destination: endpoint.url })
      yield* advanceTo(time, first)
      yield* schedules.resume(scheduleId)
      yield* advanceTo(time, first + 30 * second)
      yield* schedules.resume(scheduleId)
      yield* advanceTo(time, first + 2 * minute)
      deepStrictEqual(instants(yield* endpoint.deliveries), [
        iso(first),
        iso(first + minute),
        iso(first + 2 * minute)
      ])
    })
  )

  timed("a paused schedule creates no messages, and a resume does not backfill", (time) =>
    Effect.gen(function* () {
      const schedules = yield* QStashSchedules
      const endpoint = yield* time.endpoint
      const first = nextMinute(yield* time.now)
      const scheduleId = yield* create({ cron: "* * * * *", destination: endpoint.url })
      yield* advanceTo(time, first)
      yield* schedules.pause(scheduleId)
      yield* advanceTo(time, first + 10 * minute + second)
      deepStrictEqual(instants(yield* endpoint.deliveries), [iso(first)])
      yield* schedules.resume(scheduleId)
      yield* advanceTo(time, first + 12 * minute)
      deepStrictEqual(instants(yield* endpoint.deliveries), [
        iso(first),
        iso(first + 11 * minute),
        iso(first + 12 * minute)
      ])
    })
  )

  timed("a pause between two firings skips no firing", (time) =>
    Effect.gen(function* () {
      const schedules = yield* QStashSchedules
      const endpoint = yield* time.endpoint
      const first = nextMinute(yield* time.now)
      const scheduleId = yield* create({ cron: "* * * * *", destination: endpoint.url })
      yield* advanceTo(time, first + 10 * second)
      yield* schedules.pause(scheduleId)
      yield* advanceTo(time, first + 50 * second)
      yield* schedules.resume(scheduleId)
      yield* advanceTo(time, first + minute)
      deepStrictEqual(instants(yield* endpoint.deliveries), [iso(first), iso(first + minute)])
    })
  )

  timed("the next firing keeps advancing while a schedule is paused", (time) =>
    Effect.gen(function* () {
      const schedules = yield* QStashSchedules
      const endpoint = yield* time.endpoint
      const first = nextMinute(yield* time.now)
      const scheduleId = yield* create({ cron: "* * * * *", destination: endpoint.url })
      yield* schedules.pause(scheduleId)
      yield* advanceTo(time, first + 3 * minute + second)
      const paused = yield* get(scheduleId)
      strictEqual(iso(paused.nextScheduleTime), iso(first + 4 * minute))
      strictEqual(paused.lastScheduleTime, undefined)
      yield* schedules.resume(scheduleId)
      strictEqual(iso((yield* get(scheduleId)).nextScheduleTime), iso(first + 4 * minute))
    })
  )

  timed("a message created before a pause is still delivered", (time) =>
    Effect.gen(function* () {
      const schedules = yield* QStashSchedules
      const endpoint = yield* time.endpoint
      const { firedAt, scheduleId } = yield* fireOne(time, { destination: endpoint.url, delay: "1 hour" })
      yield* schedules.pause(scheduleId)
      yield* time.advance("2 hours")
      deepStrictEqual(instants(yield* endpoint.deliveries), [iso(firedAt + hour)])
      strictEqual((yield* get(scheduleId)).isPaused, true)
    })
  )

  timed("a failed delivery is retried during a pause", (time) =>
    Effect.gen(function* () {
      const schedules = yield* QStashSchedules
      const endpoint = yield* time.endpoint
      yield* endpoint.respond(500, 200)
      const { firedAt, scheduleId } = yield* fireOne(time, { destination: endpoint.url })
      yield* schedules.pause(scheduleId)
      yield* time.advance("1 hour")
      deepStrictEqual(secondsAfter(firedAt, yield* endpoint.deliveries), [0, 12])
    })
  )
})
