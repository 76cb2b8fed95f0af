import { QStashMessages } from "@effect-qstash/domain/QStashMessages"
import { assertMatch, assertTrue, deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import * as Arr from "effect/Array"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import {
  advanceTo,
  headerOf,
  idOf,
  instants,
  iso,
  minute,
  only,
  second,
  secondsAfter,
  settle,
  textOf,
  valuesOf
} from "../internal/given.ts"
import { chapter } from "../internal/law.ts"
import {
  endpointWith,
  enqueue,
  freshKey,
  freshQueue,
  getMessage,
  pending,
  publish,
  statesOf
} from "../internal/sending.ts"
import { checkSignature } from "../internal/signature.ts"

const everyByte = Uint8Array.from({ length: 256 }, (_, index) => index)

const Report = Schema.Struct({ id: Schema.Number, day: Schema.DateTimeUtc })
const report = { id: 7, day: DateTime.unsafeMake("2025-03-01T00:00:00Z") }
const reportJson = '{"id":7,"day":"2025-03-01T00:00:00.000Z"}'

export const publishing = chapter("publishing", ({ law, timed }) => {
  law("publish returns the message's id", () =>
    Effect.gen(function* () {
      const published = yield* pending()
      strictEqual(published.isDeduplicated, false)
      strictEqual((yield* getMessage(published.messageId)).messageId, published.messageId)
    })
  )

  law("each publish creates a new message, even with the same content", () =>
    Effect.gen(function* () {
      const first = yield* pending({ body: "same" })
      const other = yield* pending({ body: "same" })
      assertTrue(first.messageId !== other.messageId)
      strictEqual(other.isDeduplicated, false)
    })
  )

  timed("a message is delivered once, immediately", (time) =>
    Effect.gen(function* () {
      const endpoint = yield* time.endpoint
      const now = yield* time.now
      const { messageId } = yield* publish({ destination: endpoint.url, body: "hello" })
      yield* settle(time)
      yield* time.advance("2 days")
      const delivery = only(yield* endpoint.deliveries)
      strictEqual(iso(delivery.at), iso(now))
      strictEqual(delivery.url, endpoint.url)
      strictEqual(idOf(delivery), messageId)
    })
  )

  timed("a message arrives with its method, headers and body", (time) =>
    Effect.gen(function* () {
      const endpoint = yield* time.endpoint
      yield* publish({
        destination: endpoint.url,
        method: "PUT",
        headers: {
          "content-type": "application/octet-stream",
          "x-trace-ID": "s\xe9cret",
          authorization: "Bearer of tidings",
          "X-Several": ["one", "two"]
        },
        body: everyByte
      })
      yield* settle(time)
      const delivery = only(yield* endpoint.deliveries)
      strictEqual(delivery.method, "PUT")
      strictEqual(headerOf(delivery, "Content-Type"), "application/octet-stream")
      strictEqual(headerOf(delivery, "Authorization"), "Bearer of tidings")
      strictEqual(headerOf(delivery, "X-Trace-Id"), "s\xe9cret")
      // HTTP lets a proxy join the values of a header.
      strictEqual(valuesOf(delivery, "X-Several").join(", "), "one, two")
      deepStrictEqual(delivery.body, everyByte)
    })
  )

  timed("a response with 20 kB of headers is accepted", (time) =>
    Effect.gen(function* () {
      const headers = Object.fromEntries(Arr.range(1, 10).map((n) => [`x-part-${n}`, "x".repeat(2048)]))
      const endpoint = yield* endpointWith(time, { status: 200, headers }, 500)
      const { messageId } = yield* publish({ destination: endpoint.url, retries: 0 })
      yield* settle(time)
      deepStrictEqual(yield* statesOf(messageId), ["CREATED", "ACTIVE", "DELIVERED"])
    })
  )

  timed("a message without settings is a POST without a body", (time) =>
    Effect.gen(function* () {
      const endpoint = yield* time.endpoint
      yield* publish({ destination: endpoint.url })
      yield* settle(time)
      const delivery = only(yield* endpoint.deliveries)
      strictEqual(delivery.method, "POST")
      strictEqual(delivery.body.length, 0)
      strictEqual(headerOf(delivery, "Content-Type"), undefined)
    })
  )

  timed("a published message is sent to its destination URL byte for byte", (time) =>
    Effect.gen(function* () {
      const rests = [
        "",
        "/",
        "/a%2Fb//c/?x=1&y=%2F+z&y=&z",
        "?to=https://example.org/a?b=c",
        "/%7euser",
        "/v2/publish/x"
      ]
      for (const rest of rests) {
        const endpoint = yield* time.endpoint
        yield* publish({ destination: endpoint.url + rest })
        yield* settle(time)
        strictEqual(only(yield* endpoint.deliveries).url, endpoint.url + rest)
      }
    })
  )

  timed("a delivery names its message and attempt, but no schedule or group", (time) =>
    Effect.gen(function* () {
      const endpoint = yield* endpointWith(time, 500, 200)
      const { messageId } = yield* publish({ destination: endpoint.url })
      yield* time.advance("1 minute")
      const deliveries = yield* endpoint.deliveries
      deepStrictEqual(
        deliveries.map((delivery) => [idOf(delivery), headerOf(delivery, "Upstash-Retried")]),
        [
          [messageId, "0"],
          [messageId, "1"]
        ]
      )
      for (const delivery of deliveries) {
        strictEqual(headerOf(delivery, "User-Agent"), "Upstash-QStash")
        strictEqual(headerOf(delivery, "Upstash-Schedule-Id"), undefined)
        strictEqual(headerOf(delivery, "Upstash-Topic-Name"), undefined)
      }
    })
  )

  timed("a delivery carries the publisher's address", (time) =>
    Effect.gen(function* () {
      const endpoint = yield* endpointWith(time, 500)
      const { messageId } = yield* publish({ destination: endpoint.url })
      yield* settle(time)
      const { callerIp } = yield* getMessage(messageId)
      assertTrue(callerIp !== undefined)
      strictEqual(headerOf(only(yield* endpoint.deliveries), "Upstash-Caller-Ip"), callerIp)
    })
  )

  timed("a published message is signed for its URL, body and time", (time) =>
    Effect.gen(function* () {
      const endpoint = yield* endpointWith(time, 500, 200)
      yield* publish({ destination: `${endpoint.url}?a=1&b=%20`, body: everyByte })
      yield* time.advance("1 minute")
      const claims = (yield* endpoint.deliveries).map((delivery) =>
        checkSignature(delivery, time.signingKeys.current)
      )
      strictEqual(claims.length, 2)
      strictEqual(new Set(claims.map(({ jti }) => jti)).size, 2)
      for (const { jti } of claims) assertMatch(jti, /^jwt_/)
    })
  )

  timed("a delivery does not show the message's settings", (time) =>
    Effect.gen(function* () {
      const endpoint = yield* time.endpoint
      const queueName = yield* freshQueue
      yield* publish({
        destination: endpoint.url,
        labels: ["secret-label"],
        flowControl: { key: yield* freshKey, parallelism: 1 },
        callback: `${endpoint.url}/callback`
      })
      yield* enqueue(queueName, { destination: endpoint.url, labels: ["secret-label"] })
      yield* settle(time)
      const deliveries = (yield* endpoint.deliveries).filter(({ url }) => url === endpoint.url)
      strictEqual(deliveries.length, 2)
      for (const { headers } of deliveries) {
        const names = headers
          .map(([name]) => name.toLowerCase())
          .filter((name) => name.startsWith("upstash-"))
        deepStrictEqual(names.toSorted(), [
          "upstash-caller-ip",
          "upstash-message-id",
          "upstash-region",
          "upstash-retried",
          "upstash-signature"
        ])
      }
    })
  )

  timed("a message is delivered after its delay", (time) =>
    Effect.gen(function* () {
      const endpoint = yield* time.endpoint
      const now = yield* time.now
      yield* publish({ destination: endpoint.url, delay: "90 seconds" })
      yield* time.advance(90 * second - 1)
      deepStrictEqual(yield* endpoint.deliveries, [])
      yield* time.advance("1 hour")
      deepStrictEqual(secondsAfter(now, yield* endpoint.deliveries), [90])
    })
  )

  timed("a message is delivered at notBefore, rounded up to the second", (time) =>
    Effect.gen(function* () {
      const now = yield* time.now
      const due = Math.ceil(now / second) * second + 5 * minute
      for (const notBefore of [due, due - 1]) {
        const endpoint = yield* time.endpoint
        const { messageId } = yield* publish({ destination: endpoint.url, notBefore })
        strictEqual(iso((yield* getMessage(messageId)).notBefore), iso(due))
        if (notBefore === due) continue
        yield* advanceTo(time, due - 1)
        deepStrictEqual(yield* endpoint.deliveries, [])
        yield* advanceTo(time, due + minute)
        deepStrictEqual(instants(yield* endpoint.deliveries), [iso(due)])
      }
    })
  )

  timed("a notBefore in the past is ignored", (time) =>
    Effect.gen(function* () {
      yield* time.advance("1 hour")
      const endpoint = yield* time.endpoint
      const now = yield* time.now
      yield* publish({ destination: endpoint.url, notBefore: now - 30 * minute })
      yield* settle(time)
      deepStrictEqual(instants(yield* endpoint.deliveries), [iso(now)])
    })
  )

  timed("messages due at the same time are delivered in publishing order [assumed]", (time) =>
    Effect.gen(function* () {
      const endpoint = yield* time.endpoint
      const names = ["a", "b", "c", "d"]
      for (const name of names) yield* publish({ destination: endpoint.url, body: name, delay: "1 minute" })
      yield* time.advance("1 minute")
      deepStrictEqual((yield* endpoint.deliveries).map(textOf), names)
    })
  )

  timed("a failed message is retried by its own retries and retry delay", (time) =>
    Effect.gen(function* () {
      const attempts = (settings: { readonly retries?: number; readonly retryDelay?: string }) =>
        Effect.gen(function* () {
          const endpoint = yield* endpointWith(time, 500)
          const now = yield* time.now
          yield* publish({ destination: endpoint.url, ...settings })
          yield* time.advance("7 days")
          return secondsAfter(now, yield* endpoint.deliveries)
        })
      deepStrictEqual(yield* attempts({}), [0, 12, 160, 1968])
      deepStrictEqual(yield* attempts({ retries: 0 }), [0])
      deepStrictEqual(yield* attempts({ retries: 2, retryDelay: "60000 * (1 + retried)" }), [0, 60, 180])
    })
  )

  timed("publishJson sends the value as its schema encodes it, with the JSON content type", (time) =>
    Effect.gen(function* () {
      const endpoint = yield* time.endpoint
      const queueName = yield* freshQueue
      yield* QStashMessages.publishJson(Report, { destination: endpoint.url, body: report })
      yield* QStashMessages.enqueueJson(Report, queueName, {
        destination: endpoint.url,
        headers: { "Content-Type": "application/vnd.report+json" },
        body: report
      })
      yield* settle(time)
      deepStrictEqual(
        (yield* endpoint.deliveries).map((delivery) => [
          headerOf(delivery, "Content-Type"),
          textOf(delivery)
        ]),
        [
          ["application/json", reportJson],
          ["application/vnd.report+json", reportJson]
        ]
      )
    })
  )
})
