import { QStashSchedules } from "@effect-qstash/domain/QStashSchedules"
import { assertEquals, assertTrue, deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import * as Effect from "effect/Effect"
import { create, freshId, get, iso, overwrite, plain, rarely, somewhere } from "../internal/given.ts"
import { chapter } from "../internal/law.ts"

const anonymous = Effect.acquireRelease(
  Effect.flatMap(QStashSchedules, (schedules) => schedules.create({ cron: rarely, destination: somewhere })),
  (scheduleId) => Effect.flatMap(QStashSchedules, (schedules) => Effect.ignore(schedules.delete(scheduleId)))
)

export const creating = chapter("creating", ({ law, timed }) => {
  law("create returns the id passed to it", () =>
    Effect.gen(function* () {
      const scheduleId = yield* freshId
      assertEquals(yield* overwrite(scheduleId), scheduleId)
    })
  )

  law("create without an id generates a new one each time", () =>
    Effect.gen(function* () {
      const first = yield* anonymous
      const second = yield* anonymous
      assertTrue(first !== second)
      strictEqual((yield* get(first)).scheduleId, first)
      strictEqual((yield* get(second)).scheduleId, second)
    })
  )

  law("repeating a create with the same id creates no second schedule", () =>
    Effect.gen(function* () {
      const schedules = yield* QStashSchedules
      const scheduleId = yield* create()
      yield* overwrite(scheduleId)
      const all = yield* schedules.list
      strictEqual(all.filter((schedule) => schedule.scheduleId === scheduleId).length, 1)
    })
  )

  law("a schedule without settings has QStash's defaults", () =>
    Effect.gen(function* () {
      const schedule = yield* Effect.flatMap(create(), get)
      const { callerIp: _ip, createdAt: _created, nextScheduleTime: _next, ...rest } = schedule
      deepStrictEqual<unknown>(rest, {
        scheduleId: schedule.scheduleId,
        cron: rarely,
        destination: somewhere,
        method: "POST",
        isPaused: false,
        headers: {},
        retries: 3,
        labels: [],
        lastScheduleStates: {}
      })
    })
  )

  law("a value of zero differs from an unset one", () =>
    Effect.gen(function* () {
      const schedule = yield* Effect.flatMap(create({ retries: 0 }), get)
      strictEqual(schedule.retries, 0)
    })
  )

  law("creating a schedule leaves others alone", () =>
    Effect.gen(function* () {
      const scheduleId = yield* create({ body: "mine", headers: { "X-Mine": "yes" } })
      const before = yield* get(scheduleId)
      yield* create({ body: "yours", method: "PUT" })
      deepStrictEqual(plain(yield* get(scheduleId)), plain(before))
    })
  )

  timed("a schedule shows when it was created", (time) =>
    Effect.gen(function* () {
      yield* time.advance("1234 millis")
      const now = yield* time.now
      const schedule = yield* Effect.flatMap(create(), get)
      strictEqual(iso(schedule.createdAt), iso(now))
      yield* time.advance("1 hour")
      strictEqual(iso((yield* get(schedule.scheduleId)).createdAt), iso(now))
    })
  )
})
