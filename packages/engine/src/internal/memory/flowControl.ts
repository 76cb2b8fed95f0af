import type { FlowControlKey } from "@effect-qstash/domain/FlowControl"
import * as Effect from "effect/Effect"
import { changeLimits, createsKey, freeSlots, idleFrom, unusedKey } from "../../FlowControlRules.ts"
import type { StoredFlowControl } from "../../Rows.ts"
import type { Store } from "../../Store.ts"
import { found, type Memory } from "./Memory.ts"
import type { FlowRow, Tenant } from "./rows.ts"

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
        isOpen: (now) => freeSlots(flow, flow.underWay, now) > 0,
        onHeld: () => planWindow(flow),
        held: undefined,
        reserved: undefined
      },
      waiting: 0,
      pending: 0,
      idle: { sequence: number, key, due: undefined },
      due: undefined,
      ...unusedKey,
      underWay: 0
    }
    tenant.flowControl.set(key, flow)
    return flow
  }

  const planIdle = ({ idleKeys }: Tenant, flow: FlowRow): void =>
    idleKeys.plan(flow.idle, flow.pending > 0 ? undefined : idleFrom(flow))

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
        const isMaking = createsKey(change)
        if (isMaking && !tenant.flowControl.has(key) && tenant.flowControl.size >= limit) {
          forgetIdleKeys(tenant, now)
          if (tenant.flowControl.size >= limit) return "full"
        }
        const flow = isMaking ? flowOf(tenant, key) : tenant.flowControl.get(key)
        if (flow === undefined) return "stored"
        changeLimits(flow, change, now)
        planWindow(flow)
        recheck(flow)
        planIdle(tenant, flow)
        return "stored"
      })
  }) satisfies Partial<Store.Service<never>>
