import { Store } from "@effect-qstash/engine/Store"
import { SqlStore } from "@effect-qstash/store-sql"
import { SqlClient, SqlError } from "@effect/sql"
import { it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import { Effect, Either, Layer } from "effect"
import { send } from "./given.ts"
import { inMemory } from "./support.ts"

/** A connection that is lost after the commit, before the database could say that it has happened. */
const losing = (isLost: () => boolean) =>
  Layer.effect(
    SqlClient.SqlClient,
    Effect.map(
      SqlClient.SqlClient,
      (sql): SqlClient.SqlClient =>
        new Proxy(sql, {
          get: (target, name) =>
            name === "withTransaction"
              ? <A, E, R>(effect: Effect.Effect<A, E, R>) =>
                  Effect.filterOrDie(
                    target.withTransaction(effect),
                    () => !isLost(),
                    () => new SqlError.SqlError({ message: "Connection terminated", cause: undefined })
                  )
              : Reflect.get(target, name)
        })
    )
  ).pipe(Layer.provide(inMemory))

it.effect("a batch whose commit may have happened fails, and is not done again", () => {
  let isLost = false
  return Effect.gen(function* () {
    const store = yield* Store
    yield* send("acme", [{}])
    isLost = true
    const answers = yield* Effect.all(
      Array.from({ length: 3 }, () => Effect.either(send("acme", [{}]))),
      { concurrency: "unbounded" }
    )
    isLost = false
    deepStrictEqual(answers.map(Either.isLeft), [true, true, true])
    deepStrictEqual((yield* store.listMessages("acme")).length, 4)
  }).pipe(
    Effect.provide(
      Layer.provide(
        SqlStore.layer,
        losing(() => isLost)
      )
    )
  )
})
