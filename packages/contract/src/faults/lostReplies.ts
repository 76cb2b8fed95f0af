import { type Fault, faultsOf } from "../internal/fault.ts"

const messages = faultsOf("QStashMessages", "lostReplies")("client/src/internal/services/messages.ts")
const dlq = faultsOf("QStashDlq", "lostReplies")("client/src/internal/services/dlq.ts")
const signingKeys = faultsOf(
  "QStashSigningKeys",
  "lostReplies"
)("client/src/internal/services/signingKeys.ts")
const http = faultsOf("QStashSchedules", "lostReplies")("client/src/internal/http.ts")

/** In what the client does when it does not know whether a call has had its effect. */
export const faults: ReadonlyArray<Fault> = [
  messages("publish-without-id", "a repeated publish makes a second message", [
    "message.deduplicationId !== undefined || message.contentBasedDeduplication === true",
    "message.destination !== undefined"
  ]),
  messages("own-duplicate-told", "a repeated publish is answered as a duplicate of its own", [
    "isMinted ? { ...published, isDeduplicated: false } : published",
    "published"
  ]),
  dlq("retry-repeated", "a retry of a dead letter is made again after a lost reply", [
    "ownError: (refused) => ownError(refused) ?? quotaError(refused),\n              isIdempotent: false",
    "ownError: (refused) => ownError(refused) ?? quotaError(refused)"
  ]),
  dlq("retry-of-many-repeated", "a retry of many dead letters is made again after a lost reply", [
    "quotaError(refused)),\n            isIdempotent: false",
    "quotaError(refused))"
  ]),
  signingKeys("rotation-repeated", "a rotation is made again after a lost reply", [
    ", isIdempotent: false",
    ""
  ]),
  http("repeated-delete-fails", "a delete whose reply is lost fails when it is repeated", [
    "refused.hasQStashBody && isInDoubt",
    "refused.hasQStashBody && !isInDoubt"
  ]),
  http("never-repeated", "nothing is tried again", [
    "(error instanceof QStashUnavailable && isIdempotent) ||",
    ""
  ])
]
