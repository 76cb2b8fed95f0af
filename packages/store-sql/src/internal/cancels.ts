import type { SqlError } from "@effect/sql/SqlError"
import * as Effect from "effect/Effect"
import type { MessageRow, Work } from "./Work.ts"

/** Cancels messages: idle ones at once, those under way when they are settled. */
export const requestCancel = (work: Work, rows: ReadonlyArray<MessageRow>): Effect.Effect<void, SqlError> => {
  const { list, sql } = work.db
  const leased: Array<number> = []
  for (const row of rows) {
    work.note(row.message, "CANCEL_REQUESTED")
    if (row.token === undefined) work.cancelNow(row)
    else leased.push(row.seq)
  }
  return leased.length === 0
    ? Effect.void
    : Effect.asVoid(sql`update qstash_messages set is_canceled = 1 where seq in ${list("bigint", leased)}`)
}
