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
  law(
    "the name of a queue that is empty, or would name another route, is refused before anything is sent",
    () =>
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

  law("a get names the queue that it could not find", () =>
    Effect.gen(function* () {
      const queues = yield* QStashQueues
      const queueName = yield* freshQueue
      const error = yield* Effect.flip(queues.get(queueName))
      assertEquals(error, new QueueNotFound({ queueName }))
      strictEqual(error.isRetryable, false)
      assertInclude(error.message, queueName)
    })
  )

  law("a pause and a resume name the queue that they could not find, and make none [assumed]", () =>
    Effect.gen(function* () {
      const queues = yield* QStashQueues
      const queueName = yield* freshQueue
      const notFound = new QueueNotFound({ queueName })
      assertEquals(yield* Effect.flip(queues.pause(queueName)), notFound)
      assertEquals(yield* Effect.flip(queues.resume(queueName)), notFound)
      assertEquals(yield* Effect.flip(queues.get(queueName)), notFound)
    })
  )

  law("a queue under a name with a letter that none may have is not made", () =>
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

  law("a parallelism of less than 1 is refused, and the queue stays as it was", () =>
    Effect.gen(function* () {
      const queues = yield* QStashQueues
      const queueName = yield* makeQueue({ parallelism: 2 })
      for (const parallelism of [0, -1, 1.5, Number.NaN]) {
        isInvalid(yield* Effect.flip(queues.upsert({ queueName, parallelism })))
      }
      strictEqual((yield* queues.get(queueName)).parallelism, 2)
    })
  )

  timed("a refused enqueue makes neither a message nor a queue", (time) =>
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
    "one queue more than the plan allows is refused, and a change of one never is",
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
