import type { Store } from "@effect-qstash/engine/Store"
import type { SqlError } from "@effect/sql/SqlError"
import * as Effect from "effect/Effect"
import { queueColumns, queueOf, type QueueRow } from "../queues.ts"
import type { Verbs } from "../Verbs.ts"

export const listQueues =
  ({ db: { sql } }: Verbs): Store.Service<SqlError>["listQueues"] =>
  (tenantId) =>
    Effect.map(
      sql<QueueRow>`select ${sql.literal(queueColumns)} from qstash_queues q
        join qstash_tenants t on t.id = q.tenant where t.name = ${tenantId} order by q.id`,
      (rows) => rows.map(queueOf)
    )
