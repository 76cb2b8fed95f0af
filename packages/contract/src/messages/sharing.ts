import { DeduplicationId } from "@effect-qstash/domain/DeduplicationId"
import { MessageNotFound } from "@effect-qstash/domain/QStashError"
import { QStashMessages } from "@effect-qstash/domain/QStashMessages"
import { assertEquals, assertTrue, strictEqual } from "@effect/vitest/utils"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import { freshName, only, settle } from "../internal/given.ts"
import { chapter, within } from "../internal/law.ts"
import { getMessage, pending, publish } from "../internal/sending.ts"
import { checkSignature } from "../internal/signature.ts"

export const sharing = chapter("two accounts", ({ given }) => {
  given(["neighbour"], "an account can neither see nor cancel another account's messages", ({ neighbour }) =>
    Effect.gen(function* () {
      const theirs = Context.get(neighbour.services, QStashMessages)
      const label = yield* freshName
      const { messageId } = yield* pending({ labels: [label] })
      const notFound = new MessageNotFound({ messageId })
      assertEquals(yield* Effect.flip(theirs.get(messageId)), notFound)
      assertEquals(yield* Effect.flip(theirs.cancel(messageId)), notFound)
      strictEqual(yield* theirs.cancelMany({ messageIds: [messageId] }), 0)
      strictEqual(yield* theirs.cancelMany({ label }), 0)
      strictEqual(yield* theirs.cancelMany({ all: true }), 0)
      strictEqual((yield* getMessage(messageId)).messageId, messageId)
    })
  )

  given(["neighbour"], "two accounts can use the same deduplication id", ({ neighbour }) =>
    Effect.gen(function* () {
      const deduplicationId = DeduplicationId.make(yield* freshName)
      const mine = yield* pending({ deduplicationId })
      const theirs = yield* within(neighbour, () => pending({ deduplicationId }))
      strictEqual(theirs.isDeduplicated, false)
      assertTrue(theirs.messageId !== mine.messageId)
    })
  )

  given(["time", "neighbour"], "each account's messages are signed with its own key", ({ neighbour, time }) =>
    Effect.gen(function* () {
      const mine = yield* time.endpoint
      const theirs = yield* time.endpoint
      yield* publish({ destination: mine.url })
      yield* within(neighbour, () => publish({ destination: theirs.url }))
      yield* settle(time)
      checkSignature(only(yield* mine.deliveries), time.signingKeys.current)
      checkSignature(only(yield* theirs.deliveries), neighbour.time.signingKeys.current)
    })
  )
})
