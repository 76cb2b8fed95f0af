/**
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { FlowControlKey } from "./FlowControl.ts"
import type { FlowControlState, GlobalParallelism } from "./FlowControlState.ts"
import type { FlowControlKeyNotFound, QStashError, QStashQuotaExceeded } from "./QStashError.ts"

/**
 * @since 0.1.0
 */
export declare namespace QStashFlowControl {
  /**
   * @since 0.1.0
   * @category models
   */
  export interface Service {
    /** All keys that are in use. */
    readonly list: Effect.Effect<ReadonlyArray<FlowControlState>, QStashError>

    /** One key, as it stands now. */
    readonly get: (
      key: FlowControlKey
    ) => Effect.Effect<FlowControlState, FlowControlKeyNotFound | QStashError>

    /** Starts no delivery of the key until it is resumed. On a paused key it changes nothing. */
    readonly pause: (key: FlowControlKey) => Effect.Effect<void, QStashQuotaExceeded | QStashError>

    /** Lets the deliveries of a key start again; on an active one it changes nothing. */
    readonly resume: (key: FlowControlKey) => Effect.Effect<void, QStashQuotaExceeded | QStashError>

    /**
     * Fixes limits of a key: what later messages say of them does not count. A pinned rate begins a new period.
     */
    readonly pin: (
      key: FlowControlKey,
      limits: FlowControlState.Pin
    ) => Effect.Effect<void, QStashQuotaExceeded | QStashError>

    /** Lets later messages set the limits of a key again; until one does, those that were pinned stay in force. */
    readonly unpin: (key: FlowControlKey, limits: FlowControlState.Unpin) => Effect.Effect<void, QStashError>

    /** Ends the current period of a key's rate, so that as many deliveries may start again. */
    readonly resetRate: (key: FlowControlKey) => Effect.Effect<void, QStashError>

    /** The limit on all deliveries of the account together. */
    readonly globalParallelism: Effect.Effect<GlobalParallelism, QStashError>
  }
}

/**
 * The flow-control keys of one QStash account: limits that the messages with the same key share.
 *
 * @since 0.1.0
 * @category tags
 */
export class QStashFlowControl extends Context.Tag("@effect-qstash/domain/QStashFlowControl")<
  QStashFlowControl,
  QStashFlowControl.Service
>() {}
