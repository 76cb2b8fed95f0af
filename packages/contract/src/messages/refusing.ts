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

/** Expects a publish to be refused as invalid. */
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
  law(
    "the id of a message that is empty, or would name another route, is refused before anything is sent",
    () =>
      Effect.gen(function* () {
        const messages = yield* QStashMessages
        yield* refuseMisnamed("messageId", MessageId, (id) => [messages.get(id), messages.cancel(id)])
      })
  )

  law("a message to what is no http URL is refused", () =>
    Effect.forEach(
      ["", "example.com", "ftp://example.com/", "mailto:a@example.com", "https://"],
      (destination) => refused({ destination }),
      { discard: true }
    )
  )

  law("a message to a group that there is not is refused by its name", () =>
    Effect.gen(function* () {
      const urlGroup = yield* freshGroup
      const { message } = yield* refused({ destination: { urlGroup } })
      assertMatch(
        message,
        new RegExp(`^QStash refused the request \\(4\\d\\d\\): topic ${urlGroup} not found$`)
      )
    })
  )

  law("a message whose destination would leave its place in the request path goes where it says", () =>
    Effect.gen(function* () {
      const { messageId } = yield* pending({ destination: "https://example.com/../../../../keys/rotate" })
      strictEqual((yield* getMessage(messageId)).url, "https://example.com/keys/rotate")
    })
  )

  law("a message with a number or a span that makes no sense is refused", () =>
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

  law("a message that would wait longer than any plan allows is over the quota", () =>
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

  law("a message with a header that would break the wire is refused", () =>
    Effect.forEach(
      [{ "X-Split": "a\r\nX-Other: b" }, { "X-Wide": "世界" }, { "X Blank": "a" }, { "X-Null": "\u0000" }],
      (headers) => refused({ headers }),
      { discard: true }
    )
  )

  law("a control header of QStash among the headers is refused, and the error names the option to use", () =>
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

  law("headers that are a Map or a Headers are refused rather than dropped", () =>
    Effect.gen(function* () {
      const entries = { "X-A": "1" }
      for (const [headers, shown] of [
        [new Map(Object.entries(entries)), "a Map"],
        [new Headers(entries), "a Headers"]
      ] as const) {
        const error = yield* Effect.flip(
          Effect.flatMap(QStashMessages, (messages) =>
            // @ts-expect-error for those who write JavaScript
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

  law("a flow-control key that no path could hold is refused where a message would use it", () =>
    Effect.forEach(
      ["", ".", "..", " a "],
      (text) => {
        const key = FlowControlKey.make(text, { disableValidation: true })
        return refused({ flowControl: { key, parallelism: 1 } })
      },
      { discard: true }
    )
  )

  law("a bare name as a destination, or an object as a body, is refused with what to write", () =>
    Effect.gen(function* () {
      strictEqual(
        (yield* refused({ destination: "sync" })).reason,
        'expected a URL that starts with http:// or https://; a URL group is { urlGroup: "sync" }'
      )
      // @ts-expect-error for those who write JavaScript
      const { reason } = yield* refused({ body: { a: 1 } })
      strictEqual(
        reason,
        "expected text or bytes; use publishJson, enqueueJson or batchJson to send a value as JSON"
      )
    })
  )

  law("a deduplication id with a colon or a blank is refused, and so is one beside the content", () =>
    Effect.gen(function* () {
      for (const id of ["a:b", "a b", "", "ä"]) {
        yield* refused({ deduplicationId: DeduplicationId.make(id, { disableValidation: true }) })
      }
      yield* refused({ deduplicationId: DeduplicationId.make("id"), contentBasedDeduplication: true })
    })
  )

  law("a flow-control limit that is none is refused", () =>
    Effect.gen(function* () {
      const key = FlowControlKey.make("key")
      yield* refused({ flowControl: { key, parallelism: 0 } })
      yield* refused({ flowControl: { key, rate: 1.5 } })
      yield* refused({ flowControl: { key, rate: 1, period: "8 days" } })
      yield* refused({ flowControl: { key, rate: 1, period: 0 } })
      // @ts-expect-error a limit is part of the type as well
      yield* refused({ flowControl: { key } })
      yield* refused({ flowControl: { key: FlowControlKey.make("", { disableValidation: true }), rate: 1 } })
    })
  )

  law("a callback to what is no http URL is refused, and its URL is not repeated", () =>
    Effect.gen(function* () {
      for (const url of ["ftp://user:swordfish@example.com", "swordfish", ""]) {
        for (const message of [{ callback: url }, { failureCallback: { url } }]) {
          strictEqual((yield* refused(message)).message.includes("swordfish"), false)
        }
      }
      yield* refused({ callback: { url: somewhere, retries: -1 } })
    })
  )

  law("an option that there is not is refused by its name, whichever way a message is sent", () =>
    Effect.gen(function* () {
      const messages = yield* QStashMessages
      const queueName = yield* freshQueue
      const typo = { destination: somewhere, dedupId: "a" }
      const refusal = (field: string) =>
        new QStashInvalidRequest({ field, reason: "is no option of a message" })
      assertEquals(yield* Effect.flip(messages.publish(typo)), refusal("dedupId"))
      assertEquals(yield* Effect.flip(messages.enqueue(queueName, typo)), refusal("dedupId"))
      assertEquals(
        yield* Effect.flip(messages.batch([{ destination: somewhere }, typo])),
        refusal("[1].dedupId")
      )
    })
  )

  law("an enqueue takes neither a delay nor an instant nor flow control", () =>
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
          new QStashInvalidRequest({ field, reason: "is no option of enqueue" })
        )
      }
    })
  )

  given(
    ["quotas"],
    "rejects more retries than the quota allows, of a message and of its callbacks",
    ({ quotas }) =>
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
    "rejects a batch that would create too many messages or too many bytes, and creates none of them",
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

  timed("what is refused is not delivered", (time) =>
    Effect.gen(function* () {
      const endpoint = yield* time.endpoint
      yield* refused({ destination: endpoint.url, retries: -1 })
      yield* refused({ destination: endpoint.url, callback: "nowhere" })
      yield* settle(time)
      deepStrictEqual(yield* endpoint.deliveries, [])
    })
  )

  law("a refused publish repeats no body, no header and nothing secret of a URL", () =>
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
