import { QStashDlq, QStashMessages, QStashSchedules, ScheduleId } from "@effect-qstash/domain"
import * as QStashReceiver from "@effect-qstash/receiver/QStashReceiver"
import { QStashTest } from "@effect-qstash/testing"
import { assert, describe, it } from "@effect/vitest"
import { assertEquals } from "@effect/vitest/utils"
import { Deferred, Effect } from "effect"

const destination = "https://api.example.com/jobs"

const publish = (url = destination) =>
  Effect.flatMap(QStashMessages, (messages) => messages.publish({ destination: url, body: "work" }))

/** Counts what the handler has done. */
const working = (status = 200) =>
  Effect.gen(function* () {
    const work = { done: 0 }
    yield* QStashTest.respond(() =>
      Effect.sync(() => {
        work.done += 1
        return status
      })
    )
    return work
  })

const states = Effect.map(QStashTest.events, (events) => events.map(({ state }) => state))

describe("loseResponse", () => {
  it.effect("lets the handler do its work, and QStash try again", () =>
    Effect.gen(function* () {
      const work = yield* working()
      yield* QStashTest.loseResponse
      const { messageId } = yield* publish()
      yield* QStashTest.advance(0)
      assert.strictEqual(work.done, 1)
      yield* QStashTest.advance("1 hour")
      assert.strictEqual(work.done, 2)
      const deliveries = yield* QStashTest.deliveries
      assert.deepStrictEqual(
        deliveries.map((delivery) => [delivery.messageId, delivery.retried, delivery.status]),
        [
          [messageId, 0, undefined],
          [messageId, 1, 200]
        ]
      )
      assert.deepStrictEqual(yield* states, ["CREATED", "ACTIVE", "ERROR", "RETRY", "ACTIVE", "DELIVERED"])
      assert.strictEqual((yield* QStashTest.events)[2]?.error, "the response was lost")
    }).pipe(Effect.provide(QStashTest.layer))
  )

  it.effect("queues up, and spends itself on attempts that fail anyway, too", () =>
    Effect.gen(function* () {
      const work = yield* working(500)
      yield* QStashTest.loseResponse
      yield* QStashTest.loseResponse
      yield* publish()
      yield* QStashTest.advance("1 day")
      assert.strictEqual(work.done, 4)
      const statuses = (yield* QStashTest.deliveries).map(({ status }) => status)
      assert.deepStrictEqual(statuses, [undefined, undefined, 500, 500])
    }).pipe(Effect.provide(QStashTest.layer))
  )

  it.effect("of the last attempt leaves a dead letter, though the work is done", () =>
    Effect.gen(function* () {
      const work = yield* working()
      const messages = yield* QStashMessages
      yield* QStashTest.loseResponse
      yield* messages.publish({ destination, retries: 0 })
      yield* QStashTest.advance("1 day")
      assert.strictEqual(work.done, 1)
      assert.lengthOf(yield* QStashTest.dlq, 1)
    }).pipe(Effect.provide(QStashTest.layer))
  )
})

