import { DeduplicationId } from "@effect-qstash/domain/DeduplicationId"
import { DlqId } from "@effect-qstash/domain/DlqId"
import { QStashDlq } from "@effect-qstash/domain/QStashDlq"
import { DlqMessageNotFound, QStashInvalidRequest } from "@effect-qstash/domain/QStashError"
import { QStashMessages } from "@effect-qstash/domain/QStashMessages"
import { assertEquals, assertTrue, deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { callbackBody } from "../internal/callbacks.ts"
import {
  freshName,
  headerOf,
  idOf,
  iso,
  only,
  quotaExceeded,
  secondsAfter,
  settle,
  textOf
} from "../internal/given.ts"
import { chapter } from "../internal/law.ts"
import { refuseMisnamed } from "../internal/misnamed.ts"
import {
  batch,
  bury,
  endpointWith,
  freshKey,
  freshQueue,
  lettersOf,
  makeGroup,
  publishToGroup,
  sendMany,
  statesOf
} from "../internal/sending.ts"

const absent = DlqId.make("1-999")

export const retrying = chapter("retrying", ({ alone, given, law, timed }) => {
  law("a retry rejects an invalid number of retries and shows it", () =>
    Effect.gen(function* () {
      const dlq = yield* QStashDlq
      const refusal = new QStashInvalidRequest({
        field: "retries",
        reason: "expected a whole number of at least 0, got -1"
      })
      assertEquals(yield* Effect.flip(dlq.retry(DlqId.make("1-0"), { retries: -1 })), refusal)
      assertEquals(yield* Effect.flip(dlq.retryMany({ all: true }, { retries: -1 })), refusal)
    })
  )

  law("rejects a dead letter id that is empty or would hit another route, before sending anything", () =>
    Effect.gen(function* () {
      const dlq = yield* QStashDlq
      yield* refuseMisnamed("dlqId", DlqId, (id) => [dlq.get(id), dlq.delete(id), dlq.retry(id)])
    })
  )

  timed("a retry publishes the message again with a new id and removes the dead letter", (time) =>
    Effect.gen(function* () {
      const dlq = yield* QStashDlq
      const { endpoint, letter, messageId } = yield* bury(time, { body: "again" })
      yield* endpoint.respond(200)
      yield* time.advance("1 hour")
      const now = yield* time.now
      const retried = yield* dlq.retry(letter.dlqId)
      assertTrue(retried.messageId !== messageId)
      strictEqual(retried.isDeduplicated, false)
      const { dlqId } = letter
      assertEquals(yield* Effect.flip(dlq.get(dlqId)), new DlqMessageNotFound({ dlqId }))
      assertEquals(yield* Effect.flip(dlq.delete(dlqId)), new DlqMessageNotFound({ dlqId }))
      assertEquals(yield* Effect.flip(dlq.retry(dlqId)), new DlqMessageNotFound({ dlqId }))
      yield* time.advance("1 day")
      const [, delivery, ...rest] = yield* endpoint.deliveries
      deepStrictEqual(rest, [])
      assertTrue(delivery !== undefined)
      strictEqual(iso(delivery.at), iso(now))
      strictEqual(textOf(delivery), "again")
      strictEqual(idOf(delivery), retried.messageId)
      strictEqual(headerOf(delivery, "Upstash-Retried"), "0")
      deepStrictEqual(yield* lettersOf(retried.messageId), [])
      deepStrictEqual(yield* statesOf(retried.messageId), ["CREATED", "ACTIVE", "DELIVERED"])
    })
  )

  timed("a retried message keeps all its settings", (time) =>
    Effect.gen(function* () {
      const dlq = yield* QStashDlq
      const callback = yield* time.endpoint
      const failureCallback = yield* time.endpoint
      const key = yield* freshKey
      const queueName = yield* freshQueue
      const { endpoint, letter } = yield* bury(time, {
        method: "PUT",
        headers: { "Content-Type": "text/plain", "X-Trace": "a b" },
        body: Uint8Array.of(0, 0xff),
        timeout: "90 seconds",
        labels: ["a", "b"],
        flowControl: { key, parallelism: 2 },
        callback: callback.url,
        failureCallback: failureCallback.url
      })
      yield* dlq.retry(letter.dlqId)
      yield* settle(time)
      const [before, after] = yield* endpoint.deliveries
      assertTrue(before !== undefined && after !== undefined)
      strictEqual(after.method, "PUT")
      strictEqual(headerOf(after, "X-Trace"), "a b")
      strictEqual(headerOf(after, "Content-Type"), "text/plain")
      strictEqual(headerOf(after, "Upstash-Caller-Ip"), headerOf(before, "Upstash-Caller-Ip"))
      deepStrictEqual(after.body, Uint8Array.of(0, 0xff))
      strictEqual((yield* callback.deliveries).length, 2)
      strictEqual((yield* failureCallback.deliveries).length, 2)
      const again = only((yield* dlq.list({ flowControlKey: key })).items)
      assertTrue(again.dlqId !== letter.dlqId && again.messageId !== letter.messageId)
      strictEqual(again.messageId, idOf(after))
      deepStrictEqual(again.labels, ["a", "b"])
      strictEqual(again.parallelism, 2)
      strictEqual(again.timeout, 90)
      strictEqual(again.maxRetries, 0)
      const [, told] = yield* failureCallback.deliveries
      strictEqual(told === undefined ? undefined : callbackBody(told).dlqId, again.dlqId)

      const [queued] = yield* batch([{ destination: endpoint.url, queueName, retries: 0 }])
      yield* settle(time)
      const queuedLetter = only(queued === undefined ? [] : yield* lettersOf(only(queued).messageId))
      const second = yield* dlq.retry(queuedLetter.dlqId)
      yield* settle(time)
      strictEqual(only(yield* lettersOf(second.messageId)).queueName, queueName)
    })
  )

  timed("a retried message that fails again becomes a new dead letter", (time) =>
    Effect.gen(function* () {
      const dlq = yield* QStashDlq
      const { endpoint, letter } = yield* bury(time)
      yield* endpoint.respond({ status: 410, body: "gone" })
      yield* time.advance("1 minute")
      const { messageId } = yield* dlq.retry(letter.dlqId)
      yield* settle(time)
      const fresh = only(yield* lettersOf(messageId))
      assertTrue(fresh.dlqId !== letter.dlqId)
      strictEqual(fresh.responseStatus, 410)
      strictEqual(fresh.responseBody, "gone")
    })
  )

  timed("a retry can change the number of retries", (time) =>
    Effect.gen(function* () {
      const dlq = yield* QStashDlq
      const { endpoint, letter } = yield* bury(time)
      const now = yield* time.now
      const { messageId } = yield* dlq.retry(letter.dlqId, { retries: 2 })
      yield* time.advance("1 hour")
      deepStrictEqual(secondsAfter(now, yield* endpoint.deliveries), [0, 0, 12, 160])
      const again = only(yield* lettersOf(messageId))
      strictEqual(again.maxRetries, 2)
      const later = yield* time.now
      const [published] = yield* dlq.retryMany({ dlqIds: [again.dlqId] }, { retries: 0 })
      yield* time.advance("1 hour")
      deepStrictEqual(secondsAfter(later, (yield* endpoint.deliveries).slice(4)), [0])
      strictEqual(published === undefined ? -1 : only(yield* lettersOf(published.messageId)).maxRetries, 0)
    })
  )

  timed("a retry ignores the message's delay and is not deduplicated [assumed]", (time) =>
    Effect.gen(function* () {
      const dlq = yield* QStashDlq
      const endpoint = yield* endpointWith(time, 500)
      const { letter, messageId } = yield* Effect.gen(function* () {
        const deduplicationId = DeduplicationId.make(yield* freshName)
        return yield* bury(time, { destination: endpoint.url, deduplicationId })
      })
      const now = yield* time.now
      const retried = yield* dlq.retry(letter.dlqId)
      strictEqual(retried.isDeduplicated, false)
      assertTrue(retried.messageId !== messageId)
      yield* settle(time)
      deepStrictEqual(secondsAfter(now, yield* endpoint.deliveries), [0, 0])

      const [delayed] = yield* batch([{ destination: endpoint.url, delay: "1 minute", retries: 0 }])
      yield* time.advance("1 minute")
      const late = yield* time.now
      const { dlqId } = only(delayed === undefined ? [] : yield* lettersOf(only(delayed).messageId))
      yield* dlq.retry(dlqId)
      yield* settle(time)
      deepStrictEqual(secondsAfter(late, yield* endpoint.deliveries).slice(2), [0, 0])
    })
  )

  timed("a retried group message goes only to its own endpoint", (time) =>
    Effect.gen(function* () {
      const dlq = yield* QStashDlq
      const endpoint = yield* endpointWith(time, 500, 200)
      const urlGroup = yield* makeGroup({ url: `${endpoint.url}/a`, name: "a" }, { url: `${endpoint.url}/b` })
      const [first] = yield* publishToGroup(urlGroup, { retries: 0 })
      yield* settle(time)
      yield* dlq.retry(only(first === undefined ? [] : yield* lettersOf(first.messageId)).dlqId)
      yield* settle(time)
      const deliveries = yield* endpoint.deliveries
      deepStrictEqual(
        deliveries.map(({ url }) => url.slice(endpoint.url.length)),
        ["/a", "/b", "/a"]
      )
      strictEqual(deliveries[2] === undefined ? "" : headerOf(deliveries[2], "Upstash-Topic-Name"), urlGroup)
    })
  )

  law("a retry names the dead letter it cannot find", () =>
    Effect.gen(function* () {
      const dlq = yield* QStashDlq
      const error = yield* Effect.flip(dlq.retry(absent))
      assertEquals(error, new DlqMessageNotFound({ dlqId: absent }))
    })
  )

  timed("a retry with an invalid number of retries is rejected, and the dead letter stays", (time) =>
    Effect.gen(function* () {
      const dlq = yield* QStashDlq
      const { letter } = yield* bury(time)
      const { dlqId } = letter
      for (const retries of [-1, 1.5]) {
        strictEqual((yield* Effect.flip(dlq.retry(dlqId, { retries })))._tag, "QStashInvalidRequest")
        const many = yield* Effect.flip(dlq.retryMany({ dlqIds: [dlqId] }, { retries }))
        strictEqual(many._tag, "QStashInvalidRequest")
      }
      strictEqual((yield* dlq.get(dlqId)).dlqId, dlqId)
    })
  )

  given(
    ["quotas", "time"],
    "a retry with more retries than the quota allows is rejected, and the dead letter stays",
    ({ quotas, time }) =>
      Effect.gen(function* () {
        const dlq = yield* QStashDlq
        const { dlqId } = (yield* bury(time)).letter
        const retries = quotas.maxRetries + 1
        const tooMany = quotaExceeded("maxRetries", quotas.maxRetries)
        assertEquals(yield* Effect.flip(dlq.retry(dlqId, { retries })), tooMany)
        assertEquals(yield* Effect.flip(dlq.retryMany({ dlqIds: [dlqId] }, { retries })), tooMany)
        strictEqual((yield* dlq.get(dlqId)).dlqId, dlqId)
      })
  )

  timed("retryMany ignores unknown ids and returns the new message of each dead letter", (time) =>
    Effect.gen(function* () {
      const dlq = yield* QStashDlq
      const [first, second, third] = [yield* bury(time), yield* bury(time), yield* bury(time)]
      for (const { endpoint } of [first, second, third]) yield* endpoint.respond(200)
      const dlqIds = [first.letter.dlqId, absent, second.letter.dlqId] as const
      const published = yield* dlq.retryMany({ dlqIds })
      strictEqual(new Set(published.map(({ messageId }) => messageId)).size, 2)
      yield* settle(time)
      const ids = [first, second].map(({ endpoint }) =>
        Effect.map(endpoint.deliveries, (all) => all.map(idOf).at(-1) ?? "")
      )
      deepStrictEqual(
        (yield* Effect.all(ids)).toSorted(),
        published.map(({ messageId }) => messageId).toSorted()
      )
      strictEqual((yield* third.endpoint.deliveries).length, 1)
      deepStrictEqual(yield* dlq.retryMany({ dlqIds }), [])
    })
  )

  timed("any number of dead letters can be retried by a filter", (time) =>
    Effect.gen(function* () {
      const messages = yield* QStashMessages
      const dlq = yield* QStashDlq
      const endpoint = yield* endpointWith(time, 500)
      const label = yield* freshName
      const messageIds = yield* sendMany(time, endpoint, 103, label)
      strictEqual((yield* dlq.retryMany({ label, url: `${endpoint.url}/7` })).length, 1)
      const retried = yield* dlq.retryMany({ label })
      strictEqual(new Set(retried.map(({ messageId }) => messageId)).size, messageIds.length - 1)
      strictEqual(yield* messages.cancelMany({ label }), messageIds.length)
      yield* settle(time)
      strictEqual((yield* endpoint.deliveries).length, messageIds.length)
      deepStrictEqual((yield* dlq.list({ label })).items, [])
    })
  )

  alone("retrying all retries each dead letter once, even if it fails again meanwhile", (time) =>
    Effect.gen(function* () {
      const dlq = yield* QStashDlq
      const first = yield* bury(time)
      const second = yield* bury(time)
      strictEqual((yield* dlq.retryMany({ all: true })).length, 2)
      yield* settle(time)
      strictEqual((yield* first.endpoint.deliveries).length, 2)
      strictEqual((yield* second.endpoint.deliveries).length, 2)
      strictEqual((yield* dlq.list()).items.length, 2)
    })
  )

  timed("a retry keeps the message's retry delay", (time) =>
    Effect.gen(function* () {
      const dlq = yield* QStashDlq
      const { endpoint, letter } = yield* bury(time, { retryDelay: "30000" })
      const now = yield* time.now
      yield* dlq.retry(letter.dlqId, { retries: 1 })
      yield* time.advance(Duration.minutes(5))
      deepStrictEqual(secondsAfter(now, yield* endpoint.deliveries), [0, 0, 30])
    })
  )
})
