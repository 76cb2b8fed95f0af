import type { Store } from "@effect-qstash/engine/Store"
import type { SqlError } from "@effect/sql/SqlError"
import * as Effect from "effect/Effect"
import { groupColumns, groupOf, type GroupRow } from "../groups.ts"
import type { Verbs } from "../Verbs.ts"

export const listUrlGroups =
  ({ db: { sql } }: Verbs): Store.Service<SqlError>["listUrlGroups"] =>
  (tenantId) =>
    Effect.map(
      sql<GroupRow>`select ${sql.literal(groupColumns)} from qstash_groups g
        join qstash_tenants t on t.id = g.tenant where t.name = ${tenantId} order by g.id`,
      (rows) => rows.map(groupOf)
    )
