import { postgres, whyNoPostgres } from "@effect-qstash/contract/Postgres"
import { Ledger } from "@effect-qstash/jobs"
import * as SqlLedger from "@effect-qstash/jobs/SqlLedger"
import { SqliteClient } from "@effect-qstash/store-sql"
import { PgClient } from "@effect/sql-pg"
import { SqlClient } from "@effect/sql"
import { describe } from "@effect/vitest"
import { Effect, Layer, Redacted } from "effect"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { type Database, laws, World } from "./ledgerLaws.ts"

laws("memory", {
  secondCopy: "fails",
  isTransactional: false,
  layer: Layer.merge(
    Ledger.layerMemory(),
    Layer.sync(World, () => {
      const written: Array<string> = []
      return {
        write: (work) => Effect.sync(() => void written.push(work)),
        count: (work) => Effect.sync(() => written.filter((one) => one === work).length),
        database: Effect.dieMessage("There is none")
      }
    })
  )
})

const createTable = Effect.flatMap(SqlClient.SqlClient, (sql) => sql`create table world (work text not null)`)

/** The ledger and the world of a test in one database. */
const onSql = (client: Database["client"], database: World["Type"]["database"]) => {
  const world = Layer.effect(
    World,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      yield* createTable
      const rows = (work: string) => sql`select work from world where work = ${work}`
      return {
        write: (work) => Effect.orDie(sql`insert into world values (${work})`),
        count: (work) => Effect.orDie(Effect.map(rows(work), ({ length }) => length)),
        database
      }
    })
  )
  // Without `fresh`, the second test would get the ledger of the first one's database.
  return Layer.provide(Layer.merge(Layer.fresh(SqlLedger.layer()), world), client)
}

const sqliteFile = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "jobs-ledger-"))),
  (directory) => Effect.sync(() => rmSync(directory, { recursive: true }))
).pipe(
  Effect.map((directory) => join(directory, "jobs.db")),
  Effect.map((path): Database => ({
    kind: "sqlite",
    path,
    client: SqliteClient.layer({ filename: path })
  })),
  Effect.tap(({ client }) => Effect.orDie(Effect.provide(createTable, client)))
)

laws("SQLite", {
  secondCopy: "waits",
  isTransactional: true,
  layer: onSql(SqliteClient.layer({ filename: ":memory:" }), sqliteFile)
})

if (whyNoPostgres !== undefined) process.stderr.write(`Skipped the ledger on Postgres: ${whyNoPostgres}\n`)
describe.skipIf(whyNoPostgres !== undefined)("on a server", () => {
  laws("Postgres", {
    secondCopy: "fails",
    isTransactional: true,
    layer: Layer.unwrapScoped(
      Effect.map(postgres, (path) => {
        const client = PgClient.layer({ url: Redacted.make(path) })
        return onSql(client, Effect.succeed({ kind: "postgres", path, client }))
      })
    )
  })
})
