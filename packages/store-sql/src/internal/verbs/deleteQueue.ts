import type { Store } from "@effect-qstash/engine/Store"
import type { SqlError } from "@effect/sql/SqlError"
import * as Effect from "effect/Effect"
import { requestCancel } from "../cancels.ts"
import type { Int } from "../Database.ts"
import { pendingColumns, type PendingRow, pendingTables } from "../Work.ts"
import { storedMessageOf } from "../rows.ts"
import type { Verbs } from "../Verbs.ts"

export const deleteQueue =
  ({ db: { sql }, isolateTenant }: Verbs): Store.Service<SqlError>["deleteQueue"] =>
  ({ now, queueName, tenantId }) =>
    isolateTenant(tenantId, now, (work, tenant) =>
      Effect.gen(function* () {
        const [deleted] = yield* sql<{ readonly id: Int }>`
          delete from qstash_queues where tenant = ${tenant.id} and name = ${queueName} returning id`
        if (deleted === undefined) return { events: work.events }
        yield* sql`delete from qstash_places where queue = ${deleted.id}`
        const rows = yield* sql<PendingRow>`
          select ${sql.literal(pendingColumns)} from ${sql.literal(pendingTables)}
          where m.queue = ${deleted.id} and m.is_canceled = 0 order by m.seq`
        yield* requestCancel(
          work,
          rows.map((row) => work.rowOf(row, storedMessageOf(row)))
        )
        return { events: work.events }
      })
    )
