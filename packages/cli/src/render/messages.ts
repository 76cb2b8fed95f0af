import type { LogEntry } from "@effect-qstash/domain/LogEntry"
import type { DlqMessage, QStashMessage } from "@effect-qstash/domain/QStashMessage"
import * as DateTime from "effect/DateTime"
import { card, type Field, limitsOf, namesOf, sizeOf } from "./card.ts"
import { inZoneExactly } from "./instant.ts"
import type { Reader } from "./reader.ts"
import { colourOfState } from "./state.ts"
import { tableOf } from "./table.ts"
import { dim, printable, red } from "./text.ts"
import { safeUrl } from "./url.ts"

/** Messages by the newest log entry of each. */
export const messageTable = tableOf<LogEntry>((column, { zone }, here) => ({
  columns: [
    column("ID", ({ messageId }) => printable(messageId)),
    column("STATE", ({ state }) => printable(state), colourOfState),
    column(`SINCE (${here})`, ({ time }) => inZoneExactly(time, zone))
  ],
  last: column("DESTINATION", ({ url }) => safeUrl(url), dim)
}))

const fieldsOf = (message: QStashMessage, zone: DateTime.TimeZone): ReadonlyArray<Field> => [
  ["destination", `${message.method} ${safeUrl(message.url)}`],
  ["URL group", message.urlGroup],
  ["endpoint", message.endpointName],
  ["schedule", message.scheduleId],
  ["headers", namesOf(message.headers)],
  ["body", sizeOf(message.body)],
  ["timeout", message.timeout === undefined ? undefined : `${message.timeout} s`],
  ["retries", message.maxRetries.toString()],
  ["retry delay", message.retryDelay],
  ["callback", message.callback && safeUrl(message.callback)],
  ["failure callback", message.failureCallback && safeUrl(message.failureCallback)],
  ["queue", message.queueName],
  ["flow control", limitsOf(message)],
  ["labels", message.labels.join(", ") || undefined],
  ["created", inZoneExactly(message.createdAt, zone)],
  [
    "not before",
    DateTime.Equivalence(message.notBefore, message.createdAt)
      ? undefined
      : inZoneExactly(message.notBefore, zone)
  ]
]

/** Everything about one message but what may be secret: of headers the names, of a body the size. */
export const messageCard = (message: QStashMessage, { zone }: Reader): ReadonlyArray<string> =>
  card(message.messageId, "pending", fieldsOf(message, zone))

const statusOf = ({ responseStatus }: DlqMessage): string => responseStatus?.toString() ?? "no response"

export const deadLetterTable = tableOf<DlqMessage>((column, { zone }, here) => ({
  columns: [
    column("ID", ({ dlqId }) => printable(dlqId)),
    column("STATUS", statusOf),
    column(`CREATED (${here})`, ({ createdAt }) => inZoneExactly(createdAt, zone))
  ],
  last: column("DESTINATION", ({ url }) => safeUrl(url), dim)
}))

/** The same for a dead letter, with what is safe to show of the last response. */
export const deadLetterCard = (letter: DlqMessage, { zone }: Reader): ReadonlyArray<string> =>
  card(letter.dlqId, red("failed"), [
    ["message", letter.messageId],
    ["response", statusOf(letter)],
    ["response headers", namesOf(letter.responseHeaders)],
    ["response body", sizeOf(letter.responseBody)],
    ...fieldsOf(letter, zone)
  ])
