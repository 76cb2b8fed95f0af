import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { QStashError, QStashQuotaExceeded, QueueNotFound } from "./QStashError.ts"
import type { QStashQueue } from "./QStashQueue.ts"
import type { QueueName } from "./QueueName.ts"

/** @since 0.1.0 */
export declare namespace QStashQueues {
  /**
   * The options of a queue.
   *
   * @since 0.1.0
   * @category models
   */
  export interface UpsertInput {
    readonly queueName: QueueName
    /**
     * How many of its messages may be in delivery at once; 1 or more.
     *
     * @default 1
     */
    readonly parallelism?: number | undefined
    /**
     * Whether the queue is paused.
     *
     * @default unchanged; a new queue is active
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

    /** The current state of one queue. */
    readonly get: (queueName: QueueName) => Effect.Effect<QStashQueue, QueueNotFound | QStashError>

    /** All queues of the account, in no guaranteed order. */
    readonly list: Effect.Effect<ReadonlyArray<QStashQueue>, QStashError>

    /** Deletes a queue and the messages that wait in it. Succeeds if there is no such queue. */
    readonly delete: (queueName: QueueName) => Effect.Effect<void, QStashError>

    /**
     * Stops a queue from starting deliveries until it is resumed. It still accepts messages, and running deliveries
     * continue. Does nothing if the queue is paused.
     */
    readonly pause: (queueName: QueueName) => Effect.Effect<void, QueueNotFound | QStashError>

    /** Lets a paused queue deliver again. Does nothing if the queue is active. */
    readonly resume: (queueName: QueueName) => Effect.Effect<void, QueueNotFound | QStashError>
  }
}

/**
 * The queues of a QStash account, which deliver messages in order.
 *
 * @since 0.1.0
 * @category tags
 */
export class QStashQueues extends Context.Tag("@effect-qstash/domain/QStashQueues")<
  QStashQueues,
  QStashQueues.Service
>() {}
