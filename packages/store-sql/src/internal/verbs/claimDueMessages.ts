import type { Lease } from "@effect-qstash/engine/Rows"
import type { Store } from "@effect-qstash/engine/Store"
import { countStart } from "@effect-qstash/engine/FlowControlRules"
import { originOf } from "@effect-qstash/engine/Endpoints"
import * as Effect from "effect/Effect"
import { type Int, intOf } from "../Database.ts"
import { type Flow, flowColumns, flowOf, type FlowRow, saveFlows } from "../flows.ts"
import { refreshLanes } from "../lanes.ts"
import { pendingColumns, type PendingRow, pendingTables } from "../Work.ts"
import { countSlots, mayStartAt, type Place, type Slots } from "../slots.ts"
import { settleRows } from "../flush.ts"
import { storedMessageOf } from "../rows.ts"
import type { Verbs } from "../Verbs.ts"
import type { MessageRow, Work } from "../Work.ts"

type Request = Parameters<Store.Service["claimDueMessages"]>[0]

/** How many messages whose lease is over, or whose cancel was asked for, one round looks at. */
const mostEnding = 1000

/** How many lanes one round looks at. */
const mostLanes = 1000

/** After so many rounds the claim ends, and the next one goes on. */
const mostRounds = 50

/** A message that waits, with what its slots depend on. */
interface Candidate extends Place {
  readonly seq: number
  readonly lane: number
  readonly wakeAt: number
  /** For the last one that was read of a lane: how many were read, if there may be more. */
  readonly read: number | undefined
}

const inOrder = <A extends { readonly wakeAt: number | undefined; readonly seq: number }>(
  items: ReadonlyArray<A>
) => items.toSorted((one, other) => (one.wakeAt ?? 0) - (other.wakeAt ?? 0) || one.seq - other.seq)

/**
 * Rounds: each finds the lanes that may start something and their first messages, and takes those in the order of their
 * time. A round ends where a slot or a place in a queue comes free, because other messages may then come first.
 */
export const claimDueMessages =
  ({ db, held, isolateClaim, lookAt, newToken }: Verbs) =>
  (request: Request) =>
    isolateClaim(request.now, (work) =>
      Effect.gen(function* () {
        const { limit } = request
        lookAt(request)
        const claim = new Claim(work, request, newToken)
        if (db.isPostgres) yield* lockDueTenants(work, request)
        const slots = yield* countSlots(db, request)
        for (let round = 0; round < mostRounds && claim.taken.length < limit; round++) {
          if (yield* claim.round(slots)) break
        }
        const leases = yield* claim.leases
        return { leases, events: work.events }
      })
    ).pipe(
      Effect.tap(({ leases }) => {
        for (const { message, token } of leases) held.set(token, message)
      })
    )

/** The tenants that have something due, so that all that follows is about tenants that nobody else changes. */
const lockDueTenants = (work: Work, request: Request) =>
  Effect.gen(function* () {
    const { db } = work
    const { sql } = db
    const slots = yield* countSlots(db, request)
    const rows = yield* sql<{ readonly tenant: Int }>`
      select distinct tenant from (
        (select l.tenant from qstash_lanes l left join qstash_flows f on f.id = l.flow
          where l.head_at <= ${request.now} and ${slots.open(db)} and ${mayStartAt(db, request.now)}
          order by l.head_at, l.head_seq limit ${request.limit}::bigint)
        union all
        (select tenant from qstash_messages m
          where (token is not null or is_canceled = 1) and wake_at <= ${request.now}
          order by wake_at, seq limit ${mostEnding})
      ) as due`
    yield* work.lock(rows.map(({ tenant }) => intOf(tenant)))
  })

class Claim {
  readonly taken: Array<{ readonly seq: number; readonly token: number; readonly eventsBefore: number }> = []
  private readonly changedFlows = new Set<Flow>()
  private readonly work: Work
  private readonly request: Request
  private readonly newToken: () => number
  private readonly flows = new Map<number, Flow>()
  private written = 0

  constructor(work: Work, request: Request, newToken: () => number) {
    this.work = work
    this.request = request
    this.newToken = newToken
  }

