import {
  DeduplicationId,
  FlowControlKey,
  MessageNotFound,
  PublishMessage,
  QStashInvalidRequest,
  QStashMessages,
  QStashQuotaExceeded,
  QStashSchedules,
  QueueName,
  RedactedValue,
  UrlGroupName
} from "@effect-qstash/domain"
import type { Criteria } from "@effect-qstash/domain/input/Criteria"
import * as Engine from "@effect-qstash/engine/Engine"
import { VirtualClock } from "@effect-qstash/engine/VirtualClock"
import { describe, it } from "@effect/vitest"
import {
  assertEquals,
  assertInstanceOf,
  assertTrue,
  deepStrictEqual,
  strictEqual
} from "@effect/vitest/utils"
import { DateTime, Duration, Effect, Either, FastCheck, Fiber } from "effect"
import { createHash } from "node:crypto"
import {
  advance,
  type Answer,
  answered,
  answers,
  byPath,
  callerIp,
  destination,
  id,
  io,
  Log,
  messageId,
  start,
  timeline,
  virtual,
  visits
} from "./harness.ts"

const tenant = { tenantId: "acme", callerIp }

const publish = (input: Partial<PublishMessage.Input> = {}) =>
  Effect.flatMap(QStashMessages, (messages) => messages.publish({ destination, ...input }))

const pending = Effect.flatMap(Engine.Engine, (engine) => engine.pending(tenant))

const pendingIds = Effect.map(pending, (all) => all.map((message) => message.messageId))

const startsAt = DateTime.unsafeMake(start)

const urlOf = (path: string) => `https://api.example.com/${path}`

/** Sleeps for a minute of virtual time, and then answers so. */
const slowly =
  (status: number): Answer =>
  () =>
    Effect.as(Effect.sleep("1 minute"), answered(status))

