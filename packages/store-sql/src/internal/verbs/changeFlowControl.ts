import { changeLimits, createsKey } from "@effect-qstash/engine/FlowControlRules"
import type { Store } from "@effect-qstash/engine/Store"
import type { SqlError } from "@effect/sql/SqlError"
import * as Effect from "effect/Effect"
import { type Int, intOf } from "../Database.ts"
import { forgetIdleFlows, loadFlows, saveFlows } from "../flows.ts"
import type { Verbs } from "../Verbs.ts"

export const changeFlowControl =
  ({ db, isolateTenant }: Verbs): Store.Service<SqlError>["changeFlowControl"] =>
  ({ change, key, limit, now, tenantId }) =>
    isolateTenant(tenantId, now, (_work, tenant) =>
      Effect.gen(function* () {
        const isMaking = createsKey(change)
        const find = (create: boolean) =>
          Effect.map(loadFlows(db, [[tenant.id, key]], create), (flows) => flows.get(tenant.id, key))
        const count = Effect.map(
          db.sql<{
            readonly count: Int
          }>`select count(*) as count from qstash_flows where tenant = ${tenant.id}`,
          ([row]) => intOf(row?.count ?? 0)
        )
        if (isMaking && (yield* find(false)) === undefined && (yield* count) >= limit) {
          yield* forgetIdleFlows(db, tenant.id, now)
          if ((yield* count) >= limit) return "full" as const
        }
        const flow = yield* find(isMaking)
        if (flow === undefined) return "stored" as const
        changeLimits(flow, change, now)
        yield* saveFlows(db, [flow])
        return "stored" as const
      })
    )
