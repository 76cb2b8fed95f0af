import * as SqlClient from "@effect/sql/SqlClient"
import { Effect } from "effect"
import type { Sent } from "./statements.ts"

/** The tables of the Store. */
export const tableNames = Effect.flatMap(SqlClient.SqlClient, (sql) =>
  Effect.map(
    sql.onDialectOrElse({
      pg: () =>
        sql<{
          readonly name: string
        }>`select tablename as name from pg_tables where tablename like 'qstash%'`,
      orElse: () => sql<{ readonly name: string }>`select name from sqlite_master where type = 'table'`
    }),
    (rows) => rows.map(({ name }) => name).toSorted()
  )
)

const literal = (value: unknown, bytes: (hex: string) => string): string => {
  if (value === null) return "null"
  if (value instanceof Uint8Array) return bytes(Buffer.from(value).toString("hex"))
  return typeof value === "string" ? `'${value.replaceAll("'", "''")}'` : JSON.stringify(value)
}

/** What makes a database as this one is: the statements that made its tables, and its rows. */
export const dump = (made: ReadonlyArray<Sent>) =>
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    const bytes = sql.onDialectOrElse({
      pg: () => (hex: string) => `'\\x${hex}'`,
      orElse: () => (hex: string) => `x'${hex}'`
    })
    const lines = made.flatMap(({ text }) => (/^\s*create/.test(text) ? [text.trim()] : []))
    for (const name of yield* tableNames) {
      lines.push(`delete from ${name}`)
      for (const row of yield* sql.unsafe<Record<string, unknown>>(`select * from ${name} order by 1`)) {
        const values = Object.values(row).map((value) => literal(value, bytes))
        lines.push(`insert into ${name} (${Object.keys(row).join(", ")}) values (${values.join(", ")})`)
      }
    }
    const numbers = sql.onDialectOrElse({
      pg: () => ["select setval('qstash_numbers', 1000)", "select setval('qstash_starts', 1)"],
      orElse: () => []
    })
    return `${[...lines, ...numbers].join(";\n")};\n`
  })

export const restore = (text: string) =>
  Effect.flatMap(SqlClient.SqlClient, (sql) =>
    Effect.forEach(text.trim().slice(0, -1).split(";\n"), (statement) => sql.unsafe(statement), {
      discard: true
    })
  )

/** Each column and each index, in words of the database. */
export const shape = Effect.flatMap(SqlClient.SqlClient, (sql) =>
  sql.onDialectOrElse({
    pg: () =>
      sql`select table_name || '.' || column_name as name, data_type || is_nullable || coalesce(column_default, '') as is
        from information_schema.columns where table_schema = 'public'
        union all select indexname, indexdef from pg_indexes where schemaname = 'public' order by 1`,
    orElse: () =>
      sql`select t.name || '.' || c.name as name, c.type || c."notnull" || coalesce(c.dflt_value, '') || c.pk as "is"
        from sqlite_master t join pragma_table_info(t.name) c where t.type = 'table'
        union all select name, sql from sqlite_master where type = 'index' order by 1`
  })
)
