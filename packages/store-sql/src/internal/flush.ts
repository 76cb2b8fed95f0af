import type { QueueName } from "@effect-qstash/domain/QueueName"
import { deadLetterBytes, eventBytes } from "@effect-qstash/engine/Sizes"
import type { SqlError } from "@effect/sql/SqlError"
import * as Effect from "effect/Effect"
import type { Int } from "./Database.ts"
import { intOf } from "./Database.ts"
import { type Flow, loadFlows, saveFlows } from "./flows.ts"
import { refreshLanes, lanesOf } from "./lanes.ts"
import { admit, closePlaces } from "./places.ts"
import { responseTextOf, settingsTextOf } from "./rows.ts"
import type { Tenant, Work } from "./Work.ts"
import { takeLimits } from "@effect-qstash/engine/FlowControlRules"

/** SQLite takes 32,766 parameters in one statement. */
const rowsAtOnce = 500

const chunksOf = <A>(items: ReadonlyArray<A>): ReadonlyArray<ReadonlyArray<A>> => {
  const chunks: Array<ReadonlyArray<A>> = []
  for (let start = 0; start < items.length; start += rowsAtOnce)
    chunks.push(items.slice(start, start + rowsAtOnce))
  return chunks
}

/** Writes what a verb has decided. The order matters only where a comment says so. */
export const flush = (work: Work): Effect.Effect<void, SqlError> =>
  Effect.gen(function* () {
    const { db, events, letters, made } = work
    const { sql } = db
    const numbers = yield* db.newNumbers(made.length + events.length + letters.length)
    for (const [index, { message }] of made.entries()) message.sequence = numbers[index] ?? 0

    if (made.length > 0) yield* insertMessages(work)
    yield* settleRows(work)
    if (work.firingStates.size > 0) {
      yield* sql`update qstash_firings set state = v.state
        from ${db.table({ message: "text", state: "text" }, Array.from(work.firingStates))} as v
        where qstash_firings.message = v.message`
    }
    yield* insertEvents(work, numbers.slice(made.length))
    yield* insertLetters(work, numbers.slice(made.length + events.length))
    yield* saveTenants(work)
    yield* refreshLanes(db, work.lanes)
  })

/** Removes what is finished, and lets those behind it in a queue start. A claim does this before it looks for more. */
export const settleRows = (work: Work): Effect.Effect<void, SqlError> =>
  Effect.gen(function* () {
    const { db, finished, lags, places, queues } = work
    if (finished.length > 0) {
      const seqs = finished.map(({ seq }) => seq)
      yield* db.sql`delete from qstash_messages where seq in ${db.list("bigint", seqs)}`
    }
    yield* changeLags(work)
    yield* closePlaces(work)
    yield* admit(work)
    finished.length = 0
    lags.clear()
    places.clear()
    queues.clear()
  })

const insertMessages = (work: Work) =>
  Effect.gen(function* () {
    const { db, made } = work
    const { sql } = db
    const flows = yield* loadFlows(
      db,
      work.limits.map(({ limits, tenant }) => [tenant.id, limits.key]),
      true
    )
    for (const { limits, now, tenant } of work.limits) {
      const flow = flows.get(tenant.id, limits.key)
      if (flow !== undefined) takeLimits(flow, limits, now)
    }
    yield* saveFlows(db, flows.all)
    const queues = yield* queuesFor(work)
    const lanes = yield* lanesOf(
      db,
      made.map(({ message, origin, tenant }) => ({
        tenant: tenant.id,
        origin,
        flow: flowOf(flows, tenant, message.settings.flowControl?.key)
      }))
    )
    const rows = made.map(({ message, source, tenant }, index) => {
      const { queueName } = message.settings
      const queue = queueName === undefined ? undefined : queues.get(nameIn(tenant, queueName))
      const lane = lanes[index] ?? 0
      work.lanes.add(lane)
      if (queue !== undefined) {
        work.queues.add(queue)
        work.lags.set(queue, (work.lags.get(queue) ?? 0) + 1)
      }
      return { seq: message.sequence, message, tenant, lane, queue, source }
    })
    yield* sql`insert into qstash_messages
      (seq, id, tenant, lane, queue, source, due_at, wake_at, token, is_canceled, retried)
      select seq, id, tenant, lane, queue, source, due_at, wake_at, null, 0, 0 from ${db.table(
        {
          seq: "bigint",
          id: "text",
          tenant: "bigint",
          lane: "bigint",
          queue: "bigint",
          source: "bigint",
          due_at: "bigint",
          wake_at: "bigint"
        },
        rows.map(({ lane, message, queue, seq, source, tenant }) => [
          seq,
          message.messageId,
          tenant.id,
          lane,
          queue,
          source,
          message.dueAt,
          queue === undefined ? message.dueAt : null
        ])
      )} as v`
    const places = rows.flatMap(({ queue, seq }) => (queue === undefined ? [] : [[seq, queue]]))
    if (places.length > 0) {
      yield* sql`insert into qstash_places (seq, queue, is_admitted, open)
        select seq, queue, 0, 1 from ${db.table({ seq: "bigint", queue: "bigint" }, places)} as v`
    }
    for (const chunk of chunksOf(rows)) {
      yield* sql`insert into qstash_bodies ${sql.insert(
        chunk.map(({ message, seq }) => ({
          seq,
          id: message.messageId,
          settings: settingsTextOf(message.settings),
          body: message.settings.body ?? null,
          url: message.url,
          url_group: message.urlGroup ?? null,
          endpoint: message.endpointName ?? null,
          schedule: message.scheduleId ?? null,
          callback_of: message.callbackOf ?? null,
          caller_ip: message.callerIp ?? null,
          created_at: message.createdAt,
          not_before: message.notBefore,
          hops: message.hops
        }))
      )}`
    }
  })

