import type { PublishMessage } from "@effect-qstash/domain/PublishMessage"
import {
  type QStashError,
  QStashInvalidRequest,
  type QStashQuotaExceeded
} from "@effect-qstash/domain/QStashError"
import { QStashMessages } from "@effect-qstash/domain/QStashMessages"
import { assertEquals, assertTrue, deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Schema from "effect/Schema"
import {
  headerOf,
  idOf,
  instants,
  iso,
  minute,
  only,
  secondsAfter,
  settle,
  somewhere,
  textOf
} from "../internal/given.ts"
import { chapter } from "../internal/law.ts"
import {
  batch,
  endpointWith,
  freshGroup,
  freshKey,
  freshQueue,
  getMessage,
  makeGroup,
  makeQueue
} from "../internal/sending.ts"

const Event = Schema.Union(
  Schema.TaggedStruct("Started", { at: Schema.Date }),
  Schema.TaggedStruct("Stopped", {})
)

/** Expects a whole batch to be rejected as invalid. */
const refused = (items: ReadonlyArray<PublishMessage.BatchInput>) =>
  Effect.gen(function* () {
    const messages = yield* QStashMessages
    const error: QStashQuotaExceeded | QStashError = yield* Effect.flip(messages.batch(items))
    assertTrue(error instanceof QStashInvalidRequest, error.message)
    strictEqual(error.isRetryable, false)
    return error
  })

export const batching = chapter("batches", ({ law, timed }) => {
  law("a batch with bytes for a body, or one that is not a list, is rejected before it is sent", () =>
    Effect.gen(function* () {
      const messages = yield* QStashMessages
      assertEquals(
        // @ts-expect-error a call from JavaScript
        yield* Effect.flip(messages.batch([{ destination: somewhere, body: new Uint8Array(1) }])),
        new QStashInvalidRequest({
          field: "[0].body",
          reason: "expected text: a batch cannot carry bytes"
        })
      )
      assertEquals(
        // @ts-expect-error a call from JavaScript
        yield* Effect.flip(messages.batch({ destination: somewhere })),
        new QStashInvalidRequest({ reason: "expected a list of messages" })
      )
    })
  )

  law("a batch returns one result per message, in the same order", () =>
    Effect.gen(function* () {
      const urlGroup = yield* makeGroup({ url: `${somewhere}/1` }, { url: `${somewhere}/2` })
      const queueName = yield* makeQueue({ isPaused: true })
      const answers = yield* batch([
        { destination: `${somewhere}/0`, delay: "2 hours" },
        { destination: { urlGroup }, delay: "2 hours" },
        { destination: `${somewhere}/3`, queueName },
        { destination: { urlGroup }, queueName }
      ])
      const urls = yield* Effect.forEach(answers, (published) =>
        Effect.forEach(published, ({ messageId }) => Effect.map(getMessage(messageId), ({ url }) => url))
      )
      deepStrictEqual(urls, [
        [`${somewhere}/0`],
        [`${somewhere}/1`, `${somewhere}/2`],
        [`${somewhere}/3`],
        [`${somewhere}/1`, `${somewhere}/2`]
      ])
    })
  )

  law("a batch of one message returns a list too", () =>
    Effect.gen(function* () {
      const published = only(only(yield* batch([{ destination: somewhere, delay: "2 hours" }])))
      strictEqual(published.isDeduplicated, false)
      strictEqual((yield* getMessage(published.messageId)).url, somewhere)
    })
  )

  timed("a JSON batch delivers each value as its schema encodes it, with the JSON content type", (time) =>
    Effect.gen(function* () {
      const endpoint = yield* time.endpoint
      const queueName = yield* freshQueue
      const answers = yield* QStashMessages.batchJson(Event, [
        { destination: endpoint.url, body: { _tag: "Started", at: new Date(0) } },
        { destination: endpoint.url, body: { _tag: "Stopped" }, queueName, headers: { "X-Number": "1" } }
      ])
      deepStrictEqual(answers.map(Either.isRight), [true, true])
      yield* settle(time)
      deepStrictEqual(
        (yield* endpoint.deliveries)
          .map((delivery) => [
            textOf(delivery),
            headerOf(delivery, "Content-Type"),
            headerOf(delivery, "X-Number")
          ])
          .toSorted(([a = ""], [b = ""]) => (a < b ? -1 : 1)),
        [
          ['{"_tag":"Started","at":"1970-01-01T00:00:00.000Z"}', "application/json", undefined],
          ['{"_tag":"Stopped"}', "application/json", "1"]
        ]
      )
    })
  )

  timed("a JSON batch with a value that does not encode sends nothing and names its position", (time) =>
    Effect.gen(function* () {
      const endpoint = yield* time.endpoint
      const item = (body: string) => ({ destination: endpoint.url, body })
      const error = yield* Effect.flip(
        QStashMessages.batchJson(Schema.NonEmptyString, [item("a"), item(""), item("c")])
      )
      assertEquals(
        error,
        new QStashInvalidRequest({
          field: "[1].body",
          reason: "cannot be encoded: the JSON is not of the expected shape"
        })
      )
      yield* time.advance("1 minute")
      deepStrictEqual(yield* endpoint.deliveries, [])
    })
  )

  timed("each message of a batch is delivered with its own settings", (time) =>
    Effect.gen(function* () {
      const endpoint = yield* endpointWith(time, 500)
      const now = yield* time.now
      const answers = yield* batch([
        { destination: `${endpoint.url}?n=0`, method: "PUT", body: "Grüße 👋", headers: { "X-Number": "0" } },
        { destination: `${endpoint.url}?n=1`, method: "GET", retries: 1, retryDelay: "30000" },
        { destination: `${endpoint.url}?n=2`, delay: "1 minute", retries: 0 },
        {
          destination: `${endpoint.url}?n=3`,
          notBefore: Math.ceil(now / 1000) * 1000 + 2 * minute,
          retries: 0
        }
      ])
      yield* time.advance("10 seconds")
      const [first] = yield* endpoint.deliveries
      strictEqual(first?.method, "PUT")
      strictEqual(first === undefined ? "" : textOf(first), "Grüße 👋")
      strictEqual(first === undefined ? "" : headerOf(first, "X-Number"), "0")
      yield* time.advance("7 days")
      const timesOf = (index: number) =>
        Effect.map(endpoint.deliveries, (all) =>
          all.filter((delivery) => idOf(delivery) === answers[index]?.[0]?.messageId)
        )
      deepStrictEqual(secondsAfter(now, yield* timesOf(0)), [0, 12, 160, 1968])
      deepStrictEqual(secondsAfter(now, yield* timesOf(1)), [0, 30])
      deepStrictEqual(secondsAfter(now, yield* timesOf(2)), [60])
      deepStrictEqual(instants(yield* timesOf(3)), [iso(Math.ceil(now / 1000) * 1000 + 2 * minute)])
    })
  )

  timed("the messages of a batch use their own queues and limits", (time) =>
    Effect.gen(function* () {
      const endpoint = yield* endpointWith(time, 500, 200)
      const queueName = yield* freshQueue
      const now = yield* time.now
      yield* batch([
        { destination: endpoint.url, body: "1", queueName, retryDelay: "60000" },
        { destination: endpoint.url, body: "2", queueName }
      ])
      yield* time.advance("1 hour")
      deepStrictEqual((yield* endpoint.deliveries).map(textOf), ["1", "1", "2"])
      deepStrictEqual(secondsAfter(now, yield* endpoint.deliveries), [0, 60, 60])

      const other = yield* time.endpoint
      const flowControl = { key: yield* freshKey, rate: 1, period: "1 minute" } as const
      const later = yield* time.now
      yield* batch([
        { destination: other.url, flowControl },
        { destination: other.url, flowControl }
      ])
      yield* time.advance("1 hour")
      deepStrictEqual(secondsAfter(later, yield* other.deliveries), [0, 60])
    })
  )

  timed("a batch with one invalid message sends nothing", (time) =>
    Effect.gen(function* () {
      const endpoint = yield* time.endpoint
      const good = { destination: endpoint.url }
      const urlGroup = yield* freshGroup
      const absent = yield* refused([good, { destination: { urlGroup } }])
      strictEqual(absent.reason, `topic ${urlGroup} not found`)
      strictEqual(absent.field, undefined)
      yield* refused([good, { destination: "example.com" }])
      yield* refused([good, { destination: endpoint.url, retries: -1 }])
      yield* refused([{ destination: endpoint.url, delay: "1500 millis" }, good])
      yield* settle(time)
      yield* time.advance("1 hour")
      deepStrictEqual(yield* endpoint.deliveries, [])
    })
  )
})
