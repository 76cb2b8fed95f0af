/**
 * @since 0.1.0
 */
import type { MessageId } from "@effect-qstash/domain/MessageId"
import type { VerifiedDelivery } from "@effect-qstash/receiver/VerifiedDelivery"
import type * as DateTime from "effect/DateTime"
import type * as Effect from "effect/Effect"
import type * as Option from "effect/Option"

/**
 * One attempt at a message: what a handler gets beside the payload.
 *
 * @since 0.1.0
 * @category models
 */
export interface Run {
  /** 1 at the first attempt. */
  readonly attempt: number
  /** Whether QStash gives the message up if this attempt fails, by the retries that the job declares. */
  readonly isLast: boolean
  readonly messageId: MessageId | undefined
  /** The key of the schedule that made the message: `t42` for one that was declared with `key: "t42"`. */
  readonly scheduleKey: string | undefined
  /**
   * When the schedule meant this run to be, in the zone of its cron: the time at which QStash made the message, rounded
   * down to a firing of the cron. A delivery does not carry that time, so this asks QStash for the message, once. None
   * for a message that no schedule made, and if QStash cannot be asked or has forgotten the message.
   *
   * It rests on headers that QStash does not sign. Do not decide with it what the sender may do.
   */
  readonly scheduledFor: Effect.Effect<Option.Option<DateTime.Zoned>>
  /** The firing before `scheduledFor`. */
  readonly previous: Effect.Effect<Option.Option<DateTime.Zoned>>
  /** The firings after `scheduledFor`, `count` at most. Empty if there is no `scheduledFor`. */
  readonly upcoming: (count: number) => Effect.Effect<ReadonlyArray<DateTime.Zoned>>
  readonly delivery: VerifiedDelivery
}
