import {
  DeduplicationId,
  FlowControlKey,
  MessageId,
  QStashMessages,
  QStashUrlGroups,
  QueueName,
  UrlGroupName
} from "@effect-qstash/domain"
import * as CallbackBody from "@effect-qstash/domain/wire/CallbackBody"
import { QStashReceiver } from "@effect-qstash/receiver"
import { QStashTest } from "@effect-qstash/testing"
import { HttpRouter, HttpServerRequest, HttpServerResponse } from "@effect/platform"
import { assert, describe, it } from "@effect/vitest"
import { Context, DateTime, Effect, Layer, Ref, Schema } from "effect"

const Order = Schema.parseJson(Schema.Struct({ order: Schema.NonEmptyString }))

/** What the application has done; a test looks at it. */
class Done extends Context.Tag("test/Done")<Done, Ref.Ref<ReadonlyArray<string>>>() {
  static readonly layer = Layer.effect(Done, Ref.make<ReadonlyArray<string>>([]))
}

const note = (text: string) =>
  Effect.gen(function* () {
    const time = DateTime.formatIso(yield* DateTime.now).slice(5, 19)
    yield* Ref.update(yield* Done, (done) => [...done, `${time} ${text}`])
  })

const done = Effect.flatMap(Done, Ref.get)

/** The verified body of a delivery. */
const verified = Effect.gen(function* () {
  const receiver = yield* QStashReceiver.QStashReceiver
  const request = yield* HttpServerRequest.HttpServerRequest
  const body = new Uint8Array(yield* request.arrayBuffer)
  const { signed } = yield* receiver.verify({ headers: request.headers, url: request.originalUrl, body })
  return new TextDecoder().decode(signed.body)
})

const origin = "https://shop.example.com"

const ok = HttpServerResponse.empty({ status: 200 })

/** A shop: an order is paid, then shipped a day later; how the payment went is told to the shop itself. */
const shop = HttpRouter.empty.pipe(
  HttpRouter.post(
    "/pay",
    Effect.gen(function* () {
      const { order } = yield* Schema.decode(Order)(yield* verified)
      if (order === "unpayable") return HttpServerResponse.text("no money", { status: 402 })
      yield* note(`paid ${order}`)
      const messages = yield* QStashMessages
      yield* messages.publish({
        destination: `${origin}/ship`,
        body: JSON.stringify({ order }),
        delay: "1 day"
      })
      return yield* HttpServerResponse.json({ receipt: order })
    })
  ),
  HttpRouter.post(
    "/ship",
    Effect.gen(function* () {
      const { order } = yield* Schema.decode(Order)(yield* verified)
      yield* note(`shipped ${order}`)
      return ok
    })
  ),
  HttpRouter.post(
    "/told",
    Effect.gen(function* () {
      const { body, status } = yield* CallbackBody.decode(JSON.parse(yield* verified))
      yield* note(`told ${status}: ${new TextDecoder().decode(body)}`)
      return ok
    })
  ),
  HttpRouter.post(
    "/sorry",
    Effect.gen(function* () {
      const { dlqId, sourceBody } = yield* CallbackBody.decode(JSON.parse(yield* verified))
      yield* note(`sorry ${new TextDecoder().decode(sourceBody)} ${dlqId === undefined ? "" : "(dead)"}`)
      return ok
    })
  )
)

const home = Layer.provideMerge(
  QStashTest.layerApp(shop),
  Layer.merge(
    QStashReceiver.layer({
      ...QStashTest.signingKeys,
      subject: { publicUrl: origin }
    }),
    Done.layer
  )
)

const pay = (order: string) =>
  Effect.flatMap(QStashMessages, (messages) =>
    messages.publish({
      destination: `${origin}/pay`,
      body: JSON.stringify({ order }),
      retries: 1,
      callback: `${origin}/told`,
      failureCallback: `${origin}/sorry`
    })
  )

