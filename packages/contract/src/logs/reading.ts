import { QStashLogs } from "@effect-qstash/domain/QStashLogs"
import { RedactedValue } from "@effect-qstash/domain/RedactedValue"
import { assertEquals, assertTrue, deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { createHash } from "node:crypto"
import { base64, callbackBody } from "../internal/callbacks.ts"
import { minute, only, settle } from "../internal/given.ts"
import { chapter } from "../internal/law.ts"
import {
  endpointWith,
  entriesOf,
  freshKey,
  makeGroup,
  makeQueue,
  enqueue,
  publish,
  publishToGroup
} from "../internal/sending.ts"

const redacted = (value: string): RedactedValue =>
  new RedactedValue({ sha256: createHash("sha256").update(value).digest("hex") })

export const reading = chapter("reading", ({ given, timed }) => {
  timed("every entry contains the whole message", (time) =>
    Effect.gen(function* () {
      const endpoint = yield* endpointWith(time, 500)
      const key = yield* freshKey
      const { messageId } = yield* publish({
        destination: `${endpoint.url}?x=1`,
        method: "PATCH",
        headers: { "content-type": "application/json", "X-Trace": "a b" },
        body: '{"report":"sales"}',
        retries: 0,
        retryDelay: "1000 * (1 + retried)",
        timeout: "90 seconds",
        labels: ["sales", "nightly run"],
        callback: { url: `${endpoint.url}/callback`, headers: { "X-Callback": "yes" } },
        failureCallback: { url: `${endpoint.url}/failure`, headers: { "X-Failure": "yes" } },
        flowControl: { key, parallelism: 3, rate: 5, period: "1 minute" }
      })
      yield* settle(time)
      const entries = yield* entriesOf(messageId)
      strictEqual(entries.length, 4)
      for (const entry of entries) {
        strictEqual(entry.messageId, messageId)
        strictEqual(entry.url, `${endpoint.url}?x=1`)
        strictEqual(entry.method, "PATCH")
        deepStrictEqual<unknown>(entry.headers, { "Content-Type": ["application/json"], "X-Trace": ["a b"] })
        strictEqual(entry.body, '{"report":"sales"}')
        strictEqual(entry.maxRetries, 0)
        strictEqual(entry.retryDelay, "1000 * (1 + retried)")
        strictEqual(Duration.toSeconds(entry.timeout ?? 0), 90)
        deepStrictEqual(entry.labels, ["sales", "nightly run"])
        strictEqual(entry.callback, `${endpoint.url}/callback`)
        deepStrictEqual<unknown>(entry.callbackHeaders, { "X-Callback": ["yes"] })
        strictEqual(entry.failureCallback, `${endpoint.url}/failure`)
        deepStrictEqual<unknown>(entry.failureCallbackHeaders, { "X-Failure": ["yes"] })
        strictEqual(entry.flowControlKey, key)
        strictEqual(entry.parallelism, 3)
        strictEqual(entry.rate, 5)
        strictEqual(Duration.toMillis(entry.period ?? 0), minute)
      }
    })
  )

  timed("an entry names the queue, the group and the endpoint", (time) =>
    Effect.gen(function* () {
      const endpoint = yield* time.endpoint
      const queueName = yield* makeQueue()
      const urlGroup = yield* makeGroup({ url: endpoint.url, name: "First endpoint" })
      const queued = yield* enqueue(queueName, { destination: endpoint.url })
      const grouped = only(yield* publishToGroup(urlGroup))
      yield* settle(time)
      for (const entry of yield* entriesOf(queued.messageId)) {
        strictEqual(entry.queueName, queueName)
        strictEqual(entry.urlGroup, undefined)
      }
      for (const entry of yield* entriesOf(grouped.messageId)) {
        strictEqual(entry.urlGroup, urlGroup)
        strictEqual(entry.endpointName, "First endpoint")
        strictEqual(entry.queueName, undefined)
      }
    })
  )

  timed("a body in the log that is not text reads back as bytes; a missing one is absent", (time) =>
    Effect.gen(function* () {
      const endpoint = yield* time.endpoint
      const bytes = Uint8Array.from({ length: 256 }, (_, index) => index)
      const { messageId } = yield* publish({ destination: endpoint.url, body: bytes })
      const without = yield* publish({ destination: endpoint.url })
      yield* settle(time)
      deepStrictEqual(
        (yield* entriesOf(messageId)).map(({ body }) => body),
        [bytes, bytes, bytes]
      )
      strictEqual((yield* entriesOf(without.messageId))[0]?.body, undefined)
    })
  )

  timed("a failed attempt is logged with its response and the reason", (time) =>
    Effect.gen(function* () {
      const endpoint = yield* endpointWith(
        time,
        { status: 503, headers: { "x-answer": "no" }, body: "Grüße" },
        { status: 200, headers: { "x-answer": "yes" }, body: Uint8Array.of(0xff) }
      )
      const { messageId } = yield* publish({ destination: endpoint.url })
      yield* time.advance("1 minute")
      const entries = yield* entriesOf(messageId)
      const error = only(entries.filter(({ state }) => state === "ERROR"))
      strictEqual(error.responseStatus, 503)
      deepStrictEqual(error.responseHeaders?.["X-Answer"], ["no"])
      strictEqual(error.responseBody, "Grüße")
      assertTrue((error.error ?? "").length > 0)
      const delivered = only(entries.filter(({ state }) => state === "DELIVERED"))
      strictEqual(delivered.responseStatus, 200)
      deepStrictEqual(delivered.responseBody, Uint8Array.of(0xff))
      strictEqual(delivered.error, undefined)
      for (const { responseStatus } of entries.filter(({ state }) => /CREATED|ACTIVE/.test(state))) {
        strictEqual(responseStatus, undefined)
      }
    })
  )

  given(["time", "slowly"], "an attempt without a response is logged without a status", ({ slowly, time }) =>
    Effect.gen(function* () {
      const endpoint = yield* endpointWith(time, slowly("1 hour", 200))
      const { messageId } = yield* publish({ destination: endpoint.url, timeout: "30 seconds", retries: 0 })
      yield* time.advance("1 minute")
      const last = (yield* entriesOf(messageId)).slice(-2)
      deepStrictEqual(
        last.map(({ state }) => state),
        ["ERROR", "FAILED"]
      )
      for (const entry of last) {
        strictEqual(entry.responseStatus, undefined)
        assertTrue((entry.error ?? "").length > 0)
      }
    })
  )

  timed("a callback's log hides what its message redacts [assumed]", (time) =>
    Effect.gen(function* () {
      const logs = yield* QStashLogs
      for (const redact of [{ body: true }, { headers: true }]) {
        const endpoint = yield* endpointWith(time, 500)
        const callback = yield* endpointWith(time, 500)
        yield* publish({
          destination: endpoint.url,
          body: "swordfish",
          headers: { "X-Secret": "sesame" },
          redact,
          retries: 0,
          callback: callback.url,
          failureCallback: callback.url
        })
        yield* settle(time)
        const [told] = yield* callback.deliveries
        strictEqual(told === undefined ? "" : callbackBody(told).sourceBody, base64("swordfish"))
        const { items } = yield* logs.list({ url: callback.url })
        assertTrue(items.length > 0)
        const secret = "body" in redact ? base64("swordfish") : "sesame"
        strictEqual(JSON.stringify(items).includes(secret), false)
      }
    })
  )

  timed("the log is redacted like the message", (time) =>
    Effect.gen(function* () {
      const logs = yield* QStashLogs
      const endpoint = yield* endpointWith(time, 500)
      const { messageId } = yield* publish({
        destination: endpoint.url,
        body: "swordfish",
        headers: { "X-Secret": "swordfish", "X-Open": "sesame" },
        redact: { body: true, headers: ["X-Secret"] },
        retries: 0
      })
      yield* settle(time)
      const { items } = yield* logs.list({ messageId })
      strictEqual(items.length, 4)
      for (const entry of items) {
        assertEquals<unknown>(entry.body, redacted("swordfish"))
        assertEquals<unknown>(entry.headers["X-Secret"]?.[0], redacted("swordfish"))
        deepStrictEqual(entry.headers["X-Open"], ["sesame"])
        strictEqual(JSON.stringify(entry).includes("swordfish"), false)
      }
    })
  )
})
