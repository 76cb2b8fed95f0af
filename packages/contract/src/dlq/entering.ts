import { MessageNotFound } from "@effect-qstash/domain/QStashError"
import { QStashDlq } from "@effect-qstash/domain/QStashDlq"
import { assertEquals, assertTrue, deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { fireOne, freshName, get, iso, minute, only, plain, settle } from "../internal/given.ts"
import { chapter } from "../internal/law.ts"
import {
  bury,
  endpointWith,
  enqueue,
  freshKey,
  freshQueue,
  getMessage,
  lettersOf,
  publish,
  statesOf
} from "../internal/sending.ts"

export const entering = chapter("what is a dead letter", ({ given, timed }) => {
  timed("a message becomes a dead letter after its last attempt, not before", (time) =>
    Effect.gen(function* () {
      const endpoint = yield* endpointWith(time, 500)
      const { messageId } = yield* publish({ destination: endpoint.url, retries: 2 })
      yield* settle(time)
      deepStrictEqual(yield* lettersOf(messageId), [])
      yield* time.advance("12 seconds")
      deepStrictEqual(yield* lettersOf(messageId), [])
      yield* time.advance("148 seconds")
      const letter = only(yield* lettersOf(messageId))
      strictEqual(letter.maxRetries, 2)
      assertEquals(yield* Effect.flip(getMessage(messageId)), new MessageNotFound({ messageId }))
    })
  )

  timed("a message that fails with 489 becomes a dead letter at once", (time) =>
    Effect.gen(function* () {
      const endpoint = yield* endpointWith(time, {
        status: 489,
        headers: { "upstash-nonretryable-error": "true" },
        body: "do not try again"
      })
      const { messageId } = yield* publish({ destination: endpoint.url })
      yield* settle(time)
      const letter = only(yield* lettersOf(messageId))
      strictEqual(letter.responseStatus, 489)
      strictEqual(letter.responseBody, "do not try again")
    })
  )

  timed("a delivered message does not become a dead letter", (time) =>
    Effect.gen(function* () {
      const endpoint = yield* endpointWith(time, 500, 200)
      const { messageId } = yield* publish({ destination: endpoint.url })
      yield* time.advance("1 day")
      deepStrictEqual(yield* lettersOf(messageId), [])
    })
  )

  timed("a dead letter holds the original message", (time) =>
    Effect.gen(function* () {
      const endpoint = yield* endpointWith(time, 500)
      const now = yield* time.now
      const flowControl = { key: yield* freshKey, parallelism: 3, rate: 5, period: "1 minute" } as const
      const { messageId } = yield* publish({
        destination: `${endpoint.url}?x=1`,
        method: "PATCH",
        headers: { "content-type": "application/json", "X-Trace": "a b" },
        body: '{"report":"sales"}',
        retries: 1,
        retryDelay: "1000 * (1 + retried)",
        timeout: "90 seconds",
        delay: "1 minute",
        labels: ["sales", "nightly run"],
        callback: { url: `${endpoint.url}/callback`, headers: { "X-Callback": "yes" }, retries: 0 },
        failureCallback: { url: `${endpoint.url}/failure`, retries: 0 },
        flowControl
      })
      const message = yield* getMessage(messageId)
      yield* time.advance("1 hour")
      const letter = only(yield* lettersOf(messageId))
      assertTrue(letter.dlqId.length > 0)
      strictEqual(letter.url, `${endpoint.url}?x=1`)
      strictEqual(letter.method, "PATCH")
      deepStrictEqual<unknown>(letter.headers, { "Content-Type": ["application/json"], "X-Trace": ["a b"] })
      strictEqual(letter.body, '{"report":"sales"}')
      strictEqual(letter.maxRetries, 1)
      strictEqual(letter.timeout, 90)
      deepStrictEqual(letter.labels, ["sales", "nightly run"])
      strictEqual(letter.callback, `${endpoint.url}/callback`)
      deepStrictEqual<unknown>(letter.callbackHeaders, { "X-Callback": ["yes"] })
      strictEqual(letter.failureCallback, `${endpoint.url}/failure`)
      strictEqual(letter.flowControlKey, flowControl.key)
      strictEqual(Duration.toMillis(letter.period ?? 0), minute)
      strictEqual(iso(letter.createdAt), iso(now))
      strictEqual(iso(letter.notBefore), iso(now + minute))
      const {
        dlqId: _id,
        responseBody: _body,
        responseHeaders: _headers,
        responseStatus: _status,
        ...rest
      } = letter
      deepStrictEqual(plain(rest), plain(message))
    })
  )

  timed("a dead letter holds the last response of its destination", (time) =>
    Effect.gen(function* () {
      const endpoint = yield* endpointWith(
        time,
        { status: 503, headers: { "x-answer": "first" }, body: "first" },
        { status: 418, headers: { "x-answer": "last", "content-type": "text/plain" }, body: "Grüße" }
      )
      const { messageId } = yield* publish({ destination: endpoint.url, retries: 1 })
      yield* time.advance("1 minute")
      const letter = only(yield* lettersOf(messageId))
      strictEqual(letter.responseStatus, 418)
      deepStrictEqual(letter.responseHeaders?.["X-Answer"], ["last"])
      deepStrictEqual(letter.responseHeaders?.["Content-Type"], ["text/plain"])
      strictEqual(letter.responseBody, "Grüße")
    })
  )

  timed("a response body that is not text reads back as bytes; a missing one is absent", (time) =>
    Effect.gen(function* () {
      const bytes = Uint8Array.of(0, 0xff, 0xfe)
      const endpoint = yield* endpointWith(time, { status: 500, body: bytes })
      const { messageId } = yield* publish({ destination: endpoint.url, retries: 0 })
      yield* settle(time)
      deepStrictEqual(only(yield* lettersOf(messageId)).responseBody, bytes)
      strictEqual((yield* bury(time)).letter.responseBody, undefined)
    })
  )

  given(
    ["time", "slowly"],
    "a dead letter has no status if its destination never responded",
    ({ slowly, time }) =>
      Effect.gen(function* () {
        const endpoint = yield* endpointWith(time, slowly("1 hour", 200))
        const { messageId } = yield* publish({ destination: endpoint.url, timeout: "30 seconds", retries: 0 })
        yield* time.advance("1 minute")
        const letter = only(yield* lettersOf(messageId))
        strictEqual(letter.responseStatus, undefined)
        strictEqual(letter.responseHeaders, undefined)
        strictEqual(letter.responseBody, undefined)
      })
  )

  timed("a dead letter names its schedule and its queue", (time) =>
    Effect.gen(function* () {
      const dlq = yield* QStashDlq
      const endpoint = yield* endpointWith(time, 500)
      const { scheduleId } = yield* fireOne(time, { destination: endpoint.url, retries: 0 })
      const letter = only((yield* dlq.list({ scheduleId })).items)
      strictEqual(letter.scheduleId, scheduleId)
      deepStrictEqual((yield* get(scheduleId)).lastScheduleStates, { [letter.messageId]: "FAIL" })

      const queueName = yield* freshQueue
      const { messageId } = yield* enqueue(queueName, { destination: endpoint.url, retries: 0 })
      yield* settle(time)
      strictEqual(only(yield* lettersOf(messageId)).queueName, queueName)
    })
  )

  timed("each failed message becomes its own dead letter", (time) =>
    Effect.gen(function* () {
      const dlq = yield* QStashDlq
      const endpoint = yield* endpointWith(time, 500)
      const label = yield* freshName
      for (let index = 0; index < 3; index++) {
        yield* publish({ destination: endpoint.url, retries: 0, labels: [label] })
      }
      yield* settle(time)
      const { items } = yield* dlq.list({ label })
      strictEqual(new Set(items.map(({ dlqId }) => dlqId)).size, 3)
      strictEqual(new Set(items.map(({ messageId }) => messageId)).size, 3)
      for (const { messageId } of items) strictEqual((yield* statesOf(messageId)).at(-1), "FAILED")
    })
  )
})