const flowOf = (
  flows: { readonly get: (tenant: number, key: string) => Flow | undefined },
  tenant: Tenant,
  key: string | undefined
): number => (key === undefined ? 0 : (flows.get(tenant.id, key)?.id ?? 0))

const nameIn = (tenant: Pick<Tenant, "id">, name: string): string => `${tenant.id} ${name}`

/** The queues of new messages. They are made on first use. */
const queuesFor = ({ db, made }: Work) =>
  Effect.gen(function* () {
    const names = new Map<string, readonly [tenant: number, name: QueueName, createdAt: number]>()
    for (const { message, tenant } of made) {
      const { queueName } = message.settings
      if (queueName === undefined || names.has(nameIn(tenant, queueName))) continue
      names.set(nameIn(tenant, queueName), [tenant.id, queueName, message.createdAt])
    }
    const ids = new Map<string, number>()
    if (names.size === 0) return ids
    const { sql } = db
    const load = Effect.map(
      sql<{ readonly id: Int; readonly tenant: Int; readonly name: string }>`
        select q.id, q.tenant, q.name from qstash_queues q
        join ${db.table({ tenant: "bigint", name: "text" }, Array.from(names.values()))} as v
        on v.tenant = q.tenant and v.name = q.name`,
      (rows) => {
        for (const { id, name, tenant } of rows) ids.set(nameIn({ id: intOf(tenant) }, name), intOf(id))
      }
    )
    yield* load
    const missing = Array.from(names).flatMap(([key, value]) => (ids.has(key) ? [] : [value]))
    if (missing.length === 0) return ids
    const numbers = yield* db.newNumbers(missing.length)
    yield* sql`insert into qstash_queues (id, tenant, name, created_at, updated_at, parallelism, is_paused, lag)
      select id, tenant, name, created_at, created_at, 1, 0, 0 from ${db.table(
        { id: "bigint", tenant: "bigint", name: "text", created_at: "bigint" },
        missing.map(([tenant, name, createdAt], index) => [numbers[index], tenant, name, createdAt])
      )} as v`
    yield* load
    return ids
  })

const changeLags = ({ db, lags }: Work) => {
  const changed = Array.from(lags).filter(([, count]) => count !== 0)
  return changed.length === 0
    ? Effect.void
    : db.sql`update qstash_queues set lag = lag + v.count
        from ${db.table({ id: "bigint", count: "bigint" }, changed)} as v where qstash_queues.id = v.id`
}

const insertEvents = ({ db, events, tenants }: Work, numbers: ReadonlyArray<number>) => {
  const byName = new Map(Array.from(tenants.values(), (tenant) => [tenant.name, tenant]))
  const rows = events.flatMap((event, index) => {
    const { message } = event
    const tenant = byName.get(message.tenantId)
    if (tenant === undefined) return []
    const bytes = eventBytes(event)
    tenant.added.logEntries += 1
    tenant.added.logBytes += bytes
    const { error, nextDeliveryTime, responseBody, responseHeaders: headers, responseStatus: status } = event
    return [
      {
        n: numbers[index] ?? 0,
        tenant: tenant.id,
        at: event.time,
        state: event.state,
        message: message.sequence,
        due_at: message.dueAt,
        retried: message.retried,
        response: status === undefined ? null : responseTextOf({ status, headers: headers ?? {} }),
        body: responseBody ?? null,
        error: error ?? null,
        next_at: nextDeliveryTime ?? null,
        bytes
      }
    ]
  })
  return Effect.forEach(
    chunksOf(rows),
    (chunk) => db.sql`insert into qstash_events ${db.sql.insert(chunk)}`,
    { discard: true }
  )
}

const insertLetters = ({ db, letters }: Work, numbers: ReadonlyArray<number>) => {
  const rows = letters.map((letter, index) => {
    const { dlqId, failedAt, message, response, tenant } = letter
    const bytes = deadLetterBytes(letter)
    tenant.added.letters += 1
    tenant.added.letterBytes += bytes
    return {
      n: numbers[index] ?? 0,
      id: dlqId,
      tenant: tenant.id,
      failed_at: failedAt,
      message: message.sequence,
      due_at: message.dueAt,
      retried: message.retried,
      response: responseTextOf(response),
      body: response?.body ?? null,
      bytes
    }
  })
  return Effect.forEach(
    chunksOf(rows),
    (chunk) => db.sql`insert into qstash_letters ${db.sql.insert(chunk)}`,
    { discard: true }
  )
}

/** Totals that are found without counting. */
const saveTenants = ({ db, tenants }: Work) =>
  tenants.size === 0
    ? Effect.void
    : db.sql`update qstash_tenants set
        messages = v.messages, bytes = v.bytes, letter_at = v.letter_at, letter_count = v.letter_count,
        log_entries = log_entries + v.more_entries, log_bytes = log_bytes + v.more_log_bytes,
        letters = letters + v.more_letters, letter_bytes = letter_bytes + v.more_letter_bytes
      from ${db.table(
        {
          id: "bigint",
          messages: "bigint",
          bytes: "bigint",
          letter_at: "bigint",
          letter_count: "bigint",
          more_entries: "bigint",
          more_log_bytes: "bigint",
          more_letters: "bigint",
          more_letter_bytes: "bigint"
        },
        Array.from(tenants.values(), ({ added, ...tenant }) => [
          tenant.id,
          tenant.messages,
          tenant.bytes,
          tenant.letterAt,
          tenant.letterCount,
          added.logEntries,
          added.logBytes,
          added.letters,
          added.letterBytes
        ])
      )} as v where qstash_tenants.id = v.id`
