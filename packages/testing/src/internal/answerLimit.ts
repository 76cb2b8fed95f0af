import type { DeliveryOutcome } from "@effect-qstash/engine/Courier"

/** How much of an answer is read and kept, in bytes, as on the local server. */
export const answerLimit = 1024 * 1024

export const cut = (outcome: DeliveryOutcome): DeliveryOutcome =>
  outcome._tag === "Answered" && outcome.body !== undefined && outcome.body.length > answerLimit
    ? { ...outcome, body: outcome.body.slice(0, answerLimit) }
    : outcome
