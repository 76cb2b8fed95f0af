import type * as DateTime from "effect/DateTime"
import type * as Duration from "effect/Duration"
import type { FlowControlKey } from "./FlowControl.ts"

/**
 * A flow-control key as QStash reports it: its limits and their current use.
 *
 * @since 0.1.0
 * @category models
 */
export interface FlowControlState {
  readonly flowControlKey: FlowControlKey
  /** How many messages wait for a limit. */
  readonly waitListSize: number
  /** Absent if there is no such limit. */
  readonly parallelismMax?: number
  /** How many deliveries are running. */
  readonly parallelismCount: number
  /** Absent if there is no such limit. */
  readonly rateMax?: number
  /** How many deliveries have started in the current period. */
  readonly rateCount: number
  /** Absent if there is no rate. */
  readonly ratePeriod?: Duration.Duration
  /** When the current period began; absent before the first one. */
  readonly ratePeriodStart?: DateTime.Utc
  readonly isPaused: boolean
  /** Whether `parallelismMax` is pinned, so that messages cannot change it. */
  readonly isPinnedParallelism: boolean
  /** Whether `rateMax` and `ratePeriod` are pinned, so that messages cannot change them. */
  readonly isPinnedRate: boolean
}

/** @since 0.1.0 */
export declare namespace FlowControlState {
  /**
   * The limits to pin a key to: parallelism, rate, or both. `period` requires `rate`; it is in whole seconds, 1 second
   * by default.
   *
   * @since 0.1.0
   * @category models
   */
  export type Pin =
    | {
        readonly parallelism: number
        readonly rate?: number | undefined
        readonly period?: Duration.DurationInput | undefined
      }
    | {
        readonly parallelism?: number | undefined
        readonly rate: number
        readonly period?: Duration.DurationInput | undefined
      }

  /**
   * The limits to unpin.
   *
   * @since 0.1.0
   * @category models
   */
  export type Unpin =
    | { readonly parallelism: true; readonly rate?: boolean | undefined }
    | { readonly parallelism?: boolean | undefined; readonly rate: true }
}

/**
 * The limit on all deliveries of an account.
 *
 * @since 0.1.0
 * @category models
 */
export interface GlobalParallelism {
  readonly parallelismMax: number
  /** How many deliveries are running. */
  readonly parallelismCount: number
}
