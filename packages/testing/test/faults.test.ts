import {
  DlqId,
  DlqMessageNotFound,
  FlowControlKey,
  type FlowControlKeyNotFound,
  MessageId,
  type MessageNotFound,
  QStashDlq,
  type QStashError,
  QStashFlowControl,
  QStashLogs,
  QStashMessages,
  QStashQueues,
  QStashQuotaExceeded,
  QStashSchedules,
  type QStashServices,
  QStashSigningKeys,
  QStashUnavailable,
  QStashUrlGroups,
  QueueName,
  type QueueNotFound,
  ScheduleId,
  type ScheduleNotFound,
  UrlGroupName,
  type UrlGroupNotFound
} from "@effect-qstash/domain"
import { namingSchedule } from "@effect-qstash/domain/QStashError"
import { QStashTest } from "@effect-qstash/testing"
import { HttpServerResponse } from "@effect/platform"
import { assert, describe, expectTypeOf, it } from "@effect/vitest"
import { assertEquals } from "@effect/vitest/utils"
import { type Context, Effect, Exit, Stream } from "effect"

const scheduleId = ScheduleId.make("nightly-report")
const destination = "https://api.example.com/jobs/nightly"
const schedule = { scheduleId, cron: "0 4 * * *", destination }
const unavailable = new QStashUnavailable({ reason: "no reply in time" })

/** A call of each operation; it need not succeed. */
const calls = Effect.gen(function* () {
  const schedules = yield* QStashSchedules
  const messages = yield* QStashMessages
  const queues = yield* QStashQueues
  const groups = yield* QStashUrlGroups
  const dlq = yield* QStashDlq
  const flowControl = yield* QStashFlowControl
  const logs = yield* QStashLogs
  const signingKeys = yield* QStashSigningKeys
  const messageId = MessageId.make("msg_none")
  const queueName = QueueName.make("mail")
  const urlGroup = UrlGroupName.make("workers")
  const dlqId = DlqId.make("1-0")
  const key = FlowControlKey.make("api")
  const all: Readonly<Record<QStashTest.Operation, Effect.Effect<unknown, unknown>>> = {
    "QStashSchedules.create": schedules.create(schedule),
    "QStashSchedules.get": schedules.get(scheduleId),
    "QStashSchedules.list": schedules.list,
    "QStashSchedules.delete": schedules.delete(scheduleId),
    "QStashSchedules.pause": schedules.pause(scheduleId),
    "QStashSchedules.resume": schedules.resume(scheduleId),
    "QStashMessages.publish": messages.publish({ destination }),
    "QStashMessages.enqueue": messages.enqueue(queueName, { destination }),
    "QStashMessages.batch": messages.batch([{ destination }]),
    "QStashMessages.get": messages.get(messageId),
    "QStashMessages.cancel": messages.cancel(messageId),
    "QStashMessages.cancelMany": messages.cancelMany({ all: true }),
    "QStashQueues.upsert": queues.upsert({ queueName }),
    "QStashQueues.get": queues.get(queueName),
    "QStashQueues.list": queues.list,
    "QStashQueues.delete": queues.delete(queueName),
    "QStashQueues.pause": queues.pause(queueName),
    "QStashQueues.resume": queues.resume(queueName),
    "QStashUrlGroups.upsertEndpoints": groups.upsertEndpoints(urlGroup, [{ url: destination }]),
    "QStashUrlGroups.removeEndpoints": groups.removeEndpoints(urlGroup, [{ url: destination }]),
    "QStashUrlGroups.get": groups.get(urlGroup),
    "QStashUrlGroups.list": groups.list,
    "QStashUrlGroups.delete": groups.delete(urlGroup),
    "QStashDlq.list": dlq.list(),
    "QStashDlq.stream": Stream.runCollect(dlq.stream()),
    "QStashDlq.get": dlq.get(dlqId),
    "QStashDlq.delete": dlq.delete(dlqId),
    "QStashDlq.deleteMany": dlq.deleteMany({ all: true }),
    "QStashDlq.retry": dlq.retry(dlqId),
    "QStashDlq.retryMany": dlq.retryMany({ all: true }),
    "QStashFlowControl.list": flowControl.list,
    "QStashFlowControl.get": flowControl.get(key),
    "QStashFlowControl.pause": flowControl.pause(key),
    "QStashFlowControl.resume": flowControl.resume(key),
    "QStashFlowControl.pin": flowControl.pin(key, { parallelism: 1 }),
    "QStashFlowControl.unpin": flowControl.unpin(key, { parallelism: true }),
    "QStashFlowControl.resetRate": flowControl.resetRate(key),
    "QStashFlowControl.globalParallelism": flowControl.globalParallelism,
    "QStashLogs.list": logs.list(),
    "QStashLogs.stream": Stream.runCollect(logs.stream()),
    "QStashSigningKeys.get": signingKeys.get,
    "QStashSigningKeys.rotate": signingKeys.rotate
  }
  return all
})

