/**
 * How an entry of the log stands in an answer: the JSON object of each element of `GET /v2/events` and `GET /v2/logs`.
 * Client and server use the two directions of this one codec.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import * as Either from "effect/Either"
import * as Schema from "effect/Schema"
import { omitUndefined } from "../internal/omitUndefined.ts"
import {
  Count,
  decodeBase64Body,
  decodeList,
  decodePage as pageOf,
  decodeSettingsFields,
  decodeSomeHeaders,
  encodeBase64Body,
  encodeHeaders,
  encodeSettingsFields,
  emptyToUndefined,
  HeaderRecord,
  Instant,
  Millis,
  optional,
  emptyAsAbsent,
  zeroToUndefined,
  decoder,
  settingsFields,
  toMillis
} from "../internal/record.ts"
import type { LogEntry, LogState } from "../LogEntry.ts"
import { MessageIdFromAnswer } from "../MessageId.ts"
import type { Page } from "../Page.ts"
import { ScheduleIdFromAnswer } from "../ScheduleId.ts"
import { UrlGroupNameFromAnswer } from "../UrlGroupName.ts"

const readJson = decoder(
  Schema.Struct({
    ...settingsFields,
    time: Instant,
    state: Schema.String,
    messageId: MessageIdFromAnswer,
    url: Schema.String,
    topicName: optional(emptyAsAbsent(UrlGroupNameFromAnswer)),
    endpointName: optional(Schema.String),
    scheduleId: optional(emptyAsAbsent(ScheduleIdFromAnswer)),
    method: optional(Schema.String),
    body: optional(Schema.String),
    error: optional(Schema.String),
    nextDeliveryTime: optional(Instant),
    responseStatus: optional(Count),
    responseHeader: optional(HeaderRecord),
    responseHeaders: optional(HeaderRecord),
    responseBody: optional(Schema.String),
    maxRetries: optional(Count),
    retryDelayExpr: optional(Schema.String),
    timeout: optional(Millis),
    callbackHeaders: optional(HeaderRecord),
    failureCallbackHeaders: optional(HeaderRecord)
  })
)

/** QStash's documents spell it with two L, its clients' types with one. */
const stateOf = (state: string): LogState => (state === "CANCELLED" ? "CANCELED" : state)

/**
 * Reads an entry of an answer. Lenient where QStash is known to vary: what it may leave out, null or empty is absent,
 * names of two spellings (`responseHeader`, `retryDelayExpr`) are one, `CANCELLED` is `CANCELED`, states and fields
 * that this library does not know are taken or passed over. Bodies are base64 here, unlike in a message. The reason of
 * a refusal names the field and nothing of its value.
 *
 * @since 0.1.0
 * @category conversions
 */
export const decode = (json: unknown): Either.Either<LogEntry, string> =>
  Either.gen(function* () {
    const record = yield* readJson(json)
    const timeout = zeroToUndefined(record.timeout)
    return {
      time: record.time,
      state: stateOf(record.state),
      messageId: record.messageId,
      url: record.url,
      ...decodeSettingsFields(record),
      ...omitUndefined({
        urlGroup: emptyToUndefined(record.topicName),
        endpointName: emptyToUndefined(record.endpointName),
        scheduleId: emptyToUndefined(record.scheduleId),
        method: emptyToUndefined(record.method),
        body: yield* decodeBase64Body("body", record.body),
        error: emptyToUndefined(record.error),
        nextDeliveryTime: record.nextDeliveryTime,
        responseStatus: zeroToUndefined(record.responseStatus),
        responseHeaders:
          decodeSomeHeaders(record.responseHeaders) ?? decodeSomeHeaders(record.responseHeader),
        responseBody: yield* decodeBase64Body("responseBody", record.responseBody),
        maxRetries: record.maxRetries,
        retryDelay: emptyToUndefined(record.retryDelayExpression) ?? emptyToUndefined(record.retryDelayExpr),
        timeout: timeout === undefined ? undefined : Duration.millis(timeout),
        callbackHeaders: decodeSomeHeaders(record.callbackHeaders),
        failureCallbackHeaders: decodeSomeHeaders(record.failureCallbackHeaders)
      })
    }
  })

/**
 * Writes an entry as QStash answers it. Where QStash's own documents disagree on a name, both are written.
 *
 * @since 0.1.0
 * @category conversions
 */
export const encode = (entry: LogEntry): unknown => {
  const responseHeaders = encodeHeaders(entry.responseHeaders)
  return {
    time: toMillis(entry.time),
    state: entry.state,
    messageId: entry.messageId,
    url: entry.url,
    ...encodeSettingsFields(entry),
    ...omitUndefined({
      topicName: entry.urlGroup,
      endpointName: entry.endpointName,
      scheduleId: entry.scheduleId,
      method: entry.method,
      body: encodeBase64Body(entry.body),
      error: entry.error,
      nextDeliveryTime: toMillis(entry.nextDeliveryTime),
      responseStatus: entry.responseStatus,
      responseHeader: responseHeaders,
      responseHeaders,
      responseBody: encodeBase64Body(entry.responseBody),
      maxRetries: entry.maxRetries,
      retryDelayExpr: entry.retryDelay,
      timeout: entry.timeout === undefined ? undefined : Duration.toMillis(entry.timeout),
      callbackHeaders: encodeHeaders(entry.callbackHeaders),
      failureCallbackHeaders: encodeHeaders(entry.failureCallbackHeaders)
    })
  }
}

const entries = Schema.optionalWith(Schema.NullOr(Schema.Array(Schema.Unknown)), { exact: true })
const readPage = decoder(Schema.Struct({ events: entries, logs: entries }))
const decodeEvents = decodeList("events", decode)
const decodeLogs = decodeList("logs", decode)

/**
 * Reads a page of the log. The entries stand under `events` or under `logs`.
 *
 * @since 0.1.0
 * @category conversions
 */
export const decodePage = (json: unknown): Either.Either<Page<LogEntry>, string> =>
  pageOf(
    json,
    Either.flatMap(readPage(json), ({ events, logs }) => {
      if (events === undefined && logs === undefined) return Either.left("events is missing")
      return events ? decodeEvents(events) : decodeLogs(logs ?? [])
    })
  )

/**
 * Writes a page of `GET /v2/logs?groupBy=messageId`: for each message its entries.
 *
 * @since 0.1.0
 * @category conversions
 */
export const encodeGroups = (page: Page<ReadonlyArray<LogEntry>>): unknown => ({
  messages: page.items.map((events) => ({ messageId: events[0]?.messageId, events: events.map(encode) })),
  ...omitUndefined({ cursor: page.cursor })
})

/**
 * Writes a page of `GET /v2/logs`. The entries are under `logs` only: under a second key they would double the size of
 * the response.
 *
 * @since 0.1.0
 * @category conversions
 */
export const encodePage = (page: Page<LogEntry>): unknown => ({
  logs: page.items.map(encode),
  ...omitUndefined({ cursor: page.cursor })
})
