import {
  DlqId,
  DlqMessageNotFound,
  FlowControlKey,
  type PublishMessage,
  QStashDlq,
  QStashInvalidRequest,
  QStashLogs,
  QStashMessages,
  QStashSchedules,
  QueueName,
  RedactedValue
} from "@effect-qstash/domain"
import type { Criteria } from "@effect-qstash/domain/input/Criteria"
import * as Engine from "@effect-qstash/engine/Engine"
import { Store } from "@effect-qstash/engine/Store"
import { describe, it } from "@effect/vitest"
import { assertEquals, assertInstanceOf, deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import { DateTime, Duration, Effect, Layer, Option, Stream } from "effect"
import { createHash } from "node:crypto"
import {
  advance,
  type Answer,
  answered,
  answers,
  byPath,
  callerIp,
  id,
  Log,
  messageId,
  persistent,
  start,
  timeline,
  unanswered,
  virtual,
  visits
} from "./harness.ts"

const tenant = { tenantId: "acme", callerIp }

const urlOf = (path: string) => `https://api.example.com/${path}`

const publish = (path: string, input: Partial<PublishMessage.Input> = {}) =>
  Effect.flatMap(QStashMessages, (messages) =>
    messages.publish({ destination: urlOf(path), retries: 0, ...input })
  )

const list = Effect.flatMap(QStashDlq, (dlq) => Effect.map(dlq.list(), ({ items }) => items))

/** The only dead letter. */
const only = Effect.flatMap(list, (letters) =>
  letters.length === 1 && letters[0] !== undefined
    ? Effect.succeed(letters[0])
    : Effect.dieMessage(`${letters.length} dead letters`)
)

const paths = (letters: ReadonlyArray<{ readonly url: string }>) =>
  letters.map(({ url }) => new URL(url).pathname.slice(1))

const failing: Answer = answers(answered(500, { "x-why": "a" }, new TextEncoder().encode("broken")))

describe("a dead letter", () => {
  it.effect("is what has failed for good, with what it was and what it was answered", () =>
    Effect.gen(function* () {
      yield* publish("job", {
        method: "PUT",
        retries: 1,
        body: "text",
        headers: { "x-own": "1" },
        labels: ["a"],
        delay: "1 minute",
        flowControl: { key: FlowControlKey.make("api"), parallelism: 1 },
        callback: urlOf("done")
      })
      yield* advance("1 minute")
      deepStrictEqual(yield* list, [])
      yield* advance("1 hour")
      const letter = yield* only
      deepStrictEqual(letter, {
        dlqId: letter.dlqId,
        messageId: messageId("msg_1"),
        url: urlOf("job"),
        method: "PUT",
        headers: { "X-Own": ["1"] },
        body: "text",
        createdAt: DateTime.unsafeMake(start),
        notBefore: DateTime.unsafeMake("2025-01-01T00:01:00Z"),
        maxRetries: 1,
        callback: urlOf("done"),
        flowControlKey: FlowControlKey.make("api"),
        parallelism: 1,
        period: Duration.seconds(1),
        labels: ["a"],
        callerIp,
        responseStatus: 500,
        responseHeaders: { "X-Why": ["a"] },
        responseBody: "broken"
      })
      deepStrictEqual(yield* (yield* QStashDlq).get(letter.dlqId), letter)
    }).pipe(Effect.provide(virtual(byPath({ "/job": failing }))))
  )

  it.effect("has no answer where none came, and bytes where the answer is no text", () =>
    Effect.gen(function* () {
      yield* publish("unanswered")
      yield* publish("bytes")
      yield* publish("empty")
      yield* advance("1 minute")
      deepStrictEqual(
        (yield* list).map((letter) => [
          letter.responseStatus,
          letter.responseHeaders,
          letter.responseBody,
          "responseBody" in letter
        ]),
        [
          [undefined, undefined, undefined, false],
          [500, {}, Uint8Array.of(0xff), true],
          [500, {}, undefined, false]
        ]
      )
    }).pipe(
      Effect.provide(
        virtual(
          byPath({
            "/unanswered": answers(unanswered),
            "/bytes": answers(answered(500, {}, Uint8Array.of(0xff))),
            "/empty": answers(answered(500, {}, new Uint8Array()))
          })
        )
      )
    )
  )

  it.effect("hides what is to be hidden", () =>
    Effect.gen(function* () {
      yield* publish("job", {
        body: "secret",
        headers: { Authorization: "Bearer 1" },
        redact: { body: true, headers: ["Authorization"] }
      })
      yield* advance(0)
      const hidden = (text: string) =>
        new RedactedValue({ sha256: createHash("sha256").update(text).digest("hex") })
      const { body, headers } = yield* only
      deepStrictEqual([body, headers], [hidden("secret"), { Authorization: [hidden("Bearer 1")] }])
      // Another try carries the originals.
      yield* (yield* QStashDlq).retryMany({ all: true })
      yield* advance(0)
      const [, again] = (yield* Log).arrivals
      strictEqual(new TextDecoder().decode(again?.request.body), "secret")
      strictEqual(again?.request.headers.find(([name]) => name === "Authorization")?.[1], "Bearer 1")
    }).pipe(Effect.provide(virtual(failing)))
  )

  it.effect("is forgotten when its time is over", () =>
    Effect.gen(function* () {
      yield* publish("old")
      yield* advance("12 hours")
      yield* publish("new")
      yield* advance("12 hours")
      const [old, ...others] = yield* list
      deepStrictEqual(paths(others), ["new"])
      yield* advance("1 millis")
      deepStrictEqual(paths(yield* list), ["new"])
      const dlq = yield* QStashDlq
      const gone = new DlqMessageNotFound({ dlqId: old?.dlqId ?? DlqId.make("none") })
      assertEquals(yield* Effect.flip(dlq.get(gone.dlqId)), gone)
      assertEquals(yield* Effect.flip(dlq.retry(gone.dlqId)), gone)
    }).pipe(Effect.provide(virtual(failing, { dlqRetention: "1 day" })))
  )

  it.effect("is not made of what was cancelled", () =>
    Effect.gen(function* () {
      const messages = yield* QStashMessages
      yield* publish("job")
      yield* advance("1 second")
      yield* messages.cancel(messageId("msg_1"))
      yield* advance("1 hour")
      deepStrictEqual(yield* list, [])
    }).pipe(Effect.provide(virtual(() => Effect.as(Effect.sleep("1 minute"), answered(500)))))
  )
})

describe("another try", () => {
  it.effect("is a new message with what the old one had, and the dead letter is gone", () =>
    Effect.gen(function* () {
      const dlq = yield* QStashDlq
      const logs = yield* QStashLogs
      yield* publish("job", { body: "text", labels: ["a"], delay: "1 hour", method: "PUT" })
      yield* advance("1 hour")
      const { dlqId } = yield* only
      deepStrictEqual(yield* dlq.retry(dlqId), {
        messageId: messageId("msg_2"),
        url: urlOf("job"),
        isDeduplicated: false
      })
      deepStrictEqual(yield* list, [])
      const gone = new DlqMessageNotFound({ dlqId })
      assertEquals(yield* Effect.flip(dlq.get(dlqId)), gone)
      assertEquals(yield* Effect.flip(dlq.delete(dlqId)), gone)
      assertEquals(yield* Effect.flip(dlq.retry(dlqId)), gone)
      // The delay was that of the first time.
      yield* advance("1 second")
      deepStrictEqual(yield* visits, ["3600 /job", "3600 /job"])
      const { items } = yield* logs.list({ messageId: messageId("msg_2"), state: "DELIVERED" })
      deepStrictEqual(
        items.map(({ body, labels, method }) => [body, labels, method]),
        [["text", ["a"], "PUT"]]
      )
    }).pipe(Effect.provide(virtual(answers(answered(500), answered(200)))))
  )

  it.effect("that fails again is a dead letter again, another one", () =>
    Effect.gen(function* () {
      const dlq = yield* QStashDlq
      yield* publish("job")
      yield* advance(0)
      const first = yield* only
      yield* dlq.retry(first.dlqId)
      yield* advance("1 day")
      const second = yield* only
      deepStrictEqual([first.messageId, second.messageId], [messageId("msg_1"), messageId("msg_2")])
      strictEqual(first.dlqId === second.dlqId, false)
    }).pipe(Effect.provide(virtual(failing)))
  )

  it.effect("may have other retries than the first one, which count for it alone", () =>
    Effect.gen(function* () {
      const dlq = yield* QStashDlq
      yield* publish("job", { retryDelay: "1000" })
      yield* advance(0)
      yield* dlq.retry((yield* only).dlqId, { retries: 2 })
      yield* advance("1 minute")
      deepStrictEqual(yield* visits, ["0 /job", "0 /job", "1 /job", "2 /job"])
      strictEqual((yield* only).maxRetries, 2)
      yield* dlq.retryMany({ all: true }, { retries: 0 })
      yield* advance("1 minute")
      strictEqual((yield* visits).length, 5)
      for (const retries of [-1, 0.5, Number.NaN]) {
        const error = yield* Effect.flip(dlq.retryMany({ all: true }, { retries }))
        assertInstanceOf(error, QStashInvalidRequest)
        strictEqual(error.field, "retries")
      }
      strictEqual((yield* list).length, 1)
    }).pipe(Effect.provide(virtual(failing)))
  )

  it.effect("of many goes in the order of their failure", () =>
    Effect.gen(function* () {
      const dlq = yield* QStashDlq
      for (const path of ["c", "a", "b"]) yield* publish(path)
      yield* advance(0)
      const again = yield* dlq.retryMany({ url: [urlOf("b"), urlOf("c")] })
      deepStrictEqual(
        again.map(({ messageId: made, url }) => [made, url]),
        [
          [messageId("msg_4"), urlOf("c")],
          [messageId("msg_5"), urlOf("b")]
        ]
      )
      deepStrictEqual(paths(yield* list), ["a"])
      deepStrictEqual(yield* dlq.retryMany({ url: urlOf("b") }), [])
      yield* advance(0)
      deepStrictEqual((yield* visits).slice(3), ["0 /c", "0 /b"])
    }).pipe(Effect.provide(virtual(failing)))
  )

  it.effect("stays with its queue, its limit and its schedule", () =>
    Effect.gen(function* () {
      const dlq = yield* QStashDlq
      const schedules = yield* QStashSchedules
      const messages = yield* QStashMessages
      yield* schedules.create({
        scheduleId: id("job"),
        cron: "1 0 1 1 *",
        destination: urlOf("job"),
        retries: 0,
        queueName: QueueName.make("mail"),
        flowControl: { key: FlowControlKey.make("api"), rate: 5 }
      })
      yield* advance("1 minute")
      yield* dlq.retryMany({ all: true })
      const { flowControlKey, queueName, scheduleId } = yield* messages.get(messageId("msg_2"))
      deepStrictEqual(
        [flowControlKey, queueName, scheduleId],
        [FlowControlKey.make("api"), QueueName.make("mail"), id("job")]
      )
      yield* advance("1 minute")
      // What the schedule tells is how its own message ended.
      deepStrictEqual((yield* schedules.get(id("job"))).lastScheduleStates, { msg_1: "FAIL" })
    }).pipe(Effect.provide(virtual(answers(answered(500), answered(200)))))
  )

  it.effect("is not taken for the message that it is of", () =>
    Effect.gen(function* () {
      const dlq = yield* QStashDlq
      yield* publish("job", { contentBasedDeduplication: true })
      yield* advance(0)
      strictEqual((yield* dlq.retryMany({ all: true })).length, 1)
      yield* advance(0)
      strictEqual((yield* visits).length, 2)
    }).pipe(Effect.provide(virtual(failing)))
  )

  it.effect("by several at once is made once", () =>
    Effect.gen(function* () {
      const dlq = yield* QStashDlq
      yield* publish("job")
      yield* advance(0)
      const { dlqId } = yield* only
      const tries = yield* Effect.all(
        Array.from({ length: 10 }, () => Effect.option(dlq.retry(dlqId))),
        { concurrency: "unbounded" }
      )
      strictEqual(tries.filter(Option.isSome).length, 1)
    }).pipe(Effect.provide(virtual(failing)))
  )
})

describe("the dead letter queue", () => {
  it.effect("is read page by page, the oldest first, though some are taken away meanwhile", () =>
    Effect.gen(function* () {
      const dlq = yield* QStashDlq
      for (let count = 0; count < 7; count++) yield* publish(`m${count}`)
      yield* advance(0)
      const first = yield* dlq.list({ count: 3 })
      deepStrictEqual(paths(first.items), ["m0", "m1", "m2"])
      yield* dlq.deleteMany({ url: [urlOf("m2"), urlOf("m4")] })
      const second = yield* dlq.list({ count: 2, cursor: first.cursor })
      deepStrictEqual(paths(second.items), ["m3", "m5"])
      const third = yield* dlq.list({ count: 2, cursor: second.cursor })
      deepStrictEqual(paths(third.items), ["m6"])
      strictEqual("cursor" in third, false)
      // The cursor's own entry may be gone.
      yield* dlq.deleteMany({ all: true })
      deepStrictEqual(yield* dlq.list({ cursor: second.cursor }), { items: [] })
    }).pipe(Effect.provide(virtual(failing)))
  )

  it.effect("streams all that match, over any number of pages", () =>
    Effect.gen(function* () {
      const dlq = yield* QStashDlq
      for (let count = 0; count < 250; count++) yield* publish(`m${count}`, { labels: [`l${count % 2}`] })
      yield* advance(0)
      deepStrictEqual(
        paths(Array.from(yield* Stream.runCollect(dlq.stream()))),
        Array.from({ length: 250 }, (_, count) => `m${count}`)
      )
      strictEqual(Array.from(yield* Stream.runCollect(dlq.stream({ label: "l1" }))).length, 125)
      strictEqual((yield* dlq.list()).items.length, 100)
    }).pipe(Effect.provide(virtual(failing)))
  )

  it.effect("refuses a cursor that is none, and takes nothing away for it", () =>
    Effect.gen(function* () {
      const dlq = yield* QStashDlq
      const engine = yield* Engine.Engine
      yield* publish("job")
      yield* advance(0)
      const request = { criteria: {}, count: 10, order: "earliestFirst", retries: undefined } as const
      for (const cursor of ["x", "1", "--1-1", "1-", "1-2-3", "1-9999999999999999"]) {
        for (const call of [
          dlq.list({ cursor }),
          engine.dlqPage(tenant, { ...request, cursor }),
          engine.dlqDelete(tenant, { ...request, cursor }),
          engine.dlqRetry(tenant, { ...request, cursor })
        ]) {
          const error = yield* Effect.flip<unknown, unknown, never>(call)
          assertInstanceOf(error, QStashInvalidRequest)
          strictEqual(error.field, "cursor")
        }
      }
      strictEqual((yield* list).length, 1)
    }).pipe(Effect.provide(virtual(failing)))
  )

  it.effect("is worked off call by call where a call may take so many only", () =>
    Effect.gen(function* () {
      const engine = yield* Engine.Engine
      for (let count = 0; count < 5; count++) yield* publish(`m${count}`)
      yield* advance(0)
      const first = yield* engine.dlqDelete(tenant, { criteria: {}, count: 2 })
      strictEqual(first.deleted, 2)
      const second = yield* engine.dlqRetry(tenant, { criteria: {}, count: 2, cursor: first.cursor })
      deepStrictEqual(paths(second.items.map(({ url = "" }) => ({ url }))), ["m2", "m3"])
      deepStrictEqual(yield* engine.dlqDelete(tenant, { criteria: {}, count: 2, cursor: second.cursor }), {
        deleted: 1
      })
      deepStrictEqual(yield* list, [])
    }).pipe(Effect.provide(virtual(failing)))
  )

  it.effect("is worked off once by following the cursor, though all of it fails again at once", () =>
    Effect.gen(function* () {
      const engine = yield* Engine.Engine
      for (let count = 0; count < 5; count++) yield* publish(`m${count}`)
      yield* advance(0)
      const retried: Array<string> = []
      let cursor: string | undefined
      do {
        const page = yield* engine.dlqRetry(tenant, { criteria: {}, count: 2, cursor })
        retried.push(...paths(page.items.map(({ url = "" }) => ({ url }))))
        cursor = page.cursor
        yield* advance(0)
      } while (cursor !== undefined && retried.length < 20)
      deepStrictEqual(retried, ["m0", "m1", "m2", "m3", "m4"])
      deepStrictEqual(paths(yield* list), ["m0", "m1", "m2", "m3", "m4"])
    }).pipe(Effect.provide(virtual(failing)))
  )

  it.effect.each<[Criteria, ReadonlyArray<string>]>([
    [{}, ["a", "b", "c", "d"]],
    [{ responseStatus: [404] }, ["b"]],
    [{ responseStatus: [0] }, ["c"]],
    [{ responseStatus: [0, 404] }, ["b", "c"]],
    [{ responseStatus: [404, 500] }, ["a", "b", "d"]],
    [{ messageId: ["msg_3", "none"] }, ["c"]],
    [{ label: ["x"], responseStatus: [500] }, ["a"]],
    [{ fromDate: Date.parse(start) + 60_000 }, ["d"]],
    [{ toDate: Date.parse(start) + 59_999 }, ["a", "b", "c"]]
  ])("%j finds what it says", ([criteria, expected]) =>
    Effect.gen(function* () {
      const engine = yield* Engine.Engine
      yield* publish("a", { labels: ["x"] })
      yield* publish("b", { labels: ["x", "y"] })
      yield* publish("c")
      yield* publish("d", { delay: "1 minute" })
      yield* advance("1 minute")
      const page = yield* engine.dlqPage(tenant, { criteria, count: 10, order: "latestFirst" })
      deepStrictEqual(paths(page.items), expected.toReversed())
      strictEqual((yield* engine.dlqDelete(tenant, { criteria, count: 10 })).deleted, expected.length)
    }).pipe(
      Effect.provide(
        virtual(
          byPath({ "/a": failing, "/b": answers(answered(404)), "/c": answers(unanswered), "/d": failing })
        )
      )
    )
  )

  it.effect("of one tenant is none of another's", () =>
    Effect.gen(function* () {
      const engine = yield* Engine.Engine
      yield* publish("job")
      yield* advance(0)
      const { dlqId } = yield* only
      const theirs = engine.dlq({ tenantId: "other" })
      deepStrictEqual(yield* theirs.list(), { items: [] })
      strictEqual(yield* theirs.deleteMany({ all: true }), 0)
      assertEquals(yield* Effect.flip(theirs.retry(dlqId)), new DlqMessageNotFound({ dlqId }))
      assertEquals(yield* Effect.flip(theirs.delete(dlqId)), new DlqMessageNotFound({ dlqId }))
      assertEquals(
        yield* Effect.flip(theirs.get(DlqId.make("none"))),
        new DlqMessageNotFound({ dlqId: DlqId.make("none") })
      )
    }).pipe(Effect.provide(virtual(failing)))
  )

  it.effect("outlives the engine", () =>
    Effect.gen(function* () {
      const { ids, store } = yield* persistent
      const onStore = Layer.succeed(Store, store)
      yield* Effect.zipRight(publish("job", { failureCallback: urlOf("failed") }), advance(0)).pipe(
        Effect.provide(virtual(byPath({ "/job": failing }), {}, onStore, ids))
      )
      yield* Effect.gen(function* () {
        const dlq = yield* QStashDlq
        yield* dlq.retry((yield* only).dlqId)
        yield* advance("1 minute")
        deepStrictEqual(yield* timeline, ["60 CREATED msg_3#0", "60 ACTIVE msg_3#0", "60 DELIVERED msg_3#0"])
      }).pipe(
        Effect.provide(
          virtual(undefined, { start: DateTime.unsafeMake("2025-01-01T00:01:00Z") }, onStore, ids)
        )
      )
    }).pipe(Effect.scoped)
  )
})
