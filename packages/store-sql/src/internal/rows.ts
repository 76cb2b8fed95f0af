import { type DlqId, DlqIdFromAnswer } from "@effect-qstash/domain/DlqId"
import { MessageId } from "@effect-qstash/domain/MessageId"
import type { MessageSettings } from "@effect-qstash/domain/MessageSettings"
import { ScheduleId } from "@effect-qstash/domain/ScheduleId"
import { UrlGroupName } from "@effect-qstash/domain/UrlGroupName"
import type { DeliveryEvent } from "@effect-qstash/engine/DeliveryEvent"
import type { DeliveryResponse, StoredDeadLetter, StoredMessage } from "@effect-qstash/engine/Rows"
import { StoredMessageSettings, StoredResponse } from "@effect-qstash/engine/StoredSettings"
import * as Schema from "effect/Schema"
import { type Int, intOf, optionalInt } from "./Database.ts"

/*
 * Rows as values, and values as rows. What is stored was checked when it came in, so names are not checked again.
 */

const unchecked = { disableValidation: true }
const scheduleIdOf = (text: string): ScheduleId => ScheduleId.make(text, unchecked)
const urlGroupOf = (text: string): UrlGroupName => UrlGroupName.make(text, unchecked)
export const messageIdOf = (text: string): MessageId => MessageId.make(text, unchecked)
export const dlqIdOf: (text: string) => DlqId = Schema.decodeSync(DlqIdFromAnswer)

const optional = <A>(value: string | null, make: (text: string) => A): A | undefined =>
  value === null ? undefined : make(value)

const settingsJson = Schema.parseJson(StoredMessageSettings)
const encodeSettings = Schema.encodeSync(settingsJson)
const decodeSettings = Schema.decodeSync(settingsJson)
const responseJson = Schema.parseJson(StoredResponse)
const encodeResponse = Schema.encodeSync(responseJson)
const decodeResponse = Schema.decodeSync(responseJson)

/** All messages of a batch and of a schedule often share their settings. */
const encoded = new WeakMap<MessageSettings, string>()

export const settingsTextOf = (settings: MessageSettings): string => {
  const known = encoded.get(settings)
  if (known !== undefined) return known
  const { body: _body, ...rest } = settings
  const text = encodeSettings(rest)
  encoded.set(settings, text)
  return text
}

/** What both `messages` and `events` show of a message. */
export interface BodyRow {
  readonly seq: Int
  readonly id: string
  readonly tenant_name: string
  readonly settings: string
  readonly body: Uint8Array | null
  readonly url: string
  readonly url_group: string | null
  readonly endpoint: string | null
  readonly schedule: string | null
  readonly callback_of: string | null
  readonly caller_ip: string | null
  readonly created_at: Int
  readonly not_before: Int
  readonly hops: Int
  readonly due_at: Int
  readonly retried: Int
}

/** The columns of a BodyRow, where `m` has `due_at` and `retried`. */
export const bodyColumns = `b.seq, b.id, t.name as tenant_name, b.settings, b.body as body, b.url, b.url_group, b.endpoint,
  b.schedule, b.callback_of, b.caller_ip, b.created_at, b.not_before, b.hops, m.due_at, m.retried`

export const storedMessageOf = (row: BodyRow): StoredMessage => {
  const settings = decodeSettings(row.settings)
  return {
    tenantId: row.tenant_name,
    messageId: messageIdOf(row.id),
    sequence: intOf(row.seq),
    settings: row.body === null ? settings : { ...settings, body: bytesOf(row.body) },
    url: row.url,
    urlGroup: optional(row.url_group, urlGroupOf),
    endpointName: row.endpoint ?? undefined,
    scheduleId: optional(row.schedule, scheduleIdOf),
    callbackOf: optional(row.callback_of, messageIdOf),
    callerIp: row.caller_ip ?? undefined,
    createdAt: intOf(row.created_at),
    notBefore: intOf(row.not_before),
    dueAt: intOf(row.due_at),
    retried: intOf(row.retried),
    hops: intOf(row.hops)
  }
}

/** Postgres' driver returns Node's Buffer, which is not equal to the same bytes in a plain array. */
export const bytesOf = (bytes: Uint8Array): Uint8Array =>
  new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)

export const responseTextOf = (response: DeliveryResponse | undefined): string | null => {
  if (response === undefined) return null
  const { headers, status } = response
  return encodeResponse({ status, headers })
}

const responseOf = (row: {
  readonly response: string | null
  readonly response_body: Uint8Array | null
}): DeliveryResponse | undefined => {
  if (row.response === null) return undefined
  const response = decodeResponse(row.response)
  return row.response_body === null ? response : { ...response, body: bytesOf(row.response_body) }
}

export interface EventRow extends BodyRow {
  readonly n: Int
  readonly at: Int
  readonly state: string
  readonly response: string | null
  readonly response_body: Uint8Array | null
  readonly error: string | null
  readonly next_at: Int | null
}

export const eventColumns = `m.n, m.at, m.state, m.response, m.body as response_body, m.error, m.next_at, ${bodyColumns}`

const states: Readonly<Record<string, DeliveryEvent["state"]>> = {
  CREATED: "CREATED",
  ACTIVE: "ACTIVE",
  DELIVERED: "DELIVERED",
  ERROR: "ERROR",
  RETRY: "RETRY",
  FAILED: "FAILED",
  CANCEL_REQUESTED: "CANCEL_REQUESTED",
  CANCELED: "CANCELED"
}

export const eventOf = (row: EventRow): DeliveryEvent => {
  const response = responseOf(row)
  const nextDeliveryTime = optionalInt(row.next_at)
  return {
    time: intOf(row.at),
    state: states[row.state] ?? "ERROR",
    message: storedMessageOf(row),
    ...(response === undefined ? {} : { responseStatus: response.status, responseHeaders: response.headers }),
    ...(response?.body === undefined ? {} : { responseBody: response.body }),
    ...(row.error === null ? {} : { error: row.error }),
    ...(nextDeliveryTime === undefined ? {} : { nextDeliveryTime })
  }
}

export interface LetterRow extends BodyRow {
  readonly n: Int
  readonly letter_id: string
  readonly failed_at: Int
  readonly response: string | null
  readonly response_body: Uint8Array | null
}

export const letterColumns = `m.n, m.id as letter_id, m.failed_at, m.response, m.body as response_body, ${bodyColumns}`

export const letterOf = (row: LetterRow): StoredDeadLetter => ({
  dlqId: dlqIdOf(row.letter_id),
  message: storedMessageOf(row),
  failedAt: intOf(row.failed_at),
  response: responseOf(row)
})

export const eventTables =
  "qstash_events m join qstash_bodies b on b.seq = m.message join qstash_tenants t on t.id = m.tenant"
export const letterTables =
  "qstash_letters m join qstash_bodies b on b.seq = m.message join qstash_tenants t on t.id = m.tenant"
