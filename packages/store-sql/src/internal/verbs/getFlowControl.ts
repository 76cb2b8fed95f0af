import type { Store } from "@effect-qstash/engine/Store"
import type { SqlError } from "@effect/sql/SqlError"
import * as Arr from "effect/Array"
import * as Effect from "effect/Effect"
import { flowStates } from "../flowStates.ts"
import type { Verbs } from "../Verbs.ts"

export const getFlowControl =
  (verbs: Verbs): Store.Service<SqlError>["getFlowControl"] =>
  (tenantId, key) =>
    Effect.map(flowStates(verbs, verbs.db.sql`t.name = ${tenantId} and f.name = ${key}`), Arr.head)
