import type { Store } from "@effect-qstash/engine/Store"
import type { SqlError } from "@effect/sql/SqlError"
import * as Effect from "effect/Effect"
import type { Verbs } from "../Verbs.ts"

export const renew =
  ({ db }: Verbs): Store.Service<SqlError>["renew"] =>
  ({ tokens, until }) =>
    Effect.asVoid(
      db.sql`update qstash_messages set wake_at = ${until} where token in ${db.list("bigint", tokens)}`
    )
