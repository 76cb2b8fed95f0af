import { SqlClient } from "@effect/sql"
import { describe, it } from "@effect/vitest"
import { deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import { Effect, Stream } from "effect"
import { inMemory } from "./support.ts"

it.layer(inMemory)("a statement", (test) => {
  test.effect("returns rows as objects, as values, as a stream and raw", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      yield* sql`create table fruit (name text primary key, price real)`
      deepStrictEqual(
        yield* sql`insert into fruit ${sql.insert([{ name: "fig", price: 1.5 }])} returning name`,
        [{ name: "fig" }]
      )
      const query = sql`select name, price from fruit`
      deepStrictEqual(yield* query, [{ name: "fig", price: 1.5 }])
      deepStrictEqual(yield* query.values, [["fig", 1.5]])
      deepStrictEqual(yield* Stream.runCollect(query.stream).pipe(Effect.map((all) => [...all])), [
        { name: "fig", price: 1.5 }
      ])
      deepStrictEqual(yield* query.raw, [{ name: "fig", price: 1.5 }])
      deepStrictEqual((yield* sql`update fruit set price = 2`.raw) instanceof Object, true)
    })
  )

  test.effect.each<readonly [value: unknown, stored: string, read: unknown]>([
    ["text", "text", "text"],
    ["", "text", ""],
    [1, "integer", 1],
    [-0.5, "real", -0.5],
    [2 ** 53, "real", 2 ** 53],
    [Infinity, "real", Infinity],
    [5n, "integer", 5],
    [true, "integer", 1],
    [false, "integer", 0],
    [null, "null", null],
    [new Uint8Array([1, 2, 3, 4]).subarray(1, 3), "blob", new Uint8Array([2, 3])],
    [Buffer.from("ab"), "blob", new Uint8Array([97, 98])]
  ])("stores %o as %s", ([value, stored, read]) =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      deepStrictEqual(yield* sql.unsafe("select typeof(?1) as stored, ?1 as read", [value]), [
        { stored, read }
      ])
    })
  )

  test.effect("stores a whole number in a column of text without a fraction", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      yield* sql`create table texts (value text)`
      yield* sql`insert into texts values (${1})`
      deepStrictEqual(yield* sql`select value from texts`, [{ value: "1" }])
    })
  )

  test.effect.each<readonly [value: unknown, message: string]>([
    [undefined, "Parameter 1 is undefined: pass null"],
    [NaN, "Parameter 1 is NaN, which SQLite does not have"],
    ["a\0b", "Parameter 1 contains a NUL character, where SQLite would cut it off"],
    [2n ** 63n, "Parameter 1 does not fit into 64 bits"],
    [new Date(0), "Parameter 1 is a Date: pass its milliseconds, or a text"],
    [{ a: 1 }, "Parameter 1 is an object: pass a text, such as its JSON"],
    [[1], "Parameter 1 is an object: pass a text, such as its JSON"],
    [new ArrayBuffer(1), "Parameter 1 is an object: pass a text, such as its JSON"],
    [() => 1, "Parameter 1 is a function"],
    [Symbol("s"), "Parameter 1 is a symbol"]
  ])("rejects the parameter %o", ([value, message]) =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const error = yield* Effect.flip(sql.unsafe("select ?", [value]))
      strictEqual(error._tag, "SqlError")
      strictEqual(error.message, message)
    })
  )

  test.effect("reads integers as bigints on demand", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const query = sql`select ${9007199254740993n} as big`
      deepStrictEqual(yield* Effect.provideService(query, SqlClient.SafeIntegers, true), [
        { big: 9007199254740993n }
      ])
      deepStrictEqual(yield* query, [{ big: 9007199254740992 }])
    })
  )

  test.effect.each([
    ["selec", `near "selec": syntax error (SQLITE_ERROR)`],
    ["select * from absent", "no such table: absent (SQLITE_ERROR)"],
    ["insert into once values (1)", "UNIQUE constraint failed: once.id (SQLITE_CONSTRAINT_PRIMARYKEY)"],
    ["select 1; select 2", "Only the first of several statements would run: pass them one by one"]
  ] as const)("says what is wrong with %s", ([text, message]) =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      yield* sql`create table if not exists once (id integer primary key)`
      yield* sql`insert or ignore into once values (1)`
      strictEqual((yield* Effect.flip(sql.unsafe(text))).message, message)
    })
  )

  test.effect.each([
    "select 1;",
    "select ';' as a -- ; not here",
    `select 1 as ";x" /* ; select */ ; -- end`,
    "create trigger if not exists t after insert on seen begin delete from seen; insert into seen values (2); end"
  ])("is one statement: %s", (text) =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      yield* sql`create table if not exists seen (id integer)`
      yield* sql.unsafe(text)
    })
  )

  test.effect("returns the columns of now after the schema changed", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const all = sql`select * from changing`
      yield* sql`create table changing (a integer)`
      yield* sql`insert into changing values (1)`
      deepStrictEqual(yield* all, [{ a: 1 }])
      yield* sql`alter table changing add column b integer`
      deepStrictEqual(yield* all, [{ a: 1, b: null }])
      yield* Effect.ignore(
        sql.withTransaction(
          Effect.gen(function* () {
            yield* sql`alter table changing rename column a to c`
            deepStrictEqual(yield* all, [{ c: 1, b: null }])
            return yield* Effect.fail("undo")
          })
        )
      )
      deepStrictEqual(yield* all, [{ a: 1, b: null }])
      yield* sql`drop table changing`
    })
  )
})

describe("foreign keys", () => {
  it.effect("are enforced", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      yield* sql`create table parent (id integer primary key)`
      yield* sql`create table child (parent integer references parent (id))`
      strictEqual(
        (yield* Effect.flip(sql`insert into child values (7)`)).message,
        "FOREIGN KEY constraint failed (SQLITE_CONSTRAINT_FOREIGNKEY)"
      )
    }).pipe(Effect.provide(inMemory))
  )
})