describe("publish", () => {
  it.effect("answers with the id, and delivers once, at once, without any schedule", () =>
    Effect.gen(function* () {
      deepStrictEqual(yield* publish({ body: "text", headers: { "x-own": "1" }, method: "PUT" }), {
        messageId: messageId("msg_1"),
        url: destination,
        isDeduplicated: false
      })
      deepStrictEqual(yield* timeline, ["0 CREATED msg_1#0"])
      yield* advance("1 day")
      deepStrictEqual(yield* timeline, ["0 CREATED msg_1#0", "0 ACTIVE msg_1#0", "0 DELIVERED msg_1#0"])
      const [arrival] = (yield* Log).arrivals
      strictEqual(arrival?.request.method, "PUT")
      strictEqual(new TextDecoder().decode(arrival?.request.body), "text")
      deepStrictEqual(
        arrival?.request.headers.map(([name, value]) =>
          name === "Upstash-Signature" ? name : `${name}: ${value}`
        ),
        [
          "User-Agent: Upstash-QStash",
          "X-Own: 1",
          "Upstash-Message-Id: msg_1",
          "Upstash-Signature",
          "Upstash-Retried: 0",
          "Upstash-Region: EU-CENTRAL-1",
          `Upstash-Caller-Ip: ${callerIp}`
        ]
      )
    }).pipe(Effect.provide(virtual()))
  )

  it.effect("keeps every setting, for as long as the message is not done", () =>
    Effect.gen(function* () {
      const messages = yield* QStashMessages
      const { messageId: published } = yield* messages.publish({
        destination: "https://user:secret@api.example.com/a//b?x=1",
        method: "PATCH",
        headers: { "content-type": "text/plain", "x-many": ["1", "2"] },
        body: "text",
        retries: 1,
        retryDelay: "1000",
        timeout: "90 seconds",
        delay: "10 minutes",
        callback: { url: urlOf("done"), headers: { "x-done": "1" } },
        failureCallback: urlOf("failed"),
        flowControl: { key: FlowControlKey.make("api"), rate: 10 },
        labels: ["a", "b"]
      })
      const record = {
        messageId: messageId("msg_1"),
        url: "https://user:secret@api.example.com/a//b?x=1",
        method: "PATCH",
        headers: { "Content-Type": ["text/plain"], "X-Many": ["1", "2"] },
        body: "text",
        createdAt: startsAt,
        notBefore: DateTime.add(startsAt, { minutes: 10 }),
        maxRetries: 1,
        retryDelay: "1000",
        timeout: 90,
        callback: urlOf("done"),
        callbackHeaders: { "X-Done": ["1"] },
        failureCallback: urlOf("failed"),
        flowControlKey: FlowControlKey.make("api"),
        rate: 10,
        period: Duration.seconds(1),
        labels: ["a", "b"],
        callerIp
      }
      deepStrictEqual(yield* messages.get(published), record)
      deepStrictEqual(yield* pending, [record])
      // It waits for its retry: nothing that is told of it has changed.
      yield* advance("10 minutes")
      deepStrictEqual(yield* messages.get(published), record)
      yield* advance("1 second")
      assertEquals(yield* Effect.flip(messages.get(published)), new MessageNotFound({ messageId: published }))
    }).pipe(Effect.provide(virtual(answers(answered(500), answered(200)))))
  )

  it.effect("hides what is to be hidden from whoever reads it, not from the destination", () =>
    Effect.gen(function* () {
      const hidden = (text: string) =>
        new RedactedValue({ sha256: createHash("sha256").update(text).digest("hex") })
      yield* publish({
        body: "secret",
        headers: { Authorization: "Bearer 1" },
        redact: { body: true, headers: true },
        delay: "1 minute"
      })
      const [message] = yield* pending
      deepStrictEqual(
        [message?.body, message?.headers],
        [hidden("secret"), { Authorization: [hidden("Bearer 1")] }]
      )
      yield* advance("1 minute")
      const [arrival] = (yield* Log).arrivals
      strictEqual(new TextDecoder().decode(arrival?.request.body), "secret")
      assertTrue(arrival?.request.headers.some(([, value]) => value === "Bearer 1") === true)
    }).pipe(Effect.provide(virtual()))
  )

  it.effect("delivers after a delay, or not before an instant; an instant that is past is no obstacle", () =>
    Effect.gen(function* () {
      yield* publish({ destination: urlOf("delay"), delay: "90 seconds" })
      yield* publish({ destination: urlOf("instant"), notBefore: "2025-01-01T00:01:00.001Z" })
      yield* publish({ destination: urlOf("past"), notBefore: "2024-12-31T00:00:00Z" })
      deepStrictEqual(
        (yield* pending).map(({ notBefore }) => DateTime.formatIso(notBefore)),
        ["2025-01-01T00:01:30.000Z", "2025-01-01T00:01:01.000Z", start]
      )
      yield* advance("1 hour")
      deepStrictEqual(yield* visits, ["0 /past", "61 /instant", "90 /delay"])
    }).pipe(Effect.provide(virtual()))
  )

  it.effect("waits for the instant where a request over the wire gives a delay as well", () =>
    Effect.gen(function* () {
      const engine = yield* Engine.Engine
      const message = yield* PublishMessage.make({ destination, delay: "1 hour" })
      yield* engine.accept(tenant, [{ ...message, notBefore: DateTime.add(startsAt, { seconds: 5 }) }])
      yield* advance("1 hour")
      deepStrictEqual(yield* visits, ["5 /jobs"])
    }).pipe(Effect.provide(virtual()))
  )

  it.effect("may wait for a year and no longer, however it is said; what is refused leaves nothing", () =>
    Effect.gen(function* () {
      const messages = yield* QStashMessages
      const exceeded = new QStashQuotaExceeded({
        status: 412,
        reason: "quota maxDelay exceeded, current limit: 31536000"
      })
      yield* publish({ delay: "365 days" })
      yield* publish({ notBefore: "2026-01-01T00:00:00Z" })
      assertEquals(yield* Effect.flip(publish({ delay: "31536001 seconds" })), exceeded)
      assertEquals(yield* Effect.flip(publish({ notBefore: "2026-01-01T00:00:01Z" })), exceeded)
      assertEquals(
        yield* Effect.flip(messages.batch([{ destination }, { destination, delay: "366 days" }])),
        exceeded
      )
      deepStrictEqual(yield* pendingIds, [messageId("msg_1"), messageId("msg_2")])
    }).pipe(Effect.provide(virtual()))
  )

  it.effect("is retried as a schedule's message is, and then given up", () =>
    Effect.gen(function* () {
      yield* publish({ retries: 2 })
      yield* advance("1 day")
      deepStrictEqual(yield* timeline, [
        "0 CREATED msg_1#0",
        "0 ACTIVE msg_1#0",
        "0 ERROR msg_1#0",
        "0 RETRY msg_1#0",
        "12 ACTIVE msg_1#1",
        "12 ERROR msg_1#1",
        "12 RETRY msg_1#1",
        "160 ACTIVE msg_1#2",
        "160 ERROR msg_1#2",
        "160 FAILED msg_1#2"
      ])
    }).pipe(Effect.provide(virtual(answers(answered(500)))))
  )

  it.effect("from a destination is delivered at the same instant, after what was due before", () => {
    const act: { publish: Effect.Effect<unknown, unknown> } = { publish: Effect.void }
    return Effect.gen(function* () {
      const messages = yield* QStashMessages
      act.publish = messages.publish({ destination: urlOf("child") })
      yield* messages.publish({ destination: urlOf("parent") })
      yield* messages.publish({ destination: urlOf("sibling") })
      yield* advance("1 minute")
      deepStrictEqual(yield* visits, ["0 /parent", "0 /sibling", "0 /child"])
    }).pipe(
      Effect.provide(
        virtual(byPath({ "/parent": () => Effect.as(Effect.orDie(act.publish), answered(200)) }))
      )
    )
  })

  it.effect("is told at once, in one order with what the engine does itself", () => {
    const act: { publish: Effect.Effect<unknown, unknown> } = { publish: Effect.void }
    return Effect.gen(function* () {
      const messages = yield* QStashMessages
      act.publish = messages.publish({ destination: urlOf("child") })
      yield* messages.publish({ destination: urlOf("parent") })
      yield* advance("1 minute")
      deepStrictEqual(yield* timeline, [
        "0 CREATED msg_1#0",
        "0 ACTIVE msg_1#0",
        "0 CREATED msg_2#0",
        "0 DELIVERED msg_1#0",
        "0 ACTIVE msg_2#0",
        "0 DELIVERED msg_2#0"
      ])
    }).pipe(
      Effect.provide(
        virtual(byPath({ "/parent": () => Effect.as(Effect.orDie(act.publish), answered(200)) }))
      )
    )
  })
})

