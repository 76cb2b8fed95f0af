import { SqliteClient } from "@effect-qstash/store-sql"
import { SqlClient } from "@effect/sql"
import { describe, it } from "@effect/vitest"
import { deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import { Config, ConfigProvider, Effect } from "effect"
import { copyFileSync, existsSync, readdirSync, statSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { temporaryFile } from "./support.ts"

const using = <A, E>(filename: string, effect: Effect.Effect<A, E, SqlClient.SqlClient>) =>
  Effect.provide(effect, SqliteClient.layer({ filename }))

const create = Effect.flatMap(SqlClient.SqlClient, (sql) =>
  Effect.zipRight(sql`create table t (id integer)`, sql`insert into t values (1)`)
)
const rows = Effect.flatMap(SqlClient.SqlClient, (sql) => sql`select id from t`)

describe("the file", () => {
  it.scoped("keeps its settings on the connection, also within a transaction", () =>
    Effect.gen(function* () {
      const filename = yield* temporaryFile
      const read = Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        return yield* Effect.forEach(
          ["journal_mode", "synchronous", "busy_timeout", "foreign_keys"],
          (name) => Effect.map(sql.unsafe(`PRAGMA ${name}`).values, (values) => values[0]?.[0])
        )
      })
      const expected = ["wal", 2, 5000, 1]
      yield* using(
        filename,
        Effect.gen(function* () {
          const sql = yield* SqlClient.SqlClient
          deepStrictEqual(yield* read, expected)
          deepStrictEqual(yield* sql.withTransaction(read), expected)
          deepStrictEqual(yield* read, expected)
        })
      )
    })
  )

  it.scoped("holds everything once the layer has ended", () =>
    Effect.gen(function* () {
      const filename = yield* temporaryFile
      yield* using(filename, create)
      if (existsSync(`${filename}-wal`)) strictEqual(statSync(`${filename}-wal`).size, 0)
      const copy = join(dirname(filename), "copy.db")
      copyFileSync(filename, copy)
      deepStrictEqual(yield* using(copy, rows), [{ id: 1 }])
      deepStrictEqual(yield* using(filename, rows), [{ id: 1 }])
    })
  )

  it.scoped("belongs to its owner alone", () =>
    Effect.gen(function* () {
      const filename = yield* temporaryFile
      yield* using(
        filename,
        Effect.zipRight(
          create,
          Effect.sync(() => {
            const files = readdirSync(dirname(filename)).toSorted()
            deepStrictEqual(files, ["test.db", "test.db-lock", "test.db-shm", "test.db-wal"])
            for (const file of files) strictEqual(statSync(join(dirname(filename), file)).mode & 0o777, 0o600)
          })
        )
      )
    })
  )

  it.scoped("is opened once at a time", () =>
    Effect.gen(function* () {
      const filename = yield* temporaryFile
      yield* using(
        filename,
        Effect.gen(function* () {
          yield* create
          for (const _ of [1, 2]) {
            strictEqual(
              (yield* Effect.flip(using(filename, rows))).message,
              `Cannot open the SQLite database "${filename}": it is open already, in another process or in this one`
            )
          }
          deepStrictEqual(yield* rows, [{ id: 1 }])
        })
      )
      deepStrictEqual(yield* using(filename, rows), [{ id: 1 }])
    })
  )

  it.scoped("says why it cannot be opened", () =>
    Effect.gen(function* () {
      const filename = yield* temporaryFile
      const missing = join(dirname(filename), "missing", "test.db")
      strictEqual(
        (yield* Effect.flip(using(missing, rows))).message,
        `Cannot open the SQLite database "${missing}": ENOENT: no such file or directory, open '${missing}'`
      )
      writeFileSync(filename, "not a database ".repeat(1000))
      strictEqual(
        (yield* Effect.flip(using(filename, rows))).message,
        `Cannot open the SQLite database "${filename}": file is not a database (SQLITE_NOTADB)`
      )
    })
  )

  it.scoped("comes from configuration", () =>
    Effect.gen(function* () {
      const filename = yield* temporaryFile
      const layer = SqliteClient.layerConfig({ filename: Config.string("DATABASE") })
      yield* Effect.provide(create, layer).pipe(
        Effect.withConfigProvider(ConfigProvider.fromMap(new Map([["DATABASE", filename]])))
      )
      deepStrictEqual(yield* using(filename, rows), [{ id: 1 }])
    })
  )

  it.scoped.skipIf(!existsSync("/proc/self/fd"))("leaks no descriptors over 2,000 transactions", () =>
    Effect.gen(function* () {
      const descriptors = Effect.sync(() => readdirSync("/proc/self/fd").length)
      yield* using(
        yield* temporaryFile,
        Effect.gen(function* () {
          yield* create
          const sql = yield* SqlClient.SqlClient
          const before = yield* descriptors
          yield* Effect.repeatN(sql.withTransaction(sql`select id from t`), 1999)
          strictEqual(yield* descriptors, before)
        })
      )
    })
  )
})
