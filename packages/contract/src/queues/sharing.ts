import { QueueNotFound } from "@effect-qstash/domain/QStashError"
import { QStashQueues } from "@effect-qstash/domain/QStashQueues"
import { assertEquals, deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import { settle, textOf } from "../internal/given.ts"
import { chapter, within } from "../internal/law.ts"
import { enqueue, makeQueue } from "../internal/sending.ts"

export const sharing = chapter("two accounts", ({ given }) => {
  given(["neighbour"], "an account can neither see nor change another account's queues", ({ neighbour }) =>
    Effect.gen(function* () {
      const theirs = Context.get(neighbour.services, QStashQueues)
      const queues = yield* QStashQueues
      const queueName = yield* makeQueue({ parallelism: 2 })
      const notFound = new QueueNotFound({ queueName })
      assertEquals(yield* Effect.flip(theirs.get(queueName)), notFound)
      assertEquals(yield* Effect.flip(theirs.pause(queueName)), notFound)
      deepStrictEqual(
        (yield* theirs.list).filter(({ name }) => name === queueName),
        []
      )
      yield* theirs.delete(queueName)
      strictEqual((yield* queues.get(queueName)).parallelism, 2)
    })
  )

  given(["time", "neighbour"], "two accounts can use the same queue name", ({ neighbour, time }) =>
    Effect.gen(function* () {
      const theirs = Context.get(neighbour.services, QStashQueues)
      const queueName = yield* makeQueue()
      yield* Effect.addFinalizer(() => Effect.ignore(theirs.delete(queueName)))
      yield* theirs.upsert({ queueName, isPaused: true })
      const endpoint = yield* time.endpoint
      yield* within(neighbour, () => enqueue(queueName, { destination: endpoint.url, body: "theirs" }))
      yield* enqueue(queueName, { destination: endpoint.url, body: "mine" })
      yield* settle(time)
      deepStrictEqual((yield* endpoint.deliveries).map(textOf), ["mine"])
      strictEqual((yield* theirs.get(queueName)).lag, 1)
    })
  )
})
