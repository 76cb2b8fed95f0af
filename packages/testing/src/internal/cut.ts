import { answerLimit, type DeliveryOutcome } from "@effect-qstash/engine/Courier"

/** Keeps of an answer as much as the local server does. */
export const cut = (outcome: DeliveryOutcome): DeliveryOutcome =>
  outcome._tag === "Answered" && outcome.body !== undefined && outcome.body.length > answerLimit
    ? { ...outcome, body: outcome.body.slice(0, answerLimit) }
    : outcome
