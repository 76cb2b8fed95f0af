/**
 * What a failed attempt means for its message, and how a message ended.
 *
 * @since 0.1.0
 */
import { DlqIdFromAnswer } from "@effect-qstash/domain/DlqId"
import type { MessageId } from "@effect-qstash/domain/MessageId"
import type * as Duration from "effect/Duration"
import type * as Exit from "effect/Exit"
import * as Schema from "effect/Schema"
import { durationOf } from "./internal/durationOf.ts"

/**
 * What a failed attempt means for the message.
 *
 * @since 0.1.0
 * @category models
 */
export type Verdict =
  | { readonly _tag: "Retry" }
  | { readonly _tag: "RetryAfter"; readonly delay: Duration.Duration }
  | { readonly _tag: "GiveUp" }

/**
 * QStash tries again after its own backoff, or that of the job's `retryDelay`.
 *
 * @since 0.1.0
 * @category verdicts
 */
export const retry: Verdict = { _tag: "Retry" }

/**
 * QStash tries again after this time, rounded up to whole seconds. It ignores more than a day and uses its own backoff
 * then.
 *
 * @since 0.1.0
 * @category verdicts
 */
export const retryAfter = (delay: Duration.DurationInput): Verdict => ({
  _tag: "RetryAfter",
  delay: durationOf("retryAfter", delay)
})

/**
 * QStash does not try again: the message becomes a dead letter at once.
 *
 * @since 0.1.0
 * @category verdicts
 */
export const giveUp: Verdict = { _tag: "GiveUp" }

/**
 * A message failed for good with something other than an error that its job declares. `status` is that of the last
 * response, and absent if there was none.
 *
 * @since 0.1.0
 * @category errors
 */
export class GaveUp extends Schema.TaggedError<GaveUp>()("GaveUp", {
  reason: Schema.Literal("failed", "skipped"),
  status: Schema.optionalWith(Schema.Number, { exact: true }),
  dlqId: Schema.optionalWith(Schema.typeSchema(DlqIdFromAnswer), { exact: true })
}) {
  override get message(): string {
    if (this.reason === "skipped") return "The message was older than the job accepts and was skipped"
    const response = this.status === undefined ? "no response" : `status ${this.status}`
    return `The message failed for good: the last attempt ended with ${response}`
  }
}

/**
 * How a message ended.
 *
 * @since 0.1.0
 * @category models
 */
export interface Outcome<Payload, Success, Error> {
  readonly payload: Payload
  readonly exit: Exit.Exit<Success, Error | GaveUp>
  readonly messageId: MessageId
}
