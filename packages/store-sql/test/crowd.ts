import type { MessageId } from "@effect-qstash/domain/MessageId"
import { CreateSchedule } from "@effect-qstash/domain/CreateSchedule"
import { QueueName } from "@effect-qstash/domain/QueueName"
import { ScheduleId } from "@effect-qstash/domain/ScheduleId"
import { UrlGroupName } from "@effect-qstash/domain/UrlGroupName"
import { Store } from "@effect-qstash/engine/Store"
import * as SqlClient from "@effect/sql/SqlClient"
import { Effect } from "effect"
import { claim, failed, key, limits, send, settle, start } from "./given.ts"

const columnsOf = (table: string) =>
  Effect.flatMap(SqlClient.SqlClient, (sql) =>
    Effect.map(
      sql.onDialectOrElse({
        pg: () =>
          sql<{ readonly name: string }>`
            select column_name as name from information_schema.columns where table_name = ${table}`,
        orElse: () => sql<{ readonly name: string }>`select name from pragma_table_info(${table})`
      }),
      (rows) => rows.map(({ name }) => name)
    )
  )

/** Copies rows of a table so many times, each time with other values in some columns: expressions of `i`, from 1 up. */
const copy = (table: string, count: number, where: string, changes: Readonly<Record<string, string>>) =>
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    const columns = yield* columnsOf(table)
    yield* sql.unsafe(`
      with recursive n(i) as (select 1 union all select i + 1 from n where i < ${count})
      insert into ${table} (${columns.join(", ")})
      select ${columns.map((column) => changes[column] ?? `t.${column}`).join(", ")}
      from ${table} t cross join n where ${where}`)
  })

/** Copies a message, its place in its queue and its log so many times. The copies follow it. */
export const multiply = (
  messageId: MessageId | undefined,
  count: number,
  changes: Readonly<Record<string, Readonly<Record<string, string>>>> = {}
) =>
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    const [row] = yield* sql<{ readonly seq: number | string }>`
      select seq from qstash_messages where id = ${messageId ?? ""}`
    const seq = Number(row?.seq ?? 0)
    const to = `${yield* takeNumbers(count)} + i`
    yield* copy("qstash_messages", count, `t.seq = ${seq}`, {
      ...changes["qstash_messages"],
      seq: to,
      id: `t.id || '-' || i`
    })
    yield* copy("qstash_bodies", count, `t.seq = ${seq}`, { seq: to, id: `t.id || '-' || i` })
    yield* copy("qstash_places", count, `t.seq = ${seq}`, { ...changes["qstash_places"], seq: to })
    yield* copy("qstash_events", count, `t.message = ${seq} and t.state = 'CREATED'`, {
      ...changes["qstash_events"],
      n: to,
      message: to
    })
  })

/** So many numbers that nobody else gets. Returns the one before them. */
const takeNumbers = (count: number) =>
  Effect.flatMap(SqlClient.SqlClient, (sql) =>
    Effect.map(
      sql.onDialectOrElse({
        pg: () =>
          sql<{ readonly last: number | string }>`
            select setval('qstash_numbers', nextval('qstash_numbers') + ${count}) as last`,
        orElse: () =>
          sql<{ readonly last: number | string }>`
            update qstash_numbers set last = last + ${count} returning last`
      }),
      ([row]) => Number(row?.last ?? 0) - count
    )
  )

/** Rows of every table that have nothing to do now. */
export const rest = (count: number) =>
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    const store = yield* Store
    const tenantId = `rest-of-${count}`
    const settings = yield* CreateSchedule.make({
      cron: "0 0 1 1 *",
      destination: "https://api.example.com/jobs"
    })
    yield* store.upsertSchedule({
      tenantId,
      scheduleId: ScheduleId.make("rest"),
      settings,
      callerIp: undefined,
      now: start,
      limit: 1
    })
    const endpoints = [{ url: "https://api.example.com/jobs" }]
    yield* store.upsertEndpoints({
      tenantId,
      urlGroup: UrlGroupName.make("rest"),
      endpoints,
      now: start,
      limits
    })
    yield* send(tenantId, [{ queue: "rest", deduplicationKey: "rest" }, key("rest", 1)])
    yield* settle((yield* claim()).map(failed))
    const [tenant] = yield* sql<{ readonly id: number | string }>`
      select id from qstash_tenants where name = ${tenantId}`
    const of = `t.tenant = ${tenant?.id}`
    const number = `${yield* takeNumbers(count)} + i`
    const name = "t.name || '-' || i"
    yield* copy("qstash_tenants", count, `t.id = ${tenant?.id}`, { id: number, name })
    yield* copy("qstash_schedules", count, of, { id: number, name })
    yield* copy("qstash_queues", count, of, { id: number, name })
    yield* copy("qstash_flows", count, of, { id: number, name })
    yield* copy("qstash_groups", count, of, { id: number, name })
    yield* copy("qstash_lanes", count, `${of} and t.flow = 0`, { id: number, origin: "t.origin || '-' || i" })
    yield* copy("qstash_letters", count, `${of} and t.id like '%-0'`, { n: number, id: "t.id || '-' || i" })
    yield* copy("qstash_deduplications", count, of, { name })
    yield* sql`insert into qstash_firings (message, schedule, state)
      select name || id, id, 'SUCCESS' from qstash_schedules where tenant = ${tenant?.id ?? 0} and name <> 'rest'`
  })

