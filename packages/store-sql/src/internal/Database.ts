import type * as SqlClient from "@effect/sql/SqlClient"
import type { SqlError } from "@effect/sql/SqlError"
import type { Fragment } from "@effect/sql/Statement"
import * as Effect from "effect/Effect"

/** A 64-bit integer. Postgres' driver reads it as text. */
export type Int = number | string

export const intOf = (value: Int): number => Number(value)

export const optionalInt = (value: Int | null): number | undefined =>
  value === null ? undefined : Number(value)

type Columns = Readonly<Record<string, "bigint" | "text">>
type Value = number | string | null | undefined

/** One SQL for SQLite and Postgres. What they say differently is here. */
export interface Database {
  readonly sql: SqlClient.SqlClient
  readonly isPostgres: boolean
  /** Values as a table. They are one parameter, so that the text of the statement does not depend on their number. */
  readonly table: (columns: Columns, rows: ReadonlyArray<ReadonlyArray<Value>>) => Fragment
  /** The same for one column, called `value`. */
  readonly list: (type: "bigint" | "text", values: Iterable<number | string>) => Fragment
  /**
   * Locks the tenants with these ids, always in the same order, so that no two transactions wait for each other. SQLite
   * has one writer anyway.
   */
  readonly lockTenants: (columns: string, ids: Iterable<number>) => Fragment
  /** New numbers in ascending order. A number never comes back. */
  readonly newNumbers: (count: number) => Effect.Effect<ReadonlyArray<number>, SqlError>
  /** For each key, the first rows of a table in an index's order: what a `limit` for each key would do. */
  readonly firstOfEach: (request: {
    readonly keys: Fragment
    /** `x` is the table, `k.value` the key. */
    readonly table: string
    readonly where: Fragment
    readonly order: string
    readonly limit: number
    readonly columns: string
  }) => Fragment
}

/**
 * For how long a stopped process may keep a tenant from the others, and for how long they wait for it, in milliseconds.
 * Postgres then ends its transaction, and its connection.
 */
const longestIdle = 5000
const longestWait = 10_000

export const make = (sql: SqlClient.SqlClient): Database => {
  const isPostgres = sql.onDialectOrElse({
    sqlite: () => false,
    pg: () => true,
    orElse: () => {
      throw new Error("The SQL Store needs SQLite or Postgres")
    }
  })

  const columnsOf = (columns: Columns): string =>
    Object.entries(columns)
      .map(([name, type], index) =>
        isPostgres ? `(value->>${index})::${type} as ${name}` : `value->>${index} as ${name}`
      )
      .join(", ")

  // Without the limit Postgres plans for 100 rows, and reads all of a table with a few ten thousand instead of an index.
  const table: Database["table"] = (columns, rows) =>
    isPostgres
      ? sql`(select ${sql.literal(columnsOf(columns))} from json_array_elements(${JSON.stringify(rows)}::json) as value
          limit ${rows.length}::bigint)`
      : sql`(select ${sql.literal(columnsOf(columns))} from json_each(${JSON.stringify(rows)}))`

  const list: Database["list"] = (type, values) =>
    table(
      { value: type },
      Array.from(values, (value) => [value])
    )

  return {
    sql,
    isPostgres,
    table,
    list,
    lockTenants: (columns, ids) =>
      isPostgres
        ? // The settings are those of the transaction, and made in the same statement to save a round trip.
          sql`with settings as materialized (
              select set_config('idle_in_transaction_session_timeout', '${sql.literal(String(longestIdle))}', true),
                set_config('lock_timeout', '${sql.literal(String(longestWait))}', true)
            )
            select ${sql.literal(columns)} from settings, qstash_tenants t
            where id in ${list("bigint", ids)} order by id for update of t`
        : sql`select ${sql.literal(columns)} from qstash_tenants where id in ${list("bigint", ids)}`,
    newNumbers: (count) => {
      if (count === 0) return Effect.succeed([])
      return isPostgres
        ? Effect.map(
            sql<{
              readonly n: Int
            }>`select nextval('qstash_numbers') as n from generate_series(1, ${count}::int)`,
            (rows) => rows.map(({ n }) => intOf(n)).toSorted((one, other) => one - other)
          )
        : Effect.map(
            sql<{ readonly last: number }>`update qstash_numbers set last = last + ${count} returning last`,
            ([row]) => Array.from({ length: count }, (_, index) => (row?.last ?? 0) - count + 1 + index)
          )
    },
    firstOfEach: ({ columns, keys, limit, order, table: name, where }) =>
      isPostgres
        ? sql`select k.value as key, ${sql.literal(columns)} from ${keys} as k cross join lateral (
            select * from ${sql.literal(name)} x where ${where} order by ${sql.literal(order)} limit ${limit}::bigint
          ) x`
        : // The cross join keeps SQLite from turning the loops around.
          sql`select k.value as key, ${sql.literal(columns)} from ${keys} as k cross join ${sql.literal(name)} x
            on x.seq in (select x.seq from ${sql.literal(name)} x where ${where} order by ${sql.literal(order)} limit ${limit})`
  }
}
