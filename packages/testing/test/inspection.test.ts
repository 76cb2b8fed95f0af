import {
  MessageId,
  type PublishMessage,
  QStashDlq,
  QStashLogs,
  QStashMessages,
  QStashUrlGroups,
  QueueName,
  UrlGroupName
} from "@effect-qstash/domain"
import { QStashTest } from "@effect-qstash/testing"
import { HttpRouter, HttpServerResponse } from "@effect/platform"
import { assert, describe, it } from "@effect/vitest"
import { DateTime, Effect, Stream } from "effect"
import { inspect } from "node:util"

const urlOf = (path: string) => `https://api.example.com/${path}`

const publish = (path: string, input: Partial<PublishMessage.Input> = {}) =>
  Effect.flatMap(QStashMessages, (messages) => messages.publish({ destination: urlOf(path), ...input }))

const pathsOf = (items: ReadonlyArray<{ readonly url: string }>) =>
  items.map(({ url }) => new URL(url).pathname.slice(1))

describe("a Delivery", () => {
  it.effect("shows in a failed assertion and in the console what it is about", () =>
    Effect.gen(function* () {
      yield* QStashTest.respond({ status: 500, body: "busy" })
      yield* publish("job", { body: "sales", headers: { "X-Report": "daily" }, retries: 0 })
      yield* QStashTest.advance(0)
      const [delivery] = yield* QStashTest.deliveries
      const shown = inspect(delivery, { depth: 5 })
      for (const text of [
        "2025-01-01T00:00:00.000Z",
        "'msg_1'",
        urlOf("job"),
        "'sales'",
        "'X-Report: daily'",
        "{ status: 500, text: 'busy' }"
      ])
        assert.include(shown, text)
      assert.notInclude(shown, "scheduleId")
      assert.include(JSON.stringify(delivery), '"outcome":{"status":500,"text":"busy"}')
    }).pipe(Effect.provide(QStashTest.layer))
  )
})

describe("QStashTest.messages", () => {
  it.effect("are those that wait or are under way, the oldest first", () =>
    Effect.gen(function* () {
      yield* QStashTest.respond(({ url }) =>
        url === urlOf("slow")
          ? Effect.as(Effect.sleep("1 hour"), 200)
          : Effect.succeed(url === urlOf("fails") ? 500 : 200)
      )
      for (const path of ["slow", "fails", "quick"]) yield* publish(path)
      yield* publish("late", { delay: "30 minutes" })
      assert.deepStrictEqual(pathsOf(yield* QStashTest.messages), ["slow", "fails", "quick", "late"])
      yield* QStashTest.advance("1 second")
      assert.deepStrictEqual(pathsOf(yield* QStashTest.messages), ["slow", "fails", "late"])
      const messages = yield* QStashMessages
      const [slow] = yield* QStashTest.messages
      assert.deepStrictEqual(slow, yield* messages.get(MessageId.make("msg_1")))
      yield* QStashTest.advance("1 day")
      assert.deepStrictEqual(yield* QStashTest.messages, [])
    }).pipe(Effect.provide(QStashTest.layer))
  )
})

describe("QStashTest.dlq", () => {
  it.effect("is all of the dead letter queue, as its service reports it, for seven days", () =>
    Effect.gen(function* () {
      const dlq = yield* QStashDlq
      yield* QStashTest.respond({ status: 500, headers: { "X-Why": "a" }, body: "broken" })
      for (let count = 0; count < 150; count++) yield* publish(`m${count}`, { retries: 0 })
      yield* QStashTest.advance("1 second")
      const letters = yield* QStashTest.dlq
      assert.lengthOf(letters, 150)
      assert.deepStrictEqual(letters.slice(0, 100), (yield* dlq.list()).items)
      assert.deepStrictEqual(
        letters
          .slice(0, 1)
          .map(({ responseBody, responseHeaders, responseStatus, url }) => [
            url,
            responseStatus,
            responseHeaders,
            responseBody
          ]),
        [[urlOf("m0"), 500, { "X-Why": ["a"] }, "broken"]]
      )
      yield* QStashTest.advance("6 days")
      assert.lengthOf(yield* QStashTest.dlq, 150)
      yield* QStashTest.advance("1 day")
      assert.lengthOf(yield* QStashTest.dlq, 0)
    }).pipe(Effect.provide(QStashTest.layer))
  )

  it.effect("is empty again after another try that succeeds", () =>
    Effect.gen(function* () {
      const dlq = yield* QStashDlq
      yield* QStashTest.respond(503)
      yield* publish("job", { retries: 0 })
      yield* QStashTest.advance("1 hour")
      assert.lengthOf(yield* QStashTest.dlq, 1)
      yield* QStashTest.respond(200)
      yield* dlq.retryMany({ all: true })
      yield* QStashTest.advance("1 hour")
      assert.deepStrictEqual(yield* QStashTest.dlq, [])
      assert.deepStrictEqual(
        (yield* QStashTest.deliveries).map(({ messageId, status }) => [messageId, status]),
        [
          [MessageId.make("msg_1"), 503],
          [MessageId.make("msg_2"), 200]
        ]
      )
    }).pipe(Effect.provide(QStashTest.layer))
  )
})

