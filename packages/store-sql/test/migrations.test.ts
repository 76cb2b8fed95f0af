import { CreateSchedule } from "@effect-qstash/domain/CreateSchedule"
import { IdGenerator } from "@effect-qstash/domain/IdGenerator"
import { ScheduleId } from "@effect-qstash/domain/ScheduleId"
import { UrlGroupName } from "@effect-qstash/domain/UrlGroupName"
import { Store } from "@effect-qstash/engine/Store"
import { SqlStore } from "@effect-qstash/store-sql"
import { SqlClient } from "@effect/sql"
import { PgClient } from "@effect/sql-pg"
import { describe, it } from "@effect/vitest"
import { deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import { Effect, Layer, Redacted } from "effect"
import { readdirSync, readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { expect } from "vitest"
import { dump, restore, shape } from "./dump.ts"
import { claim, delivered, failed, key, limits, minute, retried, send, settle, start } from "./given.ts"
import { onPostgres, pool, PostgresUrl } from "./onPostgres.ts"
import { recording } from "./statements.ts"
import { inMemory } from "./support.ts"

/*
 * `versions` has a database of each version of the tables. The tests write the file of a new version,
 * and with `vitest -u` that of one that is not released. Those of earlier
 * versions never change, and nor does `live`, which says what they hold.
 */

const directory = fileURLToPath(new URL("versions/", import.meta.url))

const ids = Layer.sync(IdGenerator, () => {
  let count = 0
  const unsafeNext = (): string => `m${count++}`
  return { unsafeNext, next: () => Effect.sync(unsafeNext) }
})

const tenantId = "acme"

/** Something in each table. */
const live = Effect.gen(function* () {
  const store = yield* Store
  const urlGroup = UrlGroupName.make("workers")
  const settings = yield* CreateSchedule.make({ cron: "* * * * *", destination: { urlGroup }, body: "it's" })
  const scheduleId = ScheduleId.make("job")
  const endpoints = [{ url: "https://one.example.com/" }]
  yield* store.upsertEndpoints({ tenantId, urlGroup, endpoints, now: start, limits })
  yield* store.upsertSchedule({ tenantId, scheduleId, settings, callerIp: "::1", now: start, limit: 10 })
  yield* store.rotateSigningKeys({
    tenantId,
    initial: { current: Redacted.make("sig_1"), next: Redacted.make("sig_2") },
    next: Redacted.make("sig_3")
  })
  yield* send(tenantId, [
    { body: "delivered" },
    { body: "failed" },
    { body: "retried" },
    { queue: "mail", deduplicationKey: "once" },
    { queue: "mail" },
    key("api", 1, 5),
    key("api", 1, 5)
  ])
  yield* store.claimDueSchedules({ now: start + minute, limit: 10, limits })
  const [one, two, three] = yield* claim()
  if (one === undefined || two === undefined || three === undefined)
    return yield* Effect.dieMessage("too few")
  yield* settle([delivered(one), failed(two), retried(three, start + minute)])
})

/** All that users see, and what starts next. */
const visible = Effect.gen(function* () {
  const store = yield* Store
  const page = {
    tenantId,
    criteria: {},
    after: undefined,
    count: 1000,
    maxBytes: Infinity,
    order: "earliestFirst"
  } as const
  return {
    schedules: yield* store.listSchedules(tenantId),
    messages: yield* store.listMessages(tenantId),
    queues: yield* store.listQueues(tenantId),
    groups: yield* store.listUrlGroups(tenantId),
    keys: yield* store.listFlowControl(tenantId),
    logs: yield* store.pageLogs(page),
    letters: yield* store.pageDeadLetters(page),
    signingKeys: yield* store.getSigningKeys(tenantId),
    wake: yield* store.nextWake,
    leases: (yield* claim({ now: start + 2 * minute })).map(({ message }) => message)
  }
})

const known = Effect.map(
  Effect.flatMap(
    SqlClient.SqlClient,
    (sql) => sql<{ readonly version: number }>`select version from qstash_version`
  ),
  ([row]) => row?.version ?? 0
)

const withStore = <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.provide(effect, SqlStore.layer)

const restored = (file: string) =>
  Effect.flatMap(
    Effect.sync(() => readFileSync(`${directory}${file}`, "utf8")),
    restore
  )

const files = (dialect: string) =>
  readdirSync(directory)
    .filter((file) => file.endsWith(`.${dialect}.sql`))
    .toSorted()

/** The same on each database. */
const tests = <E, R>(
  dialect: string,
  define: (title: string, body: Effect.Effect<void, unknown, R>) => void,
  emptyDatabase: Layer.Layer<SqlClient.SqlClient, E, R>
) => {
  const empty = <A, E2>(body: Effect.Effect<A, E2, SqlClient.SqlClient>) =>
    Effect.provide(body, Layer.fresh(Layer.merge(emptyDatabase, ids)))
  const test = (title: string, body: Effect.Effect<void, unknown, SqlClient.SqlClient>) =>
    define(title, empty(body))

  test(
    "of this version are as they were when it was made",
    Effect.gen(function* () {
      const { sent } = yield* recording(SqlStore.make)
      yield* withStore(live)
      const text = yield* dump(sent)
      const file = `${directory}${yield* known}.${dialect}.sql`
      yield* Effect.promise(() => expect(text).toMatchFileSnapshot(file))
    })
  )

  const now = Effect.gen(function* () {
    return { visible: yield* withStore(visible), version: yield* known, shape: yield* shape }
  })
  for (const file of files(dialect)) {
    define(
      `of ${file} become those of this version, and lose nothing`,
      Effect.gen(function* () {
        const old = yield* empty(Effect.zipRight(restored(file), now))
        deepStrictEqual(old, yield* empty(Effect.zipRight(withStore(live), now)))
      })
    )
  }

  test(
    "of a newer version are left alone",
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      yield* SqlStore.make
      const version = yield* known
      yield* sql`update qstash_version set version = ${version + 1}`
      const error = yield* Effect.flip(SqlStore.make)
      strictEqual(error._tag, "NewerSchema")
      strictEqual(
        error.message,
        `The database has version ${version + 1} of the tables, and this version of effect-qstash knows ${version}. Update effect-qstash, or use another database.`
      )
      strictEqual(yield* known, version + 1)
    })
  )
}

describe("the tables on SQLite", () => {
  tests("sqlite", (title, body) => it.effect(title, () => body), inMemory)
})

onPostgres("the tables", (test) => {
  let databases = 0
  const database = Layer.unwrapEffect(
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const name = `test_${databases++}`
      yield* sql.unsafe(`create database ${name}`)
      const url = new URL(yield* PostgresUrl)
      url.pathname = name
      return PgClient.layer({ url: Redacted.make(url.href), maxConnections: 2 })
    })
  ).pipe(Layer.provide(pool))
  tests("postgres", (title, body) => test.effect(title, () => body), database)
})
