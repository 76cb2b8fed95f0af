import { DeduplicationId } from "@effect-qstash/domain/DeduplicationId"
import type { PublishMessage } from "@effect-qstash/domain/PublishMessage"
import { assertTrue, deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import * as Effect from "effect/Effect"
import { freshName, iso, minute, only, settle, somewhere, textOf } from "../internal/given.ts"
import { chapter } from "../internal/law.ts"
import {
  batch,
  bury,
  endpointWith,
  enqueue,
  freshQueue,
  getMessage,
  lettersOf,
  makeGroup,
  pending,
  publish,
  publishToGroup
} from "../internal/sending.ts"

const freshDeduplicationId = Effect.map(freshName, (name) => DeduplicationId.make(name))

export const deduplicating = chapter("deduplicating", ({ law, timed }) => {
  law("a second message with the same deduplication id is recognised as a duplicate", () =>
    Effect.gen(function* () {
      const deduplicationId = yield* freshDeduplicationId
      const first = yield* pending({ deduplicationId })
      const second = yield* pending({ deduplicationId })
      strictEqual(first.isDeduplicated, false)
      strictEqual(second.isDeduplicated, true)
      strictEqual(second.messageId, first.messageId)
    })
  )

  law("a deduplication id counts even if everything else differs", () =>
    Effect.gen(function* () {
      const deduplicationId = yield* freshDeduplicationId
      const first = yield* pending({ deduplicationId, body: "one" })
      const second = yield* pending({
        deduplicationId,
        destination: "https://example.com/another",
        method: "PUT",
        body: "two"
      })
      strictEqual(second.messageId, first.messageId)
      strictEqual((yield* getMessage(first.messageId)).body, "one")
    })
  )

  law("messages with different deduplication ids are different messages", () =>
    Effect.gen(function* () {
      const first = yield* pending({ deduplicationId: yield* freshDeduplicationId })
      const second = yield* pending({ deduplicationId: yield* freshDeduplicationId })
      strictEqual(second.isDeduplicated, false)
      assertTrue(first.messageId !== second.messageId)
    })
  )

  timed("a duplicate is not delivered", (time) =>
    Effect.gen(function* () {
      const endpoint = yield* time.endpoint
      const deduplicationId = yield* freshDeduplicationId
      yield* publish({ destination: endpoint.url, deduplicationId, body: "one" })
      yield* publish({ destination: endpoint.url, deduplicationId, body: "two" })
      yield* time.advance("1 day")
      strictEqual(textOf(only(yield* endpoint.deliveries)), "one")
    })
  )

  timed("a deduplication id counts for 10 minutes after the first message", (time) =>
    Effect.gen(function* () {
      const endpoint = yield* time.endpoint
      const deduplicationId = yield* freshDeduplicationId
      const first = yield* publish({ destination: endpoint.url, deduplicationId })
      yield* time.advance(10 * minute - 1000)
      strictEqual((yield* publish({ destination: endpoint.url, deduplicationId })).isDeduplicated, true)
      yield* time.advance("2 seconds")
      const later = yield* publish({ destination: endpoint.url, deduplicationId })
      strictEqual(later.isDeduplicated, false)
      assertTrue(later.messageId !== first.messageId)
      yield* settle(time)
      strictEqual((yield* endpoint.deliveries).length, 2)
    })
  )

  timed("a deduplication id still counts after the first message was delivered or has failed", (time) =>
    Effect.gen(function* () {
      const deduplicationId = yield* freshDeduplicationId
      const endpoint = yield* time.endpoint
      const first = yield* publish({ destination: endpoint.url, deduplicationId })
      yield* settle(time)
      strictEqual((yield* publish({ destination: endpoint.url, deduplicationId })).messageId, first.messageId)

      const other = yield* freshDeduplicationId
      const failed = yield* bury(time, { deduplicationId: other })
      const again = yield* publish({ destination: failed.endpoint.url, deduplicationId: other })
      strictEqual(again.messageId, failed.messageId)
      yield* time.advance("1 day")
      strictEqual((yield* endpoint.deliveries).length, 1)
      strictEqual((yield* failed.endpoint.deliveries).length, 1)
      strictEqual((yield* lettersOf(failed.messageId)).length, 1)
    })
  )

  law("content is the same if the destination, body, content type and headers are", () =>
    Effect.gen(function* () {
      const content = {
        destination: `${somewhere}/${yield* freshName}`,
        headers: { "Content-Type": "text/plain", "X-Kind": "a" },
        body: "content"
      }
      const send = (message: Partial<PublishMessage.Input<string>> = {}) =>
        pending({ ...content, ...message, contentBasedDeduplication: true })
      const first = yield* send()
      const same = yield* send({ headers: { "x-kind": "a", "content-type": "text/plain" } })
      strictEqual(same.messageId, first.messageId)
      strictEqual(same.isDeduplicated, true)
      const others = [
        { destination: `${content.destination}?x=1` },
        { body: "another" },
        { body: undefined },
        { headers: { ...content.headers, "Content-Type": "text/html" } },
        { headers: { ...content.headers, "X-Kind": "b" } },
        { headers: { ...content.headers, "X-Other": "a" } },
        { headers: { "Content-Type": "text/plain" } }
      ]
      const ids = new Set([first.messageId])
      for (const other of others) {
        const published = yield* send(other)
        strictEqual(published.isDeduplicated, false, JSON.stringify(other))
        ids.add(published.messageId)
      }
      strictEqual(ids.size, others.length + 1)
    })
  )

  law("delivery settings are not part of the content [assumed]", () =>
    Effect.gen(function* () {
      const content = { destination: `${somewhere}/${yield* freshName}`, contentBasedDeduplication: true }
      const first = yield* pending({ ...content, retries: 1, labels: ["one"] })
      const second = yield* pending({ ...content, retries: 5, labels: ["two"] })
      strictEqual(second.messageId, first.messageId)
    })
  )

  law("only messages with content-based deduplication are compared by content [assumed]", () =>
    Effect.gen(function* () {
      const content = { destination: `${somewhere}/${yield* freshName}`, body: "content" }
      const plain = yield* pending(content)
      const asking = yield* pending({ ...content, contentBasedDeduplication: true })
      strictEqual(asking.isDeduplicated, false)
      strictEqual((yield* pending(content)).isDeduplicated, false)
      assertTrue(plain.messageId !== asking.messageId)
    })
  )

  timed("content is recognised for 10 minutes", (time) =>
    Effect.gen(function* () {
      const endpoint = yield* time.endpoint
      const message = { destination: endpoint.url, body: "content", contentBasedDeduplication: true }
      const first = yield* publish(message)
      yield* time.advance(10 * minute - 1000)
      strictEqual((yield* publish(message)).messageId, first.messageId)
      yield* time.advance("2 seconds")
      strictEqual((yield* publish(message)).isDeduplicated, false)
      yield* settle(time)
      strictEqual((yield* endpoint.deliveries).length, 2)
    })
  )

  timed("a deduplication id counts across publishes, queues and batches", (time) =>
    Effect.gen(function* () {
      const endpoint = yield* time.endpoint
      const deduplicationId = yield* freshDeduplicationId
      const queueName = yield* freshQueue
      const message = { destination: endpoint.url, deduplicationId }
      const first = yield* publish(message)
      strictEqual((yield* enqueue(queueName, message)).messageId, first.messageId)
      const answers = (yield* batch([message, { ...message, queueName }])).map(only)
      deepStrictEqual(
        answers.map(({ isDeduplicated, messageId }) => [messageId, isDeduplicated]),
        [
          [first.messageId, true],
          [first.messageId, true]
        ]
      )
      yield* settle(time)
      strictEqual((yield* endpoint.deliveries).length, 1)
    })
  )

  timed("each message of a batch has its own deduplication id", (time) =>
    Effect.gen(function* () {
      const endpoint = yield* time.endpoint
      const deduplicationId = yield* freshDeduplicationId
      const message = { destination: endpoint.url, body: "same" }
      const answers = (yield* batch([
        message,
        message,
        { ...message, deduplicationId },
        { ...message, deduplicationId }
      ])).map(only)
      deepStrictEqual(
        answers.map(({ isDeduplicated }) => isDeduplicated),
        [false, false, false, true]
      )
      strictEqual(new Set(answers.map(({ messageId }) => messageId)).size, 3)
      yield* settle(time)
      strictEqual((yield* endpoint.deliveries).length, 3)
    })
  )

  timed("a duplicate sent to a group reaches none of its endpoints [assumed]", (time) =>
    Effect.gen(function* () {
      const endpoint = yield* endpointWith(time, 200)
      const urlGroup = yield* makeGroup({ url: `${endpoint.url}/a` }, { url: `${endpoint.url}/b` })
      const deduplicationId = yield* freshDeduplicationId
      const first = yield* publishToGroup(urlGroup, { deduplicationId })
      const second = yield* publishToGroup(urlGroup, { deduplicationId })
      deepStrictEqual(
        second.map(({ messageId }) => messageId),
        first.map(({ messageId }) => messageId)
      )
      deepStrictEqual(
        second.map(({ isDeduplicated }) => isDeduplicated),
        [true, true]
      )
      const now = yield* time.now
      yield* time.advance("1 hour")
      deepStrictEqual(
        (yield* endpoint.deliveries).map(({ at }) => iso(at)),
        [iso(now), iso(now)]
      )
    })
  )
})
