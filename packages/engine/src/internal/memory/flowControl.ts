import type { FlowControl, FlowControlKey } from "@effect-qstash/domain/FlowControl"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type { FlowControlChange, StoredFlowControl } from "../../Rows.ts"
import type { Store } from "../../Store.ts"
import { found, type Memory } from "./Memory.ts"
import type { FlowRow, Tenant } from "./rows.ts"

const defaultPeriod = 1000

const flowControlOf = ({
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
const idleFrom = (flow: FlowRow): number | undefined => {
  const isInUse = flow.pending > 0 || flow.isPaused || flow.isPinnedParallelism || flow.isPinnedRate
  if (isInUse) return undefined
  return flow.windowStart === undefined ? -Infinity : flow.windowStart + flow.period
}

/** How many attempts the limits allow to start. */
const freeSlots = (flow: FlowRow, now: number): number => {
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

const changeFlow = (flow: FlowRow, change: FlowControlChange): void => {
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

export type Flows = ReturnType<typeof makeFlows>

export const makeFlows = (memory: Memory) => {
  const { lanes, windows } = memory

  const flowOf = (tenant: Tenant, key: FlowControlKey): FlowRow => {
    const known = tenant.flowControl.get(key)
    if (known !== undefined) return known
    const number = memory.nextSequence()
    const flow: FlowRow = {
      sequence: number,
      key,
      gate: {
        isOpen: (now) => freeSlots(flow, now) > 0,
        onHeld: () => planWindow(flow),
        held: undefined,
        reserved: undefined
      },
      waiting: 0,
      pending: 0,
      idle: { sequence: number, key, due: undefined },
      due: undefined,
      parallelism: undefined,
      rate: undefined,
      period: defaultPeriod,
      isPaused: false,
      isPinnedParallelism: false,
      isPinnedRate: false,
      underWay: 0,
      started: 0,
      windowStart: undefined
    }
    tenant.flowControl.set(key, flow)
    return flow
  }

  const planIdle = ({ idleKeys }: Tenant, flow: FlowRow): void => idleKeys.plan(flow.idle, idleFrom(flow))

  const forgetIdleKeys = ({ flowControl, idleKeys }: Tenant, now: number): void => {
    for (let idle = idleKeys.takeDue(now); idle !== undefined; idle = idleKeys.takeDue(now)) {
      const flow = flowControl.get(idle.key)
      if (flow !== undefined) windows.plan(flow, undefined)
      flowControl.delete(idle.key)
    }
  }

  const recheck = (flow: FlowRow | undefined): void => {
    if (flow !== undefined) lanes.recheck(flow.gate)
  }

  /** If the rate is what holds messages up, looks again when the window is over. */
  const planWindow = (flow: FlowRow): void => {
    const isHeldByRate =
      flow.waiting > 0 && !flow.isPaused && flow.rate !== undefined && flow.started >= flow.rate
    windows.plan(
      flow,
      isHeldByRate && flow.windowStart !== undefined ? flow.windowStart + flow.period : undefined
    )
  }

  const endWindowsInTime = (now: number): void => {
    for (let flow = windows.takeDue(now); flow !== undefined; flow = windows.takeDue(now)) recheck(flow)
  }

  return { flowOf, planIdle, forgetIdleKeys, recheck, planWindow, endWindowsInTime }
}

export const flowVerbs = (memory: Memory, { flowOf, forgetIdleKeys, planIdle, planWindow, recheck }: Flows) =>
  ({
    getFlowControl: (tenantId, key) =>
      found(() => memory.tenants.get(tenantId)?.flowControl.get(key), flowControlOf),

    listFlowControl: (tenantId) =>
      Effect.sync(() => Array.from(memory.tenants.get(tenantId)?.flowControl.values() ?? [], flowControlOf)),

    changeFlowControl: ({ change, key, limit, now, tenantId }) =>
      Effect.sync(() => {
        const tenant = memory.tenantOf(tenantId)
        const isMaking = change._tag !== "Unpin" && change._tag !== "ResetRate"
        if (isMaking && !tenant.flowControl.has(key) && tenant.flowControl.size >= limit) {
          forgetIdleKeys(tenant, now)
          if (tenant.flowControl.size >= limit) return "full"
        }
        const flow = isMaking ? flowOf(tenant, key) : tenant.flowControl.get(key)
        if (flow === undefined) return "stored"
        endWindowInTime(flow, now)
        changeFlow(flow, change)
        planWindow(flow)
        recheck(flow)
        planIdle(tenant, flow)
        return "stored"
      })
  }) satisfies Partial<Store.Service<never>>
