/**
 * @since 0.1.0
 */
import type { DlqId } from "@effect-qstash/domain/DlqId"
import type { Callback } from "@effect-qstash/domain/MessageSettings"
import * as CallbackBody from "@effect-qstash/domain/wire/CallbackBody"
import * as DateTime from "effect/DateTime"
import { maxRetriesOf, methodOf } from "./internal/attempt.ts"
import { responseHeaders } from "./internal/responseHeaders.ts"
import type { DeliveryResponse, MessageDraft, StoredMessage } from "./Rows.ts"

const noBody = new Uint8Array()

/**
 * The messages that QStash sends about an attempt: to the callback after every attempt, to the failure callback when the
 * message has become a dead letter. They have retries of their own, those of the message where they say nothing, and no
 * callbacks. Every Store makes them by this one rule, in the transaction that settles the attempt.
 *
 * @since 0.1.0
 * @category conversions
 */
export const callbackDrafts = (about: {
  readonly message: StoredMessage
  readonly response: DeliveryResponse | undefined
  /** The dead letter that the message has become. */
  readonly dlqId: DlqId | undefined
  readonly now: number
  /** Whether the tenant's pending messages have as many bytes as they may: then the source body is left out. */
  readonly isFull: boolean
}): ReadonlyArray<MessageDraft> => {
  const { callback, failureCallback } = about.message.settings
  return [
    ...(callback === undefined ? [] : [draft(callback, about, undefined)]),
    ...(failureCallback === undefined || about.dlqId === undefined
      ? []
      : [draft(failureCallback, about, about.dlqId)])
  ]
}

const draft = (
  callback: Callback,
  { isFull, message, now, response }: Parameters<typeof callbackDrafts>[0],
  dlqId: DlqId | undefined
): MessageDraft => {
  const { settings } = message
  const retries = callback.retries ?? settings.retries
  const body = CallbackBody.encode({
    ...(response === undefined ? {} : { status: response.status }),
    headers: response === undefined ? {} : responseHeaders(response.headers),
    body: response?.body ?? noBody,
    retried: message.retried,
    maxRetries: maxRetriesOf(settings),
    ...(dlqId === undefined ? {} : { dlqId }),
    sourceMessageId: message.messageId,
    ...(message.urlGroup === undefined ? {} : { urlGroup: message.urlGroup }),
    ...(message.endpointName === undefined ? {} : { endpointName: message.endpointName }),
    url: message.url,
    method: methodOf(settings),
    sourceHeaders: settings.headers ?? {},
    sourceBody: isFull ? noBody : (settings.body ?? noBody),
    notBefore: DateTime.unsafeMake(message.notBefore),
    createdAt: DateTime.unsafeMake(message.createdAt),
    ...(message.scheduleId === undefined ? {} : { scheduleId: message.scheduleId }),
    ...(message.callerIp === undefined ? {} : { callerIp: message.callerIp })
  })
  return {
    destination: callback.url,
    notBefore: now,
    deduplicationKey: undefined,
    settings: {
      headers: { "Content-Type": ["application/json"], ...callback.headers },
      body: new TextEncoder().encode(JSON.stringify(body)),
      ...(callback.method === undefined ? {} : { method: callback.method }),
      ...(retries === undefined ? {} : { retries }),
      ...(callback.retryDelay === undefined ? {} : { retryDelay: callback.retryDelay }),
      ...(callback.timeout === undefined ? {} : { timeout: callback.timeout }),
      // The body repeats what the message carries, so it would tell what the message is to hide.
      ...(settings.redact === undefined ? {} : { redact: { body: true, headers: false } })
    }
  }
}
