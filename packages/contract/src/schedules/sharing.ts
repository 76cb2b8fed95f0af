import { ScheduleNotFound } from "@effect-qstash/domain/QStashError"
import { QStashSchedules } from "@effect-qstash/domain/QStashSchedules"
import { assertEquals, deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import { advanceTo, create, get, nextMinute, only, overwrite, plain, yearlyAt } from "../internal/given.ts"
import { chapter, within } from "../internal/law.ts"
import { checkSignature } from "../internal/signature.ts"

export const sharing = chapter("two accounts", ({ given }) => {
  given(["neighbour"], "an account cannot see another account's schedules", ({ neighbour }) =>
    Effect.gen(function* () {
      const schedules = Context.get(neighbour.services, QStashSchedules)
      const scheduleId = yield* create()
      const notFound = new ScheduleNotFound({ scheduleId })
      assertEquals(yield* Effect.flip(schedules.get(scheduleId)), notFound)
      assertEquals(yield* Effect.flip(schedules.pause(scheduleId)), notFound)
      assertEquals(yield* Effect.flip(schedules.delete(scheduleId)), notFound)
      deepStrictEqual(
        (yield* schedules.list).filter((schedule) => schedule.scheduleId === scheduleId),
        []
      )
      strictEqual((yield* get(scheduleId)).isPaused, false)
    })
  )

  given(["neighbour"], "two accounts can use the same schedule id", ({ neighbour }) =>
    Effect.gen(function* () {
      const schedules = Context.get(neighbour.services, QStashSchedules)
      const scheduleId = yield* create({ body: "mine" })
      const mine = yield* get(scheduleId)
      yield* within(neighbour, () => overwrite(scheduleId, { body: "theirs" }))
      yield* schedules.pause(scheduleId)
      deepStrictEqual(plain(yield* get(scheduleId)), plain(mine))
      strictEqual((yield* schedules.get(scheduleId)).body, "theirs")
      yield* schedules.delete(scheduleId)
      deepStrictEqual(plain(yield* get(scheduleId)), plain(mine))
    })
  )

  given(
    ["time", "neighbour"],
    "each account's deliveries are signed with its own key",
    ({ neighbour, time }) =>
      Effect.gen(function* () {
        const mine = yield* time.endpoint
        const theirs = yield* time.endpoint
        const firedAt = nextMinute(yield* time.now)
        yield* create({ cron: yearlyAt(firedAt), destination: mine.url })
        yield* within(neighbour, () => create({ cron: yearlyAt(firedAt), destination: theirs.url }))
        yield* advanceTo(time, firedAt)
        checkSignature(only(yield* mine.deliveries), time.signingKeys.current)
        checkSignature(only(yield* theirs.deliveries), neighbour.time.signingKeys.current)
      })
  )
})
