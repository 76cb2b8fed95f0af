import { CreateSchedule } from "@effect-qstash/domain/CreateSchedule"
import { MessageId } from "@effect-qstash/domain/MessageId"
import { ScheduleId } from "@effect-qstash/domain/ScheduleId"
import { UrlGroupName } from "@effect-qstash/domain/UrlGroupName"
import { Store } from "@effect-qstash/engine/Store"
import { SqlStore } from "@effect-qstash/store-sql"
import { SqlClient } from "@effect/sql"
import { describe, it } from "@effect/vitest"
import { deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import { Effect, Layer } from "effect"
import { rest, situations } from "./crowd.ts"
import { claim, delivered, failed, key, limits, minute, retried, send, settle, start } from "./given.ts"
import { onPostgres, pool } from "./onPostgres.ts"
import { inMemory } from "./support.ts"
import { explain, recording, type Sent } from "./statements.ts"

const tenantId = "acme"

/** Does what a busy server does, so that every statement of these verbs runs at least once. */
const hotVerbs = Effect.gen(function* () {
  const store = yield* Store
  const urlGroup = UrlGroupName.make("workers")
  const endpoints = [{ url: "https://one.example.com/" }, { url: "https://two.example.com/" }]
  yield* store.upsertEndpoints({ tenantId, urlGroup, endpoints, now: start, limits })
  const settings = yield* CreateSchedule.make({ cron: "* * * * *", destination: { urlGroup } })
  const scheduleId = ScheduleId.make("job")
  yield* store.upsertSchedule({ tenantId, scheduleId, settings, callerIp: undefined, now: start, limit: 10 })
  const callbacks = {
    callback: "https://api.example.com/done",
    failureCallback: "https://api.example.com/failed"
  }
  const { sent } = yield* recording(
    Effect.gen(function* () {
      const ids = yield* send(tenantId, [
        { ...callbacks, queue: "mail" },
        { ...callbacks, queue: "mail" },
        { ...callbacks, ...key("api", 2, 10) },
        { ...callbacks, ...key("api", 2, 10) },
        { destination: { urlGroup }, deduplicationKey: "once" },
        { destination: { urlGroup }, deduplicationKey: "once" },
        ...Array.from({ length: 6 }, () => ({}))
      ])
      const all = yield* claim({ perTenant: 10, perDestination: 8 })
      yield* send(tenantId, [{ queue: "mail" }], start, all[0]?.message.messageId)
      yield* store.nextWake
      yield* store.release(all.slice(0, 2).map(({ token }) => token))
      yield* store.renew({ tokens: all.slice(2).map(({ token }) => token), until: start + minute })
      const [first, second, third, ...others] = yield* claim({ now: start + 2 * minute })
      if (first === undefined || second === undefined || third === undefined)
        return yield* Effect.dieMessage("few")
      yield* settle([delivered(first), failed(second), retried(third, start), ...others.map(delivered)])
      yield* store.claimDueSchedules({ now: start + minute, limit: 10, limits })
      yield* store.getMessage(tenantId, MessageId.make(ids[0] ?? ""))
      yield* store.cancel({
        tenantId,
        criteria: { messageIds: [ids[1] ?? MessageId.make("m"), ...ids] },
        limit: 100,
        now: start
      })
      yield* store.nextWake
    })
  )
  return sent
})

/** These indexes have only what is leased, or waits for its time. Whoever reads one whole reads a few rows. */
const small = /qstash_(?:messages_leased|lanes_due|flows_exhausted)\b/

/** How many queues and keys a tenant has, which is asked only when a name is new: that reads all that it has. */
const countsNames = /^\s*select tenant, count\(\*\) as count from qstash_(?:queues|flows)\b/

/** The steps of a plan that read a whole table of the Store. SQLite calls a table by the name that the statement gives it. */
const scansOf = (sent: Sent) =>
  Effect.map(explain(sent), (plan) =>
    plan.filter((step) => {
      const name = /^SCAN (\w+)|Seq Scan on (\w+)/
        .exec(step)
        ?.slice(1)
        .find((part) => part !== undefined)
      if (name === undefined || name === "qstash_numbers" || small.test(step)) return false
      return name.startsWith("qstash_") || new RegExp(`qstash_\\w+ (?:as )?${name}\\b`).test(sent.text)
    })
  )

const fullScans = Effect.gen(function* () {
  const found: Array<string> = []
  const seen = new Set<string>()
  for (const sent of yield* hotVerbs) {
    if (seen.has(sent.text) || countsNames.test(sent.text)) continue
    seen.add(sent.text)
    const steps = yield* scansOf(sent)
    if (steps.length > 0) found.push([sent.text.replaceAll(/\s+/g, " "), ...steps].join("\n  "))
  }
  return found
})

/** Postgres rightly reads a small table whole. It would do so with a large one only where no index helps. */
const avoidable = Effect.flatMap(SqlClient.SqlClient, (sql) =>
  sql.withTransaction(Effect.zipRight(sql`set local enable_seqscan = off`, fullScans))
)

const crowd = (count: number) =>
  Effect.gen(function* () {
    for (const situate of Object.values(situations)) yield* situate(Math.ceil(count / 3))
    yield* rest(count)
  })

const counts = [0, 1000, 100_000]

describe("no hot verb reads a whole table", () => {
  const store = Layer.provideMerge(SqlStore.layer, inMemory)

  it.effect("and who reads one is found out", () =>
    Effect.gen(function* () {
      for (const text of [
        "select * from qstash_messages m where m.retried = 5",
        "select * from qstash_events where bytes = 1"
      ]) {
        strictEqual((yield* scansOf({ text, params: [] })).length, 1)
      }
    }).pipe(Effect.provide(store))
  )

  it.effect.each(counts)("of %d rows on SQLite", (count) =>
    Effect.gen(function* () {
      if (count > 0) yield* crowd(count)
      deepStrictEqual(yield* fullScans, [])
    }).pipe(Effect.provide(store))
  )
})

onPostgres("no hot verb reads a whole table", (test) => {
  const store = Layer.provideMerge(SqlStore.layer, pool)
  test.effect(
    "of 100,000 rows, with statistics or without, and need not read a smaller one",
    () =>
      Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        yield* sql`alter system set autovacuum = off`
        yield* sql`select pg_reload_conf()`
        for (const count of counts) {
          if (count > 0) yield* crowd(count)
          for (const prepare of [Effect.void, sql`analyze`]) {
            yield* prepare
            deepStrictEqual([count, yield* count < 100_000 ? avoidable : fullScans], [count, []])
          }
        }
      }).pipe(Effect.provide(store)),
    120_000
  )
})
