import type { Store } from "@effect-qstash/engine/Store"
import type { SqlError } from "@effect/sql/SqlError"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import { type KeysRow, signingKeysOf } from "../signingKeys.ts"
import type { Verbs } from "../Verbs.ts"

export const rotateSigningKeys =
  ({ db: { sql }, isolateTenant }: Verbs): Store.Service<SqlError>["rotateSigningKeys"] =>
  ({ initial, next, tenantId }) =>
    isolateTenant(tenantId, 0, (_work, tenant) =>
      Effect.gen(function* () {
        const [row] =
          yield* sql<KeysRow>`select current_key, next_key from qstash_tenants where id = ${tenant.id}`
        const known = Option.getOrElse(signingKeysOf(row), () => initial)
        const keys = { current: known.next, next }
        yield* sql`update qstash_tenants
          set current_key = ${Redacted.value(keys.current)}, next_key = ${Redacted.value(keys.next)}
          where id = ${tenant.id}`
        return keys
      })
    )
