/**
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { QStashError, QStashQuotaExceeded, QueueNotFound } from "./QStashError.ts"
import type { QStashQueue } from "./QStashQueue.ts"
import type { QueueName } from "./QueueName.ts"

/**
 * @since 0.1.0
 */
export declare namespace QStashQueues {
  /**
   * What a user gives to create a queue or to change one.
   *
   * @since 0.1.0
   * @category models
   */
  export interface UpsertInput {
    readonly queueName: QueueName
    /**
     * How many of its messages may be under way at once, at least 1.
     *
     * @default 1
     */
    readonly parallelism?: number | undefined
    /**
     * Whether it is paused from now on.
     *
     * @default as it was; a new queue is active
     */
    readonly isPaused?: boolean | undefined
  }

  /**
   * @since 0.1.0
   * @category models
   */
  export interface Service {
    /** Creates a queue, or changes the one with this name. */
    readonly upsert: (queue: UpsertInput) => Effect.Effect<void, QStashQuotaExceeded | QStashError>

    /** One queue, as it stands now. */
    readonly get: (queueName: QueueName) => Effect.Effect<QStashQueue, QueueNotFound | QStashError>

    /** All queues of the account. QStash promises no order. */
    readonly list: Effect.Effect<ReadonlyArray<QStashQueue>, QStashError>

    /** Deletes a queue with the messages that wait in it. The absence of the queue is no error. */
    readonly delete: (queueName: QueueName) => Effect.Effect<void, QStashError>

    /**
     * Stops a queue from starting deliveries until it is resumed. It still accepts messages, and deliveries under way
     * go on. On a paused queue it changes nothing.
     */
    readonly pause: (queueName: QueueName) => Effect.Effect<void, QueueNotFound | QStashError>

    /** Lets a paused queue deliver again; on an active one it changes nothing. */
    readonly resume: (queueName: QueueName) => Effect.Effect<void, QueueNotFound | QStashError>
  }
}

/**
 * The queues of one QStash account, through which messages go in order.
 *
 * @since 0.1.0
 * @category tags
 */
export class QStashQueues extends Context.Tag("@effect-qstash/domain/QStashQueues")<
  QStashQueues,
  QStashQueues.Service
>() {}
