import { overwritten } from "@effect-qstash/engine/ScheduleRules"
import type { Store } from "@effect-qstash/engine/Store"
import type { SqlError } from "@effect/sql/SqlError"
import * as Effect from "effect/Effect"
import { type Int, intOf, optionalInt } from "../Database.ts"
import { scheduleSettingsText } from "../schedules.ts"
import type { Verbs } from "../Verbs.ts"

export const upsertSchedule =
  ({ db, isolateTenant }: Verbs): Store.Service<SqlError>["upsertSchedule"] =>
  ({ callerIp, limit, now, scheduleId, settings, tenantId }) =>
    isolateTenant(tenantId, now, (_work, tenant) =>
      Effect.gen(function* () {
        const { sql } = db
        const [known] = yield* sql<{ readonly id: Int; readonly last_at: Int | null }>`
          select id, last_at from qstash_schedules where tenant = ${tenant.id} and name = ${scheduleId}`
        // A server whose clock is ahead may have fired it at a time that is not over for this one.
        const after = Math.max(now, optionalInt(known?.last_at ?? null) ?? now)
        const row = {
          settings: scheduleSettingsText(settings),
          body: settings.body ?? null,
          caller_ip: callerIp ?? null,
          next_at: overwritten({ callerIp, now: after, settings }).nextTime ?? null,
          error: null
        }
        if (known !== undefined) {
          yield* sql`update qstash_schedules set ${sql.update(row)} where id = ${known.id}`
          return "stored" as const
        }
        const [total] = yield* sql<{ readonly count: Int }>`
          select count(*) as count from qstash_schedules where tenant = ${tenant.id}`
        if (intOf(total?.count ?? 0) >= limit) return "full" as const
        const [id] = yield* db.newNumbers(1)
        const created = { id, tenant: tenant.id, name: scheduleId, created_at: now, is_paused: 0, ...row }
        yield* sql`insert into qstash_schedules ${sql.insert(created)}`
        return "stored" as const
      })
    )
