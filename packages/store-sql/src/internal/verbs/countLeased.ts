import type { Store } from "@effect-qstash/engine/Store"
import type { SqlError } from "@effect/sql/SqlError"
import * as Effect from "effect/Effect"
import { type Int, intOf } from "../Database.ts"
import type { Verbs } from "../Verbs.ts"

export const countLeased =
  ({ db: { sql } }: Verbs): Store.Service<SqlError>["countLeased"] =>
  (tenantId) =>
    Effect.map(
      sql<{ readonly count: Int }>`select count(*) as count
        from qstash_messages m join qstash_tenants t on t.id = m.tenant
        where m.token is not null and t.name = ${tenantId}`,
      ([row]) => intOf(row?.count ?? 0)
    )
