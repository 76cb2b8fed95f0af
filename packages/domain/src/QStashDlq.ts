/**
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Stream from "effect/Stream"
import type { DlqId } from "./DlqId.ts"
import type { DlqFilter, DlqSelector } from "./MessageFilter.ts"
import type { Page } from "./Page.ts"
import type { Published } from "./Published.ts"
import type { DlqMessageNotFound, QStashError, QStashQuotaExceeded } from "./QStashError.ts"
import type { DlqMessage } from "./QStashMessage.ts"

/**
 * @since 0.1.0
 */
export declare namespace QStashDlq {
  /**
   * Which page of which messages.
   *
   * @since 0.1.0
   * @category models
   */
  export interface ListInput extends DlqFilter {
    /** The cursor of the page before. */
    readonly cursor?: string | undefined
    /**
     * How many at the most, from 1 to 100.
     *
     * @default 100
     */
    readonly count?: number | undefined
  }

  /**
   * What may be changed for another try.
   *
   * @since 0.1.0
   * @category models
   */
  export interface RetryInput {
    /**
     * How often a failed delivery is tried again, at least 0.
     *
     * @default that of the message
     */
    readonly retries?: number | undefined
  }

  /**
   * @since 0.1.0
   * @category models
   */
  export interface Service {
    /** One page of dead letters, the oldest first. */
    readonly list: (options?: ListInput) => Effect.Effect<Page<DlqMessage>, QStashError>

    /** All dead letters that match, page by page as they are asked for. */
    readonly stream: (filter?: DlqFilter) => Stream.Stream<DlqMessage, QStashError>

    /** One dead letter. */
    readonly get: (dlqId: DlqId) => Effect.Effect<DlqMessage, DlqMessageNotFound | QStashError>

    /** Deletes one dead letter for good. */
    readonly delete: (dlqId: DlqId) => Effect.Effect<void, DlqMessageNotFound | QStashError>

    /** Deletes the dead letters of a selection for good, and answers how many. */
    readonly deleteMany: (selector: DlqSelector) => Effect.Effect<number, QStashError>

    /**
     * Publishes the message anew, under a new id and with what it had, and takes the dead letter away. When the answer is
     * lost the call is not repeated by itself: it fails with `QStashUnavailable`, and if the dead letter is gone then, the
     * message is on its way.
     */
    readonly retry: (
      dlqId: DlqId,
      options?: RetryInput
    ) => Effect.Effect<Published, DlqMessageNotFound | QStashQuotaExceeded | QStashError>

    /**
     * The same for a selection, and answers what was published. Dead letters that are gone are passed over. A selection
     * of many takes several calls; if one of them fails, the messages before it are on their way.
     */
    readonly retryMany: (
      selector: DlqSelector,
      options?: RetryInput
    ) => Effect.Effect<ReadonlyArray<Published>, QStashQuotaExceeded | QStashError>
  }
}

/**
 * The dead letter queue of one QStash account: messages that have failed for good, kept for a while to be looked at and
 * tried again.
 *
 * @since 0.1.0
 * @category tags
 */
export class QStashDlq extends Context.Tag("@effect-qstash/domain/QStashDlq")<
  QStashDlq,
  QStashDlq.Service
>() {}
