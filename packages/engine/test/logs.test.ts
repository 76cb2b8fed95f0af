import {
  FlowControlKey,
  type LogEntry,
  type PublishMessage,
  QStashInvalidRequest,
  QStashLogs,
  QStashMessages,
  QueueName,
  RedactedValue
} from "@effect-qstash/domain"
import type { Criteria } from "@effect-qstash/domain/input/Criteria"
import * as Engine from "@effect-qstash/engine/Engine"
import { describe, it } from "@effect/vitest"
import { assertInstanceOf, deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import { DateTime, Duration, Effect, FastCheck, Stream } from "effect"
import { createHash } from "node:crypto"
import {
  advance,
  answered,
  answers,
  byPath,
  callerIp,
  io,
  Log,
  messageId,
  shortGrace,
  start,
  story,
  virtual
} from "./harness.ts"

const tenant = { tenantId: "acme", callerIp }

const urlOf = (path: string) => `https://api.example.com/${path}`

const publish = (path: string, input: Partial<PublishMessage.Input> = {}) =>
  Effect.flatMap(QStashMessages, (messages) => messages.publish({ destination: urlOf(path), ...input }))

const list = Effect.flatMap(QStashLogs, (logs) =>
  Effect.map(logs.list({ order: "earliestFirst", count: 1000 }), ({ items }) => items)
)

const shown = (entries: ReadonlyArray<LogEntry>) =>
  entries.map(({ state, url }) => `${state} ${new URL(url).pathname.slice(1)}`)

const at = (seconds: number) => DateTime.add(DateTime.unsafeMake(start), { seconds })

describe("the log", () => {
  it.effect("holds every step of a message, with what is known of it then", () =>
    Effect.gen(function* () {
      const text = (body: string) => ({ responseBody: body })
      yield* publish("job", {
        method: "PUT",
        headers: { "x-own": "1" },
        body: "text",
        retries: 1,
        retryDelay: "5000",
        timeout: "90 seconds",
        delay: "10 seconds",
        labels: ["a", "b"],
        callback: { url: urlOf("done"), headers: { "x-done": "1" } },
        failureCallback: { url: urlOf("failed"), headers: { "x-failed": "1" } },
        flowControl: { key: FlowControlKey.make("api"), rate: 5, period: "1 minute" }
      })
      yield* advance("1 hour")
      const about = {
        messageId: messageId("msg_1"),
        url: urlOf("job"),
        method: "PUT",
        headers: { "X-Own": ["1"] },
        body: "text",
        maxRetries: 1,
        retryDelay: "5000",
        timeout: Duration.seconds(90),
        labels: ["a", "b"],
        callback: urlOf("done"),
        callbackHeaders: { "X-Done": ["1"] },
        failureCallback: urlOf("failed"),
        failureCallbackHeaders: { "X-Failed": ["1"] },
        flowControlKey: FlowControlKey.make("api"),
        rate: 5,
        period: Duration.minutes(1)
      }
      const answer = { responseStatus: 500, responseHeaders: { "X-Why": ["a"] }, ...text("broken") }
      const error = "the destination responded with 500"
      deepStrictEqual(
        (yield* list).filter((entry) => entry.messageId === messageId("msg_1")),
        [
          { time: at(0), state: "CREATED", ...about, nextDeliveryTime: at(10) },
          { time: at(10), state: "ACTIVE", ...about },
          { time: at(10), state: "ERROR", ...about, error, nextDeliveryTime: at(15), ...answer },
          { time: at(10), state: "RETRY", ...about, nextDeliveryTime: at(15) },
          { time: at(15), state: "ACTIVE", ...about },
          { time: at(15), state: "ERROR", ...about, error, ...answer },
          { time: at(15), state: "FAILED", ...about, error, ...answer }
        ]
      )
    }).pipe(
      Effect.provide(
        virtual(
          byPath({ "/job": answers(answered(500, { "x-why": "a" }, new TextEncoder().encode("broken"))) })
        )
      )
    )
  )

  it.effect("is what the engine tells of, but for what is not QStash's", () =>
    Effect.gen(function* () {
      const messages = yield* QStashMessages
      yield* messages.enqueue(QueueName.make("mail"), { destination: urlOf("a"), callback: urlOf("done") })
      yield* publish("b", { delay: "5 seconds" })
      yield* publish("never", { timeout: "1 second", retries: 0 })
      yield* advance("2 seconds")
      yield* messages.cancelMany({ all: true })
      yield* advance("1 day")
      const told = (yield* Log).events.filter(({ state }) => state !== "STALLED")
      deepStrictEqual(
        (yield* list).map(({ messageId: its, state, time }) => [DateTime.toEpochMillis(time), state, its]),
        told.map(({ message, state, time }) => [time, state, message.messageId])
      )
      strictEqual((yield* story).length, told.length + 1)
    }).pipe(Effect.provide(virtual(byPath({ "/never": () => Effect.never }), shortGrace)))
  )

  it.effect("hides what is to be hidden", () =>
    Effect.gen(function* () {
      yield* publish("job", {
        body: "secret",
        headers: { Authorization: "Bearer 1" },
        redact: { body: true, headers: true }
      })
      const [entry] = yield* list
      const hidden = (text: string) =>
        new RedactedValue({ sha256: createHash("sha256").update(text).digest("hex") })
      deepStrictEqual(
        [entry?.body, entry?.headers],
        [hidden("secret"), { Authorization: [hidden("Bearer 1")] }]
      )
    }).pipe(Effect.provide(virtual()))
  )

  it.effect("knows the latest first unless asked otherwise, a hundred of them", () =>
    Effect.gen(function* () {
      const logs = yield* QStashLogs
      for (let count = 0; count < 40; count++) yield* publish(`m${count}`)
      yield* advance(0)
      const page = yield* logs.list()
      strictEqual(page.items.length, 100)
      deepStrictEqual(shown(page.items).slice(0, 2), ["DELIVERED m39", "DELIVERED m38"])
      const rest = yield* logs.list({ cursor: page.cursor })
      deepStrictEqual(shown(rest.items).slice(-2), ["CREATED m1", "CREATED m0"])
      strictEqual("cursor" in rest, false)
      const earliest = yield* logs.list({ order: "earliestFirst", count: 2 })
      deepStrictEqual(shown(earliest.items), ["CREATED m0", "CREATED m1"])
    }).pipe(Effect.provide(virtual()))
  )

  it.effect("goes on where a page has ended, also before 1970", () =>
    Effect.gen(function* () {
      const logs = yield* QStashLogs
      yield* publish("job")
      yield* advance(0)
      const first = yield* logs.list({ count: 2 })
      deepStrictEqual(shown((yield* logs.list({ cursor: first.cursor })).items), ["CREATED job"])
    }).pipe(Effect.provide(virtual(undefined, { start: "1969-06-01" })))
  )

  it.effect("is forgotten when its time is over, an entry at a time", () =>
    Effect.gen(function* () {
      yield* publish("job", { delay: "1 hour" })
      yield* advance("2 hours")
      yield* advance("22 hours")
      deepStrictEqual(shown(yield* list), ["CREATED job", "ACTIVE job", "DELIVERED job"])
      yield* advance("1 millis")
      deepStrictEqual(shown(yield* list), ["ACTIVE job", "DELIVERED job"])
      yield* advance("1 hour")
      deepStrictEqual(yield* list, [])
    }).pipe(Effect.provide(virtual(undefined, { logRetention: "1 day" })))
  )

  it.effect("refuses a cursor that is none, and a count that no page has", () =>
    Effect.gen(function* () {
      const logs = yield* QStashLogs
      yield* publish("job")
      for (const cursor of ["", "x", "1", "--1-1", "1-", "1-2-3", "1-9999999999999999"]) {
        const error = yield* Effect.flip(logs.list({ cursor }))
        assertInstanceOf(error, QStashInvalidRequest)
        strictEqual(error.field, "cursor")
      }
      for (const count of [0, -1, 1.5, 1001]) {
        const error = yield* Effect.flip(logs.list({ count }))
        assertInstanceOf(error, QStashInvalidRequest)
        strictEqual(error.field, "count")
      }
    }).pipe(Effect.provide(virtual()))
  )

  it.effect("of one tenant is none of another's", () =>
    Effect.gen(function* () {
      const engine = yield* Engine.Engine
      yield* publish("job")
      yield* advance(0)
      deepStrictEqual(yield* engine.logs({ tenantId: "other" }).list(), { items: [] })
    }).pipe(Effect.provide(virtual()))
  )

  it.effect.each<[Criteria, ReadonlyArray<string>]>([
    [{ state: ["DELIVERED"] }, ["DELIVERED a", "DELIVERED done"]],
    [{ state: ["FAILED", "CANCELLED"] }, ["CANCELED c", "FAILED b"]],
    [{ state: ["CANCELED"] }, ["CANCELED c"]],
    [{ state: ["IN_PROGRESS"], path: ["/b"] }, ["ACTIVE b", "ERROR b", "RETRY b", "ACTIVE b", "ERROR b"]],
    [{ messageId: ["msg_1", "msg_3"], state: ["CREATED"] }, ["CREATED a", "CREATED c"]],
    [{ messageIds: ["msg_1"], state: ["ACTIVE"] }, ["ACTIVE a"]],
    [
      { fromDate: DateTime.toEpochMillis(at(12)), toDate: DateTime.toEpochMillis(at(12)) },
      ["ACTIVE b", "ERROR b", "FAILED b"]
    ],
    [{ label: ["x"], state: ["CREATED"] }, ["CREATED b"]],
    [{ url: [urlOf("nowhere")] }, []]
  ])("%j finds what it says", ([criteria, expected]) =>
    Effect.gen(function* () {
      const engine = yield* Engine.Engine
      const messages = yield* QStashMessages
      yield* publish("a", { callback: urlOf("done") })
      yield* publish("b", { retries: 1, labels: ["x"] })
      yield* publish("c", { delay: "1 minute" })
      yield* messages.cancel(messageId("msg_3"))
      yield* advance("1 hour")
      const page = yield* engine.logsPage(tenant, { criteria, count: 100, order: "earliestFirst" })
      deepStrictEqual(shown(page.items), expected)
    }).pipe(Effect.provide(virtual(byPath({ "/b": answers(answered(500)) }))))
  )
})

describe("the stream of the log", () => {
  it.effect("goes through all pages, in either order", () =>
    Effect.gen(function* () {
      const logs = yield* QStashLogs
      for (let count = 0; count < 800; count++) yield* publish(`m${count}`)
      yield* advance(0)
      const earliest = Array.from(yield* Stream.runCollect(logs.stream({ order: "earliestFirst" })))
      strictEqual(earliest.length, 2400)
      const latest = Array.from(yield* Stream.runCollect(logs.stream()))
      deepStrictEqual(shown(latest), shown(earliest.toReversed()))
      const created = yield* Stream.runCollect(logs.stream({ state: "CREATED", path: ["/m7", "/m8"] }))
      deepStrictEqual(shown(Array.from(created)), ["CREATED m8", "CREATED m7"])
    }).pipe(Effect.provide(virtual()))
  )

  it.effect("asks for no page before it is wanted", () =>
    Effect.gen(function* () {
      const logs = yield* QStashLogs
      for (let count = 0; count < 1001; count++) yield* publish(`m${count}`)
      const seen = yield* logs.stream({ order: "earliestFirst" }).pipe(
        // What comes while it is read is read as well, for it is behind the first page.
        Stream.tap(({ url }) => (url === urlOf("m0") ? publish("late") : Effect.void)),
        Stream.runCollect
      )
      strictEqual(shown(Array.from(seen)).at(-1), "CREATED late")
    }).pipe(Effect.provide(virtual()))
  )

  it.effect.prop(
    "and pages of any counts give every entry exactly once, while deliveries go on",
    [
      FastCheck.record({
        counts: FastCheck.array(FastCheck.integer({ min: 1, max: 7 }), { minLength: 1, maxLength: 4 }),
        order: FastCheck.constantFrom("earliestFirst" as const, "latestFirst" as const),
        steps: FastCheck.array(FastCheck.constantFrom(0, 1, 12, 200), { minLength: 1, maxLength: 4 })
      })
    ],
    ([{ counts, order, steps }]) =>
      Effect.gen(function* () {
        const logs = yield* QStashLogs
        for (const path of ["a", "b", "c"]) yield* publish(path)
        yield* advance(0)
        const before = yield* list
        const found: Array<LogEntry> = []
        let cursor: string | undefined
        let page = 0
        do {
          const { cursor: next, items } = yield* logs.list({
            cursor,
            count: counts[page % counts.length],
            order
          })
          found.push(...items)
          cursor = next
          yield* advance((steps[page % steps.length] ?? 0) * 1000)
          page += 1
        } while (cursor !== undefined)
        const after = yield* list
        deepStrictEqual(
          shown(found),
          // What came after the last page was read is not in it, and the latest first knows nothing newer than its first.
          order === "earliestFirst" ? shown(after.slice(0, found.length)) : shown(before.toReversed())
        )
        strictEqual(found.length >= before.length, true)
      }).pipe(Effect.provide(virtual(() => Effect.zipRight(io(0), Effect.succeed(answered(500)))))),
    { fastCheck: { numRuns: 20 }, timeout: 60_000 }
  )
})
