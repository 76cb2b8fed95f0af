import { isBefore } from "../DueQueue.ts"
import { originOf } from "../../Endpoints.ts"
import { countStart } from "../../FlowControlRules.ts"
import type { Flows } from "./flowControl.ts"
import { type Gate, Lane } from "./Lanes.ts"
import type { Memory } from "./Memory.ts"
import type { DestinationRow, MessageRow, MessageState, Slots, Tenant } from "./rows.ts"
import { withoutKey } from "./withoutKey.ts"

export const held: MessageState = { _tag: "Held" }

export type SlotKeeper = ReturnType<typeof makeSlots>

/** Who may start: tenants, destinations and flow-control keys have a limited number of slots. */
export const makeSlots = (memory: Memory, { endWindowsInTime, planWindow, recheck }: Flows) => {
  const { lanes, messages, tenants } = memory

  const destinationOf = (tenant: Tenant, origin: string): DestinationRow => {
    const known = tenant.destinations.get(origin)
    if (known !== undefined) return known
    const destination: DestinationRow = {
      origin,
      gate: {
        isOpen: () => destination.underWay < memory.slots.perDestination,
        held: undefined,
        reserved: undefined
      },
      underWay: 0,
      lanes: new Map()
    }
    tenant.destinations.set(origin, destination)
    return destination
  }

  const forgetIfIdle = (tenant: Tenant, { lanes: waiting, origin, underWay }: DestinationRow): void => {
    if (underWay === 0 && waiting.size === 0) tenant.destinations = withoutKey(tenant.destinations, origin)
  }

  const setSlots = (next: Slots): void => {
    const { perDestination, perTenant } = memory.slots
    if (next.perTenant === perTenant && next.perDestination === perDestination) return
    memory.slots = { perTenant: next.perTenant, perDestination: next.perDestination }
    for (const tenant of tenants.values()) {
      lanes.recheck(tenant.gate)
      for (const { gate } of tenant.destinations.values()) lanes.recheck(gate)
    }
  }

  /** The gate that keeps a message from starting, if any. */
  const closedGate = (
    { flow, tenant }: MessageRow,
    { gate }: DestinationRow,
    now: number
  ): Gate<MessageRow> | undefined => {
    if (flow !== undefined && !flow.gate.isOpen(now)) return flow.gate
    if (!gate.isOpen(now)) return gate
    return tenant.gate.isOpen(now) ? undefined : tenant.gate
  }

  /** Takes a slot at the destination, or makes the message wait for one. */
  const takeSlot = (row: MessageRow, now: number): DestinationRow | undefined => {
    const { flow, tenant } = row
    const destination = destinationOf(tenant, originOf(row.message.url))
    const closed = closedGate(row, destination, now)
    if (closed !== undefined) {
      let lane = destination.lanes.get(flow)
      if (lane === undefined) destination.lanes.set(flow, (lane = new Lane()))
      row.state = { _tag: "Waiting", lane }
      if (flow !== undefined) flow.waiting += 1
      lanes.add(row, row.message.dueAt, lane, closed)
      return undefined
    }
    tenant.leased += 1
    destination.underWay += 1
    if (flow !== undefined) {
      flow.underWay += 1
      countStart(flow, now)
      planWindow(flow)
    }
    return destination
  }

  const leaveLane = (row: MessageRow, lane: Lane<MessageRow>): void => {
    const { flow, tenant } = row
    if (flow !== undefined) flow.waiting -= 1
    lanes.remove(row, lane)
    if (lane.waiting.size > 0) return
    const destination = destinationOf(tenant, originOf(row.message.url))
    destination.lanes.delete(flow)
    forgetIfIdle(tenant, destination)
  }

  /** The next message that is due and not held up, by time and sequence. */
  const takeNext = (now: number): MessageRow | undefined => {
    for (;;) {
      endWindowsInTime(now)
      const waiting = lanes.first(now)
      const due = messages.peek()
      if (waiting === undefined || waiting.at > now || (due !== undefined && isBefore(due, waiting)))
        return messages.takeDue(now)
      const row = waiting.row.waiting.peek()?.row
      if (row === undefined) return undefined
      const closed = closedGate(row, destinationOf(row.tenant, originOf(row.message.url)), now)
      if (closed === undefined) return row
      lanes.hold(waiting.row, closed)
    }
  }

  /** Moves a message to another state, and plans it for an instant or not at all. */
  const moveTo = (row: MessageRow, state: MessageState, at: number | undefined): void => {
    if (row.state._tag === "Waiting") leaveLane(row, row.state.lane)
    row.state = state
    messages.plan(row, at)
  }

  /** Frees the slot. The message then has to be moved on. */
  const endLease = (token: number): MessageRow | undefined => {
    const row = memory.leased.get(token)
    if (row?.state._tag !== "Leased") return undefined
    memory.leased = withoutKey(memory.leased, token)
    const { flow, tenant } = row
    const { destination } = row.state
    row.state = held
    tenant.leased -= 1
    lanes.recheck(tenant.gate)
    destination.underWay -= 1
    lanes.recheck(destination.gate)
    forgetIfIdle(tenant, destination)
    if (flow !== undefined) flow.underWay -= 1
    recheck(flow)
    return row
  }

  return { setSlots, takeNext, takeSlot, moveTo, endLease }
}