describe("a batch", () => {
  it.effect("is answered in its order, one by one", () =>
    Effect.gen(function* () {
      const messages = yield* QStashMessages
      const answer = yield* messages.batch([
        { destination: urlOf("a") },
        { destination: urlOf("b"), queueName: QueueName.make("mail"), delay: "1 second" },
        { destination: urlOf("c"), deduplicationId: DeduplicationId.make("x") },
        { destination: urlOf("d"), deduplicationId: DeduplicationId.make("x") }
      ])
      const accepted = (number: number, path: string, isDeduplicated: boolean) =>
        Either.right([{ messageId: messageId(`msg_${number}`), url: urlOf(path), isDeduplicated }])
      deepStrictEqual(answer, [
        accepted(1, "a", false),
        accepted(2, "b", false),
        accepted(3, "c", false),
        accepted(3, "c", true)
      ])
      yield* advance("1 minute")
      deepStrictEqual(yield* visits, ["0 /a", "0 /c", "1 /b"])
      deepStrictEqual(yield* messages.batch([]), [])
    }).pipe(Effect.provide(virtual()))
  )

  it.effect("with one that is wrong is refused as a whole, and the error says which one", () =>
    Effect.gen(function* () {
      const messages = yield* QStashMessages
      const error = yield* Effect.flip(
        messages.batch([{ destination }, { destination, retries: -1 }, { destination: "nowhere" }])
      )
      assertInstanceOf(error, QStashInvalidRequest)
      strictEqual(error.field, "[1].retries")
      const lost = { urlGroup: UrlGroupName.make("lost") }
      assertEquals(
        yield* Effect.flip(messages.batch([{ destination }, { destination: lost }])),
        new QStashInvalidRequest({ reason: "topic lost not found", status: 400 })
      )
      deepStrictEqual(yield* pending, [])
      deepStrictEqual(yield* timeline, [])
    }).pipe(Effect.provide(virtual()))
  )
})

