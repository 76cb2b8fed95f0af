import {
  type PublishMessage,
  QStashDlq,
  QStashMessages,
  QStashSchedules,
  QStashUrlGroups,
  QueueName,
  RedactedValue,
  UrlGroupName
} from "@effect-qstash/domain"
import * as CallbackBody from "@effect-qstash/domain/wire/CallbackBody"
import * as Engine from "@effect-qstash/engine/Engine"
import { describe, it } from "@effect/vitest"
import { assertRight, deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import { DateTime, Effect, Either } from "effect"
import {
  advance,
  answered,
  answers,
  byPath,
  callerIp,
  id,
  Log,
  messageId,
  start,
  timeline,
  unanswered,
  virtual,
  visits
} from "./harness.ts"

const urlOf = (path: string) => `https://api.example.com/${path}`

const publish = (input: Partial<PublishMessage.Input> = {}) =>
  Effect.flatMap(QStashMessages, (messages) => messages.publish({ destination: urlOf("job"), ...input }))

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text)

const base64 = (text: string): string => Buffer.from(text).toString("base64")

/** What came to a path, in order: the JSON of the bodies. */
const bodiesAt = (path: string) =>
  Effect.map(Log, ({ arrivals }) =>
    arrivals.flatMap(({ request }): ReadonlyArray<unknown> =>
      request.url === urlOf(path) ? [JSON.parse(new TextDecoder().decode(request.body))] : []
    )
  )

const at = (seconds: number): number => Date.parse(start) + seconds * 1000

const failing = answers(answered(500, { "x-why": ["a", "b"] }, utf8("broken")))

