import { postgres, whyNoPostgres } from "@effect-qstash/contract/Postgres"
import * as EngineHome from "@effect-qstash/contract/homes/EngineHome"
import { laws } from "@effect-qstash/contract/Laws"
import * as StoreLaws from "@effect-qstash/engine/StoreLaws"
import { PgClient } from "@effect/sql-pg"
import * as SqlClient from "@effect/sql/SqlClient"
import { Effect, Exit, Layer, Redacted, Scope } from "effect"
import { afterAll, beforeAll, describe } from "vitest"
import { storeIn } from "./support.ts"

if (whyNoPostgres !== undefined) process.stderr.write(`Skipped the Store on Postgres: ${whyNoPostgres}\n`)

/** One server for all laws. */
const scope = Effect.runSync(Scope.make())
let url = ""
beforeAll(async () => {
  if (whyNoPostgres === undefined) url = await Effect.runPromise(Scope.extend(postgres, scope))
}, 60_000)
afterAll(() => Effect.runPromise(Scope.close(scope, Exit.void)))

/** Its tables are empty, whatever was there before. To create them again would take ten times as long. */
const empty = Layer.unwrapEffect(
  Effect.sync(() => {
    const client = PgClient.layer({ url: Redacted.make(url), maxConnections: 3 })
    const clear = Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const tables = yield* sql<{ readonly name: string }>`
        select tablename as name from pg_tables where schemaname = 'public' and tablename <> 'qstash_version'`
      // For small tables this is much faster than `truncate`.
      if (tables.length > 0) yield* sql.unsafe(tables.map(({ name }) => `delete from ${name}`).join(";"))
    })
    return Layer.provideMerge(Layer.effectDiscard(clear), client)
  })
)

describe.skipIf(whyNoPostgres !== undefined)("on a server", () => {
  const store = storeIn(empty)
  StoreLaws.laws("Postgres", store, { runs: 10 })
  laws({ name: "the engine on Postgres", ...EngineHome, layer: Layer.orDie(EngineHome.layerOver(store)) })
})
