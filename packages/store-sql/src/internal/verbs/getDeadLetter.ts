import type { Store } from "@effect-qstash/engine/Store"
import type { SqlError } from "@effect/sql/SqlError"
import * as Arr from "effect/Array"
import * as Effect from "effect/Effect"
import { letterColumns, letterOf, type LetterRow, letterTables } from "../rows.ts"
import type { Verbs } from "../Verbs.ts"

export const getDeadLetter =
  ({ db: { sql } }: Verbs): Store.Service<SqlError>["getDeadLetter"] =>
  (tenantId, dlqId) =>
    Effect.map(
      sql<LetterRow>`select ${sql.literal(letterColumns)} from ${sql.literal(letterTables)}
        where t.name = ${tenantId} and m.id = ${dlqId}`,
      (rows) => Arr.head(rows.map(letterOf))
    )
