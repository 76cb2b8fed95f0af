import type { SqlError } from "@effect/sql/SqlError"
import * as Effect from "effect/Effect"
import { type Int, intOf } from "./Database.ts"
import { storedMessageOf } from "./rows.ts"
import {
  type LeasedRow,
  leasedColumns,
  type MessageRow,
  pendingColumns,
  type PendingRow,
  pendingTables,
  type Work
} from "./Work.ts"
import type { StoredMessage } from "@effect-qstash/engine/Rows"

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

/**
 * The messages that are leased with these tokens, by token. Those that this process has leased are in `held`, and their
 * bodies need not be read again.
 */
export const rowsByToken = (
  work: Work,
  tokens: ReadonlyArray<number>,
  held: ReadonlyMap<number, StoredMessage>
): Effect.Effect<Map<number, MessageRow>, SqlError> =>
  Effect.gen(function* () {
    const { list, sql } = work.db
    const byToken = new Map<number, MessageRow>()
    const add = (rows: ReadonlyArray<LeasedRow>, messageOf: (token: number) => StoredMessage | undefined) => {
      for (const row of rows) {
        const token = intOf(row.token ?? 0)
        const message = messageOf(token)
        // Another tenant's is leased since.
        if (message === undefined || !work.tenants.has(intOf(row.tenant))) continue
        byToken.set(token, work.rowOf(row, message))
      }
    }
    const known = tokens.filter((token) => held.has(token))
    const unknown = tokens.filter((token) => !held.has(token))
    if (known.length > 0) {
      const rows = yield* sql<LeasedRow>`select ${sql.literal(leasedColumns)} from qstash_messages m
        where m.token in ${list("bigint", known)}`
      add(rows, (token) => held.get(token))
    }
    if (unknown.length > 0) {
      const rows = yield* sql<PendingRow>`
        select ${sql.literal(pendingColumns)} from ${sql.literal(pendingTables)}
        where m.token in ${list("bigint", unknown)}`
      const messages = new Map(rows.map((row) => [intOf(row.token ?? 0), storedMessageOf(row)]))
      add(rows, (token) => messages.get(token))
    }
    return byToken
  })

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