  /** Takes what may start, and returns whether that is all. */
  round(slots: Slots) {
    return Effect.gen(this, function* () {
      const { limit, now } = this.request
      const ending = yield* this.ending
      const wanted = limit - this.taken.length
      const lanes = yield* this.openLanes(slots, wanted)
      const quota = Math.max(4, Math.ceil((2 * wanted) / Math.max(1, lanes.length)))
      let merged = inOrder([...ending, ...(yield* this.firstOf(lanes, quota))])
      let isAll = lanes.length < Math.min(wanted, mostLanes) && ending.length < mostEnding
      for (let index = 0; index < merged.length && this.taken.length < limit; index++) {
        const next = merged[index]
        if (next === undefined) break
        if ("message" in next) {
          if (yield* this.end(next, slots)) continue
          isAll = false
          break
        }
        const flow = this.flows.get(next.flow)
        // Then the others of its lane have to wait too.
        if (!slots.hasRoom(next, flow, now)) continue
        this.take(next, flow, slots)
        if (next.read === undefined || this.taken.length === limit) continue
        // What follows in this lane may come before what is left of the others.
        const more = yield* this.firstOf([next], next.read + limit - this.taken.length, next.read)
        merged = inOrder([...merged.slice(index + 1), ...more])
        index = -1
      }
      yield* this.write
      return isAll
    })
  }

  private take(
    { lane, seq, ...place }: Place & Pick<Candidate, "lane" | "seq">,
    flow: Flow | undefined,
    slots: Slots
  ): void {
    slots.count(place, 1)
    if (flow !== undefined) {
      countStart(flow, this.request.now)
      this.changedFlows.add(flow)
      if (flow.parallelism !== undefined) slots.setParallelism(flow.id, flow.parallelism)
    }
    this.taken.push({ seq, token: this.newToken(), eventsBefore: this.work.events.length })
    this.work.lanes.add(lane)
  }

  /** Ends a lease, or cancels what was to be cancelled. Returns whether no other message can start because of it. */
  private end(row: MessageRow, slots: Slots) {
    return Effect.gen(this, function* () {
      const { sql } = this.work.db
      const [lane] = yield* sql<Record<"tenant" | "flow", Int> & { readonly origin: string }>`
        select tenant, origin, flow from qstash_lanes where id = ${row.lane}`
      const place = {
        tenant: row.tenant.id,
        origin: lane?.origin ?? originOf(row.message.url),
        flow: intOf(lane?.flow ?? 0)
      }
      if (row.token !== undefined) slots.count(place, -1)
      if (row.isCanceled) {
        this.work.cancelNow(row)
        yield* settleRows(this.work)
        return false
      }
      const flow = yield* this.flowOf(place.flow)
      const [queued] =
        row.queue === undefined
          ? [{ is_admitted: 1 }]
          : yield* sql<{
              readonly is_admitted: number
            }>`select is_admitted from qstash_places where seq = ${row.seq}`
      const isAdmitted = queued?.is_admitted === 1
      if (isAdmitted && slots.hasRoom(place, flow, this.request.now)) {
        this.take({ ...place, lane: row.lane, seq: row.seq }, flow, slots)
        return true
      }
      yield* sql`update qstash_messages set token = null, wake_at = ${isAdmitted ? row.message.dueAt : null}
        where seq = ${row.seq}`
      this.work.lanes.add(row.lane)
      return false
    })
  }

  private flowOf(id: number) {
    return Effect.gen(this, function* () {
      const known = this.flows.get(id)
      if (known !== undefined || id === 0) return known
      const { sql } = this.work.db
      const [row] =
        yield* sql<FlowRow>`select ${sql.literal(flowColumns)} from qstash_flows f where f.id = ${id}`
      if (row === undefined) return undefined
      const flow = flowOf(row)
      this.flows.set(id, flow)
      return flow
    })
  }

  /** Messages whose lease is over, or whose cancel was asked for: they need no slot to be looked at. */
  private get ending() {
    return Effect.gen(this, function* () {
      const { db } = this.work
      const { sql } = db
      const rows = yield* sql<PendingRow>`
        select ${sql.literal(pendingColumns)} from ${sql.literal(pendingTables)}
        where (m.token is not null or m.is_canceled = 1) and m.wake_at <= ${this.request.now}
        order by m.wake_at, m.seq limit ${mostEnding}`
      if (!db.isPostgres) yield* this.work.lock(rows.map(({ tenant }) => intOf(tenant)))
      return rows.flatMap((row) =>
        this.work.tenants.has(intOf(row.tenant)) ? [this.work.rowOf(row, storedMessageOf(row))] : []
      )
    })
  }

