import type * as DateTime from "effect/DateTime"
import type { QueueName } from "./QueueName.ts"

/**
 * A queue as QStash reports it.
 *
 * @since 0.1.0
 * @category models
 */
export interface QStashQueue {
  readonly name: QueueName
  readonly createdAt: DateTime.Utc
  readonly updatedAt: DateTime.Utc
  /** How many of its messages may be in delivery at once. */
  readonly parallelism: number
  readonly isPaused: boolean
  /** How many of its messages are still pending. */
  readonly lag: number
}
