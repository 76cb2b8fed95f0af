import { type Fault, faultsOf } from "../internal/fault.ts"

const ledger = faultsOf("Jobs", "ledger")("jobs/src/SqlLedger.ts")
const ofFile = faultsOf("SqlClient", "file")("store-sql/src/SqliteClient.ts")
const ofStatements = faultsOf("SqlClient", "statements")
const ofTransactions = faultsOf("SqlClient", "transactions")("store-sql/src/SqliteClient.ts")

/** In the ledger of jobs in a database, and in the client for SQLite. */
export const faults: ReadonlyArray<Fault> = [
  ledger("sql-ledger-replays", "a recorded request runs again under another message", [
    "where token = ${keys.token ?? null} or message",
    "where message"
  ]),
  ledger("sql-ledger-no-business", "two messages with one business key end in an error", [
    " or business = ${keys.business ?? null}`",
    "`"
  ]),
  ledger("sql-ledger-response-lost", "a repeat responds without the result", [
    "{ response: known.response, isRepeat: true }",
    '{ response: "", isRepeat: true }'
  ]),
  ledger("sql-ledger-not-atomic", "a handler's writes stay when it fails", [
    "sql.withTransaction(doOnce(keys, work))",
    "doOnce(keys, work)"
  ]),
  ledger("sql-ledger-two-at-once", "on Postgres, two copies of a message run at once", [
    "if (lock?.free !== true)",
    "if (lock?.free === undefined)"
  ]),
  ledger("sql-ledger-forgets-nothing", "the ledger grows forever", [
    "deleteOldest(now - retention)",
    "deleteOldest(now - Infinity)"
  ]),
  ledger("sql-ledger-forgets-early", "work is forgotten before its retention is over", [
    "deleteOldest(now - retention)",
    "deleteOldest(now)"
  ]),
  ledger("sql-ledger-one-batch", "only a hundred keys are deleted a minute", [
    "if (deleted.length >= batchSize) nextDeletion = now",
    "if (deleted.length > batchSize) nextDeletion = now"
  ]),
  ledger("sql-ledger-downgrades", "an older version of the application resets the version of the tables", [
    "if (version >= migrations.length) return",
    "if (version === migrations.length) return"
  ]),
  ofFile("sqlite-not-durable", "a power failure loses what was committed", [
    "synchronous: 2,",
    "synchronous: 1,"
  ]),
  ofFile("sqlite-opened-twice", "two processes open one database", [
    "attempt(() => lock(path))",
    "attempt(() => () => {})"
  ]),
  ofFile("sqlite-log-left", "the file lacks what is in its log when the layer ends", [
    "PRAGMA wal_checkpoint(TRUNCATE)",
    "PRAGMA user_version"
  ]),
  ofStatements("store-sql/src/SqliteClient.ts")("sqlite-no-foreign-keys", "foreign keys are not enforced", [
    "foreign_keys: 1",
    "foreign_keys: 0"
  ]),
  ofStatements("store-sql/src/SqliteClient.ts")("sqlite-bigints-rounded", "SafeIntegers changes nothing", [
    "Context.get(fiber.currentContext, SqlClient.SafeIntegers)",
    "Context.isContext(fiber)"
  ]),
  ofStatements("store-sql/src/internal/run.ts")(
    "sqlite-stale-columns",
    "a query returns the columns from before a change of the schema",
    ["if (changesSchema.test(sql)) prepared.clear()", ""]
  ),
  ofStatements("store-sql/src/internal/run.ts")(
    "sqlite-second-ignored",
    "the second of two statements is silently left out",
    ["if (hasSecondStatement(sql))", "if (sql === hasSecondStatement.name)"]
  ),
  ofTransactions("sqlite-transaction-left-open", "nothing works after a commit that fails", [
    '      if (isInTransaction()) database.exec("ROLLBACK")\n',
    ""
  ]),
  ofTransactions(
    "sqlite-first-failure-hidden",
    "a transaction that SQLite ended itself reports the wrong failure",
    ['sql === "ROLLBACK" && !isInTransaction()', 'sql === "ROLLBACK" && isInTransaction() && false']
  )
]