describe("redeliver", () => {
  it.effect("sends the same request again, with a fresh signature that the receiver takes", () =>
    Effect.gen(function* () {
      const { messageId } = yield* publish()
      yield* QStashTest.advance("1 day")
      yield* QStashTest.redeliver(messageId)
      assert.lengthOf(yield* QStashTest.deliveries, 1)
      yield* QStashTest.advance(0)
      const [first, second] = yield* QStashTest.deliveries
      assert.isDefined(first)
      assert.isDefined(second)
      if (first === undefined || second === undefined) return
      const headersOf = ({ request }: typeof first) =>
        request.headers.filter(([name]) => name !== "Upstash-Signature")
      assert.deepStrictEqual(headersOf(second), headersOf(first))
      assert.strictEqual(second.text, "work")
      assert.strictEqual(second.url, first.url)
      assert.notStrictEqual(second.header("Upstash-Signature"), first.header("Upstash-Signature"))
      const receiver = yield* QStashReceiver.make({ ...QStashTest.signingKeys, subject: "any" })
      const { unsigned } = yield* receiver.verify({
        url: second.url,
        headers: Object.fromEntries(second.request.headers),
        body: second.request.body
      })
      assert.strictEqual(unsigned.messageId, messageId)
    }).pipe(Effect.provide(QStashTest.layer))
  )

  it.effect("keeps the schedule and the attempt of the request", () =>
    Effect.gen(function* () {
      const schedules = yield* QStashSchedules
      const scheduleId = yield* schedules.create({
        scheduleId: ScheduleId.make("nightly"),
        cron: "@daily",
        destination
      })
      yield* QStashTest.respond(({ retried }) => Effect.succeed(retried === 0 ? 503 : 200))
      yield* QStashTest.advance("25 hours")
      const [{ messageId } = {}] = yield* QStashTest.deliveries
      assert.isDefined(messageId)
      if (messageId === undefined) return
      yield* QStashTest.redeliver(messageId)
      yield* QStashTest.advance(0)
      assert.deepStrictEqual(
        (yield* QStashTest.deliveries).map((delivery) => [delivery.scheduleId, delivery.retried]),
        [
          [scheduleId, 0],
          [scheduleId, 1],
          [scheduleId, 1]
        ]
      )
    }).pipe(Effect.provide(QStashTest.layer))
  )

  it.effect("changes nothing in QStash, whatever the handler answers", () =>
    Effect.gen(function* () {
      const { messageId } = yield* publish()
      yield* QStashTest.advance(0)
      const before = yield* states
      yield* QStashTest.respond(500)
      yield* QStashTest.redeliver(messageId)
      yield* QStashTest.advance("1 day")
      assert.lengthOf(yield* QStashTest.deliveries, 2)
      assert.deepStrictEqual(yield* states, before)
      assert.lengthOf((yield* (yield* QStashDlq).list()).items, 0)
    }).pipe(Effect.provide(QStashTest.layer))
  )

  it.effect("runs beside an attempt that is still under way", () =>
    Effect.gen(function* () {
      const work = { now: 0, most: 0 }
      yield* QStashTest.respond(() =>
        Effect.gen(function* () {
          work.now += 1
          work.most = Math.max(work.most, work.now)
          yield* Effect.sleep("10 seconds")
          work.now -= 1
          return 200
        })
      )
      const { messageId } = yield* publish()
      yield* QStashTest.advance("1 second")
      yield* QStashTest.redeliver(messageId)
      yield* QStashTest.advance("1 minute")
      assert.deepStrictEqual(work, { now: 0, most: 2 })
      assert.deepStrictEqual(yield* states, ["CREATED", "ACTIVE", "DELIVERED"])
    }).pipe(Effect.provide(QStashTest.layer))
  )

  it.effect("waits for a handler that waits for the world, and ends one that never returns", () =>
    Effect.gen(function* () {
      const { messageId } = yield* publish()
      yield* QStashTest.advance(0)
      const interrupted = yield* Deferred.make<void>()
      yield* QStashTest.respond(() =>
        Effect.onInterrupt(Effect.never, () => Deferred.succeed(interrupted, undefined))
      )
      yield* QStashTest.redeliver(messageId)
      yield* QStashTest.advance("3 hours")
      yield* Deferred.await(interrupted)
    }).pipe(Effect.provide(QStashTest.layerWith({ settle: "50 millis" })))
  )

  it.effect("of a message that was never attempted says so", () =>
    Effect.gen(function* () {
      const messages = yield* QStashMessages
      const { messageId } = yield* messages.publish({ destination, delay: "1 hour" })
      const error = yield* Effect.flip(QStashTest.redeliver(messageId))
      assertEquals(error, new QStashTest.MessageNotAttempted({ messageId }))
      assert.include(error.message, `Message "${messageId}" has not been attempted yet`)
    }).pipe(Effect.provide(QStashTest.layer))
  )

  it.effect("of a message whose attempt is no longer kept says so", () =>
    Effect.gen(function* () {
      const { messageId } = yield* publish()
      yield* QStashTest.advance(0)
      yield* publish()
      yield* QStashTest.advance(0)
      const error = yield* Effect.flip(QStashTest.redeliver(messageId))
      assert.include(error.message, "raise retention")
    }).pipe(Effect.provide(QStashTest.layerWith({ retention: 3 })))
  )
})
