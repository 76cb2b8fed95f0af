import { pausedOrResumed } from "@effect-qstash/engine/ScheduleRules"
import type { Store } from "@effect-qstash/engine/Store"
import type { SqlError } from "@effect/sql/SqlError"
import * as Effect from "effect/Effect"
import { scheduleColumns, scheduleOf, type ScheduleRow, scheduleTables } from "../schedules.ts"
import type { Verbs } from "../Verbs.ts"

export const setPaused =
  ({ db: { sql }, isolateTenant }: Verbs): Store.Service<SqlError>["setPaused"] =>
  ({ isPaused, now, scheduleId, tenantId }) =>
    isolateTenant(tenantId, now, (_work, tenant) =>
      Effect.gen(function* () {
        const [row] = yield* sql<ScheduleRow>`
          select ${sql.literal(scheduleColumns)} from ${sql.literal(scheduleTables)}
          where s.tenant = ${tenant.id} and s.name = ${scheduleId}`
        if (row === undefined) return false
        const changed = pausedOrResumed(scheduleOf(row, {}), isPaused, now)
        yield* sql`update qstash_schedules
          set is_paused = ${Number(changed.isPaused)}, next_at = ${changed.nextTime ?? null} where id = ${row.id}`
        return true
      })
    )
