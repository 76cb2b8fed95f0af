import {
  DlqId,
  DlqMessageNotFound,
  type MessageNotFound,
  QStashDlq,
  type QStashError,
  QStashLogs,
  QStashMessages,
  QStashQuotaExceeded,
  QStashSchedules,
  QStashUnavailable,
  ScheduleId,
  type ScheduleNotFound
} from "@effect-qstash/domain"
import { QStashTest } from "@effect-qstash/testing"
import { assert, describe, expectTypeOf, it } from "@effect/vitest"
import { assertEquals } from "@effect/vitest/utils"
import { Effect, Exit, Stream } from "effect"

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

  it.effect("works for every service, before anything has taken effect", () =>
    Effect.gen(function* () {
      const messages = yield* QStashMessages
      const dlq = yield* QStashDlq
      const dlqId = DlqId.make("1-0")
      const gone = new DlqMessageNotFound({ dlqId })
      yield* QStashTest.failNext("QStashMessages.publish", unavailable)
      yield* QStashTest.failNext("QStashDlq.retry", gone)
      assertEquals(yield* Effect.flip(messages.publish({ destination: "https://x.y" })), unavailable)
      assert.lengthOf(yield* QStashTest.messages, 0)
      assertEquals(yield* Effect.flip(dlq.retry(dlqId)), gone)
    }).pipe(Effect.provide(QStashTest.layer))
  )

  it.effect("fails a stream when it is run, once", () =>
    Effect.gen(function* () {
      const logs = yield* QStashLogs
      const all = logs.stream()
      yield* QStashTest.failNext("QStashLogs.stream", unavailable)
      assertEquals(yield* Effect.flip(Stream.runDrain(all)), unavailable)
      yield* Stream.runDrain(all)
    }).pipe(Effect.provide(QStashTest.layer))
  )

  it("takes the errors of the operation and no others", () => {
    expectTypeOf<QStashTest.OperationError<"QStashMessages.publish">>().toEqualTypeOf<
      QStashQuotaExceeded | QStashError
    >()
    expectTypeOf<QStashTest.OperationError<"QStashMessages.get">>().toEqualTypeOf<
      MessageNotFound | QStashError
    >()
    expectTypeOf<QStashTest.OperationError<"QStashLogs.stream">>().toEqualTypeOf<QStashError>()
    expectTypeOf<QStashTest.OperationError<"QStashSigningKeys.rotate">>().toEqualTypeOf<QStashError>()
    expectTypeOf(QStashTest.respond(503)).toEqualTypeOf<Effect.Effect<void, never, QStashTest.QStashTest>>()

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
