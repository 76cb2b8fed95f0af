import type { Store } from "@effect-qstash/engine/Store"
import type { SqlError } from "@effect/sql/SqlError"
import * as Arr from "effect/Array"
import * as Effect from "effect/Effect"
import { groupColumns, groupOf, type GroupRow } from "../groups.ts"
import type { Verbs } from "../Verbs.ts"

export const getUrlGroup =
  ({ db: { sql } }: Verbs): Store.Service<SqlError>["getUrlGroup"] =>
  (tenantId, urlGroup) =>
    Effect.map(
      sql<GroupRow>`select ${sql.literal(groupColumns)} from qstash_groups g
        join qstash_tenants t on t.id = g.tenant where t.name = ${tenantId} and g.name = ${urlGroup}`,
      (rows) => Arr.head(rows.map(groupOf))
    )
