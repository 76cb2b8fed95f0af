import type { MessageSettings } from "@effect-qstash/domain/MessageSettings"
import * as Cause from "effect/Cause"
import * as Duration from "effect/Duration"
import type * as Exit from "effect/Exit"
import type { DeliveryOutcome, DeliveryRequest } from "../Courier.ts"
import { backoff, retryAfter } from "../RetryAfter.ts"
import type { Signer } from "../Signer.ts"
import type { Lease, Settlement, StoredMessage } from "../Rows.ts"

/** QStash's default where a message does not say how often to retry. */
const defaultRetries = 3

/** Belong to one connection or are made by whoever sends the request, so a message cannot choose them. */
const notForwarded = new Set([
  "connection",
  "content-length",
  "expect",
  "host",
  "keep-alive",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
  "user-agent",
  "upstash-caller-ip",
  "upstash-message-id",
  "upstash-region",
  "upstash-retried",
  "upstash-schedule-id",
  "upstash-signature",
  "upstash-topic-name"
])

const noBody = new Uint8Array()

export const methodOf = (settings: MessageSettings): string => settings.method ?? "POST"

export const maxRetriesOf = (settings: MessageSettings): number => settings.retries ?? defaultRetries

/** The request of one attempt, signed for this instant. */
export const requestOf = (
  message: StoredMessage,
  signer: Signer,
  jti: string,
  nowMillis: number
): DeliveryRequest => {
  const { settings } = message
  // A fragment is never sent, so no receiver could know that it was signed.
  const fragment = message.url.indexOf("#")
  const url = fragment < 0 ? message.url : message.url.slice(0, fragment)
  const body = settings.body ?? noBody
  const headers: Array<readonly [string, string]> = [["User-Agent", "Upstash-QStash"]]
  for (const [name, values] of Object.entries(settings.headers ?? {})) {
    if (notForwarded.has(name.toLowerCase())) continue
    for (const value of values) headers.push([name, value])
  }
  headers.push(
    ["Upstash-Message-Id", message.messageId],
    ["Upstash-Signature", signer.sign({ url, body, jti, nowMillis })],
    ["Upstash-Retried", String(message.retried)],
    ["Upstash-Region", "EU-CENTRAL-1"]
  )
  if (message.scheduleId !== undefined) headers.push(["Upstash-Schedule-Id", message.scheduleId])
  if (message.urlGroup !== undefined) headers.push(["Upstash-Topic-Name", message.urlGroup])
  if (message.callerIp !== undefined) headers.push(["Upstash-Caller-Ip", message.callerIp])
  return { method: methodOf(settings), url, headers, body }
}

/** What an outcome means: done, another try after so many milliseconds, or the end. */
type Verdict =
  | { readonly _tag: "Delivered" }
  | { readonly _tag: "Retry"; readonly delay: number; readonly error: string }
  | { readonly _tag: "Failed"; readonly error: string }

/**
 * Success is 2xx alone. 489 with `Upstash-NonRetryable-Error: true` ends the message at once. Else the next attempt
 * waits as the answer asks, as the schedule's expression says, or as QStash's own backoff has it, in this order.
 */
const judge = (message: StoredMessage, outcome: DeliveryOutcome, nowMillis: number): Verdict => {
  const { retryDelay } = message.settings
  if (outcome._tag === "Answered" && outcome.status >= 200 && outcome.status <= 299)
    return { _tag: "Delivered" }
  const error =
    outcome._tag === "Answered" ? `the destination responded with ${outcome.status}` : outcome.reason
  const isFinal =
    outcome._tag === "Answered" &&
    outcome.status === 489 &&
    String(outcome.headers["upstash-nonretryable-error"]).toLowerCase() === "true"
  if (isFinal || message.retried >= maxRetriesOf(message.settings)) return { _tag: "Failed", error }
  const asked = outcome._tag === "Answered" ? retryAfter(outcome.headers, nowMillis) : undefined
  const own =
    retryDelay === undefined
      ? backoff(message.retried + 1)
      : Duration.toMillis(retryDelay.delay(message.retried))
  const delay = asked ?? own
  return { _tag: "Retry", delay, error }
}

/** What an attempt means for its message, as the Store takes it. */
export const settlementOf = (
  { message, token }: Lease,
  outcome: DeliveryOutcome,
  now: number
): Settlement => {
  const verdict = judge(message, outcome, now)
  const response = outcome._tag === "Answered" ? outcome : undefined
  return verdict._tag === "Retry"
    ? { token, response, _tag: "Retry", error: verdict.error, dueAt: now + verdict.delay }
    : verdict._tag === "Failed"
      ? { token, response, _tag: "Failed", error: verdict.error }
      : { token, response, _tag: "Delivered" }
}

/** A courier cannot fail, but it may die or be interrupted, which counts as no response. */
export const outcomeOf = (exit: Exit.Exit<DeliveryOutcome>): DeliveryOutcome =>
  exit._tag === "Success"
    ? exit.value
    : {
        _tag: "Unanswered",
        reason: Cause.isInterruptedOnly(exit.cause)
          ? "the delivery was interrupted"
          : "the delivery broke off"
      }
