/**
 * An `@effect/sql` client for one SQLite file, over the synchronous driver `libsql`.
 *
 * There is one connection. A transaction holds it until it ends, and everybody else's statements wait, so a transaction
 * should not wait for anything slow. Transactions start with `BEGIN IMMEDIATE`: none fails halfway because another one has
 * written in the meantime.
 *
 * Integers are read as numbers, which are exact up to 2^53. Provide `SqlClient.SafeIntegers` to read them as bigints.
 *
 * @since 0.1.0
 */
import * as Reactivity from "@effect/experimental/Reactivity"
import * as SqlClient from "@effect/sql/SqlClient"
import type { Connection } from "@effect/sql/SqlConnection"
import { SqlError } from "@effect/sql/SqlError"
import * as Statement from "@effect/sql/Statement"
import * as Config from "effect/Config"
import type * as ConfigError from "effect/ConfigError"
import * as Context from "effect/Context"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import Database from "libsql"
import { IsRelaxed } from "./internal/relaxed.ts"
import { createFile, lock } from "./internal/file.ts"
import { textOf } from "./internal/textOf.ts"
import { type Result, makeRun } from "./internal/run.ts"

/**
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /**
   * The path of the database. Only its owner can read a file that is created. `:memory:` keeps everything in memory until
   * the layer ends.
   */
  readonly filename: string
}

/**
 * The database cannot be opened.
 *
 * @since 0.1.0
 * @category errors
 */
export class SqliteOpenError extends Data.TaggedError("SqliteOpenError")<{
  readonly filename: string
  readonly reason: string
  readonly cause?: unknown
}> {
  override get message(): string {
    return `Cannot open the SQLite database ${JSON.stringify(this.filename)}: ${this.reason}`
  }
}

/**
 * Opens the database, for this layer alone: another one fails, in this process or in any other. When the layer ends, the
 * file holds everything that was written.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (options: Options): Layer.Layer<SqlClient.SqlClient, SqliteOpenError> =>
  Layer.provide(Layer.scoped(SqlClient.SqlClient, make(options)), Reactivity.layer)

/**
 * Like `layer`, from configuration: `layerConfig({ filename: Config.string("DATABASE_FILE") })`.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerConfig = (
  options: Config.Config.Wrap<Options>
): Layer.Layer<SqlClient.SqlClient, ConfigError.ConfigError | SqliteOpenError> =>
  Layer.unwrapEffect(Effect.map(Config.unwrap(options), layer))

/** As SQLite reports them. `synchronous: 2` is FULL: what is committed survives a power failure. */
const pragmas = { journal_mode: "wal", synchronous: 2, busy_timeout: 5000, foreign_keys: 1 }

const open = ({ filename }: Options) =>
  Effect.gen(function* () {
    const attempt = <A>(f: () => A) =>
      Effect.try({
        try: f,
        catch: (cause) => new SqliteOpenError({ filename, reason: textOf(cause), cause })
      })
    const isInMemory = filename === ":memory:"
    if (!isInMemory) {
      const path = yield* attempt(() => createFile(filename))
      yield* Effect.acquireRelease(
        attempt(() => lock(path)),
        (unlock) => Effect.sync(unlock)
      )
    }
    const database = yield* Effect.acquireRelease(
      attempt(() => new Database(filename)),
      (opened) => Effect.sync(() => opened.close())
    )
    const run = makeRun(database)
    const expected = isInMemory ? { ...pragmas, journal_mode: "memory" } : pragmas
    for (const [name, value] of Object.entries(expected)) {
      const actual = yield* attempt(() => {
        run(`PRAGMA ${name} = ${value}`, [])
        return run(`PRAGMA ${name}`, []).rows[0]?.[0]
      })
      if (actual !== value) {
        return yield* new SqliteOpenError({
          filename,
          reason: `its ${name} stays ${String(actual)} instead of ${value}`
        })
      }
    }
    // Closing alone does not empty the log into the file: libsql keeps a connection that has prepared statements.
    yield* Effect.addFinalizer(() =>
      Effect.ignoreLogged(attempt(() => run("PRAGMA wal_checkpoint(TRUNCATE)", [])))
    )
    return { database, run }
  })

const make = (options: Options) =>
  Effect.gen(function* () {
    const { database, run } = yield* open(options)
    // libsql aborts the process when a closed database is asked.
    const isInTransaction = () => database.open && database.inTransaction

    const runEffect = <A>(sql: string, params: ReadonlyArray<unknown>, f: (result: Result) => A) =>
      Effect.withFiberRuntime<A, SqlError>((fiber) =>
        Effect.try({
          try: () => f(run(sql, params, Context.get(fiber.currentContext, SqlClient.SafeIntegers))),
          catch: (cause) => new SqlError({ cause, message: textOf(cause) })
        })
      )
    const execute: Connection["execute"] = (sql, params, transform) =>
      runEffect(sql, params, (result) =>
        transform === undefined ? objectsOf(result) : transform(objectsOf(result))
      )
    const connection: Connection = {
      execute,
      executeRaw: (sql, params) => runEffect(sql, params, (result) => result.changes ?? objectsOf(result)),
      executeValues: (sql, params) => runEffect(sql, params, ({ rows }) => rows),
      // SqlClient also rolls back what did not begin, and would report that failure instead of the first one.
      executeUnprepared: (sql, params, transform) =>
        sql === "ROLLBACK" && !isInTransaction() ? Effect.succeed([]) : execute(sql, params, transform),
      executeStream: (sql, params, transform) =>
        Stream.unwrap(Effect.map(execute(sql, params, transform), Stream.fromIterable))
    }

    const permit = yield* Effect.makeSemaphore(1)
    let isNowRelaxed = false
    const setSynchronous = (shouldRelax: boolean): void => {
      if (shouldRelax === isNowRelaxed) return
      run(`PRAGMA synchronous = ${shouldRelax ? "NORMAL" : "FULL"}`, [])
      isNowRelaxed = shouldRelax
    }
    const release = Effect.suspend(() => {
      // A COMMIT that fails leaves its transaction open.
      if (isInTransaction()) database.exec("ROLLBACK")
      setSynchronous(false)
      return permit.release(1)
    })
    return yield* SqlClient.make({
      acquirer: Effect.uninterruptibleMask((restore) =>
        restore(permit.take(1)).pipe(
          Effect.zipRight(Effect.addFinalizer(() => release)),
          Effect.zipRight(IsRelaxed),
          Effect.map(setSynchronous),
          Effect.as(connection)
        )
      ),
      compiler: Statement.makeCompilerSqlite(),
      spanAttributes: [["db.system.name", "sqlite"]],
      beginTransaction: "BEGIN IMMEDIATE"
    })
  })

const objectsOf = ({ columns, rows }: Result) =>
  rows.map((row) => {
    const object: Record<string, unknown> = {}
    for (const [index, column] of columns.entries()) object[column] = row[index]
    return object
  })
