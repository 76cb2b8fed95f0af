import type { Store } from "@effect-qstash/engine/Store"
import type { SqlError } from "@effect/sql/SqlError"
import * as Effect from "effect/Effect"
import { bodyColumns, type BodyRow, storedMessageOf } from "../rows.ts"
import { pendingTables } from "../Work.ts"
import type { Verbs } from "../Verbs.ts"

export const listMessages =
  ({ db: { sql } }: Verbs): Store.Service<SqlError>["listMessages"] =>
  (tenantId) =>
    Effect.map(
      sql<BodyRow>`select ${sql.literal(bodyColumns)} from ${sql.literal(pendingTables)}
        where t.name = ${tenantId} order by m.seq`,
      (rows) => rows.map(storedMessageOf)
    )
