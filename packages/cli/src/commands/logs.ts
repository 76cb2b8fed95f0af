import type { LogEntry } from "@effect-qstash/domain/LogEntry"
import type { LogFilter } from "@effect-qstash/domain/MessageFilter"
import { MessageIdFromAnswer } from "@effect-qstash/domain/MessageId"
import { QStashLogs } from "@effect-qstash/domain/QStashLogs"
import * as LogRecord from "@effect-qstash/domain/wire/LogRecord"
import * as Effect from "effect/Effect"
import * as Flag from "../Flag.ts"
import { command } from "../Command.ts"
import { logTable } from "../render/logs.ts"
import { Shell } from "../Shell.ts"
import { Target, withTarget } from "../Target.ts"
import { dates, filterOption, filters, sinceOption } from "./filters.ts"
import * as flags from "./flags.ts"
import * as LogTail from "./LogTail.ts"
import { stateOption } from "./messages/message.ts"
import { collect, pageSize } from "./pages.ts"
import { printJson, printJsonLine, printLines } from "./print.ts"
import { reader } from "./reader.ts"

export const logs = command({
  flags: {
    message: filterOption(
      "message",
      "id",
      flags.known(MessageIdFromAnswer),
      (messageId): Pick<LogFilter, "messageId"> => ({ messageId }),
      "Only entries of this message."
    ),
    state: stateOption("Only entries of this state"),
    queue: filters.queue,
    schedule: filters.schedule,
    urlGroup: filters.urlGroup,
    label: filters.label,
    since: sinceOption("happened"),
    count: Flag.withDefault(
      flags.count("count", 1, "How many of the newest entries to show at the most (default 20)."),
      20
    ),
    follow: Flag.toggle("follow", "Go on with new entries as they come, until it is stopped.", "f"),
    json: Flag.toggle(
      "json",
      "Print JSON on standard output, and nothing else there; with --follow one object a line."
    )
  },
  run: (options) =>
    Effect.gen(function* () {
      const { count, follow, json } = options
      const { origin } = yield* Target
      const { list } = yield* QStashLogs
      const filter: LogFilter = {
        ...options.message,
        ...(options.state === undefined ? {} : { state: options.state }),
        ...options.queue,
        ...options.schedule,
        ...options.urlGroup,
        ...options.label,
        ...(yield* dates(options))
      }
      const latest = yield* collect(
        follow ? pageSize : Math.min(count, pageSize),
        (place) => list({ ...filter, ...place, order: "latestFirst" }),
        // The entries of one instant are only told apart if all of them are known.
        (items) => items.length >= count && (!follow || LogTail.reachesBack(items))
      )
      const entries = latest.items.slice(0, count).toReversed()
      if (!follow) {
        if (json) return yield* printJson(entries.map(LogRecord.encode))
        if (entries.length === 0) return yield* printLines([`The log at ${origin} has no matching entries.`])
      }
      const print = json ? printObjects : yield* printRows
      yield* print(entries)
      if (!follow) return
      const { outputLost } = yield* Shell
      yield* LogTail.follow({ list, filter, print, position: LogTail.after(latest.items) }).pipe(
        Effect.raceFirst(outputLost)
      )
    }).pipe(withTarget)
})

const printObjects = (entries: ReadonlyArray<LogEntry>): Effect.Effect<void> =>
  Effect.forEach(entries, (entry) => printJsonLine(LogRecord.encode(entry)), { discard: true })

/** Prints rows below titles, which come once. */
const printRows = Effect.map(reader, (who) => {
  let isFirst = true
  return (entries: ReadonlyArray<LogEntry>): Effect.Effect<void> =>
    Effect.suspend(() => {
      const { lines, titles } = logTable(entries, who)
      const all = isFirst ? [...titles, ...lines] : lines
      isFirst = false
      return all.length === 0 ? Effect.void : printLines(all)
    })
})
