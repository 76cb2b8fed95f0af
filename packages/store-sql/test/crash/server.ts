/** A server process: the real server on the database of its settings, with a clock that goes faster. */
import { QStashServer, UndiciCourier } from "@effect-qstash/server"
import { SqliteClient, SqlStore } from "@effect-qstash/store-sql"
import { PgClient } from "@effect/sql-pg"
import * as SqlClient from "@effect/sql/SqlClient"
import { Context, Duration, Effect, Exit, Fiber, Layer, LogLevel, Logger, Redacted, Runtime } from "effect"
import { otherClock } from "../otherClock.ts"
import type { Said, Settings } from "./settings.ts"

const settings: Settings = JSON.parse(process.argv[2] ?? "")
const { database, port } = settings

const client: Layer.Layer<SqlClient.SqlClient, unknown> =
  "url" in database
    ? PgClient.layer({ url: Redacted.make(database.url), maxConnections: 4 })
    : SqliteClient.layer(database)

const server = QStashServer.layer({
  port,
  host: "127.0.0.1",
  lookEvery: "20 seconds",
  concurrency: settings.concurrency,
  // All of these are times of the fast clock.
  requestTimeout: "10 minutes",
  shutdownGrace: "10 minutes",
  deduplicationWindow: "30 days",
  logRetention: "30 days",
  dlqRetention: "30 days",
  maxLogEntries: 100_000_000,
  maxLogBytes: 100_000_000_000,
  maxDeadLetters: 100_000_000,
  maxDeadLetterBytes: 100_000_000_000
}).pipe(
  Layer.provide([SqlStore.layer, UndiciCourier.layer()]),
  Layer.provideMerge(client),
  Layer.provide([
    Layer.succeed(SqlStore.ClockTolerance, Duration.infinity),
    Logger.minimumLogLevel(LogLevel.Error)
  ])
)

const say = (said: Said) => process.send?.(said)

const main = Effect.gen(function* () {
  const sql = Context.get(yield* Layer.build(server), SqlClient.SqlClient)
  const count = sql<{ readonly count: number | string }>`select count(*) as count from qstash_messages`
  const runFork = Runtime.runFork(yield* Effect.runtime())
  process.on("message", () =>
    runFork(
      Effect.map(count, ([row]) => say({ _tag: "Pending", count: Number(row?.count ?? 0) })).pipe(
        Effect.ignore
      )
    )
  )
  say({ _tag: "Ready" })
  return yield* Effect.never
}).pipe(Effect.scoped, Effect.withClock(otherClock(settings)))

const fiber = Effect.runFork(main)
fiber.addObserver((exit) => {
  if (Exit.isFailure(exit) && exit.cause._tag !== "Interrupt") process.stderr.write(`${String(exit.cause)}\n`)
  process.exit(Exit.isFailure(exit) && exit.cause._tag !== "Interrupt" ? 1 : 0)
})
process.on("SIGTERM", () => Effect.runFork(Fiber.interrupt(fiber)))
// The parent is gone.
process.on("disconnect", () => process.exit(1))
