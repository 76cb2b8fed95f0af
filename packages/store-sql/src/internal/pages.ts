import type { DeliveryEvent } from "@effect-qstash/engine/DeliveryEvent"
import { matchesDeadLetter, matchesEvent } from "@effect-qstash/engine/Matches"
import type { PageRequest, StoredDeadLetter } from "@effect-qstash/engine/Rows"
import type { SqlError } from "@effect/sql/SqlError"
import type { Fragment } from "@effect/sql/Statement"
import * as Effect from "effect/Effect"
import { type Database, type Int, intOf } from "./Database.ts"
import {
  eventColumns,
  eventOf,
  type EventRow,
  eventTables,
  letterColumns,
  letterOf,
  type LetterRow,
  letterTables
} from "./rows.ts"

interface Numbered<A> {
  readonly item: A
  readonly n: number
  readonly bytes: number
}

export interface Page<A> {
  readonly items: ReadonlyArray<Numbered<A>>
  /** The number of the last of them, where more would follow. */
  readonly last: number | undefined
}

interface Sized {
  readonly n: Int
  readonly bytes: Int
}

type Request = PageRequest & { readonly upTo?: number | undefined }

/** How many rows are compared with the filters at once. */
const rowsAtOnce = 200

/** Reads part after part until the page is full. Filters that an index can answer are in `isCandidate`. */
const pageOf = <Row extends Sized, A>(
  { sql }: Database,
  { after, count, maxBytes, order, tenantId, upTo }: Request,
  read: (range: Fragment) => Effect.Effect<ReadonlyArray<Row>, SqlError>,
  itemOf: (row: Row) => A,
  matches: (item: A) => boolean
): Effect.Effect<Page<A>, SqlError> =>
  Effect.gen(function* () {
    const isEarliestFirst = order === "earliestFirst"
    const items: Array<Numbered<A>> = []
    let bytes = 0
    let from = after
    for (;;) {
      const conditions = [sql`t.name = ${tenantId}`]
      if (from !== undefined) conditions.push(isEarliestFirst ? sql`m.n > ${from}` : sql`m.n < ${from}`)
      if (upTo !== undefined && Number.isFinite(upTo)) conditions.push(sql`m.n <= ${upTo}`)
      const rows: ReadonlyArray<Row> = yield* read(
        sql`${sql.and(conditions)} order by m.n ${sql.literal(isEarliestFirst ? "asc" : "desc")} limit ${rowsAtOnce}`
      )
      for (const row of rows) {
        const item = itemOf(row)
        if (!matches(item)) continue
        bytes += intOf(row.bytes)
        if (items.length === count || (items.length > 0 && bytes > maxBytes)) {
          return { items, last: items.at(-1)?.n }
        }
        items.push({ item, n: intOf(row.n), bytes: intOf(row.bytes) })
      }
      const last = rows.at(-1)
      if (rows.length < rowsAtOnce || last === undefined) return { items, last: undefined }
      from = intOf(last.n)
    }
  })

export const pageOfEvents = (
  db: Database,
  request: Request
): Effect.Effect<Page<DeliveryEvent>, SqlError> => {
  const { criteria } = request
  const { list, sql } = db
  const ids = criteria.messageIds ?? criteria.messageId
  const isNamed = ids === undefined ? sql.literal("") : sql`b.id in ${list("text", ids)} and`
  return pageOf<EventRow & Sized, DeliveryEvent>(
    db,
    request,
    (range) => sql<EventRow & Sized>`
      select ${sql.literal(eventColumns)}, m.bytes from ${sql.literal(eventTables)} where ${isNamed} ${range}`,
    eventOf,
    (event) => matchesEvent(criteria, event)
  )
}

export const pageOfLetters = (
  db: Database,
  request: Request
): Effect.Effect<Page<StoredDeadLetter>, SqlError> => {
  const { criteria } = request
  const { list, sql } = db
  const isNamed =
    criteria.dlqIds === undefined ? sql.literal("") : sql`m.id in ${list("text", criteria.dlqIds)} and`
  return pageOf<LetterRow & Sized, StoredDeadLetter>(
    db,
    request,
    (range) => sql<LetterRow & Sized>`
      select ${sql.literal(letterColumns)}, m.bytes from ${sql.literal(letterTables)} where ${isNamed} ${range}`,
    letterOf,
    (letter) => matchesDeadLetter(criteria, letter)
  )
}
