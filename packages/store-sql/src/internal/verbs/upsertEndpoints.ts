import { withEndpoints } from "@effect-qstash/engine/Endpoints"
import type { Store } from "@effect-qstash/engine/Store"
import type { SqlError } from "@effect/sql/SqlError"
import * as Effect from "effect/Effect"
import { type Int, intOf } from "../Database.ts"
import { endpointsIn } from "../groups.ts"
import type { Verbs } from "../Verbs.ts"

export const upsertEndpoints =
  ({ db, isolateTenant }: Verbs): Store.Service<SqlError>["upsertEndpoints"] =>
  ({ endpoints, limits, now, tenantId, urlGroup }) =>
    isolateTenant(tenantId, now, (_work, tenant) =>
      Effect.gen(function* () {
        const { sql } = db
        const known = (yield* endpointsIn(db, [[tenant.id, urlGroup]])).get(tenant.id, urlGroup)
        const [total] = yield* sql<{ readonly count: Int }>`
          select count(*) as count from qstash_groups where tenant = ${tenant.id}`
        if (known === undefined && intOf(total?.count ?? 0) >= limits.maxUrlGroups)
          return "maxUrlGroups" as const
        const merged = withEndpoints(known ?? [], endpoints)
        if (merged.length > limits.maxEndpointsPerUrlGroup) return "maxEndpointsPerUrlGroup" as const
        const [id] = yield* db.newNumbers(1)
        yield* sql`insert into qstash_groups ${sql.insert({
          id,
          tenant: tenant.id,
          name: urlGroup,
          created_at: now,
          updated_at: now,
          endpoints: JSON.stringify(merged)
        })} on conflict (tenant, name) do update
          set updated_at = excluded.updated_at, endpoints = excluded.endpoints`
        return "stored" as const
      })
    )
