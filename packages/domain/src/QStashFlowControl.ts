import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { FlowControlKey } from "./FlowControl.ts"
import type { FlowControlState, GlobalParallelism } from "./FlowControlState.ts"
import type { FlowControlKeyNotFound, QStashError, QStashQuotaExceeded } from "./QStashError.ts"

/** @since 0.1.0 */
export declare namespace QStashFlowControl {
  /**
   * @since 0.1.0
   * @category models
   */
  export interface Service {
    /** All keys that are in use. */
    readonly list: Effect.Effect<ReadonlyArray<FlowControlState>, QStashError>

    /** The current state of one key. */
    readonly get: (
      key: FlowControlKey
    ) => Effect.Effect<FlowControlState, FlowControlKeyNotFound | QStashError>

    /** Stops deliveries of the key from starting until it is resumed. Does nothing if the key is paused. */
    readonly pause: (key: FlowControlKey) => Effect.Effect<void, QStashQuotaExceeded | QStashError>

    /** Lets deliveries of the key start again. Does nothing if the key is active. */
    readonly resume: (key: FlowControlKey) => Effect.Effect<void, QStashQuotaExceeded | QStashError>

    /**
     * Pins limits of a key, so that later messages cannot change them. A pinned rate starts a new period.
     */
    readonly pin: (
      key: FlowControlKey,
      limits: FlowControlState.Pin
    ) => Effect.Effect<void, QStashQuotaExceeded | QStashError>

    /** Lets later messages change the limits of a key again. Until one does, the pinned limits stay in force. */
    readonly unpin: (key: FlowControlKey, limits: FlowControlState.Unpin) => Effect.Effect<void, QStashError>

    /** Ends the current period of a key's rate, so that its deliveries can start again immediately. */
    readonly resetRate: (key: FlowControlKey) => Effect.Effect<void, QStashError>

    /** The limit on all deliveries of the account. */
    readonly globalParallelism: Effect.Effect<GlobalParallelism, QStashError>
  }
}

/**
 * The flow-control keys of a QStash account: limits that messages with the same key share.
 *
 * @since 0.1.0
 * @category tags
 */
export class QStashFlowControl extends Context.Tag("@effect-qstash/domain/QStashFlowControl")<
  QStashFlowControl,
  QStashFlowControl.Service
>() {}
