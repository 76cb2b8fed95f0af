import { retried as retriedMessage } from "@effect-qstash/engine/SettlementRules"
import type { Store } from "@effect-qstash/engine/Store"
import type { SqlError } from "@effect/sql/SqlError"
import * as Effect from "effect/Effect"
import { type Database, type Int, intOf } from "../Database.ts"
import { forgetBodies } from "../bodies.ts"
import { pageOfLetters } from "../pages.ts"
import type { Verbs } from "../Verbs.ts"

export const takeDeadLetters =
  ({ db, isolateTenant }: Verbs): Store.Service<SqlError>["takeDeadLetters"] =>
  ({ after, count, criteria, now, retry, tenantId, upTo }) =>
    isolateTenant(tenantId, now, (work, tenant) =>
      Effect.gen(function* () {
        const { list, sql } = db
        const newest = yield* newestLetter(db, tenant.id)
        const { items, last } = yield* pageOfLetters(db, {
          tenantId,
          after,
          count,
          criteria,
          upTo,
          maxBytes: Infinity,
          order: "earliestFirst"
        })
        const retried =
          retry === undefined
            ? []
            : items.map(({ item: { message } }) => work.make(tenant, retriedMessage(message, retry, now)))
        yield* sql`delete from qstash_letters where n in ${list(
          "bigint",
          items.map(({ n }) => n)
        )}`
        yield* forgetBodies(
          db,
          items.map(({ item }) => item.message.sequence)
        )
        tenant.added.letters -= items.length
        tenant.added.letterBytes -= items.reduce((sum, { bytes }) => sum + bytes, 0)
        return {
          taken: items.map(({ item: { dlqId } }) => dlqId),
          retried,
          last,
          upTo: Math.min(upTo ?? Infinity, newest),
          events: work.events
        }
      })
    )

const newestLetter = ({ sql }: Database, tenant: number) =>
  Effect.map(
    sql<{ readonly n: Int | null }>`select max(n) as n from qstash_letters where tenant = ${tenant}`,
    ([row]) => intOf(row?.n ?? 0)
  )
