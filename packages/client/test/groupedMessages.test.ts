import { GroupedMessages } from "@effect-qstash/client"
import {
  MessageId,
  type PublishMessage,
  QStashInvalidRequest,
  QStashMessages,
  QStashQuotaExceeded,
  QStashUnavailable,
  QueueName,
  UrlGroupName
} from "@effect-qstash/domain"
import { describe, it } from "@effect/vitest"
import { deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import { Deferred, Effect, Either, Exit, Fiber, Layer, Scope } from "effect"

type Batch = ReadonlyArray<PublishMessage.BatchInput>

const idOf = ({ body }: { readonly body?: unknown }) => ({
  messageId: MessageId.make(`msg_${typeof body === "string" ? body : "bytes"}`),
  isDeduplicated: false
})

const accept = (batch: Batch) =>
  Effect.succeed(
    batch.map((message) =>
      Either.right(typeof message.destination === "object" ? [idOf(message), idOf(message)] : [idOf(message)])
    )
  )

/** The tests publish to URLs alone where a call is made by itself. */
const forUrl = (message: { readonly body?: unknown }): never => {
  const published: unknown = idOf(message)
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- see above
  return published as never
}

/** A service that records its calls. */
const recording = (batch: (messages: Batch) => ReturnType<QStashMessages.Service["batch"]> = accept) => {
  const calls: Array<readonly [call: string, ...bodies: ReadonlyArray<unknown>]> = []
  const unused = Effect.dieMessage("not called here")
  const service = QStashMessages.of({
    batch: (messages) =>
      Effect.suspend(() => {
        calls.push(["batch", ...messages.map(({ body }) => body)])
        return batch(messages)
      }),
    publish: (message) =>
      Effect.suspend(() => {
        calls.push(["publish", message.body])
        return message.body === "bad"
          ? new QStashInvalidRequest({ field: "body", reason: "is bad" })
          : Effect.succeed(forUrl(message))
      }),
    enqueue: (_, message) =>
      Effect.suspend(() => {
        calls.push(["enqueue", message.body])
        return Effect.succeed(forUrl(message))
      }),
    get: () => unused,
    cancel: () => unused,
    cancelMany: () => unused
  })
  return { calls, layer: Layer.provide(GroupedMessages.layer, Layer.succeed(QStashMessages, service)) }
}

const destination = "https://api.example.com/job"
const publish = (body: string | Uint8Array) =>
  Effect.flatMap(QStashMessages, (messages) => messages.publish({ destination, body }))

const atOnce = { concurrency: "unbounded" } as const

describe("grouped messages", () => {
  it.effect("send what starts at the same moment as one batch, and give each call its own result", () => {
    const { calls, layer } = recording()
    return Effect.gen(function* () {
      const bodies = Array.from({ length: 1000 }, (_, index) => `${index}`)
      const published = yield* Effect.forEach(bodies, publish, atOnce)
      deepStrictEqual(calls, [["batch", ...bodies]])
      deepStrictEqual(
        published.map(({ messageId }) => messageId),
        bodies.map((body) => `msg_${body}`)
      )
    }).pipe(Effect.provide(layer))
  })

  it.effect("send one call by itself, and later calls in a batch of their own", () => {
    const { calls, layer } = recording()
    return Effect.gen(function* () {
      yield* publish("1")
      yield* Effect.all([publish("2"), publish("3")], atOnce)
      deepStrictEqual(calls, [
        ["publish", "1"],
        ["batch", "2", "3"]
      ])
    }).pipe(Effect.provide(layer))
  })

  it.effect("put queues and URL groups into the same batch", () => {
    const { calls, layer } = recording()
    return Effect.gen(function* () {
      const messages = yield* QStashMessages
      const [one, two, three] = yield* Effect.all(
        [
          messages.publish({ destination, body: "1" }),
          messages.enqueue(QueueName.make("q"), { destination, body: "2" }),
          messages.publish({ destination: { urlGroup: UrlGroupName.make("g") }, body: "3" })
        ],
        atOnce
      )
      deepStrictEqual(calls, [["batch", "1", "2", "3"]])
      deepStrictEqual([one.messageId, two.messageId, three.length], ["msg_1", "msg_2", 2])
    }).pipe(Effect.provide(layer))
  })

  it.effect("send a body of bytes by itself", () => {
    const { calls, layer } = recording()
    return Effect.gen(function* () {
      yield* Effect.all([publish("1"), publish(new Uint8Array([255])), publish("2")], atOnce)
      deepStrictEqual(calls.map(([call]) => call).toSorted(), ["batch", "publish"])
    }).pipe(Effect.provide(layer))
  })

  it.effect.each([
    new QStashInvalidRequest({ field: "[1].body", reason: "is bad" }),
    new QStashQuotaExceeded({ status: 412, reason: "quota maxMessages exceeded" })
  ])("send each message by itself if the batch is refused: %s", (refusal) => {
    const { calls, layer } = recording(() => Effect.fail(refusal))
    return Effect.gen(function* () {
      const results = yield* Effect.forEach(["1", "bad", "2"], (body) => Effect.either(publish(body)), atOnce)
      deepStrictEqual(results.map(Either.isRight), [true, false, true])
      deepStrictEqual(calls.slice(1), [
        ["publish", "1"],
        ["publish", "bad"],
        ["publish", "2"]
      ])
    }).pipe(Effect.provide(layer))
  })

  it.effect("fail every call if the batch may have been sent", () => {
    const { calls, layer } = recording(() => new QStashUnavailable({ reason: "no response in time" }))
    return Effect.gen(function* () {
      const results = yield* Effect.forEach(["1", "2"], (body) => Effect.flip(publish(body)), atOnce)
      deepStrictEqual(
        results.map(({ _tag }) => _tag),
        ["QStashUnavailable", "QStashUnavailable"]
      )
      strictEqual(calls.length, 1)
    }).pipe(Effect.provide(layer))
  })

  it.effect("fail the one call whose message QStash refused", () => {
    const refusal = new QStashInvalidRequest({ status: 400, reason: "no" })
    const { layer } = recording((batch) =>
      Effect.succeed(
        batch.map((message) => (message.body === "2" ? Either.left(refusal) : Either.right([idOf(message)])))
      )
    )
    return Effect.gen(function* () {
      const results = yield* Effect.forEach(["1", "2"], (body) => Effect.either(publish(body)), atOnce)
      deepStrictEqual(results.map(Either.isRight), [true, false])
    }).pipe(Effect.provide(layer))
  })

  it.effect("leave out a call that is interrupted before its batch is sent", () => {
    const { calls, layer } = recording()
    return Effect.gen(function* () {
      const one = yield* Effect.fork(publish("1"))
      const two = yield* Effect.fork(publish("2"))
      const three = yield* Effect.fork(publish("3"))
      yield* Fiber.interruptFork(two)
      yield* Fiber.join(one)
      yield* Fiber.join(three)
      deepStrictEqual(calls, [["batch", "1", "3"]])
    }).pipe(Effect.provide(layer))
  })

  it.effect("end with the layer, after what was being sent", () =>
    Effect.gen(function* () {
      const started = yield* Deferred.make<void>()
      const latch = yield* Deferred.make<void>()
      const { layer } = recording((batch) =>
        Effect.zipRight(
          Effect.zipRight(Deferred.succeed(started, undefined), Deferred.await(latch)),
          accept(batch)
        )
      )
      const scope = yield* Scope.make()
      const context = yield* Layer.buildWithScope(layer, scope)
      const calls = yield* Effect.fork(
        Effect.provide(Effect.all([publish("1"), publish("2")], atOnce), context)
      )
      yield* Deferred.await(started)
      const closing = yield* Effect.fork(Scope.close(scope, Exit.void))
      // The close has time to interrupt what it does not wait for.
      yield* Effect.repeatN(Effect.yieldNow(), 10)
      yield* Deferred.succeed(latch, undefined)
      yield* Fiber.join(closing)
      strictEqual((yield* Fiber.join(calls)).length, 2)
    })
  )
})
