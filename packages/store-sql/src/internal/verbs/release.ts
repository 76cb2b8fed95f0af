import type { Store } from "@effect-qstash/engine/Store"
import type { SqlError } from "@effect/sql/SqlError"
import * as Effect from "effect/Effect"
import { type Int, intOf } from "../Database.ts"
import { lockTenantsOf, waitAgain } from "../leases.ts"
import type { Verbs } from "../Verbs.ts"

export const release =
  ({ db, held, isolate }: Verbs): Store.Service<SqlError>["release"] =>
  (tokens) =>
    isolate(0, (work) =>
      Effect.gen(function* () {
        yield* lockTenantsOf(work, tokens)
        const rows = yield* db.sql<Record<"seq" | "lane", Int>>`
          select seq, lane from qstash_messages where token in ${db.list("bigint", tokens)}`
        yield* waitAgain(
          work,
          rows.map(({ lane, seq }) => ({ lane: intOf(lane), seq: intOf(seq) }))
        )
        for (const token of tokens) held.delete(token)
      })
    )