describe("a callback", () => {
  it.effect("tells of every attempt until one succeeds: its answer, its number and the message", () =>
    Effect.gen(function* () {
      yield* publish({
        method: "PUT",
        headers: { "content-type": "text/plain", "x-many": ["1", "2"] },
        body: "question",
        retries: 4,
        delay: "1 minute",
        callback: urlOf("done")
      })
      yield* advance("1 day")
      const source = {
        maxRetries: 4,
        sourceMessageId: "msg_1",
        url: urlOf("job"),
        method: "PUT",
        sourceHeader: { "Content-Type": ["text/plain"], "X-Many": ["1", "2"] },
        sourceBody: base64("question"),
        notBefore: at(60),
        createdAt: at(0),
        callerIP: callerIp
      }
      deepStrictEqual(yield* bodiesAt("done"), [
        { status: 500, header: { "X-Why": ["a", "b"] }, body: base64("broken"), retried: 0, ...source },
        { status: 0, header: {}, body: "", retried: 1, ...source },
        { status: 201, header: { "X-Id": ["7"] }, body: base64("made"), retried: 2, ...source }
      ])
      deepStrictEqual(yield* visits, ["60 /job", "60 /done", "72 /job", "72 /done", "220 /job", "220 /done"])
    }).pipe(
      Effect.provide(
        virtual(
          byPath({
            "/job": answers(
              answered(500, { "x-why": ["a", "b"] }, utf8("broken")),
              unanswered,
              answered(201, { "x-id": "7" }, utf8("made"))
            )
          })
        )
      )
    )
  )

  it.effect("is read back by the codec that a receiver uses", () =>
    Effect.gen(function* () {
      const schedules = yield* QStashSchedules
      const groups = yield* QStashUrlGroups
      const workers = UrlGroupName.make("workers")
      yield* groups.upsertEndpoints(workers, [{ url: urlOf("job"), name: "First one" }])
      yield* schedules.create({
        scheduleId: id("nightly"),
        cron: "1 0 1 1 *",
        destination: { urlGroup: workers },
        body: Uint8Array.of(0xff, 0x00),
        retries: 0,
        callback: urlOf("done"),
        failureCallback: urlOf("failed")
      })
      yield* advance("1 hour")
      const [letter] = (yield* (yield* QStashDlq).list()).items
      const expected: CallbackBody.CallbackBody = {
        status: 500,
        headers: { "X-Why": ["a", "b"] },
        body: utf8("broken"),
        retried: 0,
        maxRetries: 0,
        sourceMessageId: messageId("msg_1"),
        urlGroup: workers,
        endpointName: "First one",
        url: urlOf("job"),
        method: "POST",
        sourceHeaders: {},
        sourceBody: Uint8Array.of(0xff, 0x00),
        notBefore: DateTime.unsafeMake(at(60)),
        createdAt: DateTime.unsafeMake(at(60)),
        scheduleId: id("nightly"),
        callerIp
      }
      const decoded = (path: string) =>
        Effect.map(bodiesAt(path), (bodies) => Either.all(bodies.map((body) => CallbackBody.decode(body))))
      assertRight(yield* decoded("done"), [expected])
      // Only the failure callback tells what the message has become.
      assertRight(
        yield* decoded("failed"),
        letter === undefined ? [] : [{ ...expected, dlqId: letter.dlqId }]
      )
    }).pipe(Effect.provide(virtual(byPath({ "/job": failing }))))
  )

  it.effect("is a message of its own: signed, with its own id, and JSON by POST unless told otherwise", () =>
    Effect.gen(function* () {
      yield* publish({
        method: "DELETE",
        headers: { "x-source": "1" },
        callback: urlOf("plain"),
        failureCallback: urlOf("unused")
      })
      yield* publish({
        callback: {
          url: urlOf("own"),
          method: "PUT",
          headers: { "content-type": "application/vnd.acme+json", "x-own": ["1", "2"] }
        }
      })
      yield* advance("1 hour")
      const { arrivals } = yield* Log
      const shown = (path: string) =>
        arrivals
          .filter(({ request }) => request.url === urlOf(path))
          .map(({ request }) => [
            request.method,
            ...request.headers.map(([name, value]) =>
              name === "Upstash-Signature" ? name : `${name}: ${value}`
            )
          ])
      deepStrictEqual(shown("plain"), [
        [
          "POST",
          "User-Agent: Upstash-QStash",
          "Content-Type: application/json",
          "Upstash-Message-Id: msg_3",
          "Upstash-Signature",
          "Upstash-Retried: 0",
          "Upstash-Region: EU-CENTRAL-1",
          `Upstash-Caller-Ip: ${callerIp}`
        ]
      ])
      deepStrictEqual(shown("own")[0]?.slice(0, 6), [
        "PUT",
        "User-Agent: Upstash-QStash",
        "Content-Type: application/vnd.acme+json",
        "X-Own: 1",
        "X-Own: 2",
        "Upstash-Message-Id: msg_4"
      ])
      deepStrictEqual(shown("unused"), [])
    }).pipe(Effect.provide(virtual()))
  )

  it.effect("has the retries of its message where it says nothing, and its own where it does", () =>
    Effect.gen(function* () {
      yield* publish({ retries: 1, callback: urlOf("inherits") })
      yield* publish({ retries: 1, callback: { url: urlOf("own"), retries: 2, retryDelay: "5000" } })
      yield* advance("1 day")
      deepStrictEqual(yield* visits, [
        "0 /job",
        "0 /job",
        "0 /inherits",
        "0 /own",
        "5 /own",
        "10 /own",
        "12 /inherits"
      ])
    }).pipe(Effect.provide(virtual(byPath({ "/inherits": failing, "/own": failing }))))
  )

  it.effect("has its own timeout, and does not share the source's", () =>
    Effect.gen(function* () {
      yield* publish({
        timeout: "5 seconds",
        callback: { url: urlOf("slow"), timeout: "20 seconds", retries: 0 }
      })
      yield* publish({ timeout: "5 seconds", callback: { url: urlOf("slower"), retries: 0 } })
      yield* advance("1 day")
      deepStrictEqual(
        (yield* timeline).filter((line) => /msg_[34]/.test(line) && /FAILED|DELIVERED/.test(line)),
        ["20 FAILED msg_3#0", "60 DELIVERED msg_4#0"]
      )
    }).pipe(
      Effect.provide(
        virtual(
          byPath({
            "/slow": () => Effect.as(Effect.sleep("1 minute"), answered(200)),
            "/slower": () => Effect.as(Effect.sleep("1 minute"), answered(200))
          })
        )
      )
    )
  )

  it.effect(
    "that fails for good becomes a dead letter, has no callbacks, and is no failure of its message",
    () =>
      Effect.gen(function* () {
        const schedules = yield* QStashSchedules
        yield* schedules.create({
          scheduleId: id("job"),
          cron: "1 0 1 1 *",
          destination: urlOf("job"),
          retries: 0,
          callback: urlOf("done"),
          failureCallback: urlOf("failed")
        })
        yield* advance("1 hour")
        deepStrictEqual(yield* visits, ["60 /job", "60 /done"])
        deepStrictEqual((yield* schedules.get(id("job"))).lastScheduleStates, { msg_1: "SUCCESS" })
        deepStrictEqual(
          (yield* (yield* QStashDlq).list()).items.map((letter) => [letter.messageId, letter.url]),
          [[messageId("msg_2"), urlOf("done")]]
        )
      }).pipe(Effect.provide(virtual(byPath({ "/done": failing }))))
  )

  it.effect("of a cancelled message still tells of the attempt that was under way", () =>
    Effect.gen(function* () {
      const messages = yield* QStashMessages
      yield* publish({ callback: urlOf("done"), failureCallback: urlOf("failed") })
      yield* advance("1 second")
      yield* messages.cancel(messageId("msg_1"))
      yield* advance("1 day")
      deepStrictEqual(yield* visits, ["0 /job", "60 /done"])
      // One that never started tells nothing.
      yield* publish({ delay: "1 hour", callback: urlOf("done"), failureCallback: urlOf("failed") })
      yield* messages.cancelMany({ all: true })
      yield* advance("1 day")
      strictEqual((yield* visits).length, 2)
    }).pipe(
      Effect.provide(virtual(byPath({ "/job": () => Effect.as(Effect.sleep("1 minute"), answered(500)) })))
    )
  )

  it.effect("hides from readers what its message hides, since it repeats it; its destination sees all", () =>
    Effect.gen(function* () {
      const engine = yield* Engine.Engine
      yield* publish({ body: "secret", redact: { body: true }, callback: urlOf("done") })
      yield* publish({
        headers: { "x-key": "secret" },
        redact: { headers: ["X-Key"] },
        callback: urlOf("done")
      })
      yield* publish({ body: "open", callback: urlOf("done") })
      yield* advance("1 second")
      const shown = (yield* engine.pending({ tenantId: "acme" })).map(
        ({ body }) => body instanceof RedactedValue
      )
      deepStrictEqual(shown, [true, true, false])
      const [first] = yield* bodiesAt("done")
      assertRight(
        Either.map(CallbackBody.decode(first), ({ sourceBody }) => sourceBody),
        utf8("secret")
      )
    }).pipe(Effect.provide(virtual(byPath({ "/done": answers(answered(500)) }))))
  )

  it.effect("may be cancelled as any message", () =>
    Effect.gen(function* () {
      const messages = yield* QStashMessages
      yield* publish({ callback: urlOf("done") })
      yield* advance("1 second")
      yield* messages.cancel(messageId("msg_2"))
      yield* advance("1 day")
      deepStrictEqual((yield* timeline).slice(-2), ["1 CANCEL_REQUESTED msg_2#1", "1 CANCELED msg_2#1"])
    }).pipe(Effect.provide(virtual(byPath({ "/done": failing }))))
  )
})

