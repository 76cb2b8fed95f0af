import type { QueueName } from "@effect-qstash/domain/QueueName"
import { QStashMessages } from "@effect-qstash/domain/QStashMessages"
import { QStashQueues } from "@effect-qstash/domain/QStashQueues"
import { assertTrue, deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import * as Effect from "effect/Effect"
import type { Endpoint } from "../Harness.ts"
import {
  advanceTo,
  arrivals,
  create,
  idOf,
  minute,
  nextMinute,
  secondsAfter,
  settle,
  textOf,
  yearlyAt
} from "../internal/given.ts"
import { chapter } from "../internal/law.ts"
import {
  batch,
  endpointWith,
  enqueue,
  freshQueue,
  getMessage,
  makeGroup,
  makeQueue,
  publish,
  statesOf
} from "../internal/sending.ts"

/** Enqueues one message for each body. */
const enqueueAll = (queueName: QueueName, { url }: Endpoint, ...bodies: ReadonlyArray<string>) =>
  Effect.forEach(bodies, (body) => enqueue(queueName, { destination: url, body }))

export const ordering = chapter("order", ({ given, timed }) => {
  timed("enqueue creates a missing queue, with a parallelism of 1", (time) =>
    Effect.gen(function* () {
      const queues = yield* QStashQueues
      const queueName = yield* freshQueue
      const endpoint = yield* time.endpoint
      const published = yield* enqueue(queueName, { destination: endpoint.url })
      strictEqual(published.isDeduplicated, false)
      const queue = yield* queues.get(queueName)
      strictEqual(queue.parallelism, 1)
      strictEqual(queue.isPaused, false)
    })
  )

  timed("a queue delivers messages in the order they were enqueued", (time) =>
    Effect.gen(function* () {
      const queueName = yield* freshQueue
      const endpoint = yield* time.endpoint
      const bodies = ["1", "2", "3", "4", "5"]
      const published = yield* enqueueAll(queueName, endpoint, ...bodies)
      const now = yield* time.now
      yield* settle(time)
      const deliveries = yield* endpoint.deliveries
      deepStrictEqual(deliveries.map(textOf), bodies)
      deepStrictEqual(
        deliveries.map(idOf),
        published.map(({ messageId }) => messageId)
      )
      deepStrictEqual(secondsAfter(now, deliveries), [0, 0, 0, 0, 0])
    })
  )

  timed("the next message of a queue waits for the retries of the first", (time) =>
    Effect.gen(function* () {
      const queueName = yield* freshQueue
      const endpoint = yield* endpointWith(time, 500, 500, 200)
      const now = yield* time.now
      yield* enqueueAll(queueName, endpoint, "1", "2", "3")
      yield* time.advance("1 day")
      deepStrictEqual(arrivals(now, yield* endpoint.deliveries), [
        "1 at 0",
        "1 at 12",
        "1 at 160",
        "2 at 160",
        "3 at 160"
      ])
    })
  )

  timed("the next message of a queue starts once the first has failed for good", (time) =>
    Effect.gen(function* () {
      const queueName = yield* freshQueue
      const endpoint = yield* endpointWith(time, 500, 500, 200)
      const now = yield* time.now
      yield* enqueue(queueName, { destination: endpoint.url, body: "1", retries: 1 })
      yield* enqueueAll(queueName, endpoint, "2")
      yield* time.advance("1 day")
      deepStrictEqual(arrivals(now, yield* endpoint.deliveries), ["1 at 0", "1 at 12", "2 at 12"])
    })
  )

  timed("the next message of a queue also waits for the callbacks of the first", (time) =>
    Effect.gen(function* () {
      const queueName = yield* freshQueue
      const endpoint = yield* time.endpoint
      const callback = yield* endpointWith(time, 500, 200)
      const now = yield* time.now
      yield* enqueue(queueName, {
        destination: endpoint.url,
        body: "1",
        callback: { url: callback.url, retryDelay: "30000" }
      })
      yield* enqueueAll(queueName, endpoint, "2", "3")
      yield* time.advance("1 day")
      deepStrictEqual(secondsAfter(now, yield* callback.deliveries), [0, 30])
      deepStrictEqual(arrivals(now, yield* endpoint.deliveries), ["1 at 0", "2 at 30", "3 at 30"])
    })
  )

  timed(
    "the next message of a queue waits for a failure callback until that is delivered or has failed for good",
    (time) =>
      Effect.gen(function* () {
        const queueName = yield* freshQueue
        const endpoint = yield* endpointWith(time, 500, 200)
        const failureCallback = yield* endpointWith(time, 500)
        const now = yield* time.now
        yield* enqueue(queueName, {
          destination: endpoint.url,
          body: "1",
          retries: 0,
          failureCallback: { url: failureCallback.url, retries: 1, retryDelay: "45000" }
        })
        yield* enqueueAll(queueName, endpoint, "2")
        yield* time.advance("1 day")
        deepStrictEqual(arrivals(now, yield* endpoint.deliveries), ["1 at 0", "2 at 45"])
      })
  )

  timed("cancelling a message lets the next message of its queue start", (time) =>
    Effect.gen(function* () {
      const messages = yield* QStashMessages
      const queueName = yield* freshQueue
      const endpoint = yield* endpointWith(time, 500, 200)
      const now = yield* time.now
      const [first, second] = yield* enqueueAll(queueName, endpoint, "1", "2", "3")
      yield* settle(time)
      if (second !== undefined) yield* messages.cancel(second.messageId)
      yield* time.advance("5 seconds")
      if (first !== undefined) yield* messages.cancel(first.messageId)
      yield* time.advance("1 day")
      deepStrictEqual(arrivals(now, yield* endpoint.deliveries), ["1 at 0", "3 at 5"])
    })
  )

  timed("a delayed message at the head of its queue delays the next [assumed]", (time) =>
    Effect.gen(function* () {
      const queueName = yield* freshQueue
      const endpoint = yield* time.endpoint
      const now = yield* time.now
      yield* batch([
        { destination: endpoint.url, body: "1", queueName },
        { destination: endpoint.url, body: "2", queueName, delay: "1 minute" },
        { destination: endpoint.url, body: "3", queueName }
      ])
      yield* time.advance("1 day")
      deepStrictEqual(arrivals(now, yield* endpoint.deliveries), ["1 at 0", "2 at 60", "3 at 60"])
    })
  )

  timed("a message waiting in a queue is logged only as CREATED", (time) =>
    Effect.gen(function* () {
      const queueName = yield* freshQueue
      const endpoint = yield* endpointWith(time, 500, 200)
      const [, second] = yield* enqueueAll(queueName, endpoint, "1", "2")
      yield* settle(time)
      deepStrictEqual(second === undefined ? [] : yield* statesOf(second.messageId), ["CREATED"])
      yield* time.advance("1 minute")
      deepStrictEqual(second === undefined ? [] : yield* statesOf(second.messageId), [
        "CREATED",
        "ACTIVE",
        "DELIVERED"
      ])
    })
  )

  timed("a queue delays neither other queues nor messages without one", (time) =>
    Effect.gen(function* () {
      const stuck = yield* freshQueue
      const free = yield* freshQueue
      const failing = yield* endpointWith(time, 500)
      const endpoint = yield* time.endpoint
      yield* enqueueAll(stuck, failing, "1")
      yield* enqueueAll(stuck, endpoint, "stuck")
      yield* enqueueAll(free, endpoint, "free")
      yield* publish({ destination: endpoint.url, body: "none" })
      yield* settle(time)
      deepStrictEqual((yield* endpoint.deliveries).map(textOf), ["free", "none"])
    })
  )

  timed("enqueuing to a group adds one message per endpoint, in order", (time) =>
    Effect.gen(function* () {
      const messages = yield* QStashMessages
      const queueName = yield* freshQueue
      const endpoint = yield* endpointWith(time, 500, 200)
      const urlGroup = yield* makeGroup(
        { url: `${endpoint.url}/a`, name: "a" },
        { url: `${endpoint.url}/b`, name: "b" }
      )
      const now = yield* time.now
      const published = yield* messages.enqueue(queueName, { destination: { urlGroup }, body: "hello" })
      strictEqual(published.length, 2)
      deepStrictEqual(
        published.map(({ url }) => url),
        [`${endpoint.url}/a`, `${endpoint.url}/b`]
      )
      yield* time.advance("1 hour")
      const deliveries = yield* endpoint.deliveries
      deepStrictEqual(
        deliveries.map(({ url }) => url.slice(endpoint.url.length)),
        ["/a", "/a", "/b"]
      )
      deepStrictEqual(secondsAfter(now, deliveries), [0, 12, 12])
    })
  )

  timed("a schedule's messages go through its queue, which is created if missing", (time) =>
    Effect.gen(function* () {
      const queues = yield* QStashQueues
      const queueName = yield* freshQueue
      const endpoint = yield* endpointWith(time, 500, 200)
      const firedAt = nextMinute(yield* time.now)
      for (const body of ["1", "2"]) {
        yield* create({ cron: yearlyAt(firedAt), destination: endpoint.url, body, queueName })
      }
      yield* advanceTo(time, firedAt + minute)
      deepStrictEqual(arrivals(firedAt, yield* endpoint.deliveries), ["1 at 0", "1 at 12", "2 at 12"])
      strictEqual((yield* queues.get(queueName)).parallelism, 1)
    })
  )

  timed("enqueuing changes neither the parallelism nor the pause", (time) =>
    Effect.gen(function* () {
      const queues = yield* QStashQueues
      const queueName = yield* makeQueue({ parallelism: 4, isPaused: true })
      const endpoint = yield* time.endpoint
      const firedAt = nextMinute(yield* time.now)
      yield* create({ cron: yearlyAt(firedAt), destination: endpoint.url, queueName })
      yield* advanceTo(time, firedAt)
      yield* enqueueAll(queueName, endpoint, "1")
      const queue = yield* queues.get(queueName)
      strictEqual(queue.parallelism, 4)
      strictEqual(queue.isPaused, true)
      strictEqual(queue.lag, 2)
    })
  )

  given(
    ["time", "slowly"],
    "the next message of a queue waits while the first is in progress",
    ({ slowly, time }) =>
      Effect.gen(function* () {
        const queueName = yield* freshQueue
        const endpoint = yield* endpointWith(time, slowly("20 seconds", 200), 200)
        const now = yield* time.now
        const [first, second] = yield* enqueueAll(queueName, endpoint, "1", "2")
        yield* time.advance("19 seconds")
        deepStrictEqual(arrivals(now, yield* endpoint.deliveries), ["1 at 0"])
        assertTrue(first !== undefined && second !== undefined)
        strictEqual((yield* getMessage(second.messageId)).queueName, queueName)
        yield* time.advance("1 minute")
        deepStrictEqual(arrivals(now, yield* endpoint.deliveries), ["1 at 0", "2 at 20"])
      })
  )
})
