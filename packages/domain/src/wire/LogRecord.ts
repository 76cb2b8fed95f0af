/**
 * A log entry in a response: the JSON object of each element of `GET /v2/events` and `GET /v2/logs`. The client reads,
 * the server writes.
 *
 * @since 0.1.0
 */
import type * as Either from "effect/Either"
import * as Predicate from "effect/Predicate"
import {
  base64Body,
  count,
  field,
  id,
  instant,
  millis,
  optionalHeaders,
  optionalInstant,
  optionalText,
  page,
  positive,
  text,
  twice
} from "../internal/fields.ts"
import { settingsFields } from "../internal/messageRecord.ts"
import { omitUndefined } from "../internal/omitUndefined.ts"
import { misshapen, record } from "../internal/record.ts"
import type { LogEntry, LogState } from "../LogEntry.ts"
import type { Page } from "../Page.ts"

/** QStash's documents spell it with two Ls, its clients' types with one. */
const stateOf = (state: string): LogState => (state === "CANCELLED" ? "CANCELED" : state)

const entry = record<LogEntry>({
  time: instant("time"),
  state: field(
    "state",
    (value) => (typeof value === "string" ? stateOf(value) : misshapen),
    (state) => state
  ),
  messageId: id("messageId"),
  url: text("url"),
  urlGroup: optionalText("topicName"),
  endpointName: optionalText("endpointName"),
  scheduleId: optionalText("scheduleId"),
  method: optionalText("method"),
  ...settingsFields,
  body: base64Body("body"),
  error: optionalText("error"),
  nextDeliveryTime: optionalInstant("nextDeliveryTime"),
  responseStatus: positive("responseStatus"),
  responseHeaders: twice(optionalHeaders("responseHeaders"), optionalHeaders("responseHeader")),
  responseBody: base64Body("responseBody"),
  maxRetries: count("maxRetries"),
  retryDelay: twice(settingsFields.retryDelay, optionalText("retryDelayExpr")),
  timeout: millis("timeout"),
  callbackHeaders: optionalHeaders("callbackHeaders"),
  failureCallbackHeaders: optionalHeaders("failureCallbackHeaders")
})

/**
 * Reads an entry of a response. It is lenient where QStash varies: a field that QStash may omit is absent if it is null
 * or empty, fields with two spellings (`responseHeader`, `retryDelayExpr`) are one, `CANCELLED` is `CANCELED`, unknown
 * states are kept and unknown fields are ignored. Bodies are in base64 here, unlike in a message. The error names the
 * field and contains nothing of its value.
 *
 * @since 0.1.0
 * @category conversions
 */
export const decode: (json: unknown) => Either.Either<LogEntry, string> = entry.decode

/**
 * Writes an entry as QStash does. If QStash's own documents disagree on a name, both are written.
 *
 * @since 0.1.0
 * @category conversions
 */
export const encode: (entry: LogEntry) => unknown = entry.encode

const logs = page("logs", entry)
const events = page("events", entry)

/**
 * Reads a page of the log. The entries are under `events` or `logs`.
 *
 * @since 0.1.0
 * @category conversions
 */
export const decodePage = (json: unknown): Either.Either<Page<LogEntry>, string> =>
  Predicate.isReadonlyRecord(json) && Predicate.isNullable(json["events"]) && json["logs"] !== undefined
    ? logs.decode(json)
    : events.decode(json)

/**
 * Writes a page of `GET /v2/logs?groupBy=messageId`: for each message its entries.
 *
 * @since 0.1.0
 * @category conversions
 */
export const encodeGroups = ({ cursor, items }: Page<ReadonlyArray<LogEntry>>): unknown => ({
  messages: items.map((group) => ({ messageId: group[0]?.messageId, events: group.map(encode) })),
  ...omitUndefined({ cursor })
})

/**
 * Writes a page of `GET /v2/logs`. The entries are under `logs` only: under a second key they would double the size of
 * the response.
 *
 * @since 0.1.0
 * @category conversions
 */
export const encodePage: (page: Page<LogEntry>) => unknown = logs.encode
