import type { Store } from "@effect-qstash/engine/Store"
import type { SqlError } from "@effect/sql/SqlError"
import * as Effect from "effect/Effect"
import { type KeysRow, signingKeysOf } from "../signingKeys.ts"
import type { Verbs } from "../Verbs.ts"

export const getSigningKeys =
  ({ db: { sql } }: Verbs): Store.Service<SqlError>["getSigningKeys"] =>
  (tenantId) =>
    Effect.map(
      sql<KeysRow>`select current_key, next_key from qstash_tenants where name = ${tenantId}`,
      ([row]) => signingKeysOf(row)
    )
