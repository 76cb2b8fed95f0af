import {
  MessageId,
  QStashDlq,
  QStashLogs,
  QStashMessages,
  type QStashServices,
  QueueName
} from "@effect-qstash/domain"
import * as CallbackBody from "@effect-qstash/domain/wire/CallbackBody"
import { QStashTest } from "@effect-qstash/testing"
import { HttpRouter, HttpServerRequest, HttpServerResponse } from "@effect/platform"
import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import { Chunk, Context, Effect, Layer, Ref, Stream } from "effect"

const origin = "https://api.example.com"

/** What the app was told, in order. */
class Told extends Context.Tag("Told")<Told, Ref.Ref<ReadonlyArray<string>>>() {}

const tell = (line: string) =>
  Effect.flatMap(
    Told,
    Ref.update((lines) => [...lines, line])
  )

/** Takes orders, answers the first try of each with 503, and is told what became of them. */
const app = HttpRouter.empty.pipe(
  HttpRouter.post(
    "/orders",
    Effect.gen(function* () {
      const request = yield* HttpServerRequest.HttpServerRequest
      const text = yield* request.text
      yield* tell(`order ${text}`)
      if (request.headers["upstash-retried"] === "0") {
        return yield* HttpServerResponse.text("not yet", { status: 503 })
      }
      // A handler may publish itself: it has the services of the test.
      const messages = yield* QStashMessages
      yield* messages.publish({ destination: `${origin}/receipts`, body: text, delay: "1 minute" })
      return yield* HttpServerResponse.text("done")
    })
  ),
  HttpRouter.post(
    "/receipts",
    Effect.gen(function* () {
      const request = yield* HttpServerRequest.HttpServerRequest
      yield* tell(`receipt ${yield* request.text}`)
      return HttpServerResponse.empty({ status: 200 })
    })
  ),
  HttpRouter.post(
    "/told",
    Effect.gen(function* () {
      const request = yield* HttpServerRequest.HttpServerRequest
      const { body, status } = yield* CallbackBody.decode(yield* request.json)
      yield* tell(`${status} ${new TextDecoder().decode(body)}`)
      return HttpServerResponse.empty({ status: 200 })
    })
  )
)

const inApp = <A, E>(body: Effect.Effect<A, E, QStashServices | QStashTest.QStashTest | Told>) =>
  Effect.provide(
    body,
    QStashTest.layerApp(app).pipe(Layer.provideMerge(Layer.effect(Told, Ref.make<ReadonlyArray<string>>([]))))
  )

describe("a message", () => {
  it.effect("goes through the app with its retries, its callbacks and what the app publishes itself", () =>
    Effect.gen(function* () {
      const messages = yield* QStashMessages
      yield* messages.publish({ destination: `${origin}/orders`, body: "7", callback: `${origin}/told` })
      yield* QStashTest.advance("1 hour")
      deepStrictEqual(yield* Effect.flatMap(Told, Ref.get), [
        "order 7",
        "503 not yet",
        "order 7",
        "200 done",
        "receipt 7"
      ])
    }).pipe(inApp)
  )

  it.effect("waits until time moves, if only by nothing", () =>
    Effect.gen(function* () {
      const messages = yield* QStashMessages
      yield* messages.publish({ destination: origin })
      assert.lengthOf(yield* QStashTest.deliveries, 0)
      yield* QStashTest.advance(0)
      assert.lengthOf(yield* QStashTest.deliveries, 1)
    }).pipe(Effect.provide(QStashTest.layer))
  )
})

describe("inspection", () => {
  it.effect("shows what is pending, what has failed for good, and the whole way there", () =>
    Effect.gen(function* () {
      const messages = yield* QStashMessages
      yield* QStashTest.respond({ status: 500, body: "out of paper" })
      const { messageId } = yield* messages.publish({ destination: origin, retries: 1 })
      const later = yield* messages.publish({ destination: origin, delay: "1 hour" })
      deepStrictEqual(
        (yield* QStashTest.messages).map((message) => message.messageId),
        [messageId, later.messageId]
      )
      yield* QStashTest.advance("1 minute")
      deepStrictEqual(
        (yield* QStashTest.messages).map((message) => message.messageId),
        [later.messageId]
      )
      deepStrictEqual(
        (yield* QStashTest.dlq).map((letter) => [
          letter.messageId,
          letter.responseStatus,
          letter.responseBody
        ]),
        [[messageId, 500, "out of paper"]]
      )
      const states = ["CREATED", "ACTIVE", "ERROR", "RETRY", "ACTIVE", "ERROR", "FAILED"]
      deepStrictEqual(
        (yield* QStashTest.logs).filter((entry) => entry.messageId === messageId).map(({ state }) => state),
        states
      )
      deepStrictEqual(
        (yield* QStashTest.events).filter((event) => event.messageId === messageId).map(({ state }) => state),
        states
      )
    }).pipe(Effect.provide(QStashTest.layer))
  )

  it.effect("agrees with the services", () =>
    Effect.gen(function* () {
      const messages = yield* QStashMessages
      const queueName = QueueName.make("orders")
      yield* QStashTest.respond(({ url }) => Effect.succeed(url.endsWith("/bad") ? 500 : 200))
      yield* messages.enqueue(queueName, { destination: `${origin}/bad`, retries: 0 })
      yield* messages.enqueue(queueName, { destination: `${origin}/good` })
      yield* QStashTest.advance(0)
      const dlq = yield* QStashDlq
      const logs = yield* QStashLogs
      deepStrictEqual((yield* dlq.list()).items, yield* QStashTest.dlq)
      deepStrictEqual(
        Chunk.toReadonlyArray(yield* Stream.runCollect(logs.stream({ order: "earliestFirst" }))),
        yield* QStashTest.logs
      )
      deepStrictEqual(
        (yield* QStashTest.deliveries).map(({ url }) => url),
        [`${origin}/bad`, `${origin}/good`]
      )
      strictEqual((yield* QStashTest.messages).length, 0)
    }).pipe(Effect.provide(QStashTest.layer))
  )

  it.effect("tells an event of a queue, a group and a callback from others", () =>
    Effect.gen(function* () {
      const messages = yield* QStashMessages
      yield* messages.enqueue(QueueName.make("orders"), { destination: origin, callback: `${origin}/told` })
      yield* QStashTest.advance(0)
      const created = (yield* QStashTest.events).filter(({ state }) => state === "CREATED")
      deepStrictEqual(
        created.map(({ callbackOf, queueName }) => [queueName, callbackOf]),
        [
          [QueueName.make("orders"), undefined],
          [undefined, MessageId.make("msg_1")]
        ]
      )
    }).pipe(Effect.provide(QStashTest.layer))
  )
})
