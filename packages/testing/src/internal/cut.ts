import { answerLimit, type DeliveryOutcome, responseHeaderLimit } from "@effect-qstash/engine/Courier"

/**
 * Limits a response as the local server does: too many bytes of headers fail the attempt, and no more than the first
 * MiB of the body is kept.
 */
export const cut = (outcome: DeliveryOutcome): DeliveryOutcome => {
  if (outcome._tag !== "Answered") return outcome
  if (bytesOf(outcome.headers) > responseHeaderLimit) {
    return {
      _tag: "Unanswered",
      reason: `the response has more than ${responseHeaderLimit} bytes of headers, the default limit of the local server`
    }
  }
  return outcome.body !== undefined && outcome.body.length > answerLimit
    ? { ...outcome, body: outcome.body.slice(0, answerLimit) }
    : outcome
}

/** Names and values: header text is Latin-1, so a character is a byte. */
const bytesOf = (headers: Extract<DeliveryOutcome, { readonly _tag: "Answered" }>["headers"]): number => {
  let bytes = 0
  for (const name in headers) {
    const value = headers[name]
    if (typeof value === "string") bytes += name.length + value.length
    else for (const one of value ?? []) bytes += name.length + one.length
  }
  return bytes
}
