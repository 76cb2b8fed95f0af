import type { Retention } from "@effect-qstash/engine/Rows"
import type { Store } from "@effect-qstash/engine/Store"
import type { SqlError } from "@effect/sql/SqlError"
import * as Effect from "effect/Effect"
import { forgetBodies } from "../bodies.ts"
import { type Database, type Int, intOf } from "../Database.ts"
import type { Verbs } from "../Verbs.ts"

/** How many rows one transaction deletes, so that others need not wait for long. */
const rowsAtOnce = 1000

const tables = {
  logs: { name: "qstash_events", at: "at", entries: "log_entries", bytes: "log_bytes" },
  deadLetters: { name: "qstash_letters", at: "failed_at", entries: "letters", bytes: "letter_bytes" }
}

export const prune =
  ({ db, isolateTenant }: Verbs): Store.Service<SqlError>["prune"] =>
  ({ deadLetters, logs }) =>
    Effect.gen(function* () {
      const tenants = yield* db.sql<{ readonly name: string }>`select name from qstash_tenants order by id`
      for (const { name } of tenants) {
        yield* pruneTable(db, isolateTenant, name, "logs", logs)
        yield* pruneTable(db, isolateTenant, name, "deadLetters", deadLetters)
        yield* isolateTenant(name, 0, (_work, tenant) => forgetLanes(db, tenant.id))
      }
    })

/** Deletes the oldest rows while they are too old, too many or too large. */
const pruneTable = (
  db: Database,
  isolateTenant: Verbs["isolateTenant"],
  tenantId: string,
  of: keyof typeof tables,
  { before, maxBytes, maxEntries }: Retention
): Effect.Effect<void, SqlError> => {
  const { list, sql } = db
  const { at, bytes: bytesColumn, entries: entriesColumn, name } = tables[of]
  const deleteSome = isolateTenant(tenantId, 0, (_work, tenant) =>
    Effect.gen(function* () {
      const [total] = yield* sql<Record<"entries" | "bytes", Int>>`
        select ${sql.literal(entriesColumn)} as entries, ${sql.literal(bytesColumn)} as bytes
        from qstash_tenants where id = ${tenant.id}`
      let entries = intOf(total?.entries ?? 0)
      let bytes = intOf(total?.bytes ?? 0)
      const rows = yield* sql<Record<"n" | "at" | "bytes" | "message", Int>>`
        select n, ${sql.literal(at)} as at, bytes, message from ${sql.literal(name)}
        where tenant = ${tenant.id} order by n limit ${rowsAtOnce}`
      const old: Array<number> = []
      const messages: Array<number> = []
      for (const row of rows) {
        if (bytes <= maxBytes && entries <= maxEntries && intOf(row.at) >= before) break
        entries -= 1
        bytes -= intOf(row.bytes)
        old.push(intOf(row.n))
        messages.push(intOf(row.message))
      }
      if (old.length === 0) return false
      yield* sql`delete from ${sql.literal(name)} where n in ${list("bigint", old)}`
      yield* sql`update qstash_tenants
        set ${sql.literal(entriesColumn)} = ${entries}, ${sql.literal(bytesColumn)} = ${bytes} where id = ${tenant.id}`
      yield* forgetBodies(db, messages)
      return old.length === rowsAtOnce
    })
  )
  return Effect.asVoid(Effect.repeat(deleteSome, { while: (isMore) => isMore }))
}

/** Lanes that have no message any more. */
const forgetLanes = ({ sql }: Database, tenant: number) =>
  sql`delete from qstash_lanes where tenant = ${tenant} and head_at is null
    and not exists (select 1 from qstash_messages m where m.lane = qstash_lanes.id)`