describe("deduplication", () => {
  it.effect("by id lasts ten minutes, whatever became of the first message", () =>
    Effect.gen(function* () {
      const once = (path: string) =>
        Effect.map(
          publish({ destination: urlOf(path), deduplicationId: DeduplicationId.make("x") }),
          (published) => published
        )
      const first = yield* once("a")
      yield* advance("599999 millis")
      deepStrictEqual(yield* once("b"), {
        messageId: messageId("msg_1"),
        url: urlOf("a"),
        isDeduplicated: true
      })
      yield* advance("1 millis")
      deepStrictEqual(yield* once("c"), {
        messageId: messageId("msg_2"),
        url: urlOf("c"),
        isDeduplicated: false
      })
      yield* advance(0)
      deepStrictEqual(yield* visits, ["0 /a", "600 /c"])
      deepStrictEqual(first, { messageId: messageId("msg_1"), url: urlOf("a"), isDeduplicated: false })
    }).pipe(Effect.provide(virtual(answers(answered(489, { "upstash-nonretryable-error": "true" })))))
  )

  it.effect("counts for every way to send a message, and no failed call takes an id", () =>
    Effect.gen(function* () {
      const messages = yield* QStashMessages
      const deduplicationId = DeduplicationId.make("x")
      yield* Effect.flip(messages.publish({ destination, deduplicationId, delay: "366 days" }))
      yield* Effect.flip(
        messages.batch([
          { destination, deduplicationId },
          { destination, retries: -1 }
        ])
      )
      yield* messages.enqueue(QueueName.make("mail"), { destination, deduplicationId })
      const again = yield* messages.publish({ destination, deduplicationId })
      strictEqual(again.isDeduplicated, true)
      deepStrictEqual(yield* pendingIds, [messageId("msg_1")])
      const other = yield* Effect.map(Engine.Engine, (engine) => engine.messages({ tenantId: "other" }))
      strictEqual((yield* other.publish({ destination, deduplicationId })).isDeduplicated, false)
    }).pipe(Effect.provide(virtual()))
  )

  it.effect("by content looks at destination, body and headers, and at nothing else", () =>
    Effect.gen(function* () {
      const like = (input: Partial<PublishMessage.Input>) =>
        Effect.map(
          publish({
            body: "text",
            headers: { "Content-Type": "text/plain", "X-A": ["1", "2"] },
            contentBasedDeduplication: true,
            ...input
          }),
          (published) => "isDeduplicated" in published && published.isDeduplicated
        )
      strictEqual(yield* like({}), false)
      strictEqual(yield* like({}), true)
      strictEqual(yield* like({ retries: 1, delay: "1 second", labels: ["a"], method: "PUT" }), true)
      // The order of headers is no part of the content.
      strictEqual(yield* like({ headers: { "x-a": ["1", "2"], "content-type": "text/plain" } }), true)
      for (const other of [
        { body: "other" },
        { body: "" },
        { destination: `${destination}?x=1` },
        { headers: { "Content-Type": "text/html", "X-A": ["1", "2"] } },
        { headers: { "Content-Type": "text/plain", "X-A": ["2", "1"] } },
        { headers: { "Content-Type": "text/plain", "X-A": ["1,2"] } },
        { headers: { "Content-Type": "text/plain" } }
      ]) {
        strictEqual(yield* like(other), false)
        strictEqual(yield* like(other), true)
      }
      strictEqual(yield* like({ contentBasedDeduplication: false }), false)
    }).pipe(Effect.provide(virtual()))
  )

  it.effect.prop(
    "by content takes two messages for the same only if they are",
    [
      FastCheck.array(
        FastCheck.record({
          body: FastCheck.constantFrom("", "a", "b", "ab", "\0", '"'),
          headers: FastCheck.dictionary(
            FastCheck.constantFrom("X-A", "X-B", "X-Ab"),
            FastCheck.constantFrom("", "a", "b", '","')
          ),
          destination: FastCheck.constantFrom(urlOf("a"), urlOf("b"), urlOf("ab"))
        }),
        { minLength: 2, maxLength: 12 }
      )
    ],
    ([inputs]) =>
      Effect.gen(function* () {
        const seen = new Set<string>()
        for (const input of inputs) {
          const content = JSON.stringify([
            input.destination,
            input.body,
            Object.entries(input.headers).toSorted(([self], [that]) => self.localeCompare(that))
          ])
          const messages = yield* QStashMessages
          const { isDeduplicated } = yield* messages.publish({ ...input, contentBasedDeduplication: true })
          strictEqual(isDeduplicated, seen.has(content))
          seen.add(content)
        }
      }).pipe(Effect.provide(virtual())),
    { fastCheck: { numRuns: 30 } }
  )

  it.effect("is no matter of schedules: each firing is a message of its own", () =>
    Effect.gen(function* () {
      const schedules = yield* QStashSchedules
      yield* schedules.create({ scheduleId: id("job"), cron: "* * * * *", destination })
      yield* advance("2 minutes")
      deepStrictEqual(yield* visits, ["60 /jobs", "120 /jobs"])
    }).pipe(Effect.provide(virtual()))
  )
})

