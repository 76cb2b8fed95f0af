import { QueueNotFound, type QStashError, type QStashQuotaExceeded } from "@effect-qstash/domain/QStashError"
import { QStashMessages } from "@effect-qstash/domain/QStashMessages"
import { QStashQueues } from "@effect-qstash/domain/QStashQueues"
import { QueueName } from "@effect-qstash/domain/QueueName"
import { assertEquals, assertInclude, deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import * as Effect from "effect/Effect"
import { settle, somewhere } from "../internal/given.ts"
import { chapter } from "../internal/law.ts"
import { refuseMisnamed } from "../internal/misnamed.ts"
import { enqueue, freshQueue, makeQueue } from "../internal/sending.ts"

const isInvalid = (error: QueueNotFound | QStashQuotaExceeded | QStashError) => {
  strictEqual(error._tag, "QStashInvalidRequest")
  strictEqual(error.isRetryable, false)
}

export const refusing = chapter("refusing", ({ given, law, timed }) => {
  law("rejects a queue name that is empty or would hit another route, before sending anything", () =>
    Effect.gen(function* () {
      const queues = yield* QStashQueues
      const messages = yield* QStashMessages
      yield* refuseMisnamed("queueName", QueueName, (id) => [
        queues.get(id),
        queues.delete(id),
        queues.pause(id),
        queues.resume(id),
        messages.enqueue(id, { destination: somewhere })
      ])
    })
  )

  law("get names the queue it cannot find", () =>
    Effect.gen(function* () {
      const queues = yield* QStashQueues
      const queueName = yield* freshQueue
      const error = yield* Effect.flip(queues.get(queueName))
      assertEquals(error, new QueueNotFound({ queueName }))
      strictEqual(error.isRetryable, false)
      assertInclude(error.message, queueName)
    })
  )

  law("pause and resume name the queue they cannot find, and create none [assumed]", () =>
    Effect.gen(function* () {
      const queues = yield* QStashQueues
      const queueName = yield* freshQueue
      const notFound = new QueueNotFound({ queueName })
      assertEquals(yield* Effect.flip(queues.pause(queueName)), notFound)
      assertEquals(yield* Effect.flip(queues.resume(queueName)), notFound)
      assertEquals(yield* Effect.flip(queues.get(queueName)), notFound)
    })
  )

  law("rejects a queue name with an invalid character", () =>
    Effect.gen(function* () {
      const queues = yield* QStashQueues
      const messages = yield* QStashMessages
      for (const text of ["", "a b", "a/b", "..", "ä"]) {
        const queueName = QueueName.make(text, { disableValidation: true })
        isInvalid(yield* Effect.flip(queues.upsert({ queueName })))
        isInvalid(yield* Effect.flip(messages.enqueue(queueName, { destination: somewhere })))
      }
    })
  )

  law("a parallelism below 1 is rejected, and the queue stays as it was", () =>
    Effect.gen(function* () {
      const queues = yield* QStashQueues
      const queueName = yield* makeQueue({ parallelism: 2 })
      for (const parallelism of [0, -1, 1.5, Number.NaN]) {
        isInvalid(yield* Effect.flip(queues.upsert({ queueName, parallelism })))
      }
      strictEqual((yield* queues.get(queueName)).parallelism, 2)
    })
  )

  timed("a rejected enqueue creates neither a message nor a queue", (time) =>
    Effect.gen(function* () {
      const queues = yield* QStashQueues
      const messages = yield* QStashMessages
      const queueName = yield* freshQueue
      const endpoint = yield* time.endpoint
      isInvalid(yield* Effect.flip(messages.enqueue(queueName, { destination: endpoint.url, retries: -1 })))
      assertEquals(yield* Effect.flip(queues.get(queueName)), new QueueNotFound({ queueName }))
      yield* settle(time)
      deepStrictEqual(yield* endpoint.deliveries, [])
    })
  )

  given(
    ["quotas"],
    "one queue more than the quota allows is rejected, but existing queues can be changed",
    ({ quotas }) =>
      Effect.gen(function* () {
        const queues = yield* QStashQueues
        const room = quotas.maxQueues - (yield* queues.list).length
        const names = yield* Effect.replicateEffect(makeQueue(), room)
        const [first] = names
        if (first === undefined) return yield* Effect.dieMessage("the account was full")
        const isOverQuota = (error: QStashQuotaExceeded | QStashError) => {
          strictEqual(error._tag, "QStashQuotaExceeded")
          strictEqual(error.isRetryable, false)
        }
        isOverQuota(yield* Effect.flip(makeQueue()))
        isOverQuota(
          yield* Effect.flip(Effect.flatMap(freshQueue, (name) => enqueue(name, { destination: somewhere })))
        )
        yield* queues.upsert({ queueName: first, parallelism: 2 })
        yield* queues.delete(first)
        yield* makeQueue()
      })
  )
})
