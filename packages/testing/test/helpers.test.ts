import { QStashInvalidRequest, QStashSchedules, QStashUnavailable, ScheduleId } from "@effect-qstash/domain"
import { QStashTest } from "@effect-qstash/testing"
import { assert, describe, it } from "@effect/vitest"
import { assertEquals } from "@effect/vitest/utils"
import { Effect, Schema } from "effect"

const scheduleId = ScheduleId.make("nightly-report")
const schedule = { scheduleId, cron: "0 4 * * *", destination: "https://api.example.com/jobs/nightly" }

const Payload = Schema.Struct({
  tenant: Schema.NonEmptyString,
  since: Schema.DateFromString,
  limit: Schema.NumberFromString.pipe(Schema.positive())
})

describe("createJson", () => {
  it.effect("delivers the value as its Schema encodes it, as JSON", () =>
    Effect.gen(function* () {
      const body = { tenant: "acme", since: new Date(0), limit: 5 }
      yield* QStashSchedules.createJson(Payload, { ...schedule, headers: { "X-Trace": "1" }, body })
      yield* QStashTest.advance("1 day")
      const [delivery] = yield* QStashTest.deliveries
      assert.strictEqual(delivery?.text, '{"tenant":"acme","since":"1970-01-01T00:00:00.000Z","limit":"5"}')
      assert.strictEqual(delivery?.header("content-type"), "application/json")
      assert.strictEqual(delivery?.header("x-trace"), "1")
    }).pipe(Effect.provide(QStashTest.layer))
  )

  it.effect("leaves another content type alone", () =>
    Effect.gen(function* () {
      yield* QStashSchedules.createJson(Schema.String, {
        ...schedule,
        headers: { "content-type": "application/vnd.acme+json" },
        body: "x"
      })
      yield* QStashTest.advance("1 day")
      const [delivery] = yield* QStashTest.deliveries
      assert.strictEqual(delivery?.header("content-type"), "application/vnd.acme+json")
    }).pipe(Effect.provide(QStashTest.layer))
  )

  it.effect("refuses a value that does not encode, and tells nothing of it", () =>
    Effect.gen(function* () {
      const body = { tenant: "planted-secret", since: new Date(0), limit: -1 }
      const error = yield* Effect.flip(QStashSchedules.createJson(Payload, { ...schedule, body }))
      assert.instanceOf(error, QStashInvalidRequest)
      assert.include(error.message, "limit")
      assert.notInclude(JSON.stringify(error) + error.message, "planted-secret")
      assert.lengthOf(yield* (yield* QStashSchedules).list, 0)
    }).pipe(Effect.provide(QStashTest.layer))
  )
})

describe("upsert", () => {
  const isPaused = Effect.flatMap(QStashSchedules, (schedules) =>
    Effect.map(schedules.get(scheduleId), (known) => known.isPaused)
  )

  it.effect("makes a new schedule active, keeps a pause, and follows what it is told", () =>
    Effect.gen(function* () {
      const schedules = yield* QStashSchedules
      yield* QStashSchedules.upsert(schedule)
      assert.isFalse(yield* isPaused)

      yield* schedules.pause(scheduleId)
      yield* QStashSchedules.upsert({ ...schedule, cron: "0 5 * * *" })
      assert.isTrue(yield* isPaused)
      assert.strictEqual((yield* schedules.get(scheduleId)).cron, "0 5 * * *")

      yield* QStashSchedules.upsert({ ...schedule, isPaused: false })
      assert.isFalse(yield* isPaused)
      yield* QStashSchedules.upsert({ ...schedule, isPaused: true })
      assert.isTrue(yield* isPaused)
    }).pipe(Effect.provide(QStashTest.layer))
  )

  it.effect("pauses again where the service forgets the pause", () =>
    Effect.gen(function* () {
      const schedules = yield* QStashSchedules
      yield* schedules.create(schedule)
      yield* schedules.pause(scheduleId)
      const forgetful = QStashSchedules.of({
        ...schedules,
        create: (input) => Effect.tap(schedules.create(input), (id) => Effect.ignore(schedules.resume(id)))
      })
      yield* Effect.provideService(QStashSchedules.upsert(schedule), QStashSchedules, forgetful)
      assert.isTrue(yield* isPaused)
    }).pipe(Effect.provide(QStashTest.layer))
  )

  it.effect("overwrites nothing when it could not look", () =>
    Effect.gen(function* () {
      const unavailable = new QStashUnavailable({ reason: "no reply in time" })
      yield* QStashTest.failNext("QStashSchedules.get", unavailable)
      assertEquals(
        yield* Effect.flip(QStashSchedules.upsert(schedule)),
        new QStashUnavailable({ reason: "no reply in time", scheduleId })
      )
      assert.lengthOf(yield* (yield* QStashSchedules).list, 0)
    }).pipe(Effect.provide(QStashTest.layer))
  )
})

describe("deleteIfPresent", () => {
  it.effect("deletes, and does not mind absence", () =>
    Effect.gen(function* () {
      const schedules = yield* QStashSchedules
      yield* schedules.create(schedule)
      yield* QStashSchedules.deleteIfPresent(scheduleId)
      assert.lengthOf(yield* schedules.list, 0)
      yield* QStashSchedules.deleteIfPresent(scheduleId)
    }).pipe(Effect.provide(QStashTest.layer))
  )
})
