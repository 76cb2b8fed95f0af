import type { SqlError } from "@effect/sql/SqlError"
import * as Effect from "effect/Effect"
import { type Int, intOf } from "./Database.ts"
import { type MessageRow, pendingColumns, pendingTables, type Work } from "./Work.ts"

/** Locks the tenants whose messages are leased with these tokens. */
export const lockTenantsOf = (work: Work, tokens: ReadonlyArray<number>): Effect.Effect<void, SqlError> => {
  const { list, sql } = work.db
  return Effect.flatMap(
    sql<{
      readonly tenant: Int
    }>`select distinct tenant from qstash_messages where token in ${list("bigint", tokens)}`,
    (rows) => work.lock(rows.map(({ tenant }) => intOf(tenant)))
  )
}

/** The messages that are leased with these tokens, by token. */
export const rowsByToken = (
  work: Work,
  tokens: ReadonlyArray<number>
): Effect.Effect<Map<number, MessageRow>, SqlError> => {
  const { list, sql } = work.db
  return Effect.map(
    sql<Parameters<Work["rowOf"]>[0]>`
      select ${sql.literal(pendingColumns)} from ${sql.literal(pendingTables)}
      where m.token in ${list("bigint", tokens)}`,
    (rows) =>
      new Map(
        rows.flatMap((row) => {
          // Another tenant's, leased since: its token is not one of these.
          if (row.token === null || !work.tenants.has(intOf(row.tenant))) return []
          return [[intOf(row.token), work.rowOf(row)]]
        })
      )
  )
}

/** Ends leases without an outcome. Each message waits for its time, or for its turn in its queue. */
export const waitAgain = (
  work: Work,
  rows: ReadonlyArray<Pick<MessageRow, "lane" | "seq">>
): Effect.Effect<void, SqlError> => {
  const { list, sql } = work.db
  for (const { lane } of rows) work.lanes.add(lane)
  return Effect.asVoid(sql`update qstash_messages set token = null, wake_at = case
      when queue is null or is_canceled = 1
        or exists (select 1 from qstash_places p where p.seq = qstash_messages.seq and p.is_admitted = 1)
      then due_at end
    where seq in ${list(
      "bigint",
      rows.map(({ seq }) => seq)
    )}`)
}
