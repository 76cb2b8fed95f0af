import type { Store } from "@effect-qstash/engine/Store"
import type { SqlError } from "@effect/sql/SqlError"
import * as Arr from "effect/Array"
import * as Effect from "effect/Effect"
import { scheduleColumns, scheduleTables, withStates } from "../schedules.ts"
import type { Verbs } from "../Verbs.ts"

export const getSchedule =
  ({ db: { sql } }: Verbs): Store.Service<SqlError>["getSchedule"] =>
  (tenantId, scheduleId) =>
    Effect.map(
      sql<Parameters<typeof withStates>[0][number]>`
        select ${sql.literal(scheduleColumns)}, f.message, f.state from ${sql.literal(scheduleTables)}
        left join qstash_firings f on f.schedule = s.id
        where t.name = ${tenantId} and s.name = ${scheduleId}`,
      (rows) => Arr.head(withStates(rows))
    )
