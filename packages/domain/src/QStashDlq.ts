import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Stream from "effect/Stream"
import type { DlqId } from "./DlqId.ts"
import type { DlqFilter, DlqSelector } from "./MessageFilter.ts"
import type { Page } from "./Page.ts"
import type { Published } from "./Published.ts"
import type { DlqMessageNotFound, QStashError, QStashQuotaExceeded } from "./QStashError.ts"
import type { DlqMessage } from "./QStashMessage.ts"

/** @since 0.1.0 */
export declare namespace QStashDlq {
  /**
   * Which page of which messages.
   *
   * @since 0.1.0
   * @category models
   */
  export interface ListInput extends DlqFilter {
    /** The cursor of the previous page. */
    readonly cursor?: string | undefined
    /**
     * The most items, from 1 to 100.
     *
     * @default 100
     */
    readonly count?: number | undefined
  }

  /**
   * The options of a retry.
   *
   * @since 0.1.0
   * @category models
   */
  export interface RetryInput {
    /**
     * How often a failed delivery is retried; 0 or more.
     *
     * @default the message's own `retries`
     */
    readonly retries?: number | undefined
  }

  /**
   * @since 0.1.0
   * @category models
   */
  export interface Service {
    /** One page of dead letters, oldest first. */
    readonly list: (options?: ListInput) => Effect.Effect<Page<DlqMessage>, QStashError>

    /** All matching dead letters. Pages are read on demand. */
    readonly stream: (filter?: DlqFilter) => Stream.Stream<DlqMessage, QStashError>

    /** One dead letter. */
    readonly get: (dlqId: DlqId) => Effect.Effect<DlqMessage, DlqMessageNotFound | QStashError>

    /** Deletes one dead letter permanently. */
    readonly delete: (dlqId: DlqId) => Effect.Effect<void, DlqMessageNotFound | QStashError>

    /** Deletes the selected dead letters permanently, and returns how many there were. */
    readonly deleteMany: (selector: DlqSelector) => Effect.Effect<number, QStashError>

    /**
     * Publishes the message again under a new id, with its settings, and deletes the dead letter. If the response is
     * lost, the call is not repeated automatically: it fails with `QStashUnavailable`. If the dead letter is gone by
     * then, the message was published.
     */
    readonly retry: (
      dlqId: DlqId,
      options?: RetryInput
    ) => Effect.Effect<Published, DlqMessageNotFound | QStashQuotaExceeded | QStashError>

    /**
     * Retries the selected dead letters, and returns the published messages. Dead letters that no longer exist are
     * ignored. A large selection takes several calls; if one of them fails, the messages of the earlier calls are
     * already published.
     */
    readonly retryMany: (
      selector: DlqSelector,
      options?: RetryInput
    ) => Effect.Effect<ReadonlyArray<Published>, QStashQuotaExceeded | QStashError>
  }
}

/**
 * The dead letter queue of a QStash account: messages that failed permanently, kept for a while to be inspected and
 * retried.
 *
 * @since 0.1.0
 * @category tags
 */
export class QStashDlq extends Context.Tag("@effect-qstash/domain/QStashDlq")<
  QStashDlq,
  QStashDlq.Service
>() {}
