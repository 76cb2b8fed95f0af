import { MessageId } from "@effect-qstash/domain/MessageId"
import { DeduplicationId } from "@effect-qstash/domain/DeduplicationId"
import { FlowControlKey } from "@effect-qstash/domain/FlowControl"
import type { PublishMessage } from "@effect-qstash/domain/PublishMessage"
import {
  type QStashError,
  QStashInvalidRequest,
  type QStashQuotaExceeded
} from "@effect-qstash/domain/QStashError"
import { QStashMessages } from "@effect-qstash/domain/QStashMessages"
import { assertEquals, assertMatch, assertTrue, deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import * as Arr from "effect/Array"
import * as Effect from "effect/Effect"
import { quotaExceeded, settle, somewhere } from "../internal/given.ts"
import { chapter } from "../internal/law.ts"
import { refuseMisnamed } from "../internal/misnamed.ts"
import { freshGroup, freshQueue, getMessage, makeGroup, pending } from "../internal/sending.ts"

/** Expects a publish to be rejected as invalid. */
const refused = (message: Partial<PublishMessage.Input>) =>
  Effect.gen(function* () {
    const messages = yield* QStashMessages
    const error: QStashQuotaExceeded | QStashError = yield* Effect.flip(
      messages.publish({ destination: somewhere, ...message })
    )
    assertTrue(error instanceof QStashInvalidRequest, error.message)
    strictEqual(error.isRetryable, false)
    return error
  })

export const refusing = chapter("refusing", ({ given, law, timed }) => {
  law("rejects a message id that is empty or would hit another route, before sending anything", () =>
    Effect.gen(function* () {
      const messages = yield* QStashMessages
      yield* refuseMisnamed("messageId", MessageId, (id) => [messages.get(id), messages.cancel(id)])
    })
  )

  law("publish rejects a destination that is not an http URL", () =>
    Effect.forEach(
      ["", "example.com", "ftp://example.com/", "mailto:a@example.com", "https://"],
      (destination) => refused({ destination }),
      { discard: true }
    )
  )

  law("publish rejects an unknown group and names it", () =>
    Effect.gen(function* () {
      const urlGroup = yield* freshGroup
      const { message } = yield* refused({ destination: { urlGroup } })
      assertMatch(
        message,
        new RegExp(`^QStash refused the request \\(4\\d\\d\\): topic ${urlGroup} not found$`)
      )
    })
  )

  law("publish normalises a destination with dot segments", () =>
    Effect.gen(function* () {
      const { messageId } = yield* pending({ destination: "https://example.com/../../../../keys/rotate" })
      strictEqual((yield* getMessage(messageId)).url, "https://example.com/keys/rotate")
    })
  )

  law("publish rejects an invalid number or duration", () =>
    Effect.gen(function* () {
      yield* refused({ retries: -1 })
      yield* refused({ retries: 1.5 })
      yield* refused({ delay: "1500 millis" })
      yield* refused({ timeout: 0 })
      yield* refused({ retryDelay: "process.exit()" })
      yield* refused({ notBefore: "tomorrow" })
      yield* refused({ delay: "1 minute", notBefore: 0 })
    })
  )

  law("a delay longer than any plan allows exceeds the quota", () =>
    Effect.gen(function* () {
      const messages = yield* QStashMessages
      const message = { destination: somewhere } as const
      for (const wait of [{ delay: "4000 days" }, { notBefore: "2999-01-01T00:00:00Z" }] as const) {
        const error = yield* Effect.flip(messages.publish({ ...message, ...wait }))
        strictEqual(error._tag, "QStashQuotaExceeded")
        strictEqual(
          (yield* Effect.flip(messages.batch([{ ...message, ...wait }])))._tag,
          "QStashQuotaExceeded"
        )
      }
    })
  )

  law("publish rejects an invalid header", () =>
    Effect.forEach(
      [{ "X-Split": "a\r\nX-Other: b" }, { "X-Wide": "世界" }, { "X Blank": "a" }, { "X-Null": "\u0000" }],
      (headers) => refused({ headers }),
      { discard: true }
    )
  )

  law("publish rejects a QStash control header and names the option to use", () =>
    Effect.gen(function* () {
      strictEqual(
        (yield* refused({ headers: { "Upstash-Retries": "1" } })).message,
        'The request was not sent: headers: "Upstash-Retries" would not control QStash: use the option "retries" instead'
      )
      strictEqual(
        (yield* refused({ headers: { "upstash-forward-x-a": "1" } })).message,
        'The request was not sent: headers: "Upstash-Forward-X-A" would not control QStash: headers are forwarded as they are, so write "x-a"'
      )
    })
  )

  law("publish rejects headers in a Map or a Headers object instead of dropping them", () =>
    Effect.gen(function* () {
      const entries = { "X-A": "1" }
      for (const [headers, shown] of [
        [new Map(Object.entries(entries)), "a Map"],
        [new Headers(entries), "a Headers"]
      ] as const) {
        const error = yield* Effect.flip(
          Effect.flatMap(QStashMessages, (messages) =>
            // @ts-expect-error a call from JavaScript
            messages.publish({ destination: somewhere, headers })
          )
        )
        assertEquals(
          error,
          new QStashInvalidRequest({
            field: "headers",
            reason: `expected an object of header names and values, got ${shown}: write Object.fromEntries(headers)`
          })
        )
      }
    })
  )

  law("publish rejects a flow-control key that cannot be part of a path", () =>
    Effect.forEach(
      ["", ".", "..", " a "],
      (text) => {
        const key = FlowControlKey.make(text, { disableValidation: true })
        return refused({ flowControl: { key, parallelism: 1 } })
      },
      { discard: true }
    )
  )

  law("publish rejects a bare name as a destination or an object as a body, and says what to write", () =>
    Effect.gen(function* () {
      strictEqual(
        (yield* refused({ destination: "sync" })).reason,
        'expected a URL that starts with http:// or https://; a URL group is { urlGroup: "sync" }'
      )
      // @ts-expect-error a call from JavaScript
      const { reason } = yield* refused({ body: { a: 1 } })
      strictEqual(
        reason,
        "expected text or bytes; use publishJson, enqueueJson or batchJson to send a value as JSON"
      )
    })
  )

  law(
    "publish rejects a deduplication id with a colon or a space, and one combined with content-based deduplication",
    () =>
      Effect.gen(function* () {
        for (const id of ["a:b", "a b", "", "ä"]) {
          yield* refused({ deduplicationId: DeduplicationId.make(id, { disableValidation: true }) })
        }
        yield* refused({ deduplicationId: DeduplicationId.make("id"), contentBasedDeduplication: true })
      })
  )

  law("publish rejects an invalid flow-control limit", () =>
    Effect.gen(function* () {
      const key = FlowControlKey.make("key")
      yield* refused({ flowControl: { key, parallelism: 0 } })
      yield* refused({ flowControl: { key, rate: 1.5 } })
      yield* refused({ flowControl: { key, rate: 1, period: "8 days" } })
      yield* refused({ flowControl: { key, rate: 1, period: 0 } })
      // @ts-expect-error a missing limit is also a type error
      yield* refused({ flowControl: { key } })
      yield* refused({ flowControl: { key: FlowControlKey.make("", { disableValidation: true }), rate: 1 } })
    })
  )

  law("publish rejects a callback that is not an http URL, without repeating it", () =>
    Effect.gen(function* () {
      for (const url of ["ftp://user:swordfish@example.com", "swordfish", ""]) {
        for (const message of [{ callback: url }, { failureCallback: { url } }]) {
          strictEqual((yield* refused(message)).message.includes("swordfish"), false)
        }
      }
      yield* refused({ callback: { url: somewhere, retries: -1 } })
    })
  )

  law("publish, enqueue and batch reject an unknown option and name it", () =>
    Effect.gen(function* () {
      const messages = yield* QStashMessages
      const queueName = yield* freshQueue
      const typo = { destination: somewhere, dedupId: "a" }
      const refusal = (field: string) =>
        new QStashInvalidRequest({ field, reason: "is not an option of a message" })
      assertEquals(yield* Effect.flip(messages.publish(typo)), refusal("dedupId"))
      assertEquals(yield* Effect.flip(messages.enqueue(queueName, typo)), refusal("dedupId"))
      assertEquals(
        yield* Effect.flip(messages.batch([{ destination: somewhere }, typo])),
        refusal("[1].dedupId")
      )
    })
  )

  law("enqueue accepts no delay, notBefore or flow control", () =>
    Effect.gen(function* () {
      const messages = yield* QStashMessages
      const queueName = yield* freshQueue
      for (const [field, message] of Object.entries({
        delay: { destination: somewhere, delay: "1 minute" },
        notBefore: { destination: somewhere, notBefore: "2999-01-01T00:00:00Z" },
        flowControl: { destination: somewhere, flowControl: { key: "a", rate: 1 } }
      })) {
        assertEquals(
          yield* Effect.flip(messages.enqueue(queueName, message)),
          new QStashInvalidRequest({ field, reason: "is not an option of enqueue" })
        )
      }
    })
  )

  given(["quotas"], "publish rejects more retries than the quota allows, also for callbacks", ({ quotas }) =>
    Effect.gen(function* () {
      const messages = yield* QStashMessages
      const queueName = yield* freshQueue
      const retries = quotas.maxRetries + 1
      const tooMany = quotaExceeded("maxRetries", quotas.maxRetries)
      for (const settings of [
        { retries },
        { callback: { url: somewhere, retries } },
        { failureCallback: { url: somewhere, retries } }
      ]) {
        const message = { destination: somewhere, ...settings }
        assertEquals(yield* Effect.flip(messages.publish(message)), tooMany)
        assertEquals(yield* Effect.flip(messages.enqueue(queueName, message)), tooMany)
        assertEquals(yield* Effect.flip(messages.batch([{ destination: somewhere }, message])), tooMany)
      }
      yield* pending({ retries: quotas.maxRetries })
    })
  )

  given(
    ["quotas", "time"],
    "a batch with too many messages or bytes is rejected and creates nothing",
    ({ quotas, time }) =>
      Effect.gen(function* () {
        const messages = yield* QStashMessages
        const endpoint = yield* time.endpoint
        const endpoints = Arr.makeBy(10, (index) => ({ url: `${endpoint.url}/${index}` }))
        const urlGroup = yield* makeGroup(...endpoints)
        const items = (count: number, body: string) =>
          Array.from({ length: count }, () => ({ destination: { urlGroup }, body, retries: 0 }))
        assertEquals(
          yield* Effect.flip(messages.batch(items(quotas.maxMessagesPerRequest / 10 + 1, ""))),
          quotaExceeded("maxMessagesPerRequest", quotas.maxMessagesPerRequest)
        )
        assertEquals(
          yield* Effect.flip(messages.batch(items(5, "a".repeat(quotas.maxBytesPerRequest / 40)))),
          quotaExceeded("maxBytesPerRequest", quotas.maxBytesPerRequest)
        )
        yield* settle(time)
        deepStrictEqual(yield* endpoint.deliveries, [])
      })
  )

  timed("a rejected message is not delivered", (time) =>
    Effect.gen(function* () {
      const endpoint = yield* time.endpoint
      yield* refused({ destination: endpoint.url, retries: -1 })
      yield* refused({ destination: endpoint.url, callback: "nowhere" })
      yield* settle(time)
      deepStrictEqual(yield* endpoint.deliveries, [])
    })
  )

  law("the error of a rejected publish shows no body, no header and no secret part of a URL", () =>
    Effect.gen(function* () {
      const secrets = {
        body: "swordfish-1",
        headers: { Authorization: "swordfish-2", "X-Secret": "swordfish-3" },
        destination: "https://user:swordfish-4@example.com/?key=swordfish-5",
        callback: "https://user:swordfish-6@example.com/?key=swordfish-7"
      }
      for (const fault of [
        { retries: -1 },
        { headers: { ...secrets.headers, "X-Split": "swordfish-8\n" } },
        { destination: "ftp://user:swordfish-9@example.com/?key=swordfish-10" }
      ]) {
        const error = yield* refused({ ...secrets, ...fault })
        strictEqual(`${error.message}${String(error)}${JSON.stringify(error)}`.includes("swordfish"), false)
      }
    })
  )
})
