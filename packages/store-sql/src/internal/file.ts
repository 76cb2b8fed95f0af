import Database from "libsql"
import { closeSync, existsSync, openSync, realpathSync } from "node:fs"

/**
 * Creates the file where there is none, for its owner alone; SQLite creates the files beside it with the same permissions.
 * An existing file is not opened: closing it again would release the locks that SQLite has on it.
 */
export const createFile = (filename: string): string => {
  try {
    closeSync(openSync(filename, "wx", 0o600))
  } catch (cause) {
    if (!existsSync(filename)) throw cause
  }
  return realpathSync(filename)
}

/**
 * Takes the database for this process, and returns how to release it. The lock is a transaction in a file of its own: when
 * a process dies, the operating system releases it.
 */
export const lock = (path: string): (() => void) => {
  const file = new Database(createFile(`${path}-lock`))
  try {
    // Without a journal, so that no second file is left behind.
    file.exec("PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE")
  } catch (cause) {
    file.close()
    throw new Error("it is open already, in another process or in this one", { cause })
  }
  return () => {
    file.exec("ROLLBACK")
    file.close()
  }
}
