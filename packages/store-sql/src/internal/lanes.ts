import type { SqlError } from "@effect/sql/SqlError"
import * as Effect from "effect/Effect"
import { type Database, type Int, intOf } from "./Database.ts"

interface LaneName {
  readonly tenant: number
  readonly origin: string
  /** 0 for messages without a flow-control key. */
  readonly flow: number
}

const nameOf = ({ flow, origin, tenant }: LaneName): string => `${tenant} ${flow} ${origin}`

/** The lane of each of these, which is made if there is none. */
export const lanesOf = (
  db: Database,
  names: ReadonlyArray<LaneName>
): Effect.Effect<ReadonlyArray<number>, SqlError> =>
  Effect.gen(function* () {
    const { sql } = db
    const wanted = new Map(names.map((name) => [nameOf(name), name]))
    const ids = new Map<string, number>()
    const load = Effect.map(
      sql<{ readonly id: Int; readonly tenant: Int; readonly origin: string; readonly flow: Int }>`
        select l.id, l.tenant, l.origin, l.flow from qstash_lanes l
        join ${db.table(
          { tenant: "bigint", origin: "text", flow: "bigint" },
          Array.from(wanted.values(), ({ flow, origin, tenant }) => [tenant, origin, flow])
        )} as v on v.tenant = l.tenant and v.origin = l.origin and v.flow = l.flow`,
      (rows) => {
        for (const { flow, id, origin, tenant } of rows) {
          ids.set(nameOf({ tenant: intOf(tenant), origin, flow: intOf(flow) }), intOf(id))
        }
      }
    )
    yield* load
    const missing = Array.from(wanted).flatMap(([name, lane]) => (ids.has(name) ? [] : [lane]))
    if (missing.length > 0) {
      const numbers = yield* db.newNumbers(missing.length)
      yield* sql`insert into qstash_lanes (id, tenant, origin, flow)
        select id, tenant, origin, flow from ${db.table(
          { id: "bigint", tenant: "bigint", origin: "text", flow: "bigint" },
          missing.map(({ flow, origin, tenant }, index) => [numbers[index], tenant, origin, flow])
        )} as v`
      for (const [index, lane] of missing.entries()) ids.set(nameOf(lane), numbers[index] ?? 0)
    }
    return names.map((name) => ids.get(nameOf(name)) ?? 0)
  })

/** Finds the first waiting message of each lane again. */
export const refreshLanes = (db: Database, lanes: ReadonlySet<number>): Effect.Effect<void, SqlError> => {
  if (lanes.size === 0) return Effect.void
  const { sql } = db
  const head = (column: string) =>
    sql.literal(`(select ${column} from qstash_messages x where x.lane = qstash_lanes.id
      and x.token is null and x.is_canceled = 0 and x.wake_at is not null order by x.wake_at, x.seq limit 1)`)
  return sql`update qstash_lanes set head_at = ${head("x.wake_at")}, head_seq = ${head("x.seq")}
    where id in ${db.list("bigint", lanes)}`
}
