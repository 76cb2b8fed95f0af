import type { Store } from "@effect-qstash/engine/Store"
import { SqliteClient, SqlStore } from "@effect-qstash/store-sql"
import type { SqlClient } from "@effect/sql/SqlClient"
import { Duration, Effect, Layer } from "effect"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { consistent } from "./inconsistencies.ts"

/** The path of a database in a directory of its own, which is removed with the scope. */
export const temporaryFile = Effect.map(
  Effect.acquireRelease(
    Effect.sync(() => mkdtempSync(join(tmpdir(), "store-sql-"))),
    (directory) => Effect.sync(() => rmSync(directory, { recursive: true }))
  ),
  (directory) => join(directory, "test.db")
)

export const inMemory = SqliteClient.layer({ filename: ":memory:" })

/** The Store in this database, for a test with a clock of its own. What the test leaves behind must not contradict itself. */
export const storeIn = <E>(client: Layer.Layer<SqlClient, E>): Layer.Layer<Store, unknown> =>
  consistent.pipe(
    Layer.provideMerge(SqlStore.layer),
    Layer.provide([client, Layer.succeed(SqlStore.ClockTolerance, Duration.infinity)])
  )
