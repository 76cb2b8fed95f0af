import Database from "libsql"

/** What went wrong, with SQLite's code. */
export const textOf = (cause: unknown): string => {
  if (cause instanceof Database.SqliteError) return `${cause.message} (${cause.code})`
  return cause instanceof Error ? cause.message : String(cause)
}
