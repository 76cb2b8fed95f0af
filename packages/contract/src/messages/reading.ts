import { MessageNotFound } from "@effect-qstash/domain/QStashError"
import { MessageId } from "@effect-qstash/domain/MessageId"
import { QStashMessages } from "@effect-qstash/domain/QStashMessages"
import { RedactedValue } from "@effect-qstash/domain/RedactedValue"
import { assertEquals, assertInclude, deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { createHash } from "node:crypto"
import {
  fireOne,
  freshName,
  get,
  hour,
  iso,
  minute,
  only,
  settle,
  somewhere,
  textOf
} from "../internal/given.ts"
import { chapter } from "../internal/law.ts"
import {
  bury,
  endpointWith,
  enqueue,
  freshKey,
  getMessage,
  makeQueue,
  pending,
  publish
} from "../internal/sending.ts"

const redacted = (value: string | Uint8Array): RedactedValue =>
  new RedactedValue({ sha256: createHash("sha256").update(value).digest("hex") })

const gone = (messageId: MessageId) =>
  Effect.map(Effect.flip(getMessage(messageId)), (error) =>
    assertEquals(error, new MessageNotFound({ messageId }))
  )

export const reading = chapter("reading", ({ law, timed }) => {
  law("every setting of a message reads back unchanged", () =>
    Effect.gen(function* () {
      const flowControl = { key: yield* freshKey, parallelism: 3, rate: 5, period: "1 minute" } as const
      const { messageId } = yield* pending({
        destination: `${somewhere}?region=eu`,
        method: "PATCH",
        headers: { "content-type": "application/json", "X-Trace": "a b" },
        body: '{"report":"sales"}',
        retries: 7,
        retryDelay: "1000 * (1 + retried)",
        timeout: "90 seconds",
        delay: "3 hours",
        labels: ["sales", "nightly run"],
        callback: { url: `${somewhere}/callback?key=1`, headers: { "X-Callback": "yes" } },
        failureCallback: `${somewhere}/failure`,
        flowControl
      })
      const message = yield* getMessage(messageId)
      strictEqual(message.url, `${somewhere}?region=eu`)
      strictEqual(message.method, "PATCH")
      deepStrictEqual<unknown>(message.headers, { "Content-Type": ["application/json"], "X-Trace": ["a b"] })
      strictEqual(message.body, '{"report":"sales"}')
      strictEqual(message.maxRetries, 7)
      strictEqual(message.retryDelay, "1000 * (1 + retried)")
      strictEqual(message.timeout, 90)
      deepStrictEqual(message.labels, ["sales", "nightly run"])
      strictEqual(message.callback, `${somewhere}/callback?key=1`)
      deepStrictEqual<unknown>(message.callbackHeaders, { "X-Callback": ["yes"] })
      strictEqual(message.failureCallback, `${somewhere}/failure`)
      strictEqual(message.flowControlKey, flowControl.key)
      strictEqual(message.parallelism, 3)
      strictEqual(message.rate, 5)
      strictEqual(Duration.toMillis(message.period ?? 0), minute)
      strictEqual(DateTime.distance(message.createdAt, message.notBefore), 3 * hour)
      strictEqual(message.queueName, undefined)
      strictEqual(message.scheduleId, undefined)
      strictEqual(message.urlGroup, undefined)
    })
  )

  law("a message without settings has QStash's defaults", () =>
    Effect.gen(function* () {
      const { messageId } = yield* pending()
      const { callerIp: _ip, createdAt: _created, notBefore: _due, ...rest } = yield* getMessage(messageId)
      deepStrictEqual<unknown>(rest, {
        messageId,
        url: somewhere,
        method: "POST",
        headers: {},
        maxRetries: 3,
        labels: []
      })
    })
  )

  law("zero retries differ from unset retries", () =>
    Effect.gen(function* () {
      strictEqual(
        (yield* Effect.flatMap(pending({ retries: 0 }), ({ messageId }) => getMessage(messageId))).maxRetries,
        0
      )
    })
  )

  law("a message's body reads back as text if it is UTF-8, else as bytes", () =>
    Effect.gen(function* () {
      const text = "Grüße, 世界 👋\r\n\u0000"
      const bytes = Uint8Array.from({ length: 256 }, (_, index) => index)
      for (const body of [text, bytes]) {
        const { messageId } = yield* pending({ body })
        deepStrictEqual((yield* getMessage(messageId)).body, body)
      }
    })
  )

  law("a message names its queue", () =>
    Effect.gen(function* () {
      const queueName = yield* makeQueue({ isPaused: true })
      const { messageId } = yield* enqueue(queueName, { destination: somewhere })
      strictEqual((yield* getMessage(messageId)).queueName, queueName)
    })
  )

  law("a redacted message reads back as hashes only", () =>
    Effect.gen(function* () {
      const headers = { "X-Secret": "swordfish", "X-Open": "sesame" }
      const read = (redact: Parameters<typeof pending>[0] & object) =>
        Effect.flatMap(pending({ body: "swordfish", headers, ...redact }), ({ messageId }) =>
          getMessage(messageId)
        )
      const all = yield* read({ redact: { body: true, headers: true } })
      assertEquals<unknown>(all.body, redacted("swordfish"))
      assertEquals<unknown>(all.headers["X-Secret"]?.[0], redacted("swordfish"))
      assertEquals<unknown>(all.headers["X-Open"]?.[0], redacted("sesame"))
      const named = yield* read({ redact: { headers: ["x-SECRET"] } })
      assertEquals<unknown>(named.headers["X-Secret"]?.[0], redacted("swordfish"))
      deepStrictEqual(named.headers["X-Open"], ["sesame"])
      strictEqual(named.body, "swordfish")
    })
  )

  timed("a redacted message is delivered with its original content", (time) =>
    Effect.gen(function* () {
      const endpoint = yield* time.endpoint
      yield* publish({
        destination: endpoint.url,
        body: "swordfish",
        redact: { body: true, headers: true }
      })
      yield* settle(time)
      strictEqual(textOf(only(yield* endpoint.deliveries)), "swordfish")
    })
  )

  law("get names the message it cannot find", () =>
    Effect.gen(function* () {
      const messageId = MessageId.make(`msg_${yield* freshName}`)
      const error = yield* Effect.flip(getMessage(messageId))
      assertEquals(error, new MessageNotFound({ messageId }))
      strictEqual(error.isRetryable, false)
      assertInclude(error.message, messageId)
    })
  )

  law("a cancelled message cannot be read any more", () =>
    Effect.gen(function* () {
      const messages = yield* QStashMessages
      const { messageId } = yield* pending()
      yield* messages.cancel(messageId)
      yield* gone(messageId)
    })
  )

  timed("a message cannot be read any more once it is delivered or has failed for good", (time) =>
    Effect.gen(function* () {
      const endpoint = yield* time.endpoint
      const { messageId } = yield* publish({ destination: endpoint.url })
      yield* settle(time)
      yield* gone(messageId)
      yield* gone((yield* bury(time)).messageId)
    })
  )

  timed("a message waiting for a retry can be read", (time) =>
    Effect.gen(function* () {
      const endpoint = yield* endpointWith(time, 500, 200)
      const now = yield* time.now
      const { messageId } = yield* publish({ destination: endpoint.url, body: "again" })
      yield* settle(time)
      const message = yield* getMessage(messageId)
      strictEqual(message.body, "again")
      strictEqual(iso(message.createdAt), iso(now))
      strictEqual(iso(message.notBefore), iso(now))
      yield* time.advance("1 minute")
      yield* gone(messageId)
    })
  )

  timed("a message names the schedule that created it", (time) =>
    Effect.gen(function* () {
      const endpoint = yield* time.endpoint
      const { firedAt, scheduleId } = yield* fireOne(time, { destination: endpoint.url, delay: "1 hour" })
      const id = only(Object.keys((yield* get(scheduleId)).lastScheduleStates))
      const message = yield* getMessage(MessageId.make(id))
      strictEqual(message.scheduleId, scheduleId)
      strictEqual(message.url, endpoint.url)
      strictEqual(iso(message.createdAt), iso(firedAt))
      strictEqual(iso(message.notBefore), iso(firedAt + hour))
    })
  )
})
