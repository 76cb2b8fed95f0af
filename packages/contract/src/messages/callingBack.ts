import { DlqId } from "@effect-qstash/domain/DlqId"
import { MessageId } from "@effect-qstash/domain/MessageId"
import { QStashDlq } from "@effect-qstash/domain/QStashDlq"
import { assertTrue, deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import * as Effect from "effect/Effect"
import type { Answer, Time } from "../Harness.ts"
import { base64, callbackBody } from "../internal/callbacks.ts"
import { headerOf, idOf, only, second, secondsAfter, settle } from "../internal/given.ts"
import { chapter } from "../internal/law.ts"
import { endpointWith, lettersOf, publish, statesOf } from "../internal/sending.ts"
import { checkSignature } from "../internal/signature.ts"

type Answers = readonly [Answer, ...ReadonlyArray<Answer>]

/** A message with both callbacks, a day after it was published. */
const called = (
  time: Time,
  answers: Answers,
  message: Omit<Parameters<typeof publish>[0], "destination" | "callback" | "failureCallback"> = {}
) =>
  Effect.gen(function* () {
    const endpoint = yield* endpointWith(time, ...answers)
    const callback = yield* time.endpoint
    const failureCallback = yield* time.endpoint
    const now = yield* time.now
    const { messageId } = yield* publish({
      destination: endpoint.url,
      ...message,
      callback: callback.url,
      failureCallback: failureCallback.url
    })
    yield* time.advance("1 day")
    return {
      messageId,
      now,
      callbacks: yield* callback.deliveries,
      failureCallbacks: yield* failureCallback.deliveries
    }
  })

export const callingBack = chapter("callbacks", ({ given, timed }) => {
  timed("a callback reports each attempt until one succeeds", (time) =>
    Effect.gen(function* () {
      const { callbacks, failureCallbacks, messageId, now } = yield* called(time, [500, 503, 201, 200])
      deepStrictEqual(secondsAfter(now, callbacks), [0, 12, 160])
      deepStrictEqual(
        callbacks
          .map(callbackBody)
          .map(({ retried, sourceMessageId, status }) => [sourceMessageId, status, retried]),
        [
          [messageId, 500, 0],
          [messageId, 503, 1],
          [messageId, 201, 2]
        ]
      )
      deepStrictEqual(failureCallbacks, [])
    })
  )

  timed("a callback reports each failed attempt, a failure callback only the last", (time) =>
    Effect.gen(function* () {
      const { callbacks, failureCallbacks, messageId, now } = yield* called(time, [500, 501, 502], {
        retries: 2
      })
      deepStrictEqual(secondsAfter(now, callbacks), [0, 12, 160])
      deepStrictEqual(
        callbacks.map((callback) => callbackBody(callback).retried),
        [0, 1, 2]
      )
      deepStrictEqual(secondsAfter(now, failureCallbacks), [160])
      const { dlqId, retried, sourceMessageId, status } = callbackBody(only(failureCallbacks))
      const letter = only(yield* lettersOf(messageId))
      deepStrictEqual(
        { dlqId, retried, sourceMessageId, status },
        { dlqId: letter.dlqId, retried: 2, sourceMessageId: messageId, status: 502 }
      )
    })
  )

  timed("a message that fails with 489 calls back as if no retries were left", (time) =>
    Effect.gen(function* () {
      const answer = { status: 489, headers: { "upstash-nonretryable-error": "true" } }
      const { callbacks, failureCallbacks } = yield* called(time, [answer, 200])
      strictEqual(callbackBody(only(callbacks)).status, 489)
      strictEqual(callbackBody(only(failureCallbacks)).status, 489)
    })
  )

  timed("a callback contains everything about the attempt", (time) =>
    Effect.gen(function* () {
      const endpoint = yield* endpointWith(time, {
        status: 202,
        headers: { "content-type": "text/plain", "x-answer": "yes" },
        body: "Grüße"
      })
      const callback = yield* time.endpoint
      const now = yield* time.now
      const { messageId } = yield* publish({
        destination: `${endpoint.url}/path?x=1`,
        method: "PUT",
        headers: { "Content-Type": "text/plain", "X-Several": "one" },
        body: Uint8Array.of(0, 0xff),
        retries: 5,
        delay: "1 minute",
        callback: callback.url
      })
      yield* time.advance("2 minutes")
      const { callerIP, header, ...rest } = callbackBody(only(yield* callback.deliveries))
      deepStrictEqual<unknown>(rest, {
        status: 202,
        body: base64("Grüße"),
        retried: 0,
        maxRetries: 5,
        sourceMessageId: messageId,
        url: `${endpoint.url}/path?x=1`,
        method: "PUT",
        sourceHeader: { "Content-Type": ["text/plain"], "X-Several": ["one"] },
        sourceBody: base64(Uint8Array.of(0, 0xff)),
        notBefore: now + 60 * second,
        createdAt: now
      })
      // A real worker adds headers of its own.
      deepStrictEqual(header["X-Answer"], ["yes"])
      deepStrictEqual(header["Content-Type"], ["text/plain"])
      strictEqual(callerIP, headerOf(only(yield* endpoint.deliveries), "Upstash-Caller-Ip"))
    })
  )

  timed("a failure callback contains the same and names the dead letter", (time) =>
    Effect.gen(function* () {
      const dlq = yield* QStashDlq
      const endpoint = yield* endpointWith(time, {
        status: 418,
        headers: { "x-answer": "no" },
        body: "teapot"
      })
      const failureCallback = yield* time.endpoint
      const now = yield* time.now
      const { messageId } = yield* publish({
        destination: endpoint.url,
        body: "tea",
        retries: 0,
        failureCallback: failureCallback.url
      })
      yield* settle(time)
      const {
        callerIP: _ip,
        dlqId = "",
        header,
        ...rest
      } = callbackBody(only(yield* failureCallback.deliveries))
      deepStrictEqual<unknown>(rest, {
        status: 418,
        body: base64("teapot"),
        retried: 0,
        maxRetries: 0,
        sourceMessageId: messageId,
        url: endpoint.url,
        method: "POST",
        sourceHeader: {},
        sourceBody: base64("tea"),
        notBefore: now,
        createdAt: now
      })
      deepStrictEqual(header["X-Answer"], ["no"])
      strictEqual((yield* dlq.get(DlqId.make(dlqId))).messageId, messageId)
    })
  )

  given(
    ["time", "slowly"],
    "a callback about an attempt without a response has no status and no body [assumed]",
    ({ slowly, time }) =>
      Effect.gen(function* () {
        const endpoint = yield* endpointWith(time, slowly("1 hour", 200))
        const callback = yield* time.endpoint
        yield* publish({
          destination: endpoint.url,
          timeout: "30 seconds",
          retries: 0,
          callback: callback.url
        })
        yield* time.advance("1 day")
        const { body, header, status } = callbackBody(only(yield* callback.deliveries))
        deepStrictEqual({ body, header, status }, { body: "", header: {}, status: 0 })
      })
  )

  timed("a callback is a message of its own: signed for its URL, a POST of JSON, with its own id", (time) =>
    Effect.gen(function* () {
      const { callbacks, failureCallbacks, messageId } = yield* called(time, [500], {
        retries: 0,
        method: "PUT",
        headers: { "X-Mine": "yes", "Content-Type": "text/plain" }
      })
      const ids = new Set([messageId])
      for (const delivery of [only(callbacks), only(failureCallbacks)]) {
        const claims = checkSignature(delivery, time.signingKeys.current)
        strictEqual(claims.sub, delivery.url)
        strictEqual(delivery.method, "POST")
        strictEqual(headerOf(delivery, "Content-Type"), "application/json")
        strictEqual(headerOf(delivery, "User-Agent"), "Upstash-QStash")
        strictEqual(headerOf(delivery, "Upstash-Retried"), "0")
        strictEqual(headerOf(delivery, "X-Mine"), undefined)
        ids.add(MessageId.make(idOf(delivery)))
      }
      strictEqual(ids.size, 3)
    })
  )

  timed("a callback uses the method, headers, retries and delay set for it", (time) =>
    Effect.gen(function* () {
      const endpoint = yield* time.endpoint
      const callback = yield* endpointWith(time, 500)
      const now = yield* time.now
      yield* publish({
        destination: endpoint.url,
        retries: 0,
        callback: {
          url: `${callback.url}?token=1`,
          method: "PUT",
          headers: { "X-Callback": "yes", "Content-Type": "application/vnd.callback+json" },
          retries: 2,
          retryDelay: "60000"
        }
      })
      yield* time.advance("1 day")
      const deliveries = yield* callback.deliveries
      deepStrictEqual(secondsAfter(now, deliveries), [0, 60, 120])
      strictEqual(new Set(deliveries.map(idOf)).size, 1)
      for (const delivery of deliveries) {
        strictEqual(delivery.url, `${callback.url}?token=1`)
        strictEqual(delivery.method, "PUT")
        strictEqual(headerOf(delivery, "X-Callback"), "yes")
        strictEqual(headerOf(delivery, "Content-Type"), "application/vnd.callback+json")
      }
    })
  )

  timed("a failure callback has its own settings too", (time) =>
    Effect.gen(function* () {
      const endpoint = yield* endpointWith(time, 500)
      const callback = yield* endpointWith(time, 500)
      const now = yield* time.now
      yield* publish({
        destination: endpoint.url,
        retries: 0,
        failureCallback: {
          url: callback.url,
          method: "PATCH",
          headers: { "X-Callback": "failed" },
          retries: 1,
          retryDelay: "30000"
        }
      })
      yield* time.advance("1 day")
      const deliveries = yield* callback.deliveries
      deepStrictEqual(secondsAfter(now, deliveries), [0, 30])
      for (const delivery of deliveries) {
        strictEqual(delivery.method, "PATCH")
        strictEqual(headerOf(delivery, "X-Callback"), "failed")
      }
    })
  )

  timed("a callback has its message's retries unless it sets its own", (time) =>
    Effect.gen(function* () {
      const endpoint = yield* time.endpoint
      const callback = yield* endpointWith(time, 500)
      yield* publish({ destination: endpoint.url, retries: 1, callback: callback.url })
      yield* time.advance("1 day")
      strictEqual((yield* callback.deliveries).length, 2)
    })
  )

  timed("a failed callback becomes a dead letter without a callback of its own", (time) =>
    Effect.gen(function* () {
      const endpoint = yield* time.endpoint
      const callback = yield* endpointWith(time, 500)
      const failureCallback = yield* time.endpoint
      const { messageId } = yield* publish({
        destination: endpoint.url,
        callback: { url: callback.url, retries: 0 },
        failureCallback: failureCallback.url
      })
      yield* time.advance("1 day")
      const delivery = only(yield* callback.deliveries)
      const letter = only(yield* lettersOf(MessageId.make(idOf(delivery))))
      strictEqual(letter.url, callback.url)
      deepStrictEqual(yield* failureCallback.deliveries, [])
      deepStrictEqual(yield* lettersOf(messageId), [])
      strictEqual((yield* statesOf(messageId)).at(-1), "DELIVERED")
    })
  )

  timed("a message is done before its callback is delivered", (time) =>
    Effect.gen(function* () {
      const endpoint = yield* endpointWith(time, 500, 200)
      const callback = yield* endpointWith(time, 500)
      const now = yield* time.now
      const { messageId } = yield* publish({
        destination: endpoint.url,
        callback: { url: callback.url, retryDelay: "3600000" }
      })
      yield* time.advance("1 minute")
      deepStrictEqual(secondsAfter(now, yield* endpoint.deliveries), [0, 12])
      strictEqual((yield* statesOf(messageId)).at(-1), "DELIVERED")
      assertTrue((yield* callback.deliveries).length > 0)
    })
  )
})
