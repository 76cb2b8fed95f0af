import { postgres, whyNoPostgres } from "@effect-qstash/contract/Postgres"
import { CreateSchedule, QueueName, ScheduleId } from "@effect-qstash/domain"
import { Store } from "@effect-qstash/engine/Store"
import { SqlStore } from "@effect-qstash/store-sql"
import { PgClient } from "@effect/sql-pg"
import * as SqlClient from "@effect/sql/SqlClient"
import { describe, it } from "@effect/vitest"
import { strictEqual } from "@effect/vitest/utils"
import { type Clock, Context, Effect, Exit, Fiber, Layer, Redacted, Scope } from "effect"
import { afterAll, beforeAll } from "vitest"
import { limits, minute, start } from "./given.ts"
import { otherClock } from "./otherClock.ts"
import { inMemory, storeIn } from "./support.ts"

const scope = Effect.runSync(Scope.make())
let url = ""
beforeAll(async () => {
  if (whyNoPostgres === undefined) url = await Effect.runPromise(Scope.extend(postgres, scope))
}, 60_000)
afterAll(() => Effect.runPromise(Scope.close(scope, Exit.void)))

/** A server's Store, and its connections. */
const server = Layer.unwrapEffect(
  Effect.sync(() =>
    Layer.provideMerge(SqlStore.layer, PgClient.layer({ url: Redacted.make(url), maxConnections: 2 }))
  )
)

const clockAhead = (ahead: number): Clock.Clock => otherClock({ ahead, from: 0, speed: 1 })

const startWith = (clock: Clock.Clock) =>
  Effect.flip(Effect.zipRight(Layer.build(server), Effect.fail({ message: "started" }))).pipe(
    Effect.map(({ message }) => message),
    Effect.withClock(clock)
  )

describe.skipIf(whyNoPostgres !== undefined)("servers that share a Postgres", () => {
  it.scopedLive("do not start with a clock that is off by more than 5 seconds", () =>
    Effect.gen(function* () {
      const off = (amount: string) =>
        `The clock of this server is ${amount} that of the database; 5s are allowed. Set both with NTP.`
      strictEqual(yield* startWith(clockAhead(8000)), off("8s ahead of"))
      strictEqual(yield* startWith(clockAhead(-8000)), off("8s behind"))
      for (const millis of [4000, 0, -4000]) {
        strictEqual(yield* startWith(clockAhead(millis)), "started")
      }
    })
  )

  it.scopedLive("go on after a few seconds when one of them stops in the middle of a transaction", () =>
    Effect.gen(function* () {
      const stopped = yield* Layer.build(server)
      const other = yield* Layer.build(server)
      const change = (store: Store.Service, parallelism: number) =>
        store.upsertQueue({
          tenantId: "acme",
          queueName: QueueName.make("q"),
          parallelism,
          isPaused: undefined,
          now: 0,
          limit: 1
        })
      yield* change(Context.get(stopped, Store), 0)
      const sql = Context.get(stopped, SqlClient.SqlClient)
      const hanging = yield* Effect.fork(
        sql.withTransaction(Effect.zipRight(change(Context.get(stopped, Store), 1), Effect.never))
      )
      yield* Effect.sleep("200 millis")
      strictEqual(yield* change(Context.get(other, Store), 2), "stored")
      const [queue] = yield* Context.get(other, Store).listQueues("acme")
      strictEqual(queue?.parallelism, 2)
      yield* Fiber.interrupt(hanging)
      // It has lost its connection, and takes another one.
      strictEqual(yield* change(Context.get(stopped, Store), 3), "stored")
    })
  )
})

describe("servers whose clocks are apart", () => {
  it.effect("do not fire a schedule twice when it is replaced by the one that is behind", () =>
    Effect.gen(function* () {
      const store = yield* Store
      const scheduleId = ScheduleId.make("job")
      const settings = yield* CreateSchedule.make({
        scheduleId,
        cron: "* * * * *",
        destination: "https://api.example.com/jobs"
      })
      const upsert = (now: number) =>
        store.upsertSchedule({ tenantId: "acme", scheduleId, settings, callerIp: undefined, now, limit: 9 })
      const fire = (now: number) =>
        Effect.map(store.claimDueSchedules({ now, limit: 9, limits }), ({ events }) => events.length)
      yield* upsert(start)
      strictEqual(yield* fire(start + minute + 1000), 1)
      yield* upsert(start + minute - 2000)
      strictEqual(yield* fire(start + minute + 2000), 0)
      strictEqual(yield* fire(start + 2 * minute), 1)
    }).pipe(Effect.provide(storeIn(inMemory)))
  )
})
