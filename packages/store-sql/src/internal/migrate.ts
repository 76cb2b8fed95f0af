import type { SqlError } from "@effect/sql/SqlError"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import type { Database } from "./Database.ts"
import { migrations } from "./schema.ts"

/** A newer version of this package has changed the tables. */
export class NewerSchema extends Data.TaggedError("NewerSchema")<{
  readonly version: number
  readonly known: number
}> {
  override get message(): string {
    return `The database has version ${this.version} of the tables, and this version of effect-qstash knows ${this.known}. Update effect-qstash, or use another database.`
  }
}

/** Names the lock that a migration takes on Postgres. */
const migrationLock = 7_221_093_519

/** Creates the tables, or brings them up to date. */
export const migrate = ({ isPostgres, sql }: Database): Effect.Effect<void, SqlError | NewerSchema> =>
  sql.withTransaction(
    Effect.gen(function* () {
      if (isPostgres) yield* sql`select pg_advisory_xact_lock(${migrationLock})`
      yield* sql`create table if not exists qstash_version (version integer not null)`
      const [row] = yield* sql<{ readonly version: number }>`select version from qstash_version`
      if (row === undefined) yield* sql`insert into qstash_version values (0)`
      const version = row?.version ?? 0
      const steps = migrations(isPostgres)
      if (version > steps.length) return yield* new NewerSchema({ version, known: steps.length })
      if (version === steps.length) return
      for (const statement of steps.slice(version).flat()) yield* sql.unsafe(statement)
      yield* sql`update qstash_version set version = ${steps.length}`
    })
  )
