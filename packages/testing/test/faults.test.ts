import {
  type QStashError,
  QStashQuotaExceeded,
  QStashSchedules,
  QStashUnavailable,
  ScheduleId,
  type ScheduleNotFound
} from "@effect-qstash/domain"
import { QStashTest } from "@effect-qstash/testing"
import { assert, describe, expectTypeOf, it } from "@effect/vitest"
import { assertEquals } from "@effect/vitest/utils"
import { Effect, Exit } from "effect"

const scheduleId = ScheduleId.make("nightly-report")
const schedule = { scheduleId, cron: "0 4 * * *", destination: "https://api.example.com/jobs/nightly" }
const unavailable = new QStashUnavailable({ reason: "no reply in time" })

describe("failNext", () => {
  it.effect("fails the next call of an operation, and that one alone", () =>
    Effect.gen(function* () {
      const schedules = yield* QStashSchedules
      yield* schedules.create(schedule)
      yield* QStashTest.failNext("QStashSchedules.pause", unavailable)

      yield* schedules.resume(scheduleId)
      assertEquals(yield* Effect.flip(schedules.pause(scheduleId)), unavailable)
      assert.isFalse((yield* schedules.get(scheduleId)).isPaused)

      yield* schedules.pause(scheduleId)
      assert.isTrue((yield* schedules.get(scheduleId)).isPaused)
    }).pipe(Effect.provide(QStashTest.layer))
  )

  it.effect("queues up", () =>
    Effect.gen(function* () {
      const schedules = yield* QStashSchedules
      const full = new QStashQuotaExceeded({ status: 412, reason: "quota maxSchedules exceeded" })
      yield* QStashTest.failNext("QStashSchedules.create", unavailable)
      yield* QStashTest.failNext("QStashSchedules.create", full)
      assertEquals(yield* Effect.flip(schedules.create(schedule)), unavailable)
      assertEquals(yield* Effect.flip(schedules.create(schedule)), full)
      assert.isTrue(Exit.isSuccess(yield* Effect.exit(schedules.create(schedule))))
    }).pipe(Effect.provide(QStashTest.layer))
  )

  it("takes the errors of the operation and no others", () => {
    expectTypeOf<QStashTest.OperationError<"QStashSchedules.list">>().toEqualTypeOf<QStashError>()
    expectTypeOf<QStashTest.OperationError<"QStashSchedules.get">>().toEqualTypeOf<
      ScheduleNotFound | QStashError
    >()
    expectTypeOf<QStashTest.OperationError<"QStashSchedules.create">>().toEqualTypeOf<
      QStashQuotaExceeded | QStashError
    >()
    // @ts-expect-error there is no such operation
    expectTypeOf<QStashTest.OperationError<"QStashSchedules.stop">>().toBeNever()
  })
})
