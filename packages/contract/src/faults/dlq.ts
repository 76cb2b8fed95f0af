import type { StoredDeadLetter } from "@effect-qstash/engine/Rows"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { type Fault, faultsOf, storeFaultsOf } from "../internal/fault.ts"

const inFile = faultsOf("QStashDlq")

const memoryDlq = inFile("engine/src/internal/memory/dlq.ts")
const service = inFile("engine/src/internal/services/dlq.ts")
const pages = inFile("engine/src/internal/services/paging.ts")
const matches = inFile("engine/src/Matches.ts")
const record = inFile("domain/src/wire/DlqRecord.ts")
const client = inFile("client/src/internal/services/dlq.ts")
const paging = inFile("client/src/internal/paging.ts")
const handlers = inFile("server/src/internal/routes/dlq.ts")
const port = storeFaultsOf("QStashDlq")

const withoutResponse = (letter: StoredDeadLetter): StoredDeadLetter => ({ ...letter, response: undefined })

/** In dead letters. */
export const faults: ReadonlyArray<Fault> = [
  port("letter-without-answer", "a dead letter does not contain the last response", (store) => ({
    getDeadLetter: (...id) => Effect.map(store.getDeadLetter(...id), Option.map(withoutResponse)),
    pageDeadLetters: (request) =>
      Effect.map(store.pageDeadLetters(request), ({ items, last }) => ({
        items: items.map(withoutResponse),
        last
      }))
  })),
  memoryDlq("letters-under-one-id", "dead letters of the same instant share an id", [
    "dlqIdOf(`${time}-${count}`)",
    "dlqIdOf(`${time}-0`)"
  ]),
  port("page-repeats", "a page starts with the last entry of the previous one", (store) => ({
    pageDeadLetters: (request) =>
      store.pageDeadLetters({
        ...request,
        after: request.after === undefined ? undefined : request.after - 1
      })
  })),
  port("page-one-more", "a page contains one dead letter too many", (store) => ({
    pageDeadLetters: (request) => store.pageDeadLetters({ ...request, count: request.count + 1 })
  })),
  memoryDlq("retried-letter-stays", "a retried dead letter stays in the queue", [
    "tenant.deadLetters.delete(dlqId)\n          if (retry === undefined) return []",
    "if (retry === undefined) {\n            tenant.deadLetters.delete(dlqId)\n            return []\n          }"
  ]),
  memoryDlq("retry-under-old-id", "a retried message keeps its old id", [
    "memory.mintMessageId(),\n            retriedMessage",
    "message.messageId,\n            retriedMessage"
  ]),
  port("retry-as-before", "a retry cannot change the number of retries", (store) => ({
    takeDeadLetters: (request) =>
      store.takeDeadLetters({
        ...request,
        retry: request.retry === undefined ? undefined : { ...request.retry, retries: undefined }
      })
  })),
  memoryDlq("retry-waits", "a retried message waits for its delay again", [
    "retriedMessage(message, retry, now)",
    "retriedMessage(message, retry, now + message.notBefore - message.createdAt)"
  ]),
  memoryDlq("retry-without-group", "a retried message loses its group", [
    "retriedMessage(message, retry, now)",
    "{ ...retriedMessage(message, retry, now), urlGroup: undefined }"
  ]),
  memoryDlq("letters-mixed", "an account sees another account's dead letters", [
    "memory.tenants.get(tenantId)?.deadLetters.get(dlqId), deadLetterOf",
    "Array.from(memory.tenants.values(), (tenant) => tenant.deadLetters.get(dlqId)).find((letter) => letter !== undefined), deadLetterOf"
  ]),
  service("letters-newest-first", "a page lists the newest dead letters first", [
    'count: page.count ?? PageInput.maxDeadLetters,\n            order: "earliestFirst"',
    'count: page.count ?? PageInput.maxDeadLetters,\n            order: "latestFirst"'
  ]),
  service("letter-delete-forgives", "deleting a dead letter twice succeeds", [
    "({ deleted }) => deleted > 0",
    "({ deleted }) => deleted >= 0"
  ]),
  pages("first-page-only", "the stream of dead letters ends after the first page", [
    "Option.fromNullable(found.cursor)",
    "Option.none()"
  ]),
  matches("any-status", "the status filter is ignored", [
    "isOneOf(criteria.responseStatus, response?.status ?? 0) &&",
    ""
  ]),
  matches("no-response-not-found", "a status of 0 matches no dead letters", [
    "response?.status ?? 0",
    "response?.status"
  ]),
  record("status-zero-read", "a dead letter without a response has the status 0", [
    'orZero(positive, "responseStatus")',
    '{ ...orZero(positive, "responseStatus"), read: ({ responseStatus }) => Number(responseStatus) }'
  ]),
  matches("failed-when-created", "dead letters are filtered by creation time", [
    "isWithin(criteria, failedAt)",
    "isWithin(criteria, message.createdAt - 1)"
  ]),
  record("answer-bytes-lost", "response bytes are not sent", [
    'body("responseBody")',
    '{ ...body("responseBody"), write: (value, json) => value instanceof Uint8Array ? undefined : body("responseBody").write(value, json) }'
  ]),
  record("answer-headers-not-read", "the client ignores response headers", [
    'twice(responseHeader, optionalHeaders("responseHeaders")).read',
    "() => undefined"
  ]),
  client("deletes-one-page", "the client deletes only one page of a selection", [
    ").pipe(Stream.runSum)",
    ").pipe(Stream.take(1), Stream.runSum)"
  ]),
  client("retry-headers-dropped", "the number of retries is not sent with a retry", [
    '{ "Upstash-Retries": [String(retries)] }',
    "{}"
  ]),
  client("all-gone-is-an-error", "the client fails if none of many dead letters exists", [
    "isNotFound(refused) ? allGone : quotaError(refused)",
    "quotaError(refused)"
  ]),
  paging("cursor-not-sent", "the client requests the first page again and again", [
    '[["cursor", cursor] as const]',
    "[]"
  ]),
  paging("count-not-sent", "the client does not send the page size", [
    '[["count", String(count)] as const]',
    "[]"
  ]),
  handlers("served-newest-first", "the server lists the newest dead letters first", [
    'order = "earliestFirst"',
    'order = "latestFirst"'
  ]),
  handlers("retry-of-one-as-before", "the server ignores the number of retries of a retry", [
    "all.retry(id, { retries: yield* retriesOf(call) })",
    "all.retry(id)"
  ]),
  port("page-unbounded", "a page of dead letters can have any size", (store) => ({
    pageDeadLetters: (request) => store.pageDeadLetters({ ...request, maxBytes: Infinity })
  })),
  service("retry-unlimited", "a dead letter can be retried with any number of retries", [
    "yield* checkRetries({ retries })\n",
    ""
  ])
]