describe("a message into an HttpApp", () => {
  it.effect("is verified and handled, tells its callback, and may publish more from inside", () =>
    Effect.gen(function* () {
      yield* pay("A1")
      assert.deepStrictEqual(yield* done, [])
      yield* QStashTest.advance("2 days")
      assert.deepStrictEqual(yield* done, [
        "01-01T00:00:00 paid A1",
        '01-01T00:00:00 told 200: {"receipt":"A1"}',
        "01-02T00:00:00 shipped A1"
      ])
      assert.isTrue((yield* QStashTest.deliveries).every(({ status }) => status === 200))
    }).pipe(Effect.provide(home))
  )

  it.effect("that it cannot handle is tried again, and its failure callback comes back into the app", () =>
    Effect.gen(function* () {
      yield* pay("unpayable")
      yield* QStashTest.advance("2 days")
      assert.deepStrictEqual(yield* done, [
        "01-01T00:00:00 told 402: no money",
        "01-01T00:00:12 told 402: no money",
        '01-01T00:00:12 sorry {"order":"unpayable"} (dead)'
      ])
      const [letter] = yield* QStashTest.dlq
      assert.deepStrictEqual([letter?.responseStatus, letter?.responseBody], [402, "no money"])
    }).pipe(Effect.provide(home))
  )

  it.effect("is encoded with its Schema", () =>
    Effect.gen(function* () {
      yield* QStashMessages.publishJson(Schema.Struct({ order: Schema.String }), {
        destination: `${origin}/ship`,
        body: { order: "B2" }
      })
      yield* QStashMessages.enqueueJson(Schema.Struct({ order: Schema.String }), QueueName.make("ships"), {
        destination: `${origin}/ship`,
        body: { order: "B3" }
      })
      yield* QStashTest.advance("1 second")
      assert.deepStrictEqual(yield* done, ["01-01T00:00:00 shipped B2", "01-01T00:00:00 shipped B3"])
    }).pipe(Effect.provide(home))
  )

  it.effect("goes to the app at each endpoint of a URL group", () =>
    Effect.gen(function* () {
      const groups = yield* QStashUrlGroups
      const messages = yield* QStashMessages
      const urlGroup = UrlGroupName.make("orders")
      yield* groups.upsertEndpoints(urlGroup, [{ url: `${origin}/pay` }, { url: `${origin}/ship` }])
      yield* messages.publish({ destination: { urlGroup }, body: JSON.stringify({ order: "C3" }) })
      yield* QStashTest.advance("1 second")
      assert.deepStrictEqual(yield* done, ["01-01T00:00:00 paid C3", "01-01T00:00:00 shipped C3"])
      assert.deepStrictEqual(
        (yield* QStashTest.deliveries).map((delivery) => [delivery.urlGroup, delivery.scheduleId]),
        [
          [urlGroup, undefined],
          [urlGroup, undefined]
        ]
      )
    }).pipe(Effect.provide(home))
  )
})

describe("a message", () => {
  const destination = "https://api.example.com/jobs"

  it.effect("waits until time moves, if only by nothing", () =>
    Effect.gen(function* () {
      const messages = yield* QStashMessages
      yield* messages.publish({ destination })
      assert.lengthOf(yield* QStashTest.deliveries, 0)
      yield* QStashTest.advance(0)
      assert.lengthOf(yield* QStashTest.deliveries, 1)
    }).pipe(Effect.provide(QStashTest.layer))
  )

  it.effect("waits for its delay, and its queue for it", () =>
    Effect.gen(function* () {
      const messages = yield* QStashMessages
      yield* QStashTest.respond(({ text }) => Effect.as(Effect.sleep(text === "slow" ? "1 hour" : 0), 200))
      const queueName = QueueName.make("mail")
      for (const body of ["slow", "quick"]) yield* messages.enqueue(queueName, { destination, body })
      yield* messages.publish({ destination, body: "late", delay: "30 minutes" })
      yield* QStashTest.advance("2 hours")
      assert.deepStrictEqual(
        (yield* QStashTest.deliveries).map(({ text, time }) => [
          DateTime.formatIso(time).slice(11, 16),
          text
        ]),
        [
          ["00:00", "slow"],
          ["00:30", "late"],
          ["01:00", "quick"]
        ]
      )
    }).pipe(Effect.provide(QStashTest.layer))
  )

  it.effect("is refused at a limit, and recognised within the window, that the test asks for", () =>
    Effect.gen(function* () {
      const messages = yield* QStashMessages
      const message = { destination, delay: "100 days", deduplicationId: DeduplicationId.make("a") } as const
      const first = yield* messages.publish(message)
      yield* QStashTest.advance("89 days")
      assert.deepStrictEqual(yield* messages.publish(message), { ...first, isDeduplicated: true })
      const full = yield* Effect.flip(messages.publish({ destination }))
      assert.strictEqual(
        full.message,
        "The request is over a limit of the QStash plan (412): quota maxMessages exceeded, current limit: 1"
      )
    }).pipe(Effect.provide(QStashTest.layerWith({ maxMessages: 1, deduplicationWindow: "90 days" })))
  )

  it.effect("waits for its limit", () =>
    Effect.gen(function* () {
      const messages = yield* QStashMessages
      const flowControl = { key: FlowControlKey.make("api"), rate: 1, period: "1 minute" } as const
      for (let count = 0; count < 3; count++) yield* messages.publish({ destination, flowControl })
      yield* QStashTest.advance("1 hour")
      assert.deepStrictEqual(
        (yield* QStashTest.deliveries).map(({ time }) => DateTime.formatIso(time).slice(11, 16)),
        ["00:00", "00:01", "00:02"]
      )
    }).pipe(Effect.provide(QStashTest.layer))
  )

  it.effect("is cancelled by the handler of another one", () =>
    Effect.gen(function* () {
      const messages = yield* QStashMessages
      const reminder = yield* messages.publish({ destination, body: "reminder", delay: "1 day" })
      yield* QStashTest.respond(({ text }) =>
        text === "paid" ? Effect.as(messages.cancel(reminder.messageId), 200) : Effect.succeed(200)
      )
      yield* messages.publish({ destination, body: "paid", delay: "1 hour" })
      yield* QStashTest.advance("7 days")
      assert.deepStrictEqual(
        (yield* QStashTest.deliveries).map(({ messageId, text }) => [messageId, text]),
        [[MessageId.make("msg_2"), "paid"]]
      )
    }).pipe(Effect.provide(QStashTest.layer))
  )
})
