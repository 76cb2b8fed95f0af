import { freeSlots } from "@effect-qstash/engine/FlowControlRules"
import type { SqlError } from "@effect/sql/SqlError"
import type { Fragment } from "@effect/sql/Statement"
import * as Effect from "effect/Effect"
import { type Database, type Int, intOf, optionalInt } from "./Database.ts"
import type { Flow } from "./flows.ts"
import { add } from "./Work.ts"

/** How many messages of one tenant, and of one tenant to one origin, may be leased at once. */
export interface Limits {
  readonly perTenant: number
  readonly perDestination: number
}

/** Where a message takes its slots. */
export interface Place {
  readonly tenant: number
  readonly origin: string
  readonly flow: number
}

const destinationOf = ({ origin, tenant }: Place): string => `${tenant} ${origin}`

/**
 * Who has how many leased messages. That is counted at every claim, from the leased messages themselves: there are never
 * more than a few thousand, and a counter could drift.
 */
export class Slots {
  private readonly tenants = new Map<number, number>()
  private readonly destinations = new Map<string, number>()
  private readonly places = new Map<string, Place>()
  private readonly flows = new Map<number, number>()
  /** The parallelism of the keys that have leased messages. */
  private readonly parallelism = new Map<number, number>()
  /** Keys that this claim has found closed. */
  private readonly closedFlows = new Set<number>()
  private readonly limits: Limits

  constructor(limits: Limits) {
    this.limits = limits
  }

  count(place: Place, more: number): void {
    const destination = destinationOf(place)
    this.places.set(destination, place)
    add(this.tenants, place.tenant, more)
    add(this.destinations, destination, more)
    if (place.flow !== 0) add(this.flows, place.flow, more)
    if (more < 0) this.closedFlows.delete(place.flow)
  }

  setParallelism(flow: number, parallelism: number): void {
    this.parallelism.set(flow, parallelism)
  }

  hasRoom(place: Place, flow: Flow | undefined, now: number): boolean {
    if ((this.tenants.get(place.tenant) ?? 0) >= this.limits.perTenant) return false
    if ((this.destinations.get(destinationOf(place)) ?? 0) >= this.limits.perDestination) return false
    if (flow === undefined || freeSlots(flow, this.flows.get(flow.id) ?? 0, now) > 0) return true
    this.closedFlows.add(flow.id)
    return false
  }

  /** The lanes `l` that have a slot, as far as it is known without their key's own limits. */
  open({ list, sql, table }: Database): Fragment {
    const { perDestination, perTenant } = this.limits
    const isFull =
      (limit: number) =>
      ([, count]: readonly [unknown, number]) =>
        count >= limit
    const tenants = Array.from(this.tenants).filter(isFull(perTenant))
    const destinations = Array.from(this.destinations)
      .filter(isFull(perDestination))
      .flatMap(([name]) => this.places.get(name) ?? [])
    const flows = new Set(this.closedFlows)
    for (const [flow, count] of this.flows) {
      if (count >= (this.parallelism.get(flow) ?? Infinity)) flows.add(flow)
    }
    return sql`l.tenant not in ${list(
      "bigint",
      tenants.map(([tenant]) => tenant)
    )}
      and not exists (select 1 from ${table(
        { tenant: "bigint", origin: "text" },
        destinations.map(({ origin, tenant }) => [tenant, origin])
      )} as closed where closed.tenant = l.tenant and closed.origin = l.origin)
      and l.flow not in ${list("bigint", flows)}`
  }
}

export const countSlots = (db: Database, limits: Limits): Effect.Effect<Slots, SqlError> =>
  Effect.map(
    db.sql<
      Record<"tenant" | "flow" | "count", Int> & { readonly origin: string; readonly parallelism: Int | null }
    >`
      select l.tenant, l.origin, l.flow, f.parallelism, leased.count
      from (select lane, count(*) as count from qstash_messages where token is not null group by lane) as leased
      join qstash_lanes l on l.id = leased.lane left join qstash_flows f on f.id = l.flow`,
    (rows) => {
      const slots = new Slots(limits)
      for (const row of rows) {
        const place = { tenant: intOf(row.tenant), origin: row.origin, flow: intOf(row.flow) }
        slots.count(place, intOf(row.count))
        const parallelism = optionalInt(row.parallelism)
        if (parallelism !== undefined) slots.setParallelism(place.flow, parallelism)
      }
      return slots
    }
  )

/** Lanes `l` whose key `f` is paused or has used up its rate have to wait, whatever slots are free. */
export const mayStartAt = ({ sql }: Database, now: number): Fragment =>
  sql`(f.id is null or (f.is_paused = 0 and (
    f.rate is null or f.window_start is null or f.started < f.rate or f.window_start + f.period <= ${now}
  )))`
