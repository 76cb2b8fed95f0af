import { ScheduleNotFound } from "@effect-qstash/domain/QStashError"
import { QStashSchedules } from "@effect-qstash/domain/QStashSchedules"
import { assertEquals, deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import * as Effect from "effect/Effect"
import {
  create,
  fireOne,
  get,
  hour,
  instants,
  iso,
  nextMinute,
  advanceTo,
  minute,
  overwrite,
  plain,
  secondsAfter
} from "../internal/given.ts"
import { chapter } from "../internal/law.ts"

export const deleting = chapter("deleting", ({ law, timed }) => {
  law("a deleted schedule can be neither found nor listed", () =>
    Effect.gen(function* () {
      const schedules = yield* QStashSchedules
      const scheduleId = yield* create()
      yield* schedules.delete(scheduleId)
      assertEquals(yield* Effect.flip(schedules.get(scheduleId)), new ScheduleNotFound({ scheduleId }))
      const all = yield* schedules.list
      deepStrictEqual(
        all.filter((schedule) => schedule.scheduleId === scheduleId),
        []
      )
    })
  )

  law("deleting a schedule leaves others alone", () =>
    Effect.gen(function* () {
      const schedules = yield* QStashSchedules
      const deleted = yield* create()
      const other = yield* create({ body: "kept" })
      const before = yield* get(other)
      yield* schedules.delete(deleted)
      deepStrictEqual(plain(yield* get(other)), plain(before))
    })
  )

  law("a deleted schedule's id can be used again, and nothing of the old schedule remains", () =>
    Effect.gen(function* () {
      const schedules = yield* QStashSchedules
      const scheduleId = yield* create({ body: "old", headers: { "X-Old": "yes" } })
      yield* schedules.pause(scheduleId)
      yield* schedules.delete(scheduleId)
      yield* overwrite(scheduleId)
      const schedule = yield* get(scheduleId)
      strictEqual(schedule.isPaused, false)
      strictEqual(schedule.body, undefined)
      deepStrictEqual(schedule.headers, {})
    })
  )

  timed("a deleted schedule creates no more messages", (time) =>
    Effect.gen(function* () {
      const schedules = yield* QStashSchedules
      const endpoint = yield* time.endpoint
      const first = nextMinute(yield* time.now)
      const scheduleId = yield* create({ cron: "* * * * *", destination: endpoint.url })
      yield* advanceTo(time, first)
      yield* schedules.delete(scheduleId)
      yield* advanceTo(time, first + 5 * minute)
      deepStrictEqual(instants(yield* endpoint.deliveries), [iso(first)])
    })
  )

  timed("a message created before a delete is still delivered", (time) =>
    Effect.gen(function* () {
      const schedules = yield* QStashSchedules
      const endpoint = yield* time.endpoint
      const { firedAt, scheduleId } = yield* fireOne(time, { destination: endpoint.url, delay: "1 hour" })
      yield* schedules.delete(scheduleId)
      yield* time.advance("2 hours")
      deepStrictEqual(instants(yield* endpoint.deliveries), [iso(firedAt + hour)])
    })
  )

  timed("a delivery that failed before a delete is still retried", (time) =>
    Effect.gen(function* () {
      const schedules = yield* QStashSchedules
      const endpoint = yield* time.endpoint
      yield* endpoint.respond(500, 200)
      const { firedAt, scheduleId } = yield* fireOne(time, { destination: endpoint.url })
      yield* schedules.delete(scheduleId)
      yield* time.advance("1 hour")
      deepStrictEqual(secondsAfter(firedAt, yield* endpoint.deliveries), [0, 12])
    })
  )
})
