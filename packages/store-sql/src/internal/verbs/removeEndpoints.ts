import { withoutEndpoints } from "@effect-qstash/engine/Endpoints"
import type { Store } from "@effect-qstash/engine/Store"
import type { SqlError } from "@effect/sql/SqlError"
import * as Effect from "effect/Effect"
import { endpointsIn } from "../groups.ts"
import type { Verbs } from "../Verbs.ts"

export const removeEndpoints =
  ({ db, isolateTenant }: Verbs): Store.Service<SqlError>["removeEndpoints"] =>
  ({ endpoints, now, tenantId, urlGroup }) =>
    isolateTenant(tenantId, now, (_work, tenant) =>
      Effect.gen(function* () {
        const { sql } = db
        const known = (yield* endpointsIn(db, [[tenant.id, urlGroup]])).get(tenant.id, urlGroup)
        const remaining = known === undefined ? undefined : withoutEndpoints(known, endpoints)
        if (remaining === undefined) return false
        const isIt = sql`tenant = ${tenant.id} and name = ${urlGroup}`
        yield* remaining.length === 0
          ? sql`delete from qstash_groups where ${isIt}`
          : sql`update qstash_groups set updated_at = ${now}, endpoints = ${JSON.stringify(remaining)} where ${isIt}`
        return true
      })
    )
