/** Handlers that write with the `SqlClient` of the ledger, called by QStash through the router. */
import { Jobs } from "@effect-qstash/jobs"
import * as SqlLedger from "@effect-qstash/jobs/SqlLedger"
import { QStashReceiver } from "@effect-qstash/receiver"
import { SqliteClient } from "@effect-qstash/store-sql"
import { QStashTest } from "@effect-qstash/testing"
import { HttpServer } from "@effect/platform"
import { SqlClient } from "@effect/sql"
import { describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import { Duration, Effect, Layer } from "effect"
import { DbDown, Digest, jobs, NightlyReport, TenantId } from "./billing.ts"

const write = (text: string) =>
  Effect.flatMap(SqlClient.SqlClient, (sql) => Effect.orDie(sql`insert into sent values (${text})`))

const handlers = jobs.toLayer({
  "nightly-report": ({ region }, { attempt }) =>
    Effect.zipRight(write(`${region} ${attempt}`), attempt === 1 ? new DbDown() : Effect.void),
  digest: ({ tenantId }, { attempt }) =>
    Effect.zipRight(write(`${tenantId} ${attempt}`), attempt === 1 ? Effect.die("broken") : Effect.void),
  export: () => Effect.succeed({ fileUrl: "" }),
  "export/outcome": () => Effect.void
})

const services = Layer.mergeAll(
  handlers,
  SqlLedger.layer(),
  Layer.orDie(QStashReceiver.layer(QStashTest.signingKeys)),
  Layer.orDie(Jobs.layer({ url: "https://api.example.com/jobs" })),
  HttpServer.layerContext
).pipe(Layer.provideMerge(SqliteClient.layer({ filename: ":memory:" })))

const sent = Effect.flatMap(SqlClient.SqlClient, (sql) =>
  Effect.map(sql`select text from sent order by text`.values, (rows) => rows.flat())
)

const test = (title: string, body: Effect.Effect<void, unknown, Layer.Layer.Success<typeof served>>) =>
  it.effect(title, () =>
    Effect.flatMap(SqlClient.SqlClient, (sql) =>
      Effect.zipRight(sql`create table sent (text text not null)`, body)
    ).pipe(Effect.provide(served))
  )

const served = QStashTest.serve(jobs.httpApp).pipe(
  Layer.provideMerge(services),
  Layer.provideMerge(QStashTest.layerWith({ settle: "100 millis" }))
)

describe("a handler under the SQL ledger", () => {
  test(
    "has written nothing when it fails or dies, and writes once in the end",
    Effect.gen(function* () {
      yield* NightlyReport.publish({ region: "eu", lookback: Duration.days(1) })
      yield* Digest.publish({ tenantId: TenantId.make("t1") })
      yield* QStashTest.advance(0)
      deepStrictEqual(yield* sent, [])
      yield* QStashTest.advance("1 hour")
      deepStrictEqual(yield* sent, ["eu 2", "t1 2"])
    })
  )

  test(
    "writes once when QStash does not hear that it is done",
    Effect.gen(function* () {
      yield* NightlyReport.publish({ region: "us", lookback: Duration.days(1) })
      yield* QStashTest.advance(0)
      yield* QStashTest.loseResponse
      yield* QStashTest.advance("1 hour")
      deepStrictEqual(yield* sent, ["us 2"])
    })
  )
})
