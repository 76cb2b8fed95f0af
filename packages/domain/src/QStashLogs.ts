import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Stream from "effect/Stream"
import type { LogEntry } from "./LogEntry.ts"
import type { LogFilter } from "./MessageFilter.ts"
import type { Page } from "./Page.ts"
import type { QStashError } from "./QStashError.ts"

/** @since 0.1.0 */
export declare namespace QStashLogs {
  /**
   * Which entries in which order.
   *
   * @since 0.1.0
   * @category models
   */
  export interface StreamInput extends LogFilter {
    /** @default "latestFirst" */
    readonly order?: "latestFirst" | "earliestFirst" | undefined
  }

  /**
   * Which page of which entries.
   *
   * @since 0.1.0
   * @category models
   */
  export interface ListInput extends StreamInput {
    /** The cursor of the previous page. */
    readonly cursor?: string | undefined
    /**
     * The most items, from 1 to 1000.
     *
     * @default 100
     */
    readonly count?: number | undefined
  }

  /**
   * @since 0.1.0
   * @category models
   */
  export interface Service {
    /** One page of entries. */
    readonly list: (options?: ListInput) => Effect.Effect<Page<LogEntry>, QStashError>

    /** All matching entries. Pages are read on demand. */
    readonly stream: (options?: StreamInput) => Stream.Stream<LogEntry, QStashError>
  }
}

/**
 * The log of a QStash account: each step in the life of its messages, kept for a few days.
 *
 * @since 0.1.0
 * @category tags
 */
export class QStashLogs extends Context.Tag("@effect-qstash/domain/QStashLogs")<
  QStashLogs,
  QStashLogs.Service
>() {}
