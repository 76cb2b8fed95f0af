import { SqlStore } from "@effect-qstash/store-sql"
import { SqlClient } from "@effect/sql"
import { describe, it } from "@effect/vitest"
import { deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import { Effect, Layer } from "effect"
import { crowds, runnable } from "./crowd.ts"
import { claim, delivered, settle } from "./given.ts"
import { inMemory } from "./support.ts"

/** How many steps SQLite has taken so far, for all statements together. A step reads, compares or writes one value. */
const steps = Effect.flatMap(SqlClient.SqlClient, (sql) =>
  Effect.map(
    sql<{ readonly steps: number }>`select sum(nstep) as steps from sqlite_stmt`,
    ([row]) => row?.steps ?? 0
  )
)

const claims = 5

/** How many steps it takes to claim 100 messages, a few times in a row. */
const stepsOfClaims = Effect.gen(function* () {
  yield* claim({ limit: 0 })
  const before = yield* steps
  for (let index = 0; index < claims; index++) {
    const leases = yield* claim({ perTenant: 500, perDestination: 100 })
    strictEqual(leases.length, 100)
    yield* settle(leases.map(delivered))
  }
  return ((yield* steps) - before) / claims
})

const storeOf = Layer.provideMerge(SqlStore.layer, inMemory)

describe("a claim takes no more steps", () => {
  it.effect.each(Object.entries(crowds))("with 20,000 messages %s", ([, crowd]) =>
    Effect.gen(function* () {
      const alone = yield* Effect.provide(Effect.zipRight(runnable, stepsOfClaims), storeOf)
      const crowded = yield* Effect.provide(
        Effect.zipRight(Effect.zipRight(runnable, crowd(20_000)), stepsOfClaims),
        storeOf
      )
      deepStrictEqual(
        [crowded / alone < 2 ? "less than twice as many" : crowded / alone],
        ["less than twice as many"]
      )
    })
  )
})
