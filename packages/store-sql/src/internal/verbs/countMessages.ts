import type { Store } from "@effect-qstash/engine/Store"
import type { SqlError } from "@effect/sql/SqlError"
import * as Effect from "effect/Effect"
import { type Int, intOf } from "../Database.ts"
import type { Verbs } from "../Verbs.ts"

export const countMessages =
  ({ db: { sql } }: Verbs): Store.Service<SqlError>["countMessages"] =>
  (tenantId) =>
    Effect.map(
      sql<{ readonly messages: Int }>`select messages from qstash_tenants where name = ${tenantId}`,
      ([row]) => intOf(row?.messages ?? 0)
    )