describe("QStashTest.logs", () => {
  it.effect("are the whole log, as its service reports it, the oldest first, for three days", () =>
    Effect.gen(function* () {
      const logs = yield* QStashLogs
      for (let count = 0; count < 400; count++) yield* publish(`m${count}`)
      yield* QStashTest.advance("1 second")
      const entries = yield* QStashTest.logs
      assert.lengthOf(entries, 1200)
      assert.deepStrictEqual(
        entries,
        Array.from(yield* Stream.runCollect(logs.stream({ order: "earliestFirst" })))
      )
      yield* QStashTest.advance("2 days")
      assert.lengthOf(yield* QStashTest.logs, 1200)
      yield* QStashTest.advance("1 day")
      assert.lengthOf(yield* QStashTest.logs, 0)
    }).pipe(Effect.provide(QStashTest.layer))
  )
})

describe("QStashTest.events", () => {
  it.effect("say in short which message of what they are about", () =>
    Effect.gen(function* () {
      const messages = yield* QStashMessages
      const groups = yield* QStashUrlGroups
      const urlGroup = UrlGroupName.make("workers")
      const queueName = QueueName.make("mail")
      yield* groups.upsertEndpoints(urlGroup, [{ url: urlOf("worker") }])
      yield* QStashTest.respond(({ retried, url }) =>
        Effect.succeed(url === urlOf("worker") && retried === 0 ? 500 : 200)
      )
      yield* messages.enqueue(queueName, {
        destination: { urlGroup },
        method: "PUT",
        callback: urlOf("done")
      })
      yield* QStashTest.advance("12 seconds")
      const about = {
        messageId: MessageId.make("msg_1"),
        method: "PUT",
        url: urlOf("worker"),
        urlGroup,
        queueName
      }
      const callback = (number: number) => ({
        messageId: MessageId.make(`msg_${number}`),
        method: "POST",
        url: urlOf("done"),
        callbackOf: MessageId.make("msg_1"),
        retried: 0
      })
      const at = (seconds: number) =>
        DateTime.unsafeMake(`2025-01-01T00:00:${seconds === 0 ? "00" : seconds}Z`)
      const failure = { responseStatus: 500, error: "the destination responded with 500" }
      const first = { ...about, retried: 0, time: at(0) }
      const second = { ...about, retried: 1, time: at(12) }
      const then = { nextDeliveryTime: at(12) }
      assert.deepStrictEqual(yield* QStashTest.events, [
        { ...first, state: "CREATED" },
        { ...first, state: "ACTIVE" },
        { ...first, state: "ERROR", ...failure, ...then },
        { ...first, state: "RETRY", ...then },
        { ...callback(2), time: at(0), state: "CREATED" },
        { ...callback(2), time: at(0), state: "ACTIVE" },
        { ...callback(2), time: at(0), state: "DELIVERED", responseStatus: 200 },
        { ...second, state: "ACTIVE" },
        { ...second, state: "DELIVERED", responseStatus: 200 },
        { ...callback(3), time: at(12), state: "CREATED" },
        { ...callback(3), time: at(12), state: "ACTIVE" },
        { ...callback(3), time: at(12), state: "DELIVERED", responseStatus: 200 }
      ])
    }).pipe(Effect.provide(QStashTest.layer))
  )
})

