import type { Store } from "@effect-qstash/engine/Store"
import type { SqlError } from "@effect/sql/SqlError"
import * as Effect from "effect/Effect"
import type { Int } from "../Database.ts"
import type { Verbs } from "../Verbs.ts"

export const deleteSchedule =
  ({ db: { sql }, isolateTenant }: Verbs): Store.Service<SqlError>["deleteSchedule"] =>
  (tenantId, scheduleId) =>
    isolateTenant(tenantId, 0, (_work, tenant) =>
      Effect.gen(function* () {
        const [deleted] = yield* sql<{ readonly id: Int }>`
          delete from qstash_schedules where tenant = ${tenant.id} and name = ${scheduleId} returning id`
        if (deleted === undefined) return false
        yield* sql`delete from qstash_firings where schedule = ${deleted.id}`
        return true
      })
    )
