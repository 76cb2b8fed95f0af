/**
 * How the limits of a flow-control key work. Every Store follows these rules.
 *
 * @since 0.1.0
 */
import type { FlowControl } from "@effect-qstash/domain/FlowControl"
import * as Duration from "effect/Duration"
import type { FlowControlChange, StoredFlowControl } from "./Rows.ts"

/** QStash's default. */
const defaultPeriod = 1000

/**
 * What a Store keeps about a key. These functions change it.
 *
 * @since 0.1.0
 * @category models
 */
export type FlowControlState = {
  -readonly [
    K in keyof Omit<StoredFlowControl, "flowControlKey" | "underWay" | "waiting">
  ]: StoredFlowControl[K]
}

/**
 * A key that no message has used yet.
 *
 * @since 0.1.0
 * @category constants
 */
export const unusedKey: Readonly<FlowControlState> = {
  parallelism: undefined,
  rate: undefined,
  period: defaultPeriod,
  isPaused: false,
  isPinnedParallelism: false,
  isPinnedRate: false,
  started: 0,
  windowStart: undefined
}

const endWindow = (flow: FlowControlState): void => {
  flow.windowStart = undefined
  flow.started = 0
}

const endWindowInTime = (flow: FlowControlState, now: number): void => {
  if (flow.windowStart !== undefined && now >= flow.windowStart + flow.period) endWindow(flow)
}

/**
 * From when a key without pending messages may be forgotten, because a new one would do the same. Undefined while it is
 * paused or pinned.
 *
 * @since 0.1.0
 * @category conversions
 */
export const idleFrom = (flow: Readonly<FlowControlState>): number | undefined => {
  if (flow.isPaused || flow.isPinnedParallelism || flow.isPinnedRate) return undefined
  return flow.windowStart === undefined ? -Infinity : flow.windowStart + flow.period
}

/**
 * How many more attempts the limits allow to start while `underWay` are in progress. Ends a window that is over.
 *
 * @since 0.1.0
 * @category conversions
 */
export const freeSlots = (flow: FlowControlState, underWay: number, now: number): number => {
  endWindowInTime(flow, now)
  if (flow.isPaused) return 0
  return Math.min(
    flow.parallelism === undefined ? Infinity : flow.parallelism - underWay,
    flow.rate === undefined ? Infinity : flow.rate - flow.started
  )
}

/**
 * Counts an attempt that starts. The window begins with the first one.
 *
 * @since 0.1.0
 * @category mutations
 */
export const countStart = (flow: FlowControlState, now: number): void => {
  if (flow.rate === undefined) return
  flow.windowStart ??= now
  flow.started += 1
}

/**
 * Takes over the limits of a message, except for those that are pinned. A window that is over ends first, because a longer
 * period must not revive it.
 *
 * @since 0.1.0
 * @category mutations
 */
export const takeLimits = (
  flow: FlowControlState,
  { parallelism, period, rate }: Pick<FlowControl, "parallelism" | "rate" | "period">,
  now: number
): void => {
  endWindowInTime(flow, now)
  if (!flow.isPinnedParallelism) flow.parallelism = parallelism
  if (!flow.isPinnedRate) {
    flow.rate = rate
    flow.period = period === undefined ? defaultPeriod : Duration.toMillis(period)
  }
}

/**
 * Whether a change creates the key if there is none.
 *
 * @since 0.1.0
 * @category predicates
 */
export const createsKey = ({ _tag }: FlowControlChange): boolean => _tag !== "Unpin" && _tag !== "ResetRate"

/**
 * Changes a key as its owner asked.
 *
 * @since 0.1.0
 * @category mutations
 */
export const changeLimits = (flow: FlowControlState, change: FlowControlChange, now: number): void => {
  endWindowInTime(flow, now)
  switch (change._tag) {
    case "Pause":
      flow.isPaused = true
      return
    case "Resume":
      flow.isPaused = false
      return
    case "Pin":
      if (change.parallelism !== undefined) {
        flow.parallelism = change.parallelism
        flow.isPinnedParallelism = true
      }
      if (change.rate !== undefined) {
        flow.rate = change.rate
        flow.period = change.period ?? defaultPeriod
        flow.isPinnedRate = true
        endWindow(flow)
      }
      return
    case "Unpin":
      if (change.parallelism) flow.isPinnedParallelism = false
      if (change.rate) flow.isPinnedRate = false
      return
    case "ResetRate":
      endWindow(flow)
  }
}
