/**
 * How many bytes a row counts for. Every Store bounds its pages, its log and its dead letters by this one rule.
 *
 * @since 0.1.0
 */
import type { MessageSettings } from "@effect-qstash/domain/MessageSettings"
import type { DeliveryEvent } from "./DeliveryEvent.ts"
import type { DeliveryResponse, StoredDeadLetter, StoredMessage } from "./Rows.ts"

/** What a row takes apart from texts and bodies: ids, instants, and the names of its fields. */
const fixed = 500

const headersBytes = (
  headers: Readonly<Record<string, string | ReadonlyArray<string> | undefined>> | undefined
): number => {
  let bytes = 0
  for (const name in headers) {
    const values = headers[name] ?? ""
    if (typeof values === "string") bytes += name.length + values.length
    else for (const value of values) bytes += name.length + value.length
  }
  return bytes
}

/** All messages of a schedule, and all entries about a message, have the same settings. */
const known = new WeakMap<MessageSettings, number>()

const settingsBytes = (settings: MessageSettings): number => {
  const before = known.get(settings)
  if (before !== undefined) return before
  const { body, callback, failureCallback, headers, labels = [] } = settings
  const bytes =
    (body?.length ?? 0) +
    headersBytes(headers) +
    headersBytes(callback?.headers) +
    headersBytes(failureCallback?.headers) +
    (callback?.url.length ?? 0) +
    (failureCallback?.url.length ?? 0) +
    labels.reduce((sum, label) => sum + label.length, 0)
  known.set(settings, bytes)
  return bytes
}

const messageBytes = ({ settings, url }: StoredMessage): number =>
  fixed + url.length + settingsBytes(settings)

const responseBytes = (
  headers: DeliveryResponse["headers"] | undefined,
  body: Uint8Array | undefined
): number => headersBytes(headers) + (body?.length ?? 0)

/**
 * The size of an entry of the log.
 *
 * @since 0.1.0
 * @category conversions
 */
export const eventBytes = ({ message, responseBody, responseHeaders }: DeliveryEvent): number =>
  messageBytes(message) + responseBytes(responseHeaders, responseBody)

/**
 * The size of a dead letter.
 *
 * @since 0.1.0
 * @category conversions
 */
export const deadLetterBytes = ({ message, response }: StoredDeadLetter): number =>
  messageBytes(message) + responseBytes(response?.headers, response?.body)