describe("a failure callback", () => {
  it.effect("tells once, at the end, and names the dead letter; the callback goes before it", () =>
    Effect.gen(function* () {
      yield* publish({
        retries: 1,
        body: "question",
        callback: urlOf("done"),
        failureCallback: urlOf("failed")
      })
      yield* advance("1 day")
      deepStrictEqual(yield* visits, ["0 /job", "0 /done", "12 /job", "12 /done", "12 /failed"])
      const [letter] = (yield* (yield* QStashDlq).list()).items
      deepStrictEqual(yield* bodiesAt("failed"), [
        {
          status: 500,
          header: { "X-Why": ["a", "b"] },
          body: base64("broken"),
          retried: 1,
          maxRetries: 1,
          dlqId: letter?.dlqId,
          sourceMessageId: "msg_1",
          url: urlOf("job"),
          method: "POST",
          sourceHeader: {},
          sourceBody: base64("question"),
          notBefore: at(0),
          createdAt: at(0),
          callerIP: callerIp
        }
      ])
    }).pipe(Effect.provide(virtual(byPath({ "/job": failing }))))
  )

  it.effect("comes at once where the destination says that no retry would help", () =>
    Effect.gen(function* () {
      yield* publish({ failureCallback: urlOf("failed") })
      yield* advance("1 second")
      deepStrictEqual(yield* visits, ["0 /job", "0 /failed"])
    }).pipe(
      Effect.provide(
        virtual(byPath({ "/job": answers(answered(489, { "upstash-nonretryable-error": "true" })) }))
      )
    )
  )

  it.effect("comes again where the dead letter is tried again and fails again", () =>
    Effect.gen(function* () {
      const dlq = yield* QStashDlq
      yield* publish({ retries: 0, failureCallback: urlOf("failed") })
      yield* advance("1 second")
      yield* dlq.retryMany({ all: true })
      yield* advance("1 second")
      deepStrictEqual(yield* visits, ["0 /job", "0 /failed", "1 /job", "1 /failed"])
      const ids = (yield* bodiesAt("failed")).map((body) =>
        Either.map(CallbackBody.decode(body), ({ dlqId, sourceMessageId }) => [sourceMessageId, dlqId])
      )
      const [letter] = (yield* dlq.list()).items
      assertRight(Either.all(ids.slice(-1)), [[messageId("msg_3"), letter?.dlqId]])
    }).pipe(Effect.provide(virtual(byPath({ "/job": failing }))))
  )

  it.effect("tells no answer where none came", () =>
    Effect.gen(function* () {
      yield* publish({ retries: 0, timeout: "1 second", failureCallback: urlOf("failed") })
      yield* advance("1 minute")
      const [body] = yield* bodiesAt("failed")
      const decoded = yield* CallbackBody.decode(body)
      strictEqual("status" in decoded, false)
      deepStrictEqual(decoded.body, new Uint8Array())
    }).pipe(Effect.provide(virtual(byPath({ "/job": () => Effect.never }), { settle: "50 millis" })))
  )
})

