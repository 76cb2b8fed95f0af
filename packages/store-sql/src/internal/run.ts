import type Database from "libsql"
import { bind } from "./bind.ts"

/** Rows, or for a statement that returns none, what it changed. */
export interface Result {
  readonly columns: ReadonlyArray<string>
  readonly rows: ReadonlyArray<ReadonlyArray<unknown>>
  readonly changes?: Database.RunResult
}

interface Prepared {
  readonly statement: Database.Statement
  /** Reading these takes longer than a small query. */
  readonly columns: ReadonlyArray<string>
}

const maxPrepared = 300

/** These change the columns that a `select *` returns. */
const changesSchema = /^\s*(?:alter|create|drop|rollback)\b/i

/** Runs statements, and keeps them prepared. */
export const makeRun = (database: Database.Database) => {
  const prepared = new Map<string, Prepared>()

  const prepare = (sql: string): Prepared => {
    const known = prepared.get(sql)
    if (known !== undefined) return known
    if (hasSecondStatement(sql))
      throw new Error("Only the first of several statements would run: pass them one by one")
    const statement = database.prepare(sql)
    const columns = statement.reader ? statement.raw().columns() : []
    const made = { statement, columns: columns.map(({ name }) => name) }
    if (prepared.size < maxPrepared) prepared.set(sql, made)
    return made
  }

  return (sql: string, params: ReadonlyArray<unknown>, isSafe = false): Result => {
    const { columns, statement } = prepare(sql)
    const bound = params.map(bind)
    if (!statement.reader) {
      const changes = statement.run(bound)
      if (changesSchema.test(sql)) prepared.clear()
      return { columns: [], rows: [], changes }
    }
    const rows = statement.safeIntegers(isSafe).all(bound).filter(Array.isArray)
    return { columns, rows: rows.map((row) => row.map(plainBytes)) }
  }
}

/** libsql returns Node's Buffer. */
const plainBytes = (value: unknown): unknown =>
  value instanceof Uint8Array ? new Uint8Array(value.buffer, value.byteOffset, value.byteLength) : value

const quotedOrComment = /'[^']*'|"[^"]*"|`[^`]*`|\[[^\]]*\]|--[^\n]*|\/\*[\s\S]*?\*\//g

/** Whether there is something after the end of a statement. The body of a trigger has statements of its own. */
const hasSecondStatement = (sql: string): boolean =>
  sql.includes(";") &&
  !/^\s*create\s+(?:temp\s+|temporary\s+)?trigger\b/i.test(sql) &&
  /;\s*\S/.test(sql.replaceAll(quotedOrComment, ""))