/** 1,000 messages that may start: of 10 tenants, in 30 queues and with 10 keys. */
export const runnable = Effect.gen(function* () {
  const store = yield* Store
  for (let tenant = 0; tenant < 10; tenant++) {
    const tenantId = `tenant-${tenant}`
    const queues = Array.from({ length: 3 }, (_, index) => `queue-${index}`)
    for (const [index, queue] of queues.entries()) {
      const queueName = QueueName.make(queue)
      const parallelism = 1 + ((tenant + index) % 5)
      yield* store.upsertQueue({
        tenantId,
        queueName,
        parallelism,
        isPaused: undefined,
        now: start,
        limit: 9
      })
    }
    yield* send(tenantId, [
      ...Array.from({ length: 40 }, () => ({})),
      ...queues.flatMap((queue) => Array.from({ length: 10 }, () => ({ queue }))),
      ...Array.from({ length: 30 }, () => key("key", 5))
    ])
  }
})

/** So many messages of each kind that cannot start, of one tenant. */
export const situations = {
  "in one paused queue": (count: number) =>
    Effect.gen(function* () {
      const store = yield* Store
      const tenantId = `paused-${count}`
      const [, second] = yield* send(tenantId, [{ queue: "paused" }, { queue: "paused" }])
      yield* store.setQueuePaused({
        tenantId,
        queueName: QueueName.make("paused"),
        isPaused: true,
        now: start
      })
      yield* multiply(second, count)
    }),
  "in one busy queue": (count: number) =>
    Effect.gen(function* () {
      const [, second] = yield* send(`busy-${count}`, [{ queue: "busy" }, { queue: "busy" }])
      yield* claim()
      yield* multiply(second, count)
    }),
  "behind an exhausted rate": (count: number) =>
    Effect.gen(function* () {
      const fast = key("fast", 10, 1)
      const [, second] = yield* send(`fast-${count}`, [fast, fast])
      yield* claim()
      yield* multiply(second, count)
    })
}

/** So many messages that may start. */
export const crowds = {
  ...situations,
  "due, of one other tenant": (count: number) =>
    Effect.gen(function* () {
      const [only] = yield* send("other", [{}])
      yield* multiply(only, count)
    }),
  "due, of 1,000 tenants": (count: number) =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const [only] = yield* send("many", [{}])
      const first = yield* takeNumbers(1000)
      const id = `${first} + i`
      yield* copy("qstash_tenants", 1000, "t.name = 'many'", { id, name: "t.name || '-' || i" })
      yield* copy("qstash_lanes", 1000, "t.tenant in (select id from qstash_tenants where name = 'many')", {
        id,
        tenant: id
      })
      const of = `${first} + 1 + i % 1000`
      yield* multiply(only, count, {
        qstash_messages: { tenant: of, lane: of },
        qstash_events: { tenant: of }
      })
      yield* sql`update qstash_lanes set head_seq = (
        select min(seq) from qstash_messages m where m.lane = qstash_lanes.id) where id > ${first}`
    }),
  "in 1,000 queues": (count: number) =>
    Effect.gen(function* () {
      const [only] = yield* send("queues", [{ queue: "many" }])
      const first = yield* takeNumbers(1000)
      yield* copy("qstash_queues", 1000, "t.name = 'many'", {
        id: `${first} + i`,
        name: "t.name || '-' || i",
        lag: `${count / 1000}`
      })
      const queue = `${first} + 1 + i % 1000`
      yield* multiply(only, count, {
        qstash_messages: { queue, wake_at: "case when i <= 1000 then t.wake_at end" },
        qstash_places: { queue, is_admitted: "case when i <= 1000 then 1 else 0 end" }
      })
    })
}
