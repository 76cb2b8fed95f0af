/**
 * A ledger in the application's own database.
 *
 * A handler runs within the transaction that takes its keys. What it writes with the same `SqlClient` is committed with the
 * keys: after a crash at any point, a redelivery finds both or neither. If the handler fails, both are rolled back, even if
 * its error gives the message up.
 *
 * - On Postgres, each running handler holds a connection, and a second copy of its work fails at once with
 *   `WorkInProgress`. A statement that fails aborts the whole transaction, even if the handler catches the error: wrap such
 *   a statement in `sql.withTransaction`.
 * - SQLite has one writer: handlers run one after the other, and all other statements wait for them, so keep handlers
 *   short. A second copy waits too, and then returns the first one's response.
 * - As within any `withTransaction`, every `SqlClient` that a handler uses is on this transaction's connection, so it cannot
 *   use a second database.
 *
 * @since 0.1.0
 */
import * as SqlClient from "@effect/sql/SqlClient"
import { SqlError } from "@effect/sql/SqlError"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { durationOf } from "./internal/durationOf.ts"
import { type Keys, Ledger, WorkInProgress } from "./Ledger.ts"

/**
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /**
   * How long work that is done is remembered, at least.
   *
   * @default "1 day", as long as QStash's longest wait before a retry
   */
  readonly retention?: Duration.DurationInput | undefined
}

/**
 * Keeps the ledger in SQLite or Postgres, and creates or updates its table when it is built.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (options?: Options): Layer.Layer<Ledger, SqlError, SqlClient.SqlClient> =>
  Layer.effect(Ledger, make(Duration.toMillis(durationOf("retention", options?.retention ?? "1 day"))))

/** How many keys are deleted at once. */
const batchSize = 100

/** Names the lock that a migration takes on Postgres. */
const migrationLock = 7_221_093_518

const statementsOf = (sql: SqlClient.SqlClient) => {
  const byDialect = <A, B>(statements: { readonly sqlite: () => A; readonly pg: () => B }): A | B =>
    sql.onDialectOrElse({
      ...statements,
      orElse: () => {
        throw new Error("The SQL ledger needs SQLite or Postgres")
      }
    })
  return {
    /** One step for each version of the tables. A released step does not change. */
    migrations: [
      [
        sql`create table effect_qstash_ledger (
          token text unique,
          message text unique,
          business text unique,
          response text not null,
          done_at bigint not null
        )`,
        sql`create index effect_qstash_ledger_done_at on effect_qstash_ledger (done_at)`
      ]
    ],
    lockMigrations: byDialect({
      sqlite: () => Effect.void,
      pg: () => sql`select pg_advisory_xact_lock(${migrationLock})`
    }),
    hasVersion: byDialect({
      sqlite: () => sql`select 1 from sqlite_master where name = 'effect_qstash_ledger_version'`,
      pg: () => sql`select 1 where to_regclass('effect_qstash_ledger_version') is not null`
    }),
    createVersion: [
      sql`create table effect_qstash_ledger_version (version integer not null)`,
      sql`insert into effect_qstash_ledger_version values (0)`
    ],
    version: sql<{ readonly version: number }>`select version from effect_qstash_ledger_version`,
    setVersion: (version: number) => sql`update effect_qstash_ledger_version set version = ${version}`,

    /**
     * Whether nobody else works under one of these names. The lock ends with the transaction. This is a statement of its
     * own, because a statement does not see what is committed while it waits.
     */
    tryLock: (names: string) =>
      byDialect({
        sqlite: () => Effect.succeed([{ free: true }]),
        pg: () => sql<{ readonly free: boolean }>`
          select coalesce(bool_and(pg_try_advisory_xact_lock(hashtextextended(name, 0))), true) as free
          from json_array_elements_text(${names}::json) as name`
      }),
    find: (keys: Keys) => sql<{ readonly response: string }>`
      select response from effect_qstash_ledger
      where token = ${keys.token ?? null} or message = ${keys.message ?? null} or business = ${keys.business ?? null}`,
    /** Fails where a key is known already: the last safeguard, whatever the isolation of transactions. */
    add: (keys: Keys, response: string, doneAt: number) => sql`
      insert into effect_qstash_ledger (token, message, business, response, done_at)
      values (${keys.token ?? null}, ${keys.message ?? null}, ${keys.business ?? null}, ${response}, ${doneAt})`,
    deleteOldest: (before: number) => sql`
      delete from effect_qstash_ledger where done_at <= (
        select max(done_at) from (
          select done_at from effect_qstash_ledger where done_at < ${before} order by done_at limit ${batchSize}
        ) as oldest
      ) returning 1 as deleted`
  }
}

/** Keeps what the work fails with apart from the failures of the database. */
class NotDone<E> {
  constructor(readonly error: E) {}
}

const make = (retention: number) =>
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    const statements = statementsOf(sql)
    yield* migrate(sql, statements)

    let nextDeletion = 0
    const deleteOld = Effect.gen(function* () {
      const now = yield* Clock.currentTimeMillis
      if (now < nextDeletion) return
      nextDeletion = now + 60_000
      const deleted = yield* statements.deleteOldest(now - retention)
      if (deleted.length >= batchSize) nextDeletion = now
    }).pipe(Effect.catchAll((error) => Effect.logWarning("Old keys of the ledger were not deleted", error)))

    const doOnce = <E, R>(keys: Keys, work: Effect.Effect<string, E, R>) =>
      Effect.gen(function* () {
        const [lock] = yield* statements.tryLock(lockNames(keys))
        if (lock?.free !== true) return yield* Effect.fail(new NotDone(new WorkInProgress()))
        const [known] = yield* statements.find(keys)
        if (known !== undefined) return { response: known.response, isRepeat: true }
        const response = yield* Effect.mapError(work, (error) => new NotDone(error))
        yield* statements.add(keys, response, yield* Clock.currentTimeMillis)
        return { response, isRepeat: false }
      })

    return Ledger.of({
      once: (keys, work) =>
        Effect.zipRight(deleteOld, sql.withTransaction(doOnce(keys, work))).pipe(
          Effect.catchAll((failure) =>
            failure instanceof SqlError ? Effect.die(failure) : Effect.fail(failure.error)
          )
        )
    })
  })

const lockNames = ({ business, message, token }: Keys): string =>
  JSON.stringify(
    Object.entries({ token, message, business }).flatMap(([kind, key]) =>
      key === undefined ? [] : [`effect-qstash ledger ${kind} ${key}`]
    )
  )

const migrate = (sql: SqlClient.SqlClient, statements: ReturnType<typeof statementsOf>) =>
  sql.withTransaction(
    Effect.gen(function* () {
      const { migrations } = statements
      yield* statements.lockMigrations
      if ((yield* statements.hasVersion).length === 0) yield* Effect.all(statements.createVersion)
      const [row] = yield* statements.version
      const version = row?.version ?? 0
      // A newer version of the application may have been here first.
      if (version >= migrations.length) return
      yield* Effect.all(migrations.slice(version).flat())
      yield* statements.setVersion(migrations.length)
    })
  )