  /** The lanes that may start something, by their first message. */
  private openLanes(slots: Slots, count: number) {
    return Effect.gen(this, function* () {
      const { db } = this.work
      const { sql } = db
      const isLocked = db.isPostgres
        ? sql`l.tenant in ${db.list("bigint", this.work.tenants.keys())}`
        : sql.literal("1 = 1")
      const rows = yield* sql<
        FlowRow & Record<"lane" | "lane_tenant" | "flow", Int> & { readonly origin: string }
      >`
        select l.id as lane, l.tenant as lane_tenant, l.origin, l.flow, ${sql.literal(flowColumns)}
        from qstash_lanes l left join qstash_flows f on f.id = l.flow
        where l.head_at <= ${this.request.now} and ${isLocked}
          and ${slots.open(db)} and ${mayStartAt(db, this.request.now)}
        order by l.head_at, l.head_seq limit ${Math.min(count, mostLanes)}`
      for (const row of rows) {
        const flow = intOf(row.flow)
        if (flow !== 0 && row.id !== null && !this.flows.has(flow)) this.flows.set(flow, flowOf(row))
      }
      return rows.map((row) => ({
        lane: intOf(row.lane),
        tenant: intOf(row.lane_tenant),
        origin: row.origin,
        flow: intOf(row.flow)
      }))
    })
  }

  /** The first messages of each lane, but for those that were read before. */
  private firstOf(lanes: ReadonlyArray<Place & Pick<Candidate, "lane">>, count: number, read = 0) {
    return Effect.gen(this, function* () {
      const { db } = this.work
      if (lanes.length === 0) return []
      const byId = new Map(lanes.map((lane) => [lane.lane, lane]))
      const rows = yield* db.sql<Record<"key" | "seq" | "wake_at", Int>>`${db.firstOfEach({
        keys: db.list("bigint", byId.keys()),
        table: "qstash_messages",
        where: db.sql`x.lane = k.value and x.token is null and x.is_canceled = 0
          and x.wake_at is not null and x.wake_at <= ${this.request.now}`,
        order: "x.wake_at, x.seq",
        limit: count,
        columns: "x.seq, x.wake_at"
      })}`
      const found = inOrder(
        rows.map(({ key, seq, wake_at }) => ({ lane: intOf(key), seq: intOf(seq), wakeAt: intOf(wake_at) }))
      )
      const places = new Map<number, number>()
      return found.flatMap((row): ReadonlyArray<Candidate> => {
        const lane = byId.get(row.lane)
        const place = (places.get(row.lane) ?? 0) + 1
        places.set(row.lane, place)
        if (lane === undefined || place <= read) return []
        const { flow, origin, tenant } = lane
        return [{ ...row, flow, origin, tenant, read: place === count ? count : undefined }]
      })
    })
  }

  /** Writes the leases of a round. */
  private get write() {
    return Effect.gen(this, function* () {
      const { db, lanes } = this.work
      const fresh = this.taken.slice(this.written)
      this.written = this.taken.length
      if (fresh.length > 0) {
        yield* db.sql`update qstash_messages set token = v.token, wake_at = ${this.request.now + this.request.leaseFor}
          from ${db.table(
            { seq: "bigint", token: "bigint" },
            fresh.map(({ seq, token }) => [seq, token])
          )} as v where qstash_messages.seq = v.seq`
      }
      yield* refreshLanes(db, lanes)
      lanes.clear()
    })
  }

  get leases() {
    return Effect.gen(this, function* () {
      const { db } = this.work
      const { sql } = db
      yield* saveFlows(db, Array.from(this.changedFlows))
      if (this.taken.length === 0) return []
      const rows = yield* sql<PendingRow>`
        select ${sql.literal(pendingColumns)} from ${sql.literal(pendingTables)}
        where m.seq in ${db.list(
          "bigint",
          this.taken.map(({ seq }) => seq)
        )}`
      if (!db.isPostgres) yield* this.work.lock(rows.map(({ tenant }) => intOf(tenant)))
      const bySeq = new Map(rows.map((row) => [intOf(row.seq), row]))
      // The log has its order: what was cancelled in between comes in between.
      const cancelled = this.work.events.splice(0)
      const leases: Array<Lease> = []
      let told = 0
      const tell = (until: number): void => {
        for (; told < until; told++) {
          const event = cancelled[told]
          if (event !== undefined) this.work.events.push(event)
        }
      }
      for (const { eventsBefore, seq, token } of this.taken) {
        const row = bySeq.get(seq)
        if (row === undefined) continue
        tell(eventsBefore)
        const message = storedMessageOf(row)
        this.work.note(message, "ACTIVE")
        leases.push({ token, message })
      }
      tell(cancelled.length)
      return leases
    })
  }
}
