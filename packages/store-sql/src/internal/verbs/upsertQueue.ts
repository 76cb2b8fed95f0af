import type { Store } from "@effect-qstash/engine/Store"
import type { SqlError } from "@effect/sql/SqlError"
import * as Effect from "effect/Effect"
import { type Int, intOf } from "../Database.ts"
import { holdBack } from "../places.ts"
import type { Verbs } from "../Verbs.ts"

export const upsertQueue =
  ({ db, isolateTenant }: Verbs): Store.Service<SqlError>["upsertQueue"] =>
  ({ isPaused, limit, now, parallelism, queueName, tenantId }) =>
    isolateTenant(tenantId, now, (work, tenant) =>
      Effect.gen(function* () {
        const { sql } = db
        const [known] = yield* sql<{ readonly id: Int; readonly is_paused: number }>`
          select id, is_paused from qstash_queues where tenant = ${tenant.id} and name = ${queueName}`
        if (known === undefined) {
          const [total] = yield* sql<{ readonly count: Int }>`
            select count(*) as count from qstash_queues where tenant = ${tenant.id}`
          if (intOf(total?.count ?? 0) >= limit) return "full" as const
          const [id] = yield* db.newNumbers(1)
          yield* sql`insert into qstash_queues ${sql.insert({
            id,
            tenant: tenant.id,
            name: queueName,
            created_at: now,
            updated_at: now,
            parallelism,
            is_paused: Number(isPaused ?? false),
            lag: 0
          })}`
          return "stored" as const
        }
        const id = intOf(known.id)
        const willBePaused = isPaused ?? known.is_paused === 1
        yield* sql`update qstash_queues
          set updated_at = ${now}, parallelism = ${parallelism}, is_paused = ${Number(willBePaused)} where id = ${id}`
        yield* holdBack(work, id, willBePaused ? 0 : parallelism)
        work.queues.add(id)
        return "stored" as const
      })
    )