describe("a cancel", () => {
  it.effect("of a message that waits ends it at once", () =>
    Effect.gen(function* () {
      const messages = yield* QStashMessages
      yield* publish({ delay: "1 hour" })
      yield* advance("1 minute")
      yield* messages.cancel(messageId("msg_1"))
      yield* advance("1 day")
      deepStrictEqual(yield* timeline, [
        "0 CREATED msg_1#0",
        "60 CANCEL_REQUESTED msg_1#0",
        "60 CANCELED msg_1#0"
      ])
      const absent = new MessageNotFound({ messageId: messageId("msg_1") })
      assertEquals(yield* Effect.flip(messages.cancel(messageId("msg_1"))), absent)
    }).pipe(Effect.provide(virtual()))
  )

  it.effect("of a message that waits for a retry ends it at once", () =>
    Effect.gen(function* () {
      const messages = yield* QStashMessages
      yield* publish()
      yield* advance("1 second")
      yield* messages.cancel(messageId("msg_1"))
      yield* advance("1 day")
      deepStrictEqual((yield* timeline).slice(3), [
        "0 RETRY msg_1#0",
        "1 CANCEL_REQUESTED msg_1#1",
        "1 CANCELED msg_1#1"
      ])
    }).pipe(Effect.provide(virtual(answers(answered(500)))))
  )

  it.effect.each([
    [200, "60 DELIVERED msg_1#0"],
    [500, "60 ERROR msg_1#0"]
  ] as const)("of a message under way lets the attempt end with %i, and nothing follows", ([status, end]) =>
    Effect.gen(function* () {
      const messages = yield* QStashMessages
      yield* publish({ failureCallback: urlOf("failed") })
      yield* advance("1 second")
      yield* messages.cancel(messageId("msg_1"))
      // Asking twice is no error so long as it is there.
      yield* messages.cancel(messageId("msg_1"))
      deepStrictEqual(yield* pendingIds, [messageId("msg_1")])
      yield* advance("1 day")
      deepStrictEqual((yield* timeline).slice(2), [
        "1 CANCEL_REQUESTED msg_1#0",
        end,
        ...(status === 200 ? [] : ["60 CANCELED msg_1#0"])
      ])
      deepStrictEqual(yield* visits, ["0 /jobs"])
      deepStrictEqual(yield* pending, [])
    }).pipe(Effect.provide(virtual(slowly(status))))
  )

  it.effect("of a message under way lets it run into its timeout, and it is not tried again", () =>
    Effect.gen(function* () {
      const messages = yield* QStashMessages
      yield* publish({ timeout: "10 seconds" })
      yield* advance("1 second")
      yield* messages.cancel(messageId("msg_1"))
      yield* advance("1 day")
      deepStrictEqual((yield* timeline).slice(2), [
        "1 CANCEL_REQUESTED msg_1#0",
        "10 ERROR msg_1#0",
        "10 CANCELED msg_1#0"
      ])
    }).pipe(Effect.provide(virtual(slowly(200))))
  )

  it.effect("from within its own delivery counts", () => {
    const act: { cancel: Effect.Effect<unknown, unknown> } = { cancel: Effect.void }
    return Effect.gen(function* () {
      const messages = yield* QStashMessages
      act.cancel = messages.cancel(messageId("msg_1"))
      yield* publish()
      yield* advance("1 day")
      deepStrictEqual(yield* timeline, [
        "0 CREATED msg_1#0",
        "0 ACTIVE msg_1#0",
        "0 CANCEL_REQUESTED msg_1#0",
        "0 ERROR msg_1#0",
        "0 CANCELED msg_1#0"
      ])
    }).pipe(
      Effect.provide(
        virtual(() => io(5).pipe(Effect.zipRight(Effect.orDie(act.cancel)), Effect.as(answered(500))))
      )
    )
  })

  it.effect("that races with the end of the attempt has exactly one of two ends", () =>
    Effect.gen(function* () {
      const messages = yield* QStashMessages
      const { clock } = yield* VirtualClock
      yield* publish({ retries: 5, retryDelay: "60000" })
      // Asleep until the very instant at which the attempt ends.
      const canceller = yield* Effect.sleep("1 minute").pipe(
        Effect.zipRight(messages.cancel(messageId("msg_1"))),
        Effect.withClock(clock),
        Effect.fork
      )
      yield* Effect.yieldNow()
      yield* advance("1 day")
      yield* Fiber.join(canceller)
      const ends = (yield* timeline).filter((line) => /CANCELED|DELIVERED|FAILED/.test(line))
      strictEqual(ends.length, 1)
      deepStrictEqual(yield* visits, ["0 /jobs"])
    }).pipe(Effect.provide(virtual(slowly(500))))
  )

  it.effect("of many takes those that match, and says how many", () =>
    Effect.gen(function* () {
      const messages = yield* QStashMessages
      for (const [path, labels] of [
        ["a", ["x"]],
        ["b", ["x", "y"]],
        ["c", ["y"]],
        ["d", []]
      ] as const) {
        yield* publish({ destination: urlOf(path), labels, delay: "1 hour" })
      }
      strictEqual(yield* messages.cancelMany({ label: "x" }), 2)
      strictEqual(yield* messages.cancelMany({ label: "x" }), 0)
      strictEqual(yield* messages.cancelMany({ messageIds: [messageId("msg_3"), messageId("none")] }), 1)
      strictEqual(yield* messages.cancelMany({ all: true }), 1)
      deepStrictEqual(yield* pending, [])
    }).pipe(Effect.provide(virtual()))
  )
})

