import { QStashMessages } from "@effect-qstash/domain/QStashMessages"
import { Courier, type DeliveryRequest } from "@effect-qstash/engine/Courier"
import * as Engine from "@effect-qstash/engine/Engine"
import { SqliteClient, SqlStore } from "@effect-qstash/store-sql"
import { SqlClient } from "@effect/sql"
import { describe, it } from "@effect/vitest"
import { assertInclude, deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import { Cause, Context, Effect, Layer, Logger, Redacted } from "effect"
import Database from "libsql"
import { readFileSync, writeFileSync } from "node:fs"
import { inconsistencies } from "./inconsistencies.ts"
import { temporaryFile } from "./support.ts"

const signingKeys = () => ({ current: Redacted.make("sig_first"), next: Redacted.make("sig_second") })

/** An engine on this file, and what it has delivered and logged. */
const engineOn = (filename: string) =>
  Effect.gen(function* () {
    const delivered: Array<string> = []
    const lines: Array<string> = []
    const courier = Layer.succeed(Courier, {
      deliver: ({ body }: DeliveryRequest) =>
        Effect.sync(() => {
          delivered.push(new TextDecoder().decode(body))
          return { _tag: "Answered", status: 200, headers: {} } as const
        })
    })
    const logger = Logger.make<unknown, void>(({ cause, logLevel, message }) => {
      const text = Array.isArray(message) ? String(message[0]) : String(message)
      const [reason] = /\(SQLITE_\w+\)/.exec(Cause.pretty(cause, { renderErrorCause: true })) ?? []
      lines.push([logLevel.label, text, ...(reason === undefined ? [] : [reason])].join(" "))
    })
    const context = yield* Layer.build(
      Engine.layer({ signingKeys, shutdownGrace: 0 }).pipe(
        Layer.provideMerge(SqlStore.layer),
        Layer.provideMerge(SqliteClient.layer({ filename })),
        Layer.provide([courier, Logger.replace(Logger.defaultLogger, logger)])
      )
    )
    const sql = Context.get(context, SqlClient.SqlClient)
    const services = Context.get(context, Engine.Engine).services({ tenantId: "acme" })
    const messages = Context.get(services, QStashMessages)
    const publish = (body: string, delay = 0) =>
      Effect.match(messages.publish({ destination: "https://api.example.com/", body, delay }), {
        onSuccess: () => "accepted",
        onFailure: ({ _tag }) => _tag
      })
    const delivery = (body: string) =>
      Effect.repeat(Effect.sleep("20 millis"), { until: () => delivered.includes(body) })
    return { context, delivered, delivery, lines, publish, sql }
  })

const down = (code: string) => `ERROR The Store failed. The engine tries again until it works (${code})`
const up = "INFO The Store works again"

interface Trouble {
  readonly begins: (
    sql: SqlClient.SqlClient,
    filename: string
  ) => Effect.Effect<Effect.Effect<unknown, unknown>, unknown>
  readonly code: string
}

const pragma = (sql: SqlClient.SqlClient, name: string, value: number) =>
  sql.unsafe(`PRAGMA ${name} = ${value}`)

const troubles: Readonly<Record<string, Trouble>> = {
  "can no longer be written": {
    code: "SQLITE_READONLY",
    begins: (sql) => Effect.as(pragma(sql, "query_only", 1), pragma(sql, "query_only", 0))
  },
  "is locked by another program": {
    code: "SQLITE_BUSY",
    begins: (sql, filename) =>
      Effect.map(pragma(sql, "busy_timeout", 0), () => {
        const other = new Database(filename)
        other.exec("BEGIN IMMEDIATE")
        return Effect.sync(() => {
          other.exec("ROLLBACK")
          other.close()
        })
      })
  }
}

describe("a file that", () => {
  for (const [title, { begins, code }] of Object.entries(troubles)) {
    it.scopedLive(`${title} is one line in the log, and the engine goes on afterwards`, () =>
      Effect.gen(function* () {
        const filename = yield* temporaryFile
        const { context, delivered, delivery, lines, publish, sql } = yield* engineOn(filename)
        strictEqual(yield* publish("due in the trouble", 1000), "accepted")
        const end = yield* begins(sql, filename)
        yield* Effect.sleep("1200 millis")
        for (const body of ["first", "second"]) strictEqual(yield* publish(body), "QStashUnavailable")
        deepStrictEqual(lines, [down(code)])
        yield* end
        yield* delivery("due in the trouble")
        strictEqual(yield* publish("after"), "accepted")
        yield* delivery("after")
        deepStrictEqual(lines, [down(code), up])
        deepStrictEqual(delivered, ["due in the trouble", "after"])
        deepStrictEqual(yield* Effect.provide(inconsistencies, context), [])
      })
    )
  }

  it.scopedLive("cannot grow refuses what does not fit, and loses nothing else", () =>
    Effect.gen(function* () {
      const { context, delivered, delivery, lines, publish, sql } = yield* engineOn(yield* temporaryFile)
      strictEqual(yield* publish("before"), "accepted")
      yield* delivery("before")
      const [pages] = yield* sql<{ readonly page_count: number }>`PRAGMA page_count`
      yield* pragma(sql, "max_page_count", pages?.page_count ?? 0)
      strictEqual(yield* publish("x".repeat(100_000)), "QStashUnavailable")
      yield* pragma(sql, "max_page_count", 1_000_000)
      strictEqual(yield* publish("after"), "accepted")
      yield* delivery("after")
      deepStrictEqual(lines, [down("SQLITE_FULL"), up])
      deepStrictEqual(delivered, ["before", "after"])
      deepStrictEqual(yield* Effect.provide(inconsistencies, context), [])
    })
  )

  it.scopedLive("is corrupt is not opened, and is as before when it is put back", () =>
    Effect.gen(function* () {
      const filename = yield* temporaryFile
      yield* Effect.scoped(Effect.flatMap(engineOn(filename), ({ publish }) => publish("kept", 1000)))
      const good = readFileSync(filename)
      const bad = Uint8Array.from(good)
      bad.fill(255, 4096)
      writeFileSync(filename, bad)
      const error = yield* Effect.flip(Effect.scoped(engineOn(filename)))
      assertInclude(error.message, "database disk image is malformed (SQLITE_CORRUPT)")
      writeFileSync(filename, good)
      const { delivery } = yield* engineOn(filename)
      yield* delivery("kept")
    })
  )
})
