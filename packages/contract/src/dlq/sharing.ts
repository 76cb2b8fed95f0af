import { QStashDlq } from "@effect-qstash/domain/QStashDlq"
import { DlqMessageNotFound } from "@effect-qstash/domain/QStashError"
import { assertEquals, deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import { freshName, settle } from "../internal/given.ts"
import { chapter } from "../internal/law.ts"
import { bury } from "../internal/sending.ts"

export const sharing = chapter("two accounts", ({ given }) => {
  given(
    ["time", "neighbour"],
    "an account can neither see nor delete another account's dead letters",
    ({ neighbour, time }) =>
      Effect.gen(function* () {
        const theirs = Context.get(neighbour.services, QStashDlq)
        const dlq = yield* QStashDlq
        const label = yield* freshName
        const { endpoint, letter, messageId } = yield* bury(time, { labels: [label] })
        const { dlqId } = letter
        const notFound = new DlqMessageNotFound({ dlqId })
        assertEquals(yield* Effect.flip(theirs.get(dlqId)), notFound)
        assertEquals(yield* Effect.flip(theirs.delete(dlqId)), notFound)
        assertEquals(yield* Effect.flip(theirs.retry(dlqId)), notFound)
        deepStrictEqual((yield* theirs.list({ messageId })).items, [])
        for (const selector of [{ dlqIds: [dlqId] }, { label }, { all: true }] as const) {
          strictEqual(yield* theirs.deleteMany(selector), 0)
          deepStrictEqual(yield* theirs.retryMany(selector), [])
        }
        strictEqual((yield* dlq.get(dlqId)).messageId, messageId)
        yield* settle(time)
        strictEqual((yield* endpoint.deliveries).length, 1)
      })
  )
})
