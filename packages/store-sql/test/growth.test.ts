import { CreateSchedule } from "@effect-qstash/domain/CreateSchedule"
import { QueueName } from "@effect-qstash/domain/QueueName"
import { ScheduleId } from "@effect-qstash/domain/ScheduleId"
import { Store } from "@effect-qstash/engine/Store"
import { SqliteClient, SqlStore } from "@effect-qstash/store-sql"
import { SqlClient } from "@effect/sql"
import { describe, it } from "@effect/vitest"
import { assertTrue, deepStrictEqual } from "@effect/vitest/utils"
import { Effect, Layer } from "effect"
import { tableNames } from "./dump.ts"
import {
  claim,
  delivered,
  failed,
  key,
  limits,
  minute,
  nothingKept,
  retried,
  send,
  settle,
  start
} from "./given.ts"
import { temporaryFile } from "./support.ts"

const tenants = ["first", "second"]
const endpoint = "https://api.example.com/done"
const callbacks = { callback: endpoint, failureCallback: endpoint }

/** Messages of all kinds: 100 of each tenant. */
const mixed = (round: number) => [
  ...Array.from({ length: 40 }, (_, index) => ({
    deduplicationKey: `${round}-${index}`,
    body: "x".repeat(500)
  })),
  ...Array.from({ length: 30 }, (_, index) => ({
    queue: `queue-${index % 5}`,
    ...(index % 3 === 0 ? callbacks : {})
  })),
  ...Array.from({ length: 20 }, (_, index) => key(`key-${index % 4}`, 3)),
  ...Array.from({ length: 10 }, () => callbacks)
]

/** Claims and settles until nothing is left. Of ten attempts one fails for good and one is made again. */
const finishAll = (now: number) =>
  Effect.gen(function* () {
    let attempts = 0
    for (let at = now; ; at += minute) {
      const leases = yield* claim({ now: at, limit: 500 })
      if (leases.length === 0) return
      yield* settle(
        leases.map((lease) => {
          attempts += 1
          if (attempts % 10 === 0 && lease.message.callbackOf === undefined) return failed(lease)
          return attempts % 10 === 1 && lease.message.retried === 0 ? retried(lease, at) : delivered(lease)
        }),
        at
      )
    }
  })

/** Does everything that leaves rows behind, with so many hundreds of messages of each tenant. */
const live = (hundreds: number) =>
  Effect.gen(function* () {
    const store = yield* Store
    for (const tenantId of tenants) {
      const settings = yield* CreateSchedule.make({ cron: "* * * * *", destination: endpoint })
      const scheduleId = ScheduleId.make("job")
      yield* store.upsertSchedule({
        tenantId,
        scheduleId,
        settings,
        callerIp: undefined,
        now: start,
        limit: 10
      })
    }
    for (let round = 0; round < hundreds; round++) {
      for (const tenantId of tenants) yield* send(tenantId, mixed(round))
      yield* store.claimDueSchedules({ now: start + (round + 1) * minute, limit: 10, limits })
      if (round % 5 === 0) {
        for (const tenantId of tenants) {
          yield* store.cancel({ tenantId, criteria: {}, limit: 20, now: start })
          yield* store.deleteQueue({ tenantId, queueName: QueueName.make("queue-0"), now: start })
        }
      }
      yield* finishAll(start + (round + 1) * minute)
    }
    for (const tenantId of tenants) {
      const retry = { retries: 0 }
      yield* store.takeDeadLetters({ tenantId, criteria: {}, after: undefined, count: 10, now: start, retry })
      yield* store.deleteSchedule(tenantId, ScheduleId.make("job"))
    }
    yield* finishAll(start + (hundreds + 1) * minute)
  })

const rowsOf = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const counts: Record<string, number> = {}
  for (const name of yield* tableNames) {
    const [row] = yield* sql.unsafe<{ readonly count: number }>(`select count(*) as count from ${name}`)
    counts[name] = row?.count ?? 0
  }
  return counts
})

const pages = Effect.flatMap(SqlClient.SqlClient, (sql) =>
  Effect.map(sql<{ readonly page_count: number }>`PRAGMA page_count`, ([row]) => row?.page_count ?? 0)
)

const onFile = Effect.map(temporaryFile, (filename) =>
  Layer.provideMerge(SqlStore.layer, SqliteClient.layer({ filename }))
)

describe("what is done", () => {
  it.scoped(
    "leaves no row behind",
    () =>
      Effect.gen(function* () {
        const store = yield* Store
        yield* live(50)
        yield* store.prune(nothingKept)
        // The next message with a key forgets the keys whose window is over.
        yield* send("first", [{ deduplicationKey: "last" }], start + 1000 * minute)
        yield* finishAll(start + 1000 * minute)
        yield* store.prune(nothingKept)
        const rows = yield* rowsOf
        deepStrictEqual(rows, {
          qstash_bodies: 0,
          qstash_deduplications: 1 + 50 * 40,
          qstash_events: 0,
          qstash_firings: 0,
          // Kept until an account has too many of them.
          qstash_flows: 8,
          qstash_groups: 0,
          qstash_lanes: 0,
          qstash_letters: 0,
          qstash_messages: 0,
          qstash_numbers: 1,
          qstash_places: 0,
          qstash_queues: 10,
          qstash_schedules: 0,
          qstash_starts: 1,
          qstash_tenants: 2,
          qstash_version: 1
        })
      }).pipe(Effect.provide(Layer.unwrapScoped(onFile))),
    240_000
  )

  it.scoped(
    "makes room for what comes",
    () =>
      Effect.gen(function* () {
        const store = yield* Store
        const sizes: Array<number> = []
        for (let round = 0; round < 5; round++) {
          yield* live(5)
          yield* store.prune(nothingKept)
          sizes.push(yield* pages)
        }
        const [, second = 0] = sizes
        assertTrue((sizes.at(-1) ?? 0) <= second * 1.05, sizes.join(" "))
      }).pipe(Effect.provide(Layer.unwrapScoped(onFile))),
    60_000
  )
})
