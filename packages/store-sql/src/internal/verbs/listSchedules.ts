import type { Store } from "@effect-qstash/engine/Store"
import type { SqlError } from "@effect/sql/SqlError"
import * as Effect from "effect/Effect"
import { scheduleColumns, scheduleTables, withStates } from "../schedules.ts"
import type { Verbs } from "../Verbs.ts"

export const listSchedules =
  ({ db: { sql } }: Verbs): Store.Service<SqlError>["listSchedules"] =>
  (tenantId) =>
    Effect.map(
      sql<Parameters<typeof withStates>[0][number]>`
        select ${sql.literal(scheduleColumns)}, f.message, f.state from ${sql.literal(scheduleTables)}
        left join qstash_firings f on f.schedule = s.id
        where t.name = ${tenantId} order by s.id`,
      withStates
    )
