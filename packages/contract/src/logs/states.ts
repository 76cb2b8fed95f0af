import { MessageId } from "@effect-qstash/domain/MessageId"
import { QStashQueues } from "@effect-qstash/domain/QStashQueues"
import { assertTrue, deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import * as Effect from "effect/Effect"
import { fireOne, hour, idOf, iso, only, second, settle } from "../internal/given.ts"
import { chapter } from "../internal/law.ts"
import { bury, endpointWith, enqueue, entriesOf, makeQueue, publish, statesOf } from "../internal/sending.ts"

export const states = chapter("states", ({ timed }) => {
  timed("a success is logged as CREATED, ACTIVE, DELIVERED", (time) =>
    Effect.gen(function* () {
      const endpoint = yield* time.endpoint
      const { messageId } = yield* publish({ destination: endpoint.url })
      deepStrictEqual(yield* statesOf(messageId), ["CREATED"])
      yield* time.advance("1 day")
      deepStrictEqual(yield* statesOf(messageId), ["CREATED", "ACTIVE", "DELIVERED"])
    })
  )

  timed("a failure without retries is logged as CREATED, ACTIVE, ERROR, FAILED", (time) =>
    Effect.gen(function* () {
      const { messageId } = yield* bury(time)
      yield* time.advance("1 day")
      deepStrictEqual(yield* statesOf(messageId), ["CREATED", "ACTIVE", "ERROR", "FAILED"])
    })
  )

  timed("a failed attempt with retries left is logged as ERROR, RETRY", (time) =>
    Effect.gen(function* () {
      const endpoint = yield* endpointWith(time, 500, 500, 200)
      const recovered = yield* publish({ destination: endpoint.url })
      yield* time.advance("1 hour")
      deepStrictEqual(yield* statesOf(recovered.messageId), [
        "CREATED",
        "ACTIVE",
        "ERROR",
        "RETRY",
        "ACTIVE",
        "ERROR",
        "RETRY",
        "ACTIVE",
        "DELIVERED"
      ])
      yield* endpoint.respond(500)
      const failed = yield* publish({ destination: endpoint.url, retries: 1 })
      yield* time.advance("1 hour")
      deepStrictEqual(yield* statesOf(failed.messageId), [
        "CREATED",
        "ACTIVE",
        "ERROR",
        "RETRY",
        "ACTIVE",
        "ERROR",
        "FAILED"
      ])
    })
  )

  timed("each step is logged with its own time", (time) =>
    Effect.gen(function* () {
      const endpoint = yield* endpointWith(time, 500, 200)
      const now = yield* time.now
      const { messageId } = yield* publish({ destination: endpoint.url, delay: "1 hour" })
      yield* time.advance("2 hours")
      deepStrictEqual(
        (yield* entriesOf(messageId)).map(({ state, time: at }) => [state, iso(at)]),
        [
          ["CREATED", iso(now)],
          ["ACTIVE", iso(now + hour)],
          ["ERROR", iso(now + hour)],
          ["RETRY", iso(now + hour)],
          ["ACTIVE", iso(now + hour + 12 * second)],
          ["DELIVERED", iso(now + hour + 12 * second)]
        ]
      )
    })
  )

  timed("a step says when the next attempt is due", (time) =>
    Effect.gen(function* () {
      const endpoint = yield* endpointWith(time, 500, 200)
      const now = yield* time.now
      const { messageId } = yield* publish({ destination: endpoint.url, delay: "1 hour" })
      yield* time.advance("2 hours")
      const due = (yield* entriesOf(messageId)).map(({ nextDeliveryTime, state }) => [
        state,
        iso(nextDeliveryTime)
      ])
      const again = iso(now + hour + 12 * second)
      deepStrictEqual(due, [
        ["CREATED", iso(now + hour)],
        ["ACTIVE", "never"],
        ["ERROR", again],
        ["RETRY", again],
        ["ACTIVE", "never"],
        ["DELIVERED", "never"]
      ])
    })
  )

  timed("a callback has a log of its own", (time) =>
    Effect.gen(function* () {
      const endpoint = yield* time.endpoint
      const callback = yield* endpointWith(time, 500, 200)
      const { messageId } = yield* publish({ destination: endpoint.url, callback: callback.url })
      yield* time.advance("1 hour")
      deepStrictEqual(yield* statesOf(messageId), ["CREATED", "ACTIVE", "DELIVERED"])
      const [delivery] = yield* callback.deliveries
      assertTrue(delivery !== undefined)
      const entries = yield* entriesOf(MessageId.make(idOf(delivery)))
      deepStrictEqual(
        entries.map(({ state }) => state),
        ["CREATED", "ACTIVE", "ERROR", "RETRY", "ACTIVE", "DELIVERED"]
      )
      strictEqual(entries[0]?.url, callback.url)
    })
  )

  timed("a message of a schedule is logged like any other", (time) =>
    Effect.gen(function* () {
      const endpoint = yield* time.endpoint
      const { firedAt, scheduleId } = yield* fireOne(time, { destination: endpoint.url })
      const entries = yield* entriesOf(MessageId.make(idOf(only(yield* endpoint.deliveries))))
      deepStrictEqual(
        entries.map(({ scheduleId: id, state, time: at }) => [id, state, iso(at)]),
        ["CREATED", "ACTIVE", "DELIVERED"].map((state) => [scheduleId, state, iso(firedAt)])
      )
    })
  )

  timed("the messages of a deleted queue are logged as cancelled [assumed]", (time) =>
    Effect.gen(function* () {
      const queues = yield* QStashQueues
      const queueName = yield* makeQueue({ isPaused: true })
      const endpoint = yield* time.endpoint
      const { messageId } = yield* enqueue(queueName, { destination: endpoint.url })
      yield* queues.delete(queueName)
      yield* settle(time)
      deepStrictEqual(yield* statesOf(messageId), ["CREATED", "CANCEL_REQUESTED", "CANCELED"])
    })
  )
})
