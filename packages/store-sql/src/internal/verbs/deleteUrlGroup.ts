import type { Store } from "@effect-qstash/engine/Store"
import type { SqlError } from "@effect/sql/SqlError"
import * as Effect from "effect/Effect"
import type { Verbs } from "../Verbs.ts"

export const deleteUrlGroup =
  ({ db: { sql }, isolateTenant }: Verbs): Store.Service<SqlError>["deleteUrlGroup"] =>
  (tenantId, urlGroup) =>
    isolateTenant(tenantId, 0, (_work, tenant) =>
      Effect.asVoid(sql`delete from qstash_groups where tenant = ${tenant.id} and name = ${urlGroup}`)
    )
