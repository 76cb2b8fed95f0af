import { QueueName } from "@effect-qstash/domain/QueueName"
import { Store } from "@effect-qstash/engine/Store"
import { SqlStore } from "@effect-qstash/store-sql"
import { SqlClient } from "@effect/sql"
import { deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import { Context, Deferred, Effect, Fiber, Layer } from "effect"
import { claim, delivered, key, retried, send, settle, start } from "./given.ts"
import { onPostgres, pool } from "./onPostgres.ts"

/** A server of its own: its pool, and its Store. */
const server = Layer.build(Layer.fresh(Layer.provideMerge(SqlStore.layer, pool)))

/**
 * A claim in one statement. Whoever waits for the lock of the queue goes on with what it saw before it waited, and does not
 * see that the message is leased by now.
 */
const naiveClaim = (token: number) =>
  Effect.flatMap(
    SqlClient.SqlClient,
    (sql) => sql<{ readonly id: string }>`
      with queue as (select id from qstash_queues where name = 'naive' for update),
      head as (
        select m.seq from queue cross join lateral (
          select seq, token from qstash_messages where queue = queue.id order by seq limit 1
        ) m where m.token is null
      )
      update qstash_messages m set token = ${token} from head where m.seq = head.seq returning m.id`
  )

/** Runs claims on two servers while somebody holds a lock for which both have to wait. Then it lets them go on. */
const whileLocked = <A, E>(table: string, claims: readonly [Effect.Effect<A, E>, Effect.Effect<A, E>]) =>
  Effect.gen(function* () {
    const sql = Context.get(yield* server, SqlClient.SqlClient)
    const locked = yield* Deferred.make<void>()
    const goOn = yield* Deferred.make<void>()
    const holder = yield* Effect.fork(
      sql.withTransaction(
        Effect.gen(function* () {
          yield* sql.unsafe(`select * from ${table} for update`)
          yield* Deferred.succeed(locked, undefined)
          yield* Deferred.await(goOn)
        })
      )
    )
    yield* Deferred.await(locked)
    const fibers = yield* Effect.forEach(claims, (one) => Effect.fork(one))
    const waiting = sql<{ readonly count: number }>`
      select count(*)::int as count from pg_stat_activity where wait_event_type = 'Lock'`
    yield* Effect.repeat(waiting, { until: ([row]) => row?.count === claims.length })
    yield* Deferred.succeed(goOn, undefined)
    yield* Fiber.join(holder)
    return yield* Effect.forEach(fibers, (fiber) => Fiber.join(fiber))
  })

const tenants = ["first", "second", "third"]
/** Their parallelism by their names. */
const queues: ReadonlyMap<string, number> = new Map(
  Array.from({ length: 20 }, (_, index) => [`queue-${index}`, 1 + (index % 3)] as const)
)
const keys: ReadonlyMap<string, number> = new Map(
  Array.from({ length: 10 }, (_, index) => [`key-${index}`, 1 + (index % 3)] as const)
)

/** Sends 3 messages to each queue and to each key. Every second message in a queue has a key too. */
const sendAll = (tenantId: string) =>
  Effect.gen(function* () {
    const store = yield* Store
    for (const [name, parallelism] of queues) {
      const queueName = QueueName.make(name)
      yield* store.upsertQueue({
        tenantId,
        queueName,
        parallelism,
        isPaused: undefined,
        now: start,
        limit: 100
      })
    }
    const withKey = Array.from(queues.keys(), (queue, index) => {
      const [name, parallelism] = [...keys][index % keys.size] ?? ["", 1]
      return { queue, ...(index % 2 === 0 ? {} : key(name, parallelism)) }
    })
    const withoutQueue = Array.from(keys, ([name, parallelism]) => key(name, parallelism))
    for (let round = 0; round < 3; round++) yield* send(tenantId, [...withKey, ...withoutQueue])
  })

/** What the log says that should not have happened. */
const violations = (tenantId: string) =>
  Effect.gen(function* () {
    const store = yield* Store
    const { items } = yield* store.pageLogs({
      tenantId,
      criteria: {},
      after: undefined,
      count: Infinity,
      maxBytes: Infinity,
      order: "earliestFirst"
    })
    const found: Array<string> = []
    const unfinished = new Map<string, Set<number>>()
    const underWay = new Map<string, Set<number>>()
    const of = (sets: Map<string, Set<number>>, name: string) => {
      const set = sets.get(name) ?? new Set()
      sets.set(name, set)
      return set
    }
    for (const { message, state } of items) {
      const { flowControl, queueName } = message.settings
      const before = queueName === undefined ? new Set<number>() : of(unfinished, queueName)
      const leased = flowControl === undefined ? new Set<number>() : of(underWay, flowControl.key)
      const { sequence } = message
      if (state === "CREATED") before.add(sequence)
      if (state === "DELIVERED") before.delete(sequence)
      if (state === "DELIVERED" || state === "ERROR") leased.delete(sequence)
      if (state !== "ACTIVE") continue
      const ahead = [...before].filter((other) => other < sequence).length
      if (queueName !== undefined && ahead >= (queues.get(queueName) ?? 0))
        found.push(`${queueName}: ${sequence}`)
      leased.add(sequence)
      const most = flowControl === undefined ? Infinity : (keys.get(flowControl.key) ?? 0)
      if (leased.size > most) found.push(`${flowControl?.key}: ${leased.size}`)
    }
    return found
  })

onPostgres("several servers", (test) => {
  test.scoped("that lock and read in one statement lease the same message twice", () =>
    Effect.gen(function* () {
      const [one, other] = [yield* server, yield* server]
      yield* Effect.provide(send("naive", [{ queue: "naive" }, { queue: "naive" }]), one)
      const leased = yield* whileLocked("qstash_queues", [
        Effect.provide(naiveClaim(111), one),
        Effect.provide(naiveClaim(222), other)
      ])
      strictEqual(leased.flat().length, 2)
      strictEqual(new Set(leased.flat().map(({ id }) => id)).size, 1)
    })
  )

  test.scoped("lease a message once", () =>
    Effect.gen(function* () {
      const [one, other] = [yield* server, yield* server]
      const [head] = yield* Effect.provide(send("ours", [{ queue: "ours" }, { queue: "ours" }]), one)
      const leased = yield* whileLocked("qstash_tenants where name = 'ours'", [
        Effect.provide(claim(), one),
        Effect.provide(claim(), other)
      ])
      deepStrictEqual(
        leased.flat().flatMap(({ message }) => (message.tenantId === "ours" ? [message.messageId] : [])),
        [head]
      )
    })
  )

  test.scoped(
    "keep the order of queues and the limits of keys, and deliver everything once",
    () =>
      Effect.gen(function* () {
        const servers = yield* Effect.all([server, server, server])
        const [first] = servers
        if (first === undefined) return
        for (const tenantId of tenants) yield* Effect.provide(sendAll(tenantId), first)
        const total = tenants.length * 3 * (queues.size + keys.size)
        let count = 0
        const work = Effect.gen(function* () {
          const leases = yield* claim({ limit: 7 })
          const settlements = leases.map((lease) =>
            lease.token % 5 === 0 ? retried(lease, start) : delivered(lease)
          )
          deepStrictEqual(
            yield* settle(settlements),
            settlements.map(() => "settled")
          )
          count += settlements.filter(({ _tag }) => _tag === "Delivered").length
        })
        yield* Effect.all(
          servers.map((own) => Effect.provide(Effect.repeat(work, { until: () => count >= total }), own)),
          { concurrency: "unbounded" }
        )
        strictEqual(count, total)
        for (const tenantId of tenants)
          deepStrictEqual(yield* Effect.provide(violations(tenantId), first), [])
      }),
    120_000
  )
})
