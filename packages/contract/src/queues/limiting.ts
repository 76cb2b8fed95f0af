import { QStashQueues } from "@effect-qstash/domain/QStashQueues"
import type { QueueName } from "@effect-qstash/domain/QueueName"
import { deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import * as Effect from "effect/Effect"
import type { Endpoint } from "../Harness.ts"
import { arrivals, settle } from "../internal/given.ts"
import { chapter } from "../internal/law.ts"
import { endpointWith, enqueue, freshQueue, makeQueue } from "../internal/sending.ts"

/** Enqueues one message for each body. Failed ones are retried after a minute. */
const enqueueAll = (queueName: QueueName, { url }: Endpoint, ...bodies: ReadonlyArray<string>) =>
  Effect.forEach(bodies, (body) => enqueue(queueName, { destination: url, body, retryDelay: "60000" }))

export const limiting = chapter("parallelism", ({ given, timed }) => {
  timed("a queue delivers as many messages at once as its parallelism", (time) =>
    Effect.gen(function* () {
      const queueName = yield* makeQueue({ parallelism: 2 })
      const endpoint = yield* endpointWith(time, 500, 500, 200)
      const now = yield* time.now
      yield* enqueueAll(queueName, endpoint, "1", "2", "3", "4")
      yield* time.advance("1 hour")
      deepStrictEqual(arrivals(now, yield* endpoint.deliveries), [
        "1 at 0",
        "2 at 0",
        "1 at 60",
        "2 at 60",
        "3 at 60",
        "4 at 60"
      ])
    })
  )

  given(
    ["time", "slowly"],
    "a freed place in a queue goes to the next message while others are still in progress",
    ({ slowly, time }) =>
      Effect.gen(function* () {
        const queueName = yield* makeQueue({ parallelism: 2 })
        const endpoint = yield* endpointWith(time, slowly("50 seconds", 200), slowly("20 seconds", 200))
        const now = yield* time.now
        yield* enqueueAll(queueName, endpoint, "1", "2", "3", "4", "5")
        yield* time.advance("1 hour")
        deepStrictEqual(arrivals(now, yield* endpoint.deliveries), [
          "1 at 0",
          "2 at 0",
          "3 at 20",
          "4 at 40",
          "5 at 50"
        ])
      })
  )

  timed("a message with an unfinished callback keeps its place, and the others stay available", (time) =>
    Effect.gen(function* () {
      const queueName = yield* makeQueue({ parallelism: 2 })
      const endpoint = yield* time.endpoint
      const callback = yield* endpointWith(time, 500, 200)
      const now = yield* time.now
      yield* enqueue(queueName, {
        destination: endpoint.url,
        body: "1",
        callback: { url: callback.url, retryDelay: "30000" }
      })
      yield* endpoint.respond(200, 500, 200)
      yield* enqueueAll(queueName, endpoint, "2", "3", "4")
      yield* time.advance("1 hour")
      deepStrictEqual(arrivals(now, yield* endpoint.deliveries), [
        "1 at 0",
        "2 at 0",
        "3 at 30",
        "4 at 30",
        "2 at 60"
      ])
    })
  )

  timed("raising the parallelism starts more messages at once", (time) =>
    Effect.gen(function* () {
      const queues = yield* QStashQueues
      const queueName = yield* freshQueue
      const endpoint = yield* endpointWith(time, 500, 200)
      const now = yield* time.now
      yield* enqueueAll(queueName, endpoint, "1", "2", "3", "4")
      yield* time.advance("10 seconds")
      deepStrictEqual(arrivals(now, yield* endpoint.deliveries), ["1 at 0"])
      yield* endpoint.respond(500, 200)
      yield* queues.upsert({ queueName, parallelism: 2 })
      yield* time.advance("10 seconds")
      deepStrictEqual(arrivals(now, yield* endpoint.deliveries), ["1 at 0", "2 at 10"])
      yield* time.advance("1 hour")
      deepStrictEqual(arrivals(now, yield* endpoint.deliveries).slice(2), [
        "1 at 60",
        "3 at 60",
        "4 at 60",
        "2 at 70"
      ])
    })
  )

  timed("lowering the parallelism holds back the messages beyond it [assumed]", (time) =>
    Effect.gen(function* () {
      const queues = yield* QStashQueues
      const queueName = yield* makeQueue({ parallelism: 3 })
      const endpoint = yield* endpointWith(time, 500)
      const now = yield* time.now
      yield* enqueueAll(queueName, endpoint, "1", "2", "3")
      yield* time.advance("10 seconds")
      deepStrictEqual(arrivals(now, yield* endpoint.deliveries), ["1 at 0", "2 at 0", "3 at 0"])
      yield* queues.upsert({ queueName, parallelism: 1 })
      yield* endpoint.respond(500, 200)
      yield* time.advance("1 hour")
      deepStrictEqual(arrivals(now, yield* endpoint.deliveries).slice(3), [
        "1 at 60",
        "1 at 120",
        "2 at 120",
        "3 at 120"
      ])
      strictEqual((yield* queues.get(queueName)).lag, 0)
    })
  )

  timed("a pause does not change the parallelism", (time) =>
    Effect.gen(function* () {
      const queues = yield* QStashQueues
      const queueName = yield* makeQueue({ parallelism: 2 })
      yield* queues.pause(queueName)
      const endpoint = yield* endpointWith(time, 500)
      const now = yield* time.now
      yield* enqueueAll(queueName, endpoint, "1", "2", "3")
      yield* queues.resume(queueName)
      yield* settle(time)
      deepStrictEqual(arrivals(now, yield* endpoint.deliveries), ["1 at 0", "2 at 0"])
    })
  )
})
