import { DlqId } from "@effect-qstash/domain/DlqId"
import type { DlqSelector } from "@effect-qstash/domain/MessageFilter"
import { QStashDlq } from "@effect-qstash/domain/QStashDlq"
import { DlqMessageNotFound } from "@effect-qstash/domain/QStashError"
import { assertEquals, assertInclude, deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import * as Effect from "effect/Effect"
import { freshName, minute, settle } from "../internal/given.ts"
import { chapter } from "../internal/law.ts"
import { bury, endpointWith, freshKey, lettersOf, makeGroup, publishToGroup } from "../internal/sending.ts"

/** A valid id of no dead letter. */
const absent = DlqId.make("1-999")

const deleteMany = (selector: DlqSelector) => Effect.flatMap(QStashDlq, (dlq) => dlq.deleteMany(selector))

export const deleting = chapter("deleting", ({ alone, law, timed }) => {
  law("get and delete name the dead letter they cannot find", () =>
    Effect.gen(function* () {
      const dlq = yield* QStashDlq
      const notFound = new DlqMessageNotFound({ dlqId: absent })
      const error = yield* Effect.flip(dlq.get(absent))
      assertEquals(error, notFound)
      strictEqual(error.isRetryable, false)
      assertInclude(error.message, absent)
      assertEquals(yield* Effect.flip(dlq.delete(absent)), notFound)
    })
  )

  timed("a deleted dead letter is gone and cannot be deleted again", (time) =>
    Effect.gen(function* () {
      const dlq = yield* QStashDlq
      const { letter, messageId } = yield* bury(time)
      const other = yield* bury(time)
      const { dlqId } = letter
      yield* dlq.delete(dlqId)
      const notFound = new DlqMessageNotFound({ dlqId })
      assertEquals(yield* Effect.flip(dlq.get(dlqId)), notFound)
      assertEquals(yield* Effect.flip(dlq.delete(dlqId)), notFound)
      deepStrictEqual(yield* lettersOf(messageId), [])
      strictEqual((yield* dlq.get(other.letter.dlqId)).messageId, other.messageId)
    })
  )

  timed("a deleted dead letter is never delivered", (time) =>
    Effect.gen(function* () {
      const dlq = yield* QStashDlq
      const { endpoint, letter } = yield* bury(time)
      yield* dlq.delete(letter.dlqId)
      yield* time.advance("2 days")
      strictEqual((yield* endpoint.deliveries).length, 1)
    })
  )

  timed("deleteMany ignores unknown ids and returns how many it deleted", (time) =>
    Effect.gen(function* () {
      const [first, second, third] = [yield* bury(time), yield* bury(time), yield* bury(time)]
      const dlqIds = [first.letter.dlqId, absent, second.letter.dlqId] as const
      strictEqual(yield* deleteMany({ dlqIds }), 2)
      deepStrictEqual(yield* lettersOf(first.messageId), [])
      deepStrictEqual(yield* lettersOf(second.messageId), [])
      strictEqual((yield* lettersOf(third.messageId)).length, 1)
      strictEqual(yield* deleteMany({ dlqIds }), 0)
    })
  )

  timed("dead letters can be deleted by a filter", (time) =>
    Effect.gen(function* () {
      const label = yield* freshName
      const key = yield* freshKey
      const other = yield* bury(time, { labels: [label] })
      const takesOnly = (wanted: Parameters<typeof bury>[1], selector: DlqSelector) =>
        Effect.gen(function* () {
          const { messageId } = yield* bury(time, wanted)
          strictEqual(yield* deleteMany(selector), 1, JSON.stringify(selector))
          deepStrictEqual(yield* lettersOf(messageId), [])
          strictEqual((yield* lettersOf(other.messageId)).length, 1)
        })
      yield* takesOnly({ labels: [key] }, { label: key })
      yield* takesOnly({ flowControl: { key, parallelism: 1 } }, { flowControlKey: key })
      const { url } = yield* endpointWith(time, 404)
      yield* takesOnly({ destination: `${url}?x=1` }, { url: `${url}?x=1` })
      yield* takesOnly({ destination: url, labels: [label] }, { label, responseStatus: 404 })
      yield* time.advance("1 minute")
      const now = yield* time.now
      yield* takesOnly({ labels: [label] }, { label, fromDate: now })
      strictEqual(yield* deleteMany({ label, toDate: now - minute }), 1)
    })
  )

  timed("the dead letters of a group can be deleted by its name", (time) =>
    Effect.gen(function* () {
      const { url } = yield* endpointWith(time, 500)
      const urlGroup = yield* makeGroup({ url: `${url}/a` }, { url: `${url}/b` })
      yield* publishToGroup(urlGroup, { retries: 0 })
      yield* settle(time)
      strictEqual(yield* deleteMany({ urlGroup, url: `${url}/a` }), 1)
      strictEqual(yield* deleteMany({ urlGroup }), 1)
    })
  )

  alone("deleting all deletes every dead letter", (time) =>
    Effect.gen(function* () {
      const dlq = yield* QStashDlq
      strictEqual(yield* deleteMany({ all: true }), 0)
      yield* bury(time)
      yield* bury(time, { labels: ["a"] })
      strictEqual(yield* deleteMany({ all: true }), 2)
      deepStrictEqual(yield* dlq.list(), { items: [] })
    })
  )

  alone("deleteMany and retryMany reject an empty selection", (time) =>
    Effect.gen(function* () {
      const dlq = yield* QStashDlq
      const { endpoint } = yield* bury(time)
      for (const selector of [{}, { dlqIds: [] }, { label: undefined }, { label: [] }]) {
        // @ts-expect-error also a type error
        strictEqual((yield* Effect.flip(dlq.deleteMany(selector)))._tag, "QStashInvalidRequest")
        // @ts-expect-error also a type error
        strictEqual((yield* Effect.flip(dlq.retryMany(selector)))._tag, "QStashInvalidRequest")
      }
      yield* settle(time)
      strictEqual((yield* dlq.list()).items.length, 1)
      strictEqual((yield* endpoint.deliveries).length, 1)
    })
  )
})
