import type { MessageId } from "@effect-qstash/domain/MessageId"
import type { DlqFilter } from "@effect-qstash/domain/MessageFilter"
import { QStashDlq } from "@effect-qstash/domain/QStashDlq"
import { QStashQueues } from "@effect-qstash/domain/QStashQueues"
import { assertInclude, deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import type { Time } from "../Harness.ts"
import { fireOne, freshName, minute, only, plain } from "../internal/given.ts"
import { chapter } from "../internal/law.ts"
import {
  bury,
  endpointWith,
  enqueue,
  freshKey,
  makeGroup,
  makeQueue,
  publish,
  publishToGroup,
  sendMany
} from "../internal/sending.ts"

/** Dead letters under one label, a minute between each, oldest first. */
const buryMany = (time: Time, count: number) =>
  Effect.gen(function* () {
    const label = yield* freshName
    const messageIds: Array<MessageId> = []
    for (let index = 0; index < count; index++) {
      messageIds.push((yield* bury(time, { labels: [label] })).messageId)
      yield* time.advance("1 minute")
    }
    return { label, messageIds }
  })

const list = (filter: DlqFilter) =>
  Effect.flatMap(QStashDlq, (dlq) =>
    Effect.map(dlq.list(filter), ({ items }) => items.map(({ messageId }) => messageId))
  )

export const listing = chapter("listing", ({ alone, given, law, timed }) => {
  timed("a page lists the oldest dead letters first", (time) =>
    Effect.gen(function* () {
      const { label, messageIds } = yield* buryMany(time, 4)
      deepStrictEqual(yield* list({ label }), messageIds)
    })
  )

  timed("each page has a cursor for the next one, except the last", (time) =>
    Effect.gen(function* () {
      const dlq = yield* QStashDlq
      const { label, messageIds } = yield* buryMany(time, 5)
      const first = yield* dlq.list({ label, count: 2 })
      const second = yield* dlq.list({ label, count: 2, cursor: first.cursor })
      const third = yield* dlq.list({ label, count: 2, cursor: second.cursor })
      deepStrictEqual(
        [first, second, third].map(({ items }) => items.map(({ messageId }) => messageId)),
        [messageIds.slice(0, 2), messageIds.slice(2, 4), messageIds.slice(4)]
      )
      deepStrictEqual(
        [first, second, third].map(({ cursor }) => cursor === undefined),
        [false, false, true]
      )
      strictEqual((yield* dlq.list({ label, count: 5 })).cursor, undefined)
    })
  )

  given(
    ["quotas", "time"],
    "a page of dead letters ends before it is too large, and its cursor leads to the rest",
    ({ quotas, time }) =>
      Effect.gen(function* () {
        const dlq = yield* QStashDlq
        const label = yield* freshName
        const body = new Uint8Array(quotas.maxPageBytes / 2 - 10_000).fill(0xff)
        for (let index = 0; index < 3; index++) yield* bury(time, { labels: [label], body })
        const large = yield* bury(time, { labels: [label], body: "a".repeat(quotas.maxPageBytes + 1) })
        const first = yield* dlq.list({ label })
        const second = yield* dlq.list({ label, cursor: first.cursor })
        const third = yield* dlq.list({ label, cursor: second.cursor })
        deepStrictEqual(
          [first, second, third].map(({ items }) => items.length),
          [2, 1, 1]
        )
        strictEqual(only(third.items).messageId, large.messageId)
        strictEqual(third.cursor, undefined)
        strictEqual(Array.from(yield* Stream.runCollect(dlq.stream({ label }))).length, 4)
      })
  )

  timed("a cursor keeps its place when earlier dead letters are deleted", (time) =>
    Effect.gen(function* () {
      const dlq = yield* QStashDlq
      const { label, messageIds } = yield* buryMany(time, 4)
      const first = yield* dlq.list({ label, count: 2 })
      for (const { dlqId } of first.items) yield* dlq.delete(dlqId)
      const second = yield* dlq.list({ label, cursor: first.cursor })
      deepStrictEqual(
        second.items.map(({ messageId }) => messageId),
        messageIds.slice(2)
      )
    })
  )

  timed("the stream reads all pages", (time) =>
    Effect.gen(function* () {
      const dlq = yield* QStashDlq
      const endpoint = yield* endpointWith(time, 500)
      const label = yield* freshName
      const messageIds = yield* sendMany(time, endpoint, 105, label)
      const letters = Array.from(yield* Stream.runCollect(dlq.stream({ label })))
      deepStrictEqual(letters.map(({ messageId }) => messageId).toSorted(), messageIds.toSorted())
      strictEqual((yield* dlq.list({ label })).items.length, 100)
      strictEqual(yield* dlq.deleteMany({ label }), 105)
    })
  )

  timed("get returns the same dead letter as the list", (time) =>
    Effect.gen(function* () {
      const dlq = yield* QStashDlq
      const { letter } = yield* bury(time, { body: "dead", labels: ["a"] })
      deepStrictEqual(plain(yield* dlq.get(letter.dlqId)), plain(letter))
    })
  )

  timed("dead letters can be filtered by message, URL, label, flow-control key and status", (time) =>
    Effect.gen(function* () {
      const label = yield* freshName
      const key = yield* freshKey
      const wanted = yield* bury(time, { labels: ["first", label], flowControl: { key, parallelism: 1 } })
      const other = yield* bury(time, { labels: ["first"] })
      const { messageId } = wanted
      const filters: ReadonlyArray<DlqFilter> = [
        { messageId },
        { url: wanted.endpoint.url },
        { label },
        { flowControlKey: key },
        { label, responseStatus: 500 },
        { label, responseStatus: [404, 500] },
        { url: [wanted.endpoint.url, `${other.endpoint.url}/nowhere`] }
      ]
      for (const filter of filters) deepStrictEqual(yield* list(filter), [messageId], JSON.stringify(filter))
      deepStrictEqual(yield* list({ label, responseStatus: 404 }), [])
      deepStrictEqual(yield* list({ messageId, url: other.endpoint.url }), [])
      deepStrictEqual(yield* list({ url: [wanted.endpoint.url, other.endpoint.url] }), [
        messageId,
        other.messageId
      ])
    })
  )

  timed("a status of 0 finds the dead letters whose destination never responded", (time) =>
    Effect.gen(function* () {
      const dlq = yield* QStashDlq
      const endpoint = yield* endpointWith(time, "silence")
      const label = yield* freshName
      const { letter } = yield* bury(time, { labels: [label] })
      const { messageId } = yield* publish({
        destination: endpoint.url,
        timeout: "1 second",
        retries: 0,
        labels: [label]
      })
      yield* time.advance("2 seconds")
      deepStrictEqual(yield* list({ label, responseStatus: 0 }), [messageId])
      deepStrictEqual(yield* list({ label, responseStatus: [0, 500] }), [letter.messageId, messageId])
      deepStrictEqual(yield* list({ label, responseStatus: 500 }), [letter.messageId])
      strictEqual(only((yield* dlq.list({ messageId })).items).responseStatus, undefined)
      strictEqual(yield* dlq.deleteMany({ label, responseStatus: 0 }), 1)
      deepStrictEqual(yield* list({ label }), [letter.messageId])
    })
  )

  timed("dead letters can be filtered by group, queue and schedule", (time) =>
    Effect.gen(function* () {
      const endpoint = yield* endpointWith(time, 500)
      const urlGroup = yield* makeGroup({ url: endpoint.url })
      const queueName = yield* makeQueue()
      const grouped = only(yield* publishToGroup(urlGroup, { retries: 0 }))
      const queued = yield* enqueue(queueName, { destination: endpoint.url, retries: 0 })
      const { scheduleId } = yield* fireOne(time, { destination: endpoint.url, retries: 0 })
      deepStrictEqual(yield* list({ urlGroup }), [grouped.messageId])
      deepStrictEqual(yield* list({ queueName }), [queued.messageId])
      strictEqual((yield* list({ scheduleId })).length, 1)
      strictEqual((yield* list({ url: endpoint.url })).length, 3)
      deepStrictEqual(yield* list({ urlGroup, queueName }), [])
      const queues = yield* QStashQueues
      strictEqual((yield* queues.get(queueName)).lag, 0)
    })
  )

  timed("dead letters can be filtered by when they failed, both ends included", (time) =>
    Effect.gen(function* () {
      const start = yield* time.now
      const { label, messageIds } = yield* buryMany(time, 4)
      const [first, second, third, fourth] = messageIds
      deepStrictEqual(yield* list({ label, fromDate: start + 2 * minute }), [third, fourth])
      deepStrictEqual(yield* list({ label, fromDate: start + 2 * minute + 1 }), [fourth])
      deepStrictEqual(yield* list({ label, toDate: start + minute }), [first, second])
      deepStrictEqual(yield* list({ label, toDate: start + minute - 1 }), [first])
      deepStrictEqual(yield* list({ label, fromDate: start + minute, toDate: start + minute }), [second])
    })
  )

  alone("dead letters can be filtered by the publisher's address", (time) =>
    Effect.gen(function* () {
      const { letter } = yield* bury(time)
      deepStrictEqual(yield* list({ callerIp: letter.callerIp ?? "" }), [letter.messageId])
      deepStrictEqual(yield* list({ callerIp: "198.51.100.1" }), [])
    })
  )

  alone("without filters, a page holds all dead letters", (time) =>
    Effect.gen(function* () {
      const dlq = yield* QStashDlq
      deepStrictEqual(yield* dlq.list(), { items: [] })
      const { messageId } = yield* bury(time)
      const page = yield* dlq.list()
      strictEqual(only(page.items).messageId, messageId)
      strictEqual(page.cursor, undefined)
      strictEqual(only(Array.from(yield* Stream.runCollect(dlq.stream()))).messageId, messageId)
    })
  )

  law("the dead letter queue rejects an unknown filter, a count out of range and an invalid cursor", () =>
    Effect.gen(function* () {
      const dlq = yield* QStashDlq
      const isInvalid = (error: { readonly _tag: string }) => strictEqual(error._tag, "QStashInvalidRequest")
      // @ts-expect-error also a type error
      isInvalid(yield* Effect.flip(dlq.list({ host: "example.com" })))
      // @ts-expect-error also a type error
      isInvalid(yield* Effect.flip(dlq.list({ path: "/contract" })))
      // @ts-expect-error also a type error
      isInvalid(yield* Effect.flip(Stream.runCollect(dlq.stream({ host: "example.com" }))))
      for (const count of [0, -1, 1.5, 101]) isInvalid(yield* Effect.flip(dlq.list({ count })))
      const { message } = yield* Effect.flip(dlq.list({ cursor: "no cursor" }))
      assertInclude(message, "QStash refused the request (400): cursor: ")
      isInvalid(yield* Effect.flip(dlq.list({ fromDate: "yesterday" })))
    })
  )
})
