import { FlowControlKey } from "@effect-qstash/domain/FlowControl"
import { type FlowControlState, unusedKey } from "@effect-qstash/engine/FlowControlRules"
import type { SqlError } from "@effect/sql/SqlError"
import * as Effect from "effect/Effect"
import { type Database, type Int, intOf, optionalInt } from "./Database.ts"

/** A flow-control key. */
export interface Flow extends FlowControlState {
  readonly id: number
  readonly tenant: number
  readonly key: FlowControlKey
}

export interface FlowRow {
  readonly id: Int
  readonly tenant: Int
  readonly name: string
  readonly parallelism: Int | null
  readonly rate: Int | null
  readonly period: Int
  readonly is_paused: number
  readonly is_pinned_parallelism: number
  readonly is_pinned_rate: number
  readonly started: Int
  readonly window_start: Int | null
}

/** The columns of a FlowRow. */
export const flowColumns =
  "f.id, f.tenant, f.name, f.parallelism, f.rate, f.period, f.is_paused, f.is_pinned_parallelism, f.is_pinned_rate, f.started, f.window_start"

export const flowOf = (row: FlowRow): Flow => ({
  id: intOf(row.id),
  tenant: intOf(row.tenant),
  key: FlowControlKey.make(row.name, { disableValidation: true }),
  parallelism: optionalInt(row.parallelism),
  rate: optionalInt(row.rate),
  period: intOf(row.period),
  isPaused: row.is_paused === 1,
  isPinnedParallelism: row.is_pinned_parallelism === 1,
  isPinnedRate: row.is_pinned_rate === 1,
  started: intOf(row.started),
  windowStart: optionalInt(row.window_start)
})

export interface Flows {
  readonly get: (tenant: number, key: string) => Flow | undefined
  readonly all: ReadonlyArray<Flow>
}

/** Keys by their names. With `create`, those that do not exist yet are new ones. */
export const loadFlows = (
  db: Database,
  names: ReadonlyArray<readonly [tenant: number, key: FlowControlKey]>,
  create: boolean
): Effect.Effect<Flows, SqlError> =>
  Effect.gen(function* () {
    const byName = new Map<string, Flow>()
    const wanted = new Map(names.map((name) => [name.join(" "), name]))
    const flows: Flows = {
      get: (tenant, key) => byName.get(`${tenant} ${key}`),
      get all() {
        return Array.from(byName.values())
      }
    }
    if (wanted.size === 0) return flows
    const { sql } = db
    const rows = yield* sql<FlowRow>`
      select ${sql.literal(flowColumns)} from qstash_flows f
      join ${db.table({ tenant: "bigint", name: "text" }, Array.from(wanted.values()))} as v
      on v.tenant = f.tenant and v.name = f.name`
    for (const row of rows) byName.set(`${intOf(row.tenant)} ${row.name}`, flowOf(row))
    if (!create) return flows
    const missing = Array.from(wanted).filter(([name]) => !byName.has(name))
    const numbers = yield* db.newNumbers(missing.length)
    for (const [index, [name, [tenant, key]]] of missing.entries()) {
      byName.set(name, { id: numbers[index] ?? 0, tenant, key, ...unusedKey })
    }
    return flows
  })

export const saveFlows = (db: Database, flows: ReadonlyArray<Flow>): Effect.Effect<void, SqlError> => {
  if (flows.length === 0) return Effect.void
  const { sql } = db
  return sql`insert into qstash_flows
    (id, tenant, name, parallelism, rate, period, is_paused, is_pinned_parallelism, is_pinned_rate, started, window_start)
    select * from ${db.table(
      {
        id: "bigint",
        tenant: "bigint",
        name: "text",
        parallelism: "bigint",
        rate: "bigint",
        period: "bigint",
        is_paused: "bigint",
        is_pinned_parallelism: "bigint",
        is_pinned_rate: "bigint",
        started: "bigint",
        window_start: "bigint"
      },
      flows.map((flow) => [
        flow.id,
        flow.tenant,
        flow.key,
        flow.parallelism,
        flow.rate,
        flow.period,
        Number(flow.isPaused),
        Number(flow.isPinnedParallelism),
        Number(flow.isPinnedRate),
        flow.started,
        flow.windowStart
      ])
    )} as v where true
    on conflict (id) do update set parallelism = excluded.parallelism, rate = excluded.rate, period = excluded.period,
      is_paused = excluded.is_paused, is_pinned_parallelism = excluded.is_pinned_parallelism,
      is_pinned_rate = excluded.is_pinned_rate, started = excluded.started, window_start = excluded.window_start`
}

/** Forgets the keys of a tenant that nothing needs: a new one would do the same. */
export const forgetIdleFlows = (db: Database, tenant: number, now: number): Effect.Effect<void, SqlError> =>
  db.sql`delete from qstash_flows where tenant = ${tenant}
    and is_paused = 0 and is_pinned_parallelism = 0 and is_pinned_rate = 0
    and (window_start is null or window_start + period <= ${now})
    and not exists (
      select 1 from qstash_lanes l join qstash_messages m on m.lane = l.id where l.flow = qstash_flows.id
    )`
