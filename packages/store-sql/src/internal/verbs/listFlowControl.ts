import type { Store } from "@effect-qstash/engine/Store"
import type { SqlError } from "@effect/sql/SqlError"
import { flowStates } from "../flowStates.ts"
import type { Verbs } from "../Verbs.ts"

export const listFlowControl =
  (verbs: Verbs): Store.Service<SqlError>["listFlowControl"] =>
  (tenantId) =>
    flowStates(verbs, verbs.db.sql`t.name = ${tenantId}`)
