import type { LogEntry } from "@effect-qstash/domain/LogEntry"
import type { LogFilter } from "@effect-qstash/domain/MessageFilter"
import { QStashInvalidRequest } from "@effect-qstash/domain/QStashError"
import { QStashLogs } from "@effect-qstash/domain/QStashLogs"
import { QStashMessages } from "@effect-qstash/domain/QStashMessages"
import { assertEquals, assertInclude, assertTrue, deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import type { Time } from "../Harness.ts"
import { fireOne, freshName, iso, minute, only, plain, second, settle } from "../internal/given.ts"
import { chapter } from "../internal/law.ts"
import {
  endpointWith,
  enqueue,
  freshKey,
  freshQueue,
  getMessage,
  makeGroup,
  pending,
  publish,
  publishToGroup,
  sendMany
} from "../internal/sending.ts"

const stepOf = ({ messageId, state, time }: LogEntry): string => `${iso(time)} ${messageId} ${state}`

/** A message with its own label that fails once, which makes six log entries. */
const retried = (time: Time) =>
  Effect.gen(function* () {
    const label = yield* freshName
    const endpoint = yield* endpointWith(time, 500, 200)
    const now = yield* time.now
    const { messageId } = yield* publish({ destination: endpoint.url, labels: [label] })
    yield* time.advance("1 minute")
    return { endpoint, label, messageId, now }
  })

/** The distinct messages of the matching entries. */
const messagesOf = (filter: LogFilter) =>
  Effect.flatMap(QStashLogs, (logs) =>
    Effect.map(logs.list({ ...filter, count: 1000 }), ({ items }) =>
      Array.from(new Set(items.map(({ messageId }) => messageId))).toSorted()
    )
  )

export const listing = chapter("listing", ({ alone, given, law, timed }) => {
  given(
    ["quotas"],
    "a page of the log ends before it is too large, and its cursor leads to the rest",
    ({ quotas }) =>
      Effect.gen(function* () {
        const logs = yield* QStashLogs
        const label = yield* freshName
        const ids: Array<string> = []
        for (const bytes of [quotas.maxPageBytes + 1, quotas.maxPageBytes / 2 - 10_000]) {
          for (let index = 0; index < 2; index++) {
            const { messageId } = yield* pending({ labels: [label], body: "a".repeat(bytes) })
            ids.unshift(messageId)
          }
        }
        const pages: Array<ReadonlyArray<string>> = []
        let cursor: string | undefined
        do {
          const page = yield* logs.list({ label, cursor })
          pages.push(page.items.map(({ messageId }) => messageId))
          cursor = page.cursor
          // Pages that repeat would never end.
        } while (cursor !== undefined && pages.length < 4)
        deepStrictEqual(pages, [ids.slice(0, 2), ids.slice(2, 3), ids.slice(3)])
        strictEqual(Array.from(yield* Stream.runCollect(logs.stream({ label }))).length, 4)
      })
  )

  law("rejects an unknown order before sending anything", () =>
    Effect.gen(function* () {
      const logs = yield* QStashLogs
      const refusal = new QStashInvalidRequest({
        field: "order",
        reason: 'expected "latestFirst" or "earliestFirst", got "asc"'
      })
      // @ts-expect-error a call from JavaScript
      assertEquals(yield* Effect.flip(logs.list({ order: "asc" })), refusal)
      // @ts-expect-error a call from JavaScript
      assertEquals(yield* Effect.flip(Stream.runCollect(logs.stream({ order: "asc" }))), refusal)
    })
  )

  timed("a page lists the newest entries first, or the oldest on request", (time) =>
    Effect.gen(function* () {
      const logs = yield* QStashLogs
      const { label } = yield* retried(time)
      const latest = yield* logs.list({ label })
      const earliest = yield* logs.list({ label, order: "earliestFirst" })
      deepStrictEqual(
        earliest.items.map(({ state }) => state),
        ["CREATED", "ACTIVE", "ERROR", "RETRY", "ACTIVE", "DELIVERED"]
      )
      deepStrictEqual(latest.items.map(stepOf), earliest.items.map(stepOf).toReversed())
      deepStrictEqual(
        (yield* logs.list({ label, order: "latestFirst" })).items.map(stepOf),
        latest.items.map(stepOf)
      )
    })
  )

  timed("paging one entry at a time reads each entry exactly once, in either order", (time) =>
    Effect.gen(function* () {
      const logs = yield* QStashLogs
      const { label } = yield* retried(time)
      const endpoint = yield* time.endpoint
      for (let index = 0; index < 3; index++) yield* publish({ destination: endpoint.url, labels: [label] })
      yield* settle(time)
      for (const order of ["latestFirst", "earliestFirst"] as const) {
        const all = yield* logs.list({ label, order })
        strictEqual(all.items.length, 15)
        strictEqual(all.cursor, undefined)
        const steps: Array<string> = []
        let cursor: string | undefined
        do {
          const page = yield* logs.list({ label, order, count: 1, cursor })
          steps.push(stepOf(only(page.items)))
          cursor = page.cursor
          // Pages that repeat would never end.
        } while (cursor !== undefined && steps.length <= all.items.length)
        deepStrictEqual(steps, all.items.map(stepOf))
      }
    })
  )

  timed("a cursor keeps its place as new entries arrive", (time) =>
    Effect.gen(function* () {
      const logs = yield* QStashLogs
      const { label } = yield* retried(time)
      const before = yield* logs.list({ label })
      const first = yield* logs.list({ label, count: 2 })
      const endpoint = yield* time.endpoint
      yield* publish({ destination: endpoint.url, labels: [label] })
      yield* settle(time)
      const rest = yield* logs.list({ label, cursor: first.cursor })
      deepStrictEqual([...first.items, ...rest.items].map(stepOf), before.items.map(stepOf))
    })
  )

  timed("the stream reads all pages of the log", (time) =>
    Effect.gen(function* () {
      const logs = yield* QStashLogs
      const endpoint = yield* time.endpoint
      const label = yield* freshName
      yield* sendMany(time, endpoint, 40, label)
      const page = yield* logs.list({ label })
      strictEqual(page.items.length, 100)
      assertTrue(page.cursor !== undefined)
      for (const order of ["latestFirst", "earliestFirst"] as const) {
        const streamed = Array.from(yield* Stream.runCollect(logs.stream({ label, order })))
        strictEqual(new Set(streamed.map(stepOf)).size, 120)
        deepStrictEqual(
          streamed.map(stepOf),
          (yield* logs.list({ label, order, count: 1000 })).items.map(stepOf)
        )
      }
      deepStrictEqual(
        Array.from(yield* Stream.runCollect(logs.stream({ label }).pipe(Stream.take(100)))).map(stepOf),
        page.items.map(stepOf)
      )
    })
  )

  timed("entries can be filtered by one or several messages and by state", (time) =>
    Effect.gen(function* () {
      const messages = yield* QStashMessages
      const logs = yield* QStashLogs
      const first = yield* retried(time)
      const other = yield* retried(time)
      deepStrictEqual(yield* messagesOf({ messageId: first.messageId }), [first.messageId])
      deepStrictEqual(
        yield* messagesOf({ messageId: [first.messageId, other.messageId] }),
        [first.messageId, other.messageId].toSorted()
      )
      const { label } = first
      const count = (filter: LogFilter) =>
        Effect.map(logs.list({ label, ...filter }), ({ items }) => items.length)
      strictEqual(yield* count({ state: "CREATED" }), 1)
      strictEqual(yield* count({ state: "ACTIVE" }), 2)
      strictEqual(yield* count({ state: "ERROR" }), 1)
      strictEqual(yield* count({ state: "RETRY" }), 1)
      strictEqual(yield* count({ state: "DELIVERED" }), 1)
      strictEqual(yield* count({ state: "FAILED" }), 0)
      strictEqual(yield* count({ state: "IN_PROGRESS" }), 4)
      const cancelled = yield* pending()
      yield* messages.cancel(cancelled.messageId)
      deepStrictEqual(
        yield* messagesOf({ state: "CANCELED", messageId: [cancelled.messageId, first.messageId] }),
        [cancelled.messageId]
      )
    })
  )

  timed("entries can be filtered by URL, host and path", (time) =>
    Effect.gen(function* () {
      const endpoint = yield* time.endpoint
      const url = `${endpoint.url}/a?x=1`
      const { host, pathname } = new URL(url)
      const wanted = yield* publish({ destination: url })
      const other = yield* publish({ destination: `${endpoint.url}/b` })
      yield* settle(time)
      const label = { fromDate: yield* time.now }
      deepStrictEqual(yield* messagesOf({ url }), [wanted.messageId])
      deepStrictEqual(yield* messagesOf({ path: pathname }), [wanted.messageId])
      deepStrictEqual(
        yield* messagesOf({ url: [url, `${endpoint.url}/b`] }),
        [wanted.messageId, other.messageId].toSorted()
      )
      const onHost = yield* messagesOf({ ...label, host })
      assertTrue(onHost.includes(wanted.messageId) && onHost.includes(other.messageId))
      deepStrictEqual(yield* messagesOf({ ...label, host: "nowhere.example.com" }), [])
      deepStrictEqual(yield* messagesOf({ host, path: pathname }), [wanted.messageId])
    })
  )

  timed("entries can be filtered by label, queue, flow-control key, group and schedule", (time) =>
    Effect.gen(function* () {
      const endpoint = yield* time.endpoint
      const [label, key, queueName] = [yield* freshName, yield* freshKey, yield* freshQueue]
      const urlGroup = yield* makeGroup({ url: endpoint.url })
      const labelled = yield* publish({ destination: endpoint.url, labels: ["first", label] })
      const limited = yield* publish({ destination: endpoint.url, flowControl: { key, parallelism: 1 } })
      const queued = yield* enqueue(queueName, { destination: endpoint.url })
      const grouped = only(yield* publishToGroup(urlGroup))
      const { scheduleId } = yield* fireOne(time, { destination: endpoint.url })
      deepStrictEqual(yield* messagesOf({ label }), [labelled.messageId])
      deepStrictEqual(yield* messagesOf({ flowControlKey: key }), [limited.messageId])
      deepStrictEqual(yield* messagesOf({ queueName }), [queued.messageId])
      deepStrictEqual(yield* messagesOf({ urlGroup }), [grouped.messageId])
      strictEqual((yield* messagesOf({ scheduleId })).length, 1)
      deepStrictEqual(yield* messagesOf({ label, queueName }), [])
      deepStrictEqual(yield* messagesOf({ label: [label, "first"], url: endpoint.url }), [labelled.messageId])
    })
  )

  timed("entries can be filtered by their time, both ends included", (time) =>
    Effect.gen(function* () {
      const logs = yield* QStashLogs
      const { label, now } = yield* retried(time)
      const states = (filter: LogFilter) =>
        Effect.map(logs.list({ label, ...filter, order: "earliestFirst" }), ({ items }) =>
          items.map(({ state }) => state)
        )
      const retry = now + 12 * second
      deepStrictEqual(yield* states({ fromDate: retry }), ["ACTIVE", "DELIVERED"])
      deepStrictEqual(yield* states({ fromDate: DateTime.unsafeMake(retry + 1) }), [])
      deepStrictEqual(yield* states({ toDate: retry - 1 }), ["CREATED", "ACTIVE", "ERROR", "RETRY"])
      deepStrictEqual(yield* states({ fromDate: now, toDate: now }), ["CREATED", "ACTIVE", "ERROR", "RETRY"])
      strictEqual((yield* states({ fromDate: now, toDate: now + minute })).length, 6)
    })
  )

  alone("entries can be filtered by the publisher's address", () =>
    Effect.gen(function* () {
      const { messageId } = yield* pending()
      const { callerIp = "" } = yield* getMessage(messageId)
      deepStrictEqual(yield* messagesOf({ callerIp }), [messageId])
      deepStrictEqual(yield* messagesOf({ callerIp: "198.51.100.1" }), [])
    })
  )

  alone("without filters, a page holds the whole log", (time) =>
    Effect.gen(function* () {
      const logs = yield* QStashLogs
      deepStrictEqual(yield* logs.list(), { items: [] })
      yield* retried(time)
      const page = yield* logs.list()
      strictEqual(page.items.length, 6)
      const streamed = Array.from(yield* Stream.runCollect(logs.stream()))
      deepStrictEqual(streamed.map(plain), page.items.map(plain))
    })
  )

  law("the log rejects an unknown filter, a count out of range and an invalid cursor", () =>
    Effect.gen(function* () {
      const logs = yield* QStashLogs
      const isInvalid = (error: { readonly _tag: string }) => strictEqual(error._tag, "QStashInvalidRequest")
      // @ts-expect-error also a type error
      isInvalid(yield* Effect.flip(logs.list({ responseStatus: 500 })))
      for (const count of [0, -1, 1.5, 1001]) isInvalid(yield* Effect.flip(logs.list({ count })))
      const { message } = yield* Effect.flip(logs.list({ cursor: "no cursor" }))
      assertInclude(message, "QStash refused the request (400): cursor: ")
      isInvalid(yield* Effect.flip(logs.list({ toDate: "tomorrow" })))
      isInvalid(yield* Effect.flip(Stream.runCollect(logs.stream({ toDate: "tomorrow" }))))
    })
  )
})