describe("an answer", () => {
  it.effect("may be a status, or have headers and a body of text or bytes", () =>
    Effect.gen(function* () {
      const answers: ReadonlyArray<QStashTest.Response> = [
        204,
        { status: 201 },
        { status: 202, headers: { "X-Id": "7" }, body: "grün" },
        { status: 203, body: Uint8Array.of(0xff, 0x00) }
      ]
      for (const answer of answers) {
        yield* QStashTest.respond(answer)
        yield* publish("job")
        yield* QStashTest.advance("1 second")
      }
      const logs = (yield* QStashTest.logs).filter(({ state }) => state === "DELIVERED")
      assert.deepStrictEqual(
        logs.map(({ responseBody, responseHeaders, responseStatus }) => [
          responseStatus,
          responseHeaders,
          responseBody
        ]),
        [
          [204, {}, undefined],
          [201, {}, undefined],
          [202, { "X-Id": ["7"] }, "grün"],
          [203, {}, Uint8Array.of(0xff, 0x00)]
        ]
      )
      const last = (yield* QStashTest.deliveries).at(-1)
      assert.deepStrictEqual(last?.outcome, {
        _tag: "Answered",
        status: 203,
        headers: {},
        body: Uint8Array.of(0xff, 0x00)
      })
    }).pipe(Effect.provide(QStashTest.layer))
  )

  it.effect("of an HttpApp is kept with its body, however the app makes it", () =>
    Effect.gen(function* () {
      for (const path of ["empty", "text", "json", "bytes", "stream", "broken"]) {
        yield* publish(path, { retries: 0 })
      }
      yield* QStashTest.advance("1 second")
      const ended = (yield* QStashTest.logs).filter(
        ({ state }) => state === "DELIVERED" || state === "FAILED"
      )
      assert.deepStrictEqual(
        ended.map(({ error, responseBody, responseStatus, url }) => [
          ...pathsOf([{ url }]),
          responseStatus,
          responseBody,
          error
        ]),
        [
          ["empty", 204, undefined, undefined],
          ["text", 200, "text", undefined],
          ["json", 201, '{"a":1}', undefined],
          ["bytes", 200, Uint8Array.of(0xff), undefined],
          ["stream", 200, "one two", undefined],
          ["broken", undefined, undefined, "the response broke off"]
        ]
      )
    }).pipe(
      Effect.provide(
        QStashTest.layerApp(
          HttpRouter.empty.pipe(
            HttpRouter.post("/empty", HttpServerResponse.empty()),
            HttpRouter.post("/text", HttpServerResponse.text("text")),
            HttpRouter.post("/json", HttpServerResponse.json({ a: 1 }, { status: 201 })),
            HttpRouter.post("/bytes", HttpServerResponse.uint8Array(Uint8Array.of(0xff))),
            HttpRouter.post(
              "/stream",
              HttpServerResponse.stream(Stream.encodeText(Stream.make("one", " ", "two")))
            ),
            HttpRouter.post(
              "/broken",
              HttpServerResponse.stream(Stream.concat(Stream.make(new Uint8Array(1)), Stream.fail("broken")))
            )
          )
        )
      )
    )
  )

  it.effect("is kept up to its first MiB, and an answer without end is left there", () => {
    const kept = 1024 * 1024
    const ended: Array<string> = []
    const chunk = new Uint8Array(300_000).fill(1)
    const endless = Stream.ensuring(
      Stream.forever(Stream.make(chunk)),
      Effect.sync(() => ended.push("stream"))
    )
    const app = HttpRouter.empty.pipe(
      HttpRouter.post("/whole", HttpServerResponse.uint8Array(new Uint8Array(kept).fill(1))),
      HttpRouter.post("/long", HttpServerResponse.uint8Array(new Uint8Array(kept + 1).fill(1))),
      HttpRouter.post("/endless", HttpServerResponse.stream(endless)),
      HttpRouter.post("/raw", HttpServerResponse.raw(Stream.toAsyncIterable(endless)))
    )
    return Effect.gen(function* () {
      for (const path of ["whole", "long", "endless", "raw"]) yield* publish(path, { retries: 0 })
      yield* QStashTest.advance(0)
      yield* QStashTest.respond({ status: 200, body: "1".repeat(kept + 1) })
      yield* publish("told", { retries: 0 })
      yield* QStashTest.advance(0)
      const sizes = (yield* QStashTest.deliveries).map(({ outcome }) =>
        outcome?._tag === "Answered" ? outcome.body?.length : undefined
      )
      assert.deepStrictEqual(sizes, [kept, kept, kept, kept, kept])
      assert.deepStrictEqual(ended, ["stream", "stream"])
    }).pipe(Effect.provide(QStashTest.layerApp(app)))
  })

  it.effect("fails the attempt if it has more than 1 MiB of headers", () =>
    Effect.gen(function* () {
      const limit = 1024 * 1024
      yield* QStashTest.respond(({ url }) =>
        Effect.succeed({
          status: 200,
          headers: { x: "x".repeat(url.endsWith("/most") ? limit - 1 : limit) }
        })
      )
      yield* publish("most", { retries: 0 })
      yield* publish("more", { retries: 0 })
      yield* QStashTest.advance(0)
      const [most, more] = (yield* QStashTest.deliveries).map(({ outcome }) => outcome)
      assert.strictEqual(most?._tag, "Answered")
      assert.strictEqual(
        more?._tag === "Unanswered" ? more.reason : "",
        "the response has more than 1048576 bytes of headers, the default limit of the local server"
      )
    }).pipe(Effect.provide(QStashTest.layer))
  )
})