const isOperation = (name: string, all: Readonly<Record<string, unknown>>): name is QStashTest.Operation =>
  name in all

const named = namingSchedule(scheduleId)

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
      // As in production, the error names the schedule.
      assertEquals(yield* Effect.flip(schedules.create(schedule)), named(unavailable))
      assertEquals(yield* Effect.flip(schedules.create(schedule)), named(full))
      assert.isTrue(Exit.isSuccess(yield* Effect.exit(schedules.create(schedule))))
    }).pipe(Effect.provide(QStashTest.layer))
  )

  it.effect("reaches every operation of every service, and no operation is left out", () =>
    Effect.gen(function* () {
      const all = yield* calls
      const services = yield* Effect.context<QStashServices>()
      const operations = Array.from(
        services.unsafeMap,
        ([tag, service]: [string, unknown]) => [tag.slice(tag.lastIndexOf("/") + 1), service] as const
      )
        .filter(([name]) => name.startsWith("QStash") && name !== "QStashTest")
        .flatMap(([name, service]) => Object.keys(Object(service)).map((method) => `${name}.${method}`))
      assert.deepStrictEqual(operations.toSorted(), Object.keys(all).toSorted())
      for (const name of operations) {
        if (!isOperation(name, all)) continue
        yield* QStashTest.failNext(name, unavailable)
        // No other operation takes it.
        for (const [other, call] of Object.entries(all)) {
          if (other === name || other.endsWith(".rotate")) continue
          const exit = yield* Effect.exit(call)
          assert.notInclude(String(exit), "QStashUnavailable", `${other} after ${name}`)
        }
        assertEquals(
          yield* Effect.flip(all[name]),
          name === "QStashSchedules.create" ? named(unavailable) : unavailable
        )
        assert.notInclude(String(yield* Effect.exit(all[name])), "QStashUnavailable", name)
      }
    }).pipe(Effect.provide(QStashTest.layer))
  )

  it.effect("fails before the call has any effect", () =>
    Effect.gen(function* () {
      const messages = yield* QStashMessages
      yield* QStashTest.failNext("QStashMessages.publish", unavailable)
      assertEquals(yield* Effect.flip(messages.publish({ destination })), unavailable)
      yield* QStashTest.failNext("QStashMessages.batch", unavailable)
      assertEquals(yield* Effect.flip(messages.batch([{ destination }])), unavailable)
      yield* QStashTest.advance("1 hour")
      assert.deepStrictEqual(yield* QStashTest.events, [])
      assert.strictEqual((yield* messages.publish({ destination })).messageId, "msg_1")
    }).pipe(Effect.provide(QStashTest.layer))
  )

  it.effect("fails with an error of the operation's own as well", () =>
    Effect.gen(function* () {
      const dlq = yield* QStashDlq
      yield* QStashTest.respond(500)
      yield* (yield* QStashMessages).publish({ destination, retries: 0 })
      yield* QStashTest.advance("1 second")
      const [letter] = yield* QStashTest.dlq
      const dlqId = letter?.dlqId ?? DlqId.make("none")
      const gone = new DlqMessageNotFound({ dlqId })
      yield* QStashTest.failNext("QStashDlq.retry", gone)
      assertEquals(yield* Effect.flip(dlq.retry(dlqId)), gone)
      assert.lengthOf(yield* QStashTest.dlq, 1)
    }).pipe(Effect.provide(QStashTest.layer))
  )

  it.effect("is met when the call runs, not when it is made", () =>
    Effect.gen(function* () {
      const logs = yield* QStashLogs
      const schedules = yield* QStashSchedules
      const stream = logs.stream()
      const { list } = schedules
      yield* QStashTest.failNext("QStashLogs.stream", unavailable)
      yield* QStashTest.failNext("QStashSchedules.list", unavailable)
      assertEquals(yield* Effect.flip(Stream.runCollect(stream)), unavailable)
      assert.lengthOf(yield* Stream.runCollect(stream), 0)
      assertEquals(yield* Effect.flip(list), unavailable)
      assert.deepStrictEqual(yield* list, [])
    }).pipe(Effect.provide(QStashTest.layer))
  )

  it.effect("reaches the calls of an HttpApp as well, which is tried again then", () =>
    Effect.gen(function* () {
      const messages = yield* QStashMessages
      yield* messages.publish({ destination })
      yield* QStashTest.failNext("QStashQueues.upsert", unavailable)
      yield* QStashTest.advance("1 hour")
      assert.deepStrictEqual(
        (yield* QStashTest.deliveries).map(({ status }) => status),
        [500, 200]
      )
    }).pipe(
      Effect.provide(
        QStashTest.layerApp(
          Effect.flatMap(QStashQueues, (queues) =>
            Effect.as(
              queues.upsert({ queueName: QueueName.make("mail") }),
              HttpServerResponse.empty({ status: 200 })
            )
          )
        )
      )
    )
  )

  it("takes the errors of the operation and no others", () => {
    type ErrorOf<O extends QStashTest.Operation> = QStashTest.OperationError<O>
    expectTypeOf<ErrorOf<"QStashSchedules.list">>().toEqualTypeOf<QStashError>()
    expectTypeOf<ErrorOf<"QStashSchedules.get">>().toEqualTypeOf<ScheduleNotFound | QStashError>()
    expectTypeOf<ErrorOf<"QStashSchedules.create">>().toEqualTypeOf<QStashQuotaExceeded | QStashError>()
    expectTypeOf<ErrorOf<"QStashMessages.publish">>().toEqualTypeOf<QStashQuotaExceeded | QStashError>()
    expectTypeOf<ErrorOf<"QStashMessages.get">>().toEqualTypeOf<MessageNotFound | QStashError>()
    expectTypeOf<ErrorOf<"QStashQueues.upsert">>().toEqualTypeOf<QStashQuotaExceeded | QStashError>()
    expectTypeOf<ErrorOf<"QStashQueues.pause">>().toEqualTypeOf<QueueNotFound | QStashError>()
    expectTypeOf<ErrorOf<"QStashUrlGroups.removeEndpoints">>().toEqualTypeOf<UrlGroupNotFound | QStashError>()
    expectTypeOf<ErrorOf<"QStashDlq.retry">>().toEqualTypeOf<
      DlqMessageNotFound | QStashQuotaExceeded | QStashError
    >()
    expectTypeOf<ErrorOf<"QStashDlq.stream">>().toEqualTypeOf<QStashError>()
    expectTypeOf<ErrorOf<"QStashFlowControl.get">>().toEqualTypeOf<FlowControlKeyNotFound | QStashError>()
    expectTypeOf<ErrorOf<"QStashLogs.stream">>().toEqualTypeOf<QStashError>()
    expectTypeOf<ErrorOf<"QStashSigningKeys.rotate">>().toEqualTypeOf<QStashError>()
    // @ts-expect-error there is no such operation
    expectTypeOf<ErrorOf<"QStashSchedules.stop">>().toBeNever()
    // @ts-expect-error the operation is of another service
    expectTypeOf<ErrorOf<"QStashLogs.rotate">>().toBeNever()
    expectTypeOf(QStashTest.failNext<"QStashSchedules.list">)
      .parameter(1)
      .toEqualTypeOf<QStashError>()
    expectTypeOf(QStashTest.failNext<"QStashLogs.stream">)
      .parameter(1)
      .toEqualTypeOf<QStashError>()
  })
})

describe("respond", () => {
  it("needs nothing for a plain answer, and what its handler needs for another one", () => {
    const plain = QStashTest.respond(503)
    expectTypeOf(plain).toEqualTypeOf<Effect.Effect<void, never, QStashTest.QStashTest>>()
    const full = QStashTest.respond({ status: 503, body: "busy" })
    expectTypeOf(full).toEqualTypeOf<Effect.Effect<void, never, QStashTest.QStashTest>>()
    const needy = QStashTest.respond(() => Effect.as(QStashLogs, 200))
    expectTypeOf<Effect.Effect.Context<typeof needy>>().toEqualTypeOf<QStashTest.QStashTest | QStashLogs>()
    expectTypeOf<Context.Context<QStashServices>>().not.toBeNever()
  })
})
