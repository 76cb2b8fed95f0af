import { postgres, whyNoPostgres } from "@effect-qstash/contract/Postgres"
import { SqlStore } from "@effect-qstash/store-sql"
import { PgClient } from "@effect/sql-pg"
import { it } from "@effect/vitest"
import { Context, Duration, Effect, Layer, Redacted } from "effect"
import { describe } from "vitest"

/** The URL of an empty database. */
export class PostgresUrl extends Context.Tag("test/PostgresUrl")<PostgresUrl, string>() {}

/** A connection pool of its own: one server of several. */
export const pool = Layer.unwrapEffect(
  Effect.map(PostgresUrl, (url) =>
    Layer.orDie(PgClient.layer({ url: Redacted.make(url), maxConnections: 3 }))
  )
)

/** Tests on a Postgres of their own. Skips them, and says why, where there can be none. */
export const onPostgres = (
  title: string,
  tests: (test: Parameters<Parameters<ReturnType<typeof it.layer<PostgresUrl, never>>>[1]>[0]) => void
): void => {
  if (whyNoPostgres !== undefined) {
    process.stderr.write(`Skipped ${title} on Postgres: ${whyNoPostgres}\n`)
    describe.skip(`${title} on Postgres`, () => {})
    return
  }
  // The clock of a test is not the database's.
  const clock = Layer.succeed(SqlStore.ClockTolerance, Duration.infinity)
  it.layer(Layer.merge(Layer.scoped(PostgresUrl, postgres), clock), { timeout: 60_000 })(
    `${title} on Postgres`,
    tests
  )
}
