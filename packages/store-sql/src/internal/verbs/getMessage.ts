import type { Store } from "@effect-qstash/engine/Store"
import type { SqlError } from "@effect/sql/SqlError"
import * as Arr from "effect/Array"
import * as Effect from "effect/Effect"
import { bodyColumns, type BodyRow, storedMessageOf } from "../rows.ts"
import { pendingTables } from "../Work.ts"
import type { Verbs } from "../Verbs.ts"

export const getMessage =
  ({ db: { sql } }: Verbs): Store.Service<SqlError>["getMessage"] =>
  (tenantId, messageId) =>
    Effect.map(
      sql<BodyRow>`select ${sql.literal(bodyColumns)} from ${sql.literal(pendingTables)}
        where m.id = ${messageId} and t.name = ${tenantId}`,
      (rows) => Arr.head(rows.map(storedMessageOf))
    )
