import { PublishMessage } from "@effect-qstash/domain"
import * as Limits from "@effect-qstash/engine/Limits"
import { Store } from "@effect-qstash/engine/Store"
import { SqliteClient, SqlStore } from "@effect-qstash/store-sql"
import { SqlClient } from "@effect/sql"
import { describe, it } from "@effect/vitest"
import { deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import { Effect, Layer } from "effect"
import { IsRelaxed } from "../src/internal/relaxed.ts"
import { temporaryFile } from "./support.ts"

const full = 2
const normal = 1

const synchronous = Effect.flatMap(SqlClient.SqlClient, (sql) =>
  Effect.map(sql`PRAGMA synchronous`.values, (rows) => rows[0]?.[0])
)

describe("what survives a power failure", () => {
  it.scoped("every transaction but those that may be lost, before and after these as well", () =>
    Effect.gen(function* () {
      const filename = yield* temporaryFile
      yield* Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        strictEqual(yield* synchronous, full)
        strictEqual(yield* Effect.provideService(sql.withTransaction(synchronous), IsRelaxed, true), normal)
        strictEqual(yield* synchronous, full)
        strictEqual(yield* sql.withTransaction(synchronous), full)
        yield* Effect.ignore(
          Effect.provideService(
            sql.withTransaction(Effect.zipRight(synchronous, Effect.fail("no"))),
            IsRelaxed,
            true
          )
        )
        strictEqual(yield* synchronous, full)
      }).pipe(Effect.provide(SqliteClient.layer({ filename })))
    })
  )

  it.scoped("all that the Store has promised: only a claim may be lost", () =>
    Effect.gen(function* () {
      const seen: Array<unknown> = []
      const client = SqliteClient.layer({ filename: yield* temporaryFile })
      const watched = Layer.effect(
        SqlClient.SqlClient,
        Effect.map(
          SqlClient.SqlClient,
          (sql): SqlClient.SqlClient =>
            new Proxy(sql, {
              get: (target, name) =>
                name === "withTransaction"
                  ? <A, E, R>(effect: Effect.Effect<A, E, R>) =>
                      target.withTransaction(
                        Effect.zipRight(
                          Effect.map(target`PRAGMA synchronous`.values, (rows) => seen.push(rows[0]?.[0])),
                          effect
                        )
                      )
                  : Reflect.get(target, name)
            })
        )
      )
      const settings = yield* PublishMessage.make({ destination: "https://api.example.com" })
      yield* Effect.gen(function* () {
        const store = yield* Store
        const draft = {
          settings,
          destination: "https://api.example.com",
          notBefore: 0,
          deduplicationKey: undefined
        }
        const limits = Limits.resolve({})
        const now = 1
        seen.length = 0
        yield* store.accept({
          tenantId: "acme",
          callerIp: undefined,
          drafts: [draft],
          now,
          window: 1,
          deliveryOf: undefined,
          limits
        })
        const slots = { perTenant: 1, perDestination: 1 }
        const { leases } = yield* store.claimDueMessages({ now, limit: 1, ...slots, leaseFor: 1000 })
        const settlements = leases.map(({ token }) => ({
          token,
          _tag: "Delivered" as const,
          response: undefined
        }))
        yield* store.settle({ settlements, now, maxPendingBytes: 1 })
        deepStrictEqual(seen, [full, normal, full])
      }).pipe(Effect.provide(SqlStore.layer.pipe(Layer.provide(watched), Layer.provide(client))))
    })
  )
})
