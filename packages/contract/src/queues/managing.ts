import { MessageNotFound, QueueNotFound } from "@effect-qstash/domain/QStashError"
import { QStashQueues } from "@effect-qstash/domain/QStashQueues"
import { assertEquals, assertTrue, deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import { hour, iso, only, plain, settle, somewhere } from "../internal/given.ts"
import { chapter } from "../internal/law.ts"
import { endpointWith, enqueue, freshQueue, getMessage, makeQueue, statesOf } from "../internal/sending.ts"

export const managing = chapter("managing", ({ law, timed }) => {
  law("a queue reads back as it was created", () =>
    Effect.gen(function* () {
      const queues = yield* QStashQueues
      const queueName = yield* makeQueue({ parallelism: 3, isPaused: true })
      const { createdAt, updatedAt, ...rest } = yield* queues.get(queueName)
      deepStrictEqual<unknown>(rest, { name: queueName, parallelism: 3, isPaused: true, lag: 0 })
      assertTrue(DateTime.lessThanOrEqualTo(createdAt, updatedAt))
    })
  )

  law("a queue is active with a parallelism of 1 by default", () =>
    Effect.gen(function* () {
      const queues = yield* QStashQueues
      const queue = yield* Effect.flatMap(makeQueue(), queues.get)
      strictEqual(queue.parallelism, 1)
      strictEqual(queue.isPaused, false)
      strictEqual(queue.lag, 0)
    })
  )

  law("repeating an upsert creates no second queue", () =>
    Effect.gen(function* () {
      const queues = yield* QStashQueues
      const queueName = yield* makeQueue({ parallelism: 2 })
      yield* queues.upsert({ queueName, parallelism: 5 })
      const queue = only((yield* queues.list).filter(({ name }) => name === queueName))
      strictEqual(queue.parallelism, 5)
    })
  )

  law("an upsert without isPaused keeps the pause [assumed]", () =>
    Effect.gen(function* () {
      const queues = yield* QStashQueues
      const queueName = yield* makeQueue({ isPaused: true })
      yield* queues.upsert({ queueName, parallelism: 2 })
      strictEqual((yield* queues.get(queueName)).isPaused, true)
    })
  )

  law("an upsert can pause and resume a queue", () =>
    Effect.gen(function* () {
      const queues = yield* QStashQueues
      const queueName = yield* makeQueue()
      yield* queues.upsert({ queueName, isPaused: true })
      strictEqual((yield* queues.get(queueName)).isPaused, true)
      yield* queues.upsert({ queueName, isPaused: false })
      strictEqual((yield* queues.get(queueName)).isPaused, false)
    })
  )

  timed("an upsert keeps a queue's creation time and updates its change time", (time) =>
    Effect.gen(function* () {
      const queues = yield* QStashQueues
      const created = yield* time.now
      const queueName = yield* makeQueue()
      yield* time.advance("1 hour")
      yield* queues.upsert({ queueName, parallelism: 2 })
      const queue = yield* queues.get(queueName)
      strictEqual(iso(queue.createdAt), iso(created))
      strictEqual(iso(queue.updatedAt), iso(created + hour))
    })
  )

  law("the list contains what get returns, and other queues too", () =>
    Effect.gen(function* () {
      const queues = yield* QStashQueues
      const names = [yield* makeQueue({ parallelism: 2 }), yield* makeQueue({ isPaused: true })]
      const all = yield* queues.list
      for (const queueName of names) {
        const listed = only(all.filter(({ name }) => name === queueName))
        deepStrictEqual(plain(listed), plain(yield* queues.get(queueName)))
      }
    })
  )

  timed("the lag counts the unfinished messages", (time) =>
    Effect.gen(function* () {
      const queues = yield* QStashQueues
      const queueName = yield* freshQueue
      const endpoint = yield* endpointWith(time, 500, 200, 500)
      const lag = Effect.map(queues.get(queueName), (queue) => queue.lag)
      for (let index = 0; index < 3; index++) {
        yield* enqueue(queueName, { destination: endpoint.url, retries: index === 0 ? 1 : 0 })
      }
      strictEqual(yield* lag, 3)
      yield* settle(time)
      strictEqual(yield* lag, 3)
      yield* endpoint.respond(200, 500)
      yield* time.advance("12 seconds")
      strictEqual(yield* lag, 0)
    })
  )

  law("a deleted queue can be neither found nor listed", () =>
    Effect.gen(function* () {
      const queues = yield* QStashQueues
      const queueName = yield* makeQueue()
      yield* queues.delete(queueName)
      assertEquals(yield* Effect.flip(queues.get(queueName)), new QueueNotFound({ queueName }))
      deepStrictEqual(
        (yield* queues.list).filter(({ name }) => name === queueName),
        []
      )
    })
  )

  law("deleting an unknown queue is not an error", () =>
    Effect.gen(function* () {
      const queues = yield* QStashQueues
      const queueName = yield* freshQueue
      yield* queues.delete(queueName)
      yield* queues.delete(queueName)
    })
  )

  law("deleting a queue cancels the messages waiting in it", () =>
    Effect.gen(function* () {
      const queues = yield* QStashQueues
      const queueName = yield* makeQueue({ isPaused: true })
      const { messageId } = yield* enqueue(queueName, { destination: somewhere })
      yield* queues.delete(queueName)
      assertEquals(yield* Effect.flip(getMessage(messageId)), new MessageNotFound({ messageId }))
      yield* queues.upsert({ queueName, isPaused: true })
      strictEqual((yield* queues.get(queueName)).lag, 0)
    })
  )

  timed("the messages of a deleted queue are not delivered", (time) =>
    Effect.gen(function* () {
      const queues = yield* QStashQueues
      const queueName = yield* freshQueue
      const endpoint = yield* endpointWith(time, 500)
      const first = yield* enqueue(queueName, { destination: endpoint.url })
      const second = yield* enqueue(queueName, { destination: endpoint.url })
      yield* settle(time)
      yield* queues.delete(queueName)
      yield* time.advance("2 days")
      strictEqual((yield* endpoint.deliveries).length, 1)
      for (const { messageId } of [first, second]) {
        strictEqual((yield* statesOf(messageId)).at(-1), "CANCELED")
      }
    })
  )

  timed("a queue created again after a delete starts from scratch", (time) =>
    Effect.gen(function* () {
      const queues = yield* QStashQueues
      const queueName = yield* makeQueue({ parallelism: 3, isPaused: true })
      yield* time.advance("1 hour")
      yield* queues.delete(queueName)
      const now = yield* time.now
      const endpoint = yield* time.endpoint
      yield* enqueue(queueName, { destination: endpoint.url })
      const queue = yield* queues.get(queueName)
      strictEqual(queue.parallelism, 1)
      strictEqual(queue.isPaused, false)
      strictEqual(iso(queue.createdAt), iso(now))
    })
  )
})
