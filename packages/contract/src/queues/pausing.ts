import { QStashQueues } from "@effect-qstash/domain/QStashQueues"
import { deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import * as Effect from "effect/Effect"
import { plain, secondsAfter, settle, somewhere, textOf } from "../internal/given.ts"
import { chapter } from "../internal/law.ts"
import { endpointWith, enqueue, freshQueue, getMessage, makeQueue } from "../internal/sending.ts"

export const pausing = chapter("pausing and resuming", ({ given, law, timed }) => {
  law("a queue shows at once whether it is paused", () =>
    Effect.gen(function* () {
      const queues = yield* QStashQueues
      const queueName = yield* makeQueue()
      yield* queues.pause(queueName)
      strictEqual((yield* queues.get(queueName)).isPaused, true)
      yield* queues.resume(queueName)
      strictEqual((yield* queues.get(queueName)).isPaused, false)
    })
  )

  law("pausing a paused queue and resuming an active one changes nothing", () =>
    Effect.gen(function* () {
      const queues = yield* QStashQueues
      const queueName = yield* makeQueue({ parallelism: 2 })
      const active = plain(yield* queues.get(queueName))
      yield* queues.resume(queueName)
      deepStrictEqual(plain(yield* queues.get(queueName)), active)
      yield* queues.pause(queueName)
      const paused = plain(yield* queues.get(queueName))
      yield* queues.pause(queueName)
      deepStrictEqual(plain(yield* queues.get(queueName)), paused)
    })
  )

  law("a paused queue still accepts messages", () =>
    Effect.gen(function* () {
      const queues = yield* QStashQueues
      const queueName = yield* makeQueue({ isPaused: true })
      const { messageId } = yield* enqueue(queueName, { destination: somewhere })
      yield* enqueue(queueName, { destination: somewhere })
      strictEqual((yield* getMessage(messageId)).queueName, queueName)
      strictEqual((yield* queues.get(queueName)).lag, 2)
    })
  )

  timed("a paused queue starts nothing, and continues in order once it is resumed", (time) =>
    Effect.gen(function* () {
      const queues = yield* QStashQueues
      const queueName = yield* makeQueue({ isPaused: true })
      const endpoint = yield* time.endpoint
      const now = yield* time.now
      for (const body of ["1", "2", "3"]) yield* enqueue(queueName, { destination: endpoint.url, body })
      yield* time.advance("10 minutes")
      deepStrictEqual(yield* endpoint.deliveries, [])
      yield* queues.resume(queueName)
      yield* time.advance("1 minute")
      const deliveries = yield* endpoint.deliveries
      deepStrictEqual(deliveries.map(textOf), ["1", "2", "3"])
      deepStrictEqual(secondsAfter(now, deliveries), [600, 600, 600])
    })
  )

  timed("a retry that is due during a pause runs when the queue is resumed [assumed]", (time) =>
    Effect.gen(function* () {
      const queues = yield* QStashQueues
      const queueName = yield* freshQueue
      const endpoint = yield* endpointWith(time, 500, 200)
      const now = yield* time.now
      for (const body of ["1", "2"]) yield* enqueue(queueName, { destination: endpoint.url, body })
      yield* time.advance("5 seconds")
      yield* queues.pause(queueName)
      yield* time.advance("55 seconds")
      deepStrictEqual(secondsAfter(now, yield* endpoint.deliveries), [0])
      yield* queues.resume(queueName)
      yield* time.advance("1 minute")
      deepStrictEqual(secondsAfter(now, yield* endpoint.deliveries), [0, 60, 60])
      deepStrictEqual((yield* endpoint.deliveries).map(textOf), ["1", "1", "2"])
    })
  )

  timed("pausing one queue leaves others active", (time) =>
    Effect.gen(function* () {
      const queues = yield* QStashQueues
      const paused = yield* makeQueue()
      const other = yield* makeQueue()
      yield* queues.pause(paused)
      strictEqual((yield* queues.get(other)).isPaused, false)
      const endpoint = yield* time.endpoint
      yield* enqueue(paused, { destination: endpoint.url, body: "paused" })
      yield* enqueue(other, { destination: endpoint.url, body: "other" })
      yield* settle(time)
      deepStrictEqual((yield* endpoint.deliveries).map(textOf), ["other"])
    })
  )

  given(["time", "slowly"], "a delivery in progress continues when its queue is paused", ({ slowly, time }) =>
    Effect.gen(function* () {
      const queues = yield* QStashQueues
      const queueName = yield* freshQueue
      const endpoint = yield* endpointWith(time, slowly("1 minute", 200), 200)
      for (const body of ["1", "2"]) yield* enqueue(queueName, { destination: endpoint.url, body })
      yield* time.advance("10 seconds")
      yield* queues.pause(queueName)
      yield* time.advance("1 hour")
      deepStrictEqual((yield* endpoint.deliveries).map(textOf), ["1"])
      strictEqual((yield* queues.get(queueName)).lag, 1)
      yield* queues.resume(queueName)
      yield* settle(time)
      deepStrictEqual((yield* endpoint.deliveries).map(textOf), ["1", "2"])
    })
  )
})
