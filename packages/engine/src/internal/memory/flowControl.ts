import type { FlowControl } from "@effect-qstash/domain/FlowControl"
import * as Duration from "effect/Duration"
import type { FlowControlChange, StoredFlowControl } from "../../Rows.ts"
import type { FlowRow } from "./rows.ts"

export const defaultPeriod = 1000

export const flowControlOf = ({
  due: _due,
  gate: _gate,
  idle: _idle,
  key,
  pending: _pending,
  sequence: _sequence,
  waiting,
  ...flow
}: FlowRow): StoredFlowControl => ({ ...flow, flowControlKey: key, waiting })

const endWindow = (flow: FlowRow): void => {
  flow.windowStart = undefined
  flow.started = 0
}

/** Also before the limits change, because a longer period must not revive a window that is over. */
export const endWindowInTime = (flow: FlowRow, now: number): void => {
  if (flow.windowStart !== undefined && now >= flow.windowStart + flow.period) endWindow(flow)
}

/** From when a key may be forgotten, because a new one would do the same. Undefined while it is in use. */
export const idleFrom = (flow: FlowRow): number | undefined => {
  const isInUse = flow.pending > 0 || flow.isPaused || flow.isPinnedParallelism || flow.isPinnedRate
  if (isInUse) return undefined
  return flow.windowStart === undefined ? -Infinity : flow.windowStart + flow.period
}

/** How many attempts the limits allow to start. */
export const freeSlots = (flow: FlowRow, now: number): number => {
  endWindowInTime(flow, now)
  if (flow.isPaused) return 0
  return Math.min(
    flow.parallelism === undefined ? Infinity : flow.parallelism - flow.underWay,
    flow.rate === undefined ? Infinity : flow.rate - flow.started
  )
}

export const setLimits = (
  flow: FlowRow,
  { parallelism, period, rate }: Pick<FlowControl, "parallelism" | "rate" | "period">
): void => {
  if (!flow.isPinnedParallelism) flow.parallelism = parallelism
  if (!flow.isPinnedRate) {
    flow.rate = rate
    flow.period = period === undefined ? defaultPeriod : Duration.toMillis(period)
  }
}

export const changeFlow = (flow: FlowRow, change: FlowControlChange): void => {
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
