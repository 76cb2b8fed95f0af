import type { StoredFlowControl } from "@effect-qstash/engine/Rows"
import type { SqlError } from "@effect/sql/SqlError"
import type { Fragment } from "@effect/sql/Statement"
import * as Effect from "effect/Effect"
import { type Int, intOf } from "./Database.ts"
import { flowColumns, flowOf, type FlowRow } from "./flows.ts"
import type { Verbs } from "./Verbs.ts"

interface Row extends FlowRow {
  readonly under_way: Int
  readonly waiting: Int
}

/** Flow-control keys as they stand. Those wait that were due when messages were claimed last. */
export const flowStates = (
  { db: { sql }, lastLook }: Verbs,
  where: Fragment
): Effect.Effect<ReadonlyArray<StoredFlowControl>, SqlError> =>
  Effect.suspend(() => {
    return Effect.map(
      sql<Row>`select ${sql.literal(flowColumns)},
        (select count(*) from qstash_lanes l join qstash_messages m on m.lane = l.id
          where l.flow = f.id and l.flow <> 0 and m.token is not null) as under_way,
        (select count(*) from qstash_lanes l join qstash_messages m on m.lane = l.id
          where l.flow = f.id and l.flow <> 0 and m.token is null and m.is_canceled = 0 and m.wake_at is not null
            and m.wake_at <= ${lastLook().now}) as waiting
        from qstash_flows f join qstash_tenants t on t.id = f.tenant where ${where} order by f.id`,
      (rows) =>
        rows.map((row) => {
          const { id: _id, key, tenant: _tenant, ...flow } = flowOf(row)
          return { flowControlKey: key, ...flow, underWay: intOf(row.under_way), waiting: intOf(row.waiting) }
        })
    )
  })
