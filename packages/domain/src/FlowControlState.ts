/**
 * @since 0.1.0
 */
import type * as DateTime from "effect/DateTime"
import type * as Duration from "effect/Duration"
import type { FlowControlKey } from "./FlowControl.ts"

/**
 * A flow-control key as QStash reports it: its limits, and how far they are used.
 *
 * @since 0.1.0
 * @category models
 */
export interface FlowControlState {
  readonly flowControlKey: FlowControlKey
  /** How many messages wait for a limit. */
  readonly waitListSize: number
  /** Absent where there is no such limit. */
  readonly parallelismMax?: number
  /** How many deliveries are under way. */
  readonly parallelismCount: number
  /** Absent where there is no such limit. */
  readonly rateMax?: number
  /** How many deliveries have started in the current period. */
  readonly rateCount: number
  /** Absent where there is no rate. */
  readonly ratePeriod?: Duration.Duration
  /** When the current period began; absent before the first one. */
  readonly ratePeriodStart?: DateTime.Utc
  readonly isPaused: boolean
  /** Whether messages cannot change `parallelismMax`. */
  readonly isPinnedParallelism: boolean
  /** Whether messages cannot change `rateMax` and `ratePeriod`. */
  readonly isPinnedRate: boolean
}

/**
 * @since 0.1.0
 */
export declare namespace FlowControlState {
  /**
   * What a key is pinned to: parallelism, rate, or both. `period` goes with `rate`, in whole seconds, 1 second where it
   * is left out.
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
   * What is not pinned any more.
   *
   * @since 0.1.0
   * @category models
   */
  export type Unpin =
    | { readonly parallelism: true; readonly rate?: boolean | undefined }
    | { readonly parallelism?: boolean | undefined; readonly rate: true }
}

/**
 * The limit on all deliveries of an account together.
 *
 * @since 0.1.0
 * @category models
 */
export interface GlobalParallelism {
  readonly parallelismMax: number
  /** How many deliveries are under way. */
  readonly parallelismCount: number
}
