import type { LogEntry, LogState } from "@effect-qstash/domain/LogEntry"
import { QStashLogs } from "@effect-qstash/domain/QStashLogs"
import * as LogRecord from "@effect-qstash/domain/wire/LogRecord"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import * as Flag from "../../Flag.ts"
import { command } from "../../Command.ts"
import { messageTable } from "../../render/messages.ts"
import { Target, withTarget } from "../../Target.ts"
import { filters } from "../filters.ts"
import * as flags from "../flags.ts"
import { printJson, printLines } from "../print.ts"
import { reader } from "../reader.ts"
import { stateOption } from "./message.ts"

const inProgress: ReadonlyArray<LogState> = ["ACTIVE", "RETRY", "ERROR"]

/** Nothing follows on these, so the log can be asked for them. */
const final: ReadonlyArray<LogState> = ["DELIVERED", "FAILED", "CANCELED"]

const isIn = (wanted: LogState | undefined, { state }: LogEntry): boolean =>
  wanted === undefined || (wanted === "IN_PROGRESS" ? inProgress.includes(state) : wanted === state)

export const list = command({
  flags: {
    state: stateOption("Only messages in this state now"),
    queue: filters.queue,
    schedule: filters.schedule,
    urlGroup: filters.urlGroup,
    label: filters.label,
    count: Flag.withDefault(flags.count("count", 1, "How many to show at the most (default 20)."), 20),
    json: flags.json
  },
  run: (options) =>
    Effect.gen(function* () {
      const { origin } = yield* Target
      const logs = yield* QStashLogs
      const { state } = options
      const seen = new Set<string>()
      const isFirst = ({ messageId }: LogEntry): boolean => {
        const before = seen.size
        return seen.add(messageId).size > before
      }
      const newest = yield* logs
        .stream({
          ...options.queue,
          ...options.schedule,
          ...options.urlGroup,
          ...options.label,
          ...(state !== undefined && final.includes(state) ? { state } : {})
        })
        .pipe(
          Stream.filter((entry) => isFirst(entry) && isIn(options.state, entry)),
          Stream.take(options.count),
          Stream.runCollect,
          Effect.map((entries) => Array.from(entries))
        )
      if (options.json) return yield* printJson(newest.map(LogRecord.encode))
      if (newest.length > 0) return yield* printLines(messageTable(newest, yield* reader))
      yield* printLines([
        `The log at ${origin} has no matching messages. Publish one:`,
        "",
        "  effect-qstash messages publish https://example.com/jobs/hello"
      ])
    }).pipe(withTarget)
})
