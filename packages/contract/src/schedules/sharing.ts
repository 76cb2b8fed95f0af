import { ScheduleNotFound } from "@effect-qstash/domain/QStashError"
import { QStashSchedules } from "@effect-qstash/domain/QStashSchedules"
import { assertEquals, deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import * as Effect from "effect/Effect"
import type { Neighbour } from "../Harness.ts"
import { Harness } from "../Harness.ts"
import { advanceTo, create, get, nextMinute, only, overwrite, plain, yearlyAt } from "../internal/given.ts"
import { chapter } from "../internal/law.ts"
import { checkSignature } from "../internal/signature.ts"

/** Creates for another account, until the end of the law. */
const asNeighbour = ({ schedules }: Neighbour) => Effect.provideService(QStashSchedules, schedules)

export const sharing = chapter("two accounts", ({ given }) => {
  given("neighbour", "an account does not see what another one has", (neighbour) =>
    Effect.gen(function* () {
      const { schedules } = neighbour
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

  given("neighbour", "two accounts may use one id for different schedules", (neighbour) =>
    Effect.gen(function* () {
      const scheduleId = yield* create({ body: "mine" })
      const mine = yield* get(scheduleId)
      const theirs = asNeighbour(neighbour)
      yield* theirs(overwrite(scheduleId, { body: "theirs" }))
      yield* neighbour.schedules.pause(scheduleId)
      deepStrictEqual(plain(yield* get(scheduleId)), plain(mine))
      strictEqual((yield* theirs(get(scheduleId))).body, "theirs")
      yield* neighbour.schedules.delete(scheduleId)
      deepStrictEqual(plain(yield* get(scheduleId)), plain(mine))
    })
  )

  given("neighbour", "each account's deliveries are signed with its own key", (neighbour) =>
    Effect.gen(function* () {
      const { time } = yield* Harness
      if (time === undefined) return
      const mine = yield* time.endpoint
      const theirs = yield* time.endpoint
      const firedAt = nextMinute(yield* time.now)
      yield* create({ cron: yearlyAt(firedAt), destination: mine.url })
      yield* asNeighbour(neighbour)(create({ cron: yearlyAt(firedAt), destination: theirs.url }))
      yield* advanceTo(time, firedAt)
      checkSignature(only(yield* mine.deliveries), time.signingKey)
      checkSignature(only(yield* theirs.deliveries), neighbour.signingKey)
    })
  )
})
