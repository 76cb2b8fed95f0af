import type { LogEntry } from "@effect-qstash/domain/LogEntry"
import type { LogFilter } from "@effect-qstash/domain/MessageFilter"
import type { Page } from "@effect-qstash/domain/Page"
import type { QStashError } from "@effect-qstash/domain/QStashError"
import type { QStashLogs } from "@effect-qstash/domain/QStashLogs"
import * as LogRecord from "@effect-qstash/domain/wire/LogRecord"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import { fitting, pageSize } from "./pages.ts"

/**
 * How far the log has been printed: up to an instant, and within that instant which entries and how often, since several
 * may share one, may be alike, and have no id of their own.
 */
interface Position {
  readonly millis: number | undefined
  readonly printed: ReadonlyMap<string, number>
}

const start: Position = { millis: undefined, printed: new Map() }

/** Two steps of one message may differ in nothing but what they say. */
const keyOf = (entry: LogEntry): string => JSON.stringify(LogRecord.encode(entry))

const moved = (position: Position, entries: ReadonlyArray<LogEntry>): Position => {
  let { millis } = position
  let printed = new Map(position.printed)
  for (const entry of entries) {
    const time = DateTime.toEpochMillis(entry.time)
    if (millis !== undefined && time < millis) continue
    if (time !== millis) printed = new Map()
    millis = time
    const key = keyOf(entry)
    printed.set(key, (printed.get(key) ?? 0) + 1)
  }
  return { millis, printed }
}

/** The position behind entries, in any order. */
export const after = (entries: ReadonlyArray<LogEntry>): Position => moved(start, entries)

/** Whether entries, the latest first, go back to before the instant of the first of them. */
export const reachesBack = (entries: ReadonlyArray<LogEntry>): boolean => {
  const [first, last] = [entries[0], entries.at(-1)]
  return first !== undefined && last !== undefined && !DateTime.Equivalence(first.time, last.time)
}

/** Prints what comes behind a position, asking once a second, and never ends by itself. */
export const follow = ({
  filter,
  list,
  position,
  print
}: {
  readonly list: QStashLogs.Service["list"]
  readonly filter: LogFilter
  readonly position: Position
  readonly print: (entries: ReadonlyArray<LogEntry>) => Effect.Effect<void>
}): Effect.Effect<never, QStashError> =>
  Effect.gen(function* () {
    let at = position
    const ask = fitting(pageSize)
    while (true) {
      yield* Effect.sleep("1 second")
      const { millis } = at
      const known = new Map(at.printed)
      const isKnown = (entry: LogEntry): boolean => {
        const key = keyOf(entry)
        const left = known.get(key) ?? 0
        if (DateTime.toEpochMillis(entry.time) !== millis || left === 0) return false
        known.set(key, left - 1)
        return true
      }
      let cursor: string | undefined
      do {
        const place = cursor === undefined ? {} : { cursor }
        const page: Page<LogEntry> = yield* ask((count) =>
          list({
            ...filter,
            ...(millis === undefined ? {} : { fromDate: millis }),
            ...place,
            order: "earliestFirst",
            count
          })
        )
        const fresh = page.items.filter((entry) => !isKnown(entry))
        yield* print(fresh)
        at = moved(at, fresh)
        cursor = page.cursor
      } while (cursor !== undefined)
    }
  })
