/**
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Stream from "effect/Stream"
import type { LogEntry } from "./LogEntry.ts"
import type { LogFilter } from "./MessageFilter.ts"
import type { Page } from "./Page.ts"
import type { QStashError } from "./QStashError.ts"

/**
 * @since 0.1.0
 */
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
    /** The cursor of the page before. */
    readonly cursor?: string | undefined
    /**
     * How many at the most, from 1 to 1000.
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

    /** All entries that match, page by page as they are asked for. */
    readonly stream: (options?: StreamInput) => Stream.Stream<LogEntry, QStashError>
  }
}

/**
 * The log of one QStash account: each step in the life of its messages, kept for some days.
 *
 * @since 0.1.0
 * @category tags
 */
export class QStashLogs extends Context.Tag("@effect-qstash/domain/QStashLogs")<
  QStashLogs,
  QStashLogs.Service
>() {}
