import type { Store } from "@effect-qstash/engine/Store"
import type { SqlError } from "@effect/sql/SqlError"
import * as Effect from "effect/Effect"
import { lockTenantsOf } from "../leases.ts"
import type { Verbs } from "../Verbs.ts"

export const renew =
  ({ db, isolate }: Verbs): Store.Service<SqlError>["renew"] =>
  ({ tokens, until }) =>
    isolate(0, (work) =>
      // Without the lock, a cancel of the same messages could wait for this, and this for the cancel.
      Effect.zipRight(
        lockTenantsOf(work, tokens),
        Effect.asVoid(
          db.sql`update qstash_messages set wake_at = ${until} where token in ${db.list("bigint", tokens)}`
        )
      )
    )
