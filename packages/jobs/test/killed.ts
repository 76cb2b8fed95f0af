/** A process that works under a ledger until it is killed at one point: `killed.ts sqlite|postgres DATABASE POINT`. */
import * as Ledger from "@effect-qstash/jobs/Ledger"
import * as SqlLedger from "@effect-qstash/jobs/SqlLedger"
import * as SqliteClient from "@effect-qstash/store-sql/SqliteClient"
import * as PgClient from "@effect/sql-pg/PgClient"
import * as SqlClient from "@effect/sql/SqlClient"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"

const [kind, database = "", point = ""] = process.argv.slice(2)

let isWorking = false

const dieAt = (name: string) =>
  Effect.sync(() => {
    if (isWorking && name === point) process.kill(process.pid, "SIGKILL")
  })

const client: Layer.Layer<SqlClient.SqlClient, unknown> =
  kind === "sqlite"
    ? SqliteClient.layer({ filename: database })
    : PgClient.layer({ url: Redacted.make(database) })

/** Dies between the last statement of a transaction and its commit. */
const dyingClient = Layer.effect(
  SqlClient.SqlClient,
  Effect.map(
    SqlClient.SqlClient,
    (sql) =>
      new Proxy(sql, {
        get: (target, name) =>
          name === "withTransaction"
            ? (effect: Effect.Effect<unknown>) =>
                target.withTransaction(Effect.zipLeft(effect, dieAt("before the commit")))
            : Reflect.get(target, name)
      })
  )
)

const work = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  yield* sql`insert into world values (${point})`
  yield* dieAt("after the work")
  return "response"
})

const program = Effect.gen(function* () {
  const ledger = yield* Ledger.Ledger
  isWorking = true
  yield* ledger.once({ token: `${point} 1`, message: point }, work)
  yield* dieAt("before the answer")
})

void Effect.runPromise(
  program.pipe(Effect.provide(Layer.provideMerge(SqlLedger.layer(), Layer.provide(dyingClient, client))))
)
