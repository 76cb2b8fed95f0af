import { SqlClient } from "@effect/sql"
import { describe, it } from "@effect/vitest"
import { deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import { Deferred, Effect, Exit, Fiber, Layer, Scope } from "effect"
import { inMemory } from "./support.ts"

const insert = (id: number) => Effect.flatMap(SqlClient.SqlClient, (sql) => sql`insert into t values (${id})`)
const ids = Effect.flatMap(SqlClient.SqlClient, (sql) =>
  Effect.map(sql<{ id: number }>`select id from t order by id`, (rows) => rows.map(({ id }) => id))
)
const transaction = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.flatMap(SqlClient.SqlClient, (sql) => sql.withTransaction(effect))

/** A test with an empty table. */
const test = (title: string, body: Effect.Effect<void, unknown, SqlClient.SqlClient>) =>
  it.effect(title, () =>
    Effect.flatMap(SqlClient.SqlClient, (sql) =>
      Effect.zipRight(sql`create table t (id integer primary key)`, body)
    ).pipe(Effect.provide(inMemory))
  )

describe("a transaction", () => {
  test(
    "commits what it wrote",
    Effect.gen(function* () {
      yield* transaction(Effect.zipRight(insert(1), insert(2)))
      deepStrictEqual(yield* ids, [1, 2])
    })
  )

  test(
    "rolls back when it fails, dies or is interrupted",
    Effect.gen(function* () {
      const ends = [Effect.fail("failed"), Effect.die("died"), Effect.interrupt]
      for (const end of ends) {
        const exit = yield* Effect.exit(transaction(Effect.zipRight(insert(1), end)))
        deepStrictEqual(Exit.isFailure(exit), true)
        deepStrictEqual(yield* ids, [])
      }
      const begun = yield* Deferred.make<void>()
      const fiber = yield* Effect.fork(
        transaction(
          insert(1).pipe(Effect.zipRight(Deferred.succeed(begun, undefined)), Effect.zipRight(Effect.never))
        )
      )
      yield* Deferred.await(begun)
      yield* Fiber.interrupt(fiber)
      deepStrictEqual(yield* ids, [])
    })
  )

  test(
    "within another one rolls back alone, or with it",
    Effect.gen(function* () {
      yield* transaction(
        Effect.gen(function* () {
          yield* insert(1)
          yield* Effect.ignore(transaction(Effect.zipRight(insert(2), Effect.fail("inner"))))
          yield* transaction(insert(3))
          deepStrictEqual(yield* ids, [1, 3])
        })
      )
      deepStrictEqual(yield* ids, [1, 3])
      yield* Effect.ignore(transaction(Effect.zipRight(transaction(insert(4)), Effect.fail("outer"))))
      deepStrictEqual(yield* ids, [1, 3])
    })
  )

  test(
    "runs after another one, and everybody's statements wait for it",
    Effect.gen(function* () {
      const events: Array<string> = []
      const note = (event: string) => Effect.sync(() => void events.push(event))
      const goOn = yield* Deferred.make<void>()
      const first = yield* Effect.fork(
        transaction(
          note("first begins").pipe(Effect.zipRight(Deferred.await(goOn)), Effect.zipRight(insert(1)))
        ).pipe(Effect.zipRight(note("first has ended")))
      )
      yield* Effect.yieldNow()
      const second = yield* Effect.fork(transaction(Effect.zipRight(note("second begins"), insert(2))))
      const alone = yield* Effect.fork(Effect.zipRight(insert(3), note("the statement has run")))
      const impatient = yield* Effect.fork(insert(4))
      yield* Effect.yieldNow()
      yield* Fiber.interrupt(impatient)
      deepStrictEqual(events, ["first begins"])
      yield* Deferred.succeed(goOn, undefined)
      yield* Fiber.joinAll([first, second, alone])
      deepStrictEqual(events, ["first begins", "first has ended", "second begins", "the statement has run"])
      deepStrictEqual(yield* ids, [1, 2, 3])
    })
  )

  test(
    "never takes in what others write, whatever the order",
    Effect.gen(function* () {
      const all = Array.from({ length: 200 }, (_, id) =>
        id % 2 === 0
          ? insert(id)
          : Effect.ignore(transaction(Effect.zipRight(insert(id), Effect.fail("undo"))))
      )
      yield* Effect.all(all, { concurrency: "unbounded", discard: true })
      strictEqual((yield* ids).length, 100)
    })
  )

  test(
    "that cannot commit dies, and the next one works",
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      yield* sql`create table child (parent integer references t (id) deferrable initially deferred)`
      const exit = yield* Effect.exit(transaction(sql`insert into child values (9)`))
      strictEqual(
        exit._tag === "Failure" && exit.cause._tag === "Die" ? String(exit.cause.defect) : undefined,
        "SqlError: FOREIGN KEY constraint failed (SQLITE_CONSTRAINT_FOREIGNKEY)"
      )
      yield* transaction(insert(1))
      deepStrictEqual(yield* ids, [1])
      deepStrictEqual(yield* sql`select * from child`, [])
    })
  )

  test(
    "that SQLite has ended itself fails with the reason",
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      yield* insert(1)
      const ended = transaction(Effect.zipRight(insert(2), sql`insert or rollback into t values (1)`))
      strictEqual(
        (yield* Effect.flip(ended)).message,
        "UNIQUE constraint failed: t.id (SQLITE_CONSTRAINT_PRIMARYKEY)"
      )
      deepStrictEqual(yield* ids, [1])
      yield* transaction(insert(3))
      deepStrictEqual(yield* ids, [1, 3])
    })
  )

  it.effect("that is still open when the layer ends fails, and the process lives on", () =>
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      const context = yield* Layer.buildWithScope(inMemory, scope)
      const begun = yield* Deferred.make<void>()
      const goOn = yield* Deferred.make<void>()
      const open = transaction(Effect.zipRight(Deferred.succeed(begun, undefined), Deferred.await(goOn)))
      const fiber = yield* Effect.fork(Effect.provide(open, context))
      yield* Deferred.await(begun)
      yield* Scope.close(scope, Exit.void)
      yield* Deferred.succeed(goOn, undefined)
      strictEqual(Exit.isFailure(yield* Fiber.await(fiber)), true)
    })
  )
})
