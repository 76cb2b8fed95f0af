import { type Fault, faultsOf } from "../internal/fault.ts"

const messages = faultsOf("QStashMessages", "lostReplies")("client/src/internal/services/messages.ts")
const dlq = faultsOf("QStashDlq", "lostReplies")("client/src/internal/services/dlq.ts")
const signingKeys = faultsOf(
  "QStashSigningKeys",
  "lostReplies"
)("client/src/internal/services/signingKeys.ts")
const http = faultsOf("QStashSchedules", "lostReplies")("client/src/internal/http.ts")

/** In what the client does when it does not know whether a call took effect. */
export const faults: ReadonlyArray<Fault> = [
  messages("publish-without-id", "a repeated publish creates a second message", [
    "message.deduplicationId !== undefined || message.contentBasedDeduplication === true",
    "message.destination !== undefined"
  ]),
  messages("own-duplicate-told", "a repeated publish is reported as a duplicate of itself", [
    "isMinted ? { ...published, isDeduplicated: false } : published",
    "published"
  ]),
  dlq("retry-repeated", "a retry of a dead letter is repeated after a lost response", [
    "ownError: (refused) => ownError(refused) ?? quotaError(refused),\n              isIdempotent: false",
    "ownError: (refused) => ownError(refused) ?? quotaError(refused)"
  ]),
  dlq("retry-of-many-repeated", "a retry of many dead letters is repeated after a lost response", [
    "quotaError(refused)),\n            isIdempotent: false",
    "quotaError(refused))"
  ]),
  signingKeys("rotation-repeated", "a rotation is repeated after a lost response", [
    ", isIdempotent: false",
    ""
  ]),
  http("repeated-delete-fails", "a repeated delete fails if the first response was lost", [
    "refused.hasQStashBody && isInDoubt",
    "refused.hasQStashBody && !isInDoubt"
  ]),
  http("never-repeated", "the client never repeats a request", [
    "(error instanceof QStashUnavailable && isIdempotent) ||",
    ""
  ])
]
