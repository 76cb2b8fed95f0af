/** A worker that is killed at one point of a delivery: `killed.ts sqlite|postgres DATABASE POINT`. */
import * as QStashMessagesClient from "@effect-qstash/client/QStashMessagesClient"
import * as Job from "@effect-qstash/jobs/Job"
import * as Jobs from "@effect-qstash/jobs/Jobs"
import * as Ledger from "@effect-qstash/jobs/Ledger"
import * as SqlLedger from "@effect-qstash/jobs/SqlLedger"
import * as SqliteClient from "@effect-qstash/store-sql/SqliteClient"
import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import * as PgClient from "@effect/sql-pg/PgClient"
import * as SqlClient from "@effect/sql/SqlClient"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { trusting } from "./trusting.ts"

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

const Work = Job.make("work", { payload: {} })
const jobs = Jobs.make("killed", Work)

const handlers = jobs.toLayer({
  work: () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      yield* Effect.orDie(sql`insert into world values (${point})`)
      yield* dieAt("after the work")
    })
})

const url = "https://api.example.com/jobs"

const delivery = HttpServerRequest.fromWeb(new Request(`${url}/work`, { method: "POST", body: "{}" }))

const services = Layer.mergeAll(
  handlers,
  SqlLedger.layer(),
  trusting(point),
  Jobs.layer({ url }),
  Layer.provide(QStashMessagesClient.layer({ token: Redacted.make("token") }), FetchHttpClient.layer)
).pipe(Layer.provide(Layer.provide(dyingClient, client)))

const program = Effect.gen(function* () {
  // Now that the ledger has its tables.
  yield* Ledger.Ledger
  isWorking = true
  yield* Effect.asVoid(jobs.httpApp)
  yield* dieAt("before the answer")
})

void Effect.runPromise(
  program.pipe(Effect.provideService(HttpServerRequest.HttpServerRequest, delivery), Effect.provide(services))
)
