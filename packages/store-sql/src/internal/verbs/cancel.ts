import type { Criteria } from "@effect-qstash/domain/input/Criteria"
import { matchesMessage } from "@effect-qstash/engine/Matches"
import type { Store } from "@effect-qstash/engine/Store"
import type { SqlError } from "@effect/sql/SqlError"
import * as Effect from "effect/Effect"
import { requestCancel } from "../cancels.ts"
import {
  type MessageRow,
  pendingColumns,
  type PendingRow,
  pendingTables,
  type Tenant,
  type Work
} from "../Work.ts"
import { storedMessageOf } from "../rows.ts"
import type { Verbs } from "../Verbs.ts"

/** How many messages are compared with the filters at once. */
const page = 500

export const cancel =
  ({ isolateTenant }: Verbs): Store.Service<SqlError>["cancel"] =>
  ({ criteria, limit, now, tenantId }) =>
    isolateTenant(tenantId, now, (work, tenant) =>
      Effect.gen(function* () {
        const chosen: Array<MessageRow> = []
        for (let after: number | undefined = -1; after !== undefined && chosen.length < limit;) {
          const rows: ReadonlyArray<MessageRow> = yield* pageOf(work, tenant, criteria, after)
          for (const row of rows) {
            if (chosen.length < limit && matchesMessage(criteria, row.message)) chosen.push(row)
          }
          after = rows.length < page ? undefined : rows.at(-1)?.seq
        }
        yield* requestCancel(work, chosen)
        return { cancelled: chosen.length, events: work.events }
      })
    )

const pageOf = (work: Work, tenant: Tenant, { messageIds }: Criteria, after: number) => {
  const { list, sql } = work.db
  const isNamed = messageIds === undefined ? sql.literal("") : sql`and m.id in ${list("text", messageIds)}`
  return Effect.map(
    sql<PendingRow>`
      select ${sql.literal(pendingColumns)} from ${sql.literal(pendingTables)}
      where m.tenant = ${tenant.id} and m.seq > ${after} and m.is_canceled = 0 ${isNamed}
      order by m.seq limit ${page}`,
    (rows) => rows.map((row) => work.rowOf(row, storedMessageOf(row)))
  )
}
