import type { Store } from "@effect-qstash/engine/Store"
import type { SqlError } from "@effect/sql/SqlError"
import * as Effect from "effect/Effect"
import { type Int, intOf } from "../Database.ts"
import { holdBack } from "../places.ts"
import type { Verbs } from "../Verbs.ts"

export const setQueuePaused =
  ({ db: { sql }, isolateTenant }: Verbs): Store.Service<SqlError>["setQueuePaused"] =>
  ({ isPaused, now, queueName, tenantId }) =>
    isolateTenant(tenantId, now, (work, tenant) =>
      Effect.gen(function* () {
        const [known] = yield* sql<{ readonly id: Int; readonly is_paused: number }>`
          select id, is_paused from qstash_queues where tenant = ${tenant.id} and name = ${queueName}`
        if (known === undefined) return false
        const id = intOf(known.id)
        if ((known.is_paused === 1) !== isPaused) {
          yield* sql`update qstash_queues set is_paused = ${Number(isPaused)}, updated_at = ${now} where id = ${id}`
        }
        if (isPaused) yield* holdBack(work, id, 0)
        else work.queues.add(id)
        return true
      })
    )