describe("callbacks and queues", () => {
  const mail = QueueName.make("mail")

  it.effect("hold the place of their message: the next one waits until the last of them is done", () =>
    Effect.gen(function* () {
      const messages = yield* QStashMessages
      yield* messages.enqueue(mail, {
        destination: urlOf("job"),
        retries: 0,
        callback: { url: urlOf("done"), retries: 1 },
        failureCallback: { url: urlOf("failed"), retries: 2 }
      })
      yield* messages.enqueue(mail, { destination: urlOf("next") })
      yield* advance("1 day")
      deepStrictEqual(yield* visits, [
        "0 /job",
        "0 /done",
        "0 /failed",
        "12 /done",
        "12 /failed",
        "160 /failed",
        "160 /next"
      ])
    }).pipe(
      Effect.provide(
        virtual(
          byPath({
            "/job": failing,
            "/done": failing,
            "/failed": answers(answered(500), answered(500), answered(200))
          })
        )
      )
    )
  )

  it.effect("do not hold up the retries of their own message", () =>
    Effect.gen(function* () {
      const messages = yield* QStashMessages
      yield* messages.enqueue(mail, { destination: urlOf("job"), callback: urlOf("done") })
      yield* messages.enqueue(mail, { destination: urlOf("next") })
      yield* advance("1 hour")
      // The callback of the first attempt is on its way for 1000 seconds.
      deepStrictEqual(yield* visits, ["0 /job", "0 /done", "12 /job", "12 /done", "1000 /next"])
    }).pipe(
      Effect.provide(
        virtual(
          byPath({
            "/job": answers(answered(500), answered(200)),
            "/done": (_request, count) =>
              Effect.as(count === 0 ? Effect.sleep("1000 seconds") : Effect.void, answered(200))
          })
        )
      )
    )
  )

  it.effect("hold nothing where the message was in no queue", () =>
    Effect.gen(function* () {
      yield* publish({ callback: urlOf("done") })
      yield* publish({ destination: urlOf("next") })
      yield* advance("1 minute")
      deepStrictEqual(yield* visits, ["0 /job", "0 /next", "0 /done"])
    }).pipe(Effect.provide(virtual()))
  )

  it.effect("hold the place no longer once they are cancelled", () =>
    Effect.gen(function* () {
      const messages = yield* QStashMessages
      yield* messages.enqueue(mail, { destination: urlOf("job"), callback: urlOf("done") })
      yield* messages.enqueue(mail, { destination: urlOf("next") })
      yield* advance("1 second")
      yield* messages.cancelMany({ url: urlOf("done") })
      yield* advance("1 second")
      deepStrictEqual(yield* visits, ["0 /job", "0 /done", "1 /next"])
    }).pipe(Effect.provide(virtual(byPath({ "/done": failing }))))
  )
})
