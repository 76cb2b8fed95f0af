import type { DeliveryEvent } from "@effect-qstash/engine/DeliveryEvent"
import type { Store } from "@effect-qstash/engine/Store"
import * as Effect from "effect/Effect"
import { type Fault, faultsOf, storeFaultsOf } from "../internal/fault.ts"

const inFile = faultsOf("QStashLogs")

const outcomes = inFile("engine/src/SettlementRules.ts")
const service = inFile("engine/src/internal/services/logs.ts")
const matches = inFile("engine/src/Matches.ts")
const written = inFile("engine/src/internal/record.ts")
const callbacks = inFile("engine/src/Callbacks.ts")
const record = inFile("domain/src/wire/LogRecord.ts")
const fields = inFile("domain/src/internal/fields.ts")
const client = inFile("client/src/internal/services/logs.ts")
const handlers = inFile("server/src/internal/routes/logs.ts")
const numbered = inFile("engine/src/internal/memory/AppendLog.ts")
const port = storeFaultsOf("QStashLogs")

/** Changes how events read back. */
const readsLogs =
  (change: (event: DeliveryEvent) => ReadonlyArray<DeliveryEvent>) =>
  (store: Store.Service): Partial<Store.Service> => ({
    pageLogs: (request) =>
      Effect.map(store.pageLogs(request), ({ items, last }) => ({ items: items.flatMap(change), last }))
  })

/** In the log. */
export const faults: ReadonlyArray<Fault> = [
  port(
    "retry-not-logged",
    "a retry is not logged",
    readsLogs((event) => (event.state === "RETRY" ? [] : [event]))
  ),
  outcomes("last-error-not-logged", "the last failed attempt is not logged as an error", [
    'const log = [{ state: "ERROR", error, response } as const, { state: "FAILED"',
    'const log = [{ state: "FAILED"'
  ]),
  port(
    "cancel-not-logged",
    "the request to cancel is not logged",
    readsLogs((event) => (event.state === "CANCEL_REQUESTED" ? [] : [event]))
  ),
  port(
    "delay-not-logged",
    "the log does not say when a delayed message is due",
    readsLogs(({ nextDeliveryTime, ...event }) => [
      event.state === "CREATED" || nextDeliveryTime === undefined ? event : { ...event, nextDeliveryTime }
    ])
  ),
  port(
    "answer-not-logged",
    "the log does not show the response",
    readsLogs(({ responseStatus: _status, ...event }) => [event])
  ),
  port("logs-mixed", "an account reads another account's log", (store) => {
    let first: string | undefined
    return { pageLogs: (request) => store.pageLogs({ ...request, tenantId: (first ??= request.tenantId) }) }
  }),
  numbered("page-of-log-repeats", "a page of the log starts with the last entry of the previous one", [
    "after - this.base + step",
    "after - this.base"
  ]),
  port("page-of-log-skips", "a page of the log skips an entry", (store) => ({
    pageLogs: ({ after, ...request }) =>
      store.pageLogs({
        ...request,
        after: after === undefined ? undefined : after + (request.order === "latestFirst" ? -1 : 1)
      })
  })),
  service("log-oldest-first", "a page of the log lists the oldest entries first", [
    'given ?? "latestFirst"',
    'given ?? "earliestFirst"'
  ]),
  matches("errors-not-in-progress", "a failed attempt does not count as in progress", [
    '["ACTIVE", "RETRY", "ERROR"]',
    '["ACTIVE", "RETRY"]'
  ]),
  written("log-in-the-clear", "the log shows redacted values", [
    "...wayOf(message),\n    ...commonOf(message.settings),\n    maxRetries",
    "...wayOf(message),\n    ...commonOf({ ...message.settings, redact: undefined }),\n    maxRetries"
  ]),
  callbacks("callback-in-the-clear", "a callback's log shows redacted values", [
    "{ redact: { body: true, headers: false } }",
    "{}"
  ]),
  record("body-in-base64", "the client returns log bodies in base64", [
    'body: base64Body("body")',
    'body: optionalText("body")'
  ]),
  fields("timeout-in-seconds", "a timeout in the log is read as seconds", [
    "Duration.millis(value)",
    "Duration.seconds(value)"
  ]),
  record("next-time-not-sent", "the time of the next attempt is not sent", [
    'nextDeliveryTime: optionalInstant("nextDeliveryTime")',
    'nextDeliveryTime: { read: optionalInstant("nextDeliveryTime").read, write: () => {} }'
  ]),
  client("order-not-sent", "the client does not send the order", [
    'order === undefined ? [] : [["order", order] as const]',
    'order === undefined ? [] : [["order", "latestFirst"] as const]'
  ]),
  handlers("log-without-cursor", "the server sends no cursor with the log", [
    "json({ events: items.map(LogRecord.encode), cursor })",
    "json({ events: items.map(LogRecord.encode), cursor: cursor && undefined })"
  ]),
  handlers("served-oldest-first", "the server lists the oldest entries first", [
    '{ criteria, cursor, order = "latestFirst"',
    '{ criteria, cursor, order = "earliestFirst"'
  ]),
  port("page-of-log-unbounded", "a page of the log can have any size", (store) => ({
    pageLogs: (request) => store.pageLogs({ ...request, maxBytes: Infinity })
  }))
]