describe("a selection", () => {
  /** Messages that differ in all that they can be chosen by; each is named by its path. */
  const populate = Effect.gen(function* () {
    const engine = yield* Engine.Engine
    const mine = engine.messages(tenant)
    const yours = engine.messages({ ...tenant, callerIp: "198.51.100.1" })
    const workers = UrlGroupName.make("workers")
    yield* engine.urlGroups(tenant).upsertEndpoints(workers, [{ url: urlOf("grouped") }])
    yield* engine.schedules(tenant).create({
      scheduleId: id("nightly"),
      cron: "1 0 1 1 *",
      destination: urlOf("scheduled"),
      delay: "1 hour"
    })
    const delay = "1 hour"
    yield* mine.publish({ destination: urlOf("plain?x=1"), delay })
    yield* yours.publish({ destination: urlOf("theirs"), delay })
    yield* mine.publish({ destination: "http://other.example.com:8080/port", delay, labels: ["a", "b"] })
    yield* mine.enqueue(QueueName.make("mail"), { destination: urlOf("queued"), labels: ["b"] })
    yield* engine.queues(tenant).pause(QueueName.make("mail"))
    yield* mine.publish({ destination: { urlGroup: workers }, delay })
    yield* mine.publish({
      destination: urlOf("limited"),
      delay,
      flowControl: { key: FlowControlKey.make("api"), parallelism: 1 }
    })
    yield* advance("1 minute")
  })

  const everything = ["plain", "theirs", "port", "queued", "grouped", "limited", "scheduled"]
  const at = (seconds: number) => Date.parse(start) + seconds * 1000

  it.effect.each<[Criteria, ReadonlyArray<string>]>([
    [{}, everything],
    [{ url: [urlOf("plain?x=1")] }, ["plain"]],
    [{ url: [urlOf("plain")] }, []],
    [{ url: [urlOf("theirs"), urlOf("limited")] }, ["theirs", "limited"]],
    [{ host: ["api.example.com"] }, everything.filter((path) => path !== "port")],
    [{ host: ["other.example.com:8080"] }, ["port"]],
    [{ host: ["other.example.com"] }, []],
    [{ path: ["/plain"] }, ["plain"]],
    [{ path: ["/plain", "/port"], host: ["api.example.com"] }, ["plain"]],
    [{ label: ["a"] }, ["port"]],
    [{ label: ["b"] }, ["port", "queued"]],
    [{ label: ["c", "a"] }, ["port"]],
    [{ urlGroup: ["workers"] }, ["grouped"]],
    [{ urlGroup: ["other"] }, []],
    [{ queueName: ["mail"] }, ["queued"]],
    [{ scheduleId: ["nightly"] }, ["scheduled"]],
    [{ flowControlKey: ["api"] }, ["limited"]],
    [{ callerIp: ["198.51.100.1"] }, ["theirs"]],
    [{ callerIp: [callerIp], label: ["b"], queueName: ["mail", "other"] }, ["queued"]],
    [{ fromDate: at(1) }, ["scheduled"]],
    [{ fromDate: at(60), toDate: at(60) }, ["scheduled"]],
    [{ toDate: at(59) }, everything.slice(0, -1)],
    [{ fromDate: at(61) }, []],
    [{ messageIds: ["msg_1", "msg_3"] }, ["plain", "port"]],
    // The ids go before all else.
    [{ messageIds: ["msg_1"], label: ["a"], fromDate: at(1) }, ["plain"]]
  ])("%j finds what it says", ([criteria, expected]) =>
    Effect.gen(function* () {
      yield* populate
      const engine = yield* Engine.Engine
      strictEqual(yield* engine.cancelMany(tenant, criteria), expected.length)
      const left = new Set((yield* pending).map(({ url }) => new URL(url).pathname.slice(1)))
      deepStrictEqual(
        everything.filter((path) => !left.has(path)),
        expected
      )
    }).pipe(Effect.provide(virtual()))
  )

  it.effect("stops at the count, and takes the oldest first", () =>
    Effect.gen(function* () {
      yield* populate
      const engine = yield* Engine.Engine
      strictEqual(yield* engine.cancelMany(tenant, { host: ["api.example.com"] }, 2), 2)
      deepStrictEqual(
        (yield* pending).map(({ url }) => new URL(url).pathname.slice(1)),
        everything.slice(2)
      )
    }).pipe(Effect.provide(virtual()))
  )
})
