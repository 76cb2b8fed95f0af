import type { SqlError } from "@effect/sql/SqlError"
import * as Clock from "effect/Clock"
import * as Data from "effect/Data"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { type Database, type Int, intOf } from "./Database.ts"

/** This server's clock and that of Postgres are too far apart. */
export class ClockOff extends Data.TaggedError("ClockOff")<{
  /** How far this server's clock is ahead, in milliseconds. */
  readonly ahead: number
  readonly tolerance: Duration.Duration
}> {
  override get message(): string {
    const off = Duration.format(Duration.seconds(Math.round(Math.abs(this.ahead) / 1000)))
    const allowed = Duration.format(this.tolerance)
    return `The clock of this server is ${off} ${this.ahead > 0 ? "ahead of" : "behind"} that of the database; ${allowed} are allowed. Set both with NTP.`
  }
}

/** On SQLite both are the same clock. */
export const compareClocks = (
  { isPostgres, sql }: Database,
  tolerance: Duration.Duration
): Effect.Effect<void, SqlError | ClockOff> =>
  Effect.gen(function* () {
    if (!isPostgres || !Duration.isFinite(tolerance)) return
    // Opens a connection, so that the time for it does not count.
    yield* sql`select 1`
    const before = yield* Clock.currentTimeMillis
    const [row] = yield* sql<{ readonly now: Int }>`
      select (extract(epoch from clock_timestamp()) * 1000)::bigint as now`
    const after = yield* Clock.currentTimeMillis
    const now = intOf(row?.now ?? 0)
    // It was read at some time between the two.
    const ahead = before > now ? before - now : after < now ? after - now : 0
    if (Math.abs(ahead) > Duration.toMillis(tolerance)) return yield* new ClockOff({ ahead, tolerance })
  })
