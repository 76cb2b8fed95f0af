import { QStashDlq } from "@effect-qstash/domain/QStashDlq"
import * as DlqRecord from "@effect-qstash/domain/wire/DlqRecord"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Flag from "../../Flag.ts"
import { command } from "../../Command.ts"
import { deadLetterTable } from "../../render/messages.ts"
import { Target, withTarget } from "../../Target.ts"
import * as flags from "../flags.ts"
import { collect, pageSize } from "../pages.ts"
import { printJson, printLines } from "../print.ts"
import { reader } from "../reader.ts"
import { filterOf, filters } from "./letter.ts"

export const list = command({
  flags: {
    ...filters,
    count: Flag.withDefault(flags.count("count", 1, "How many to show at the most (default 100)."), 100),
    json: flags.json
  },
  run: (options) =>
    Effect.gen(function* () {
      const { count, json } = options
      const { origin } = yield* Target
      const dlq = yield* QStashDlq
      const filter = yield* filterOf(options)
      const found = yield* collect(
        Math.min(count, pageSize),
        (place) => dlq.list({ ...filter, ...place }),
        (items) => items.length >= count
      )
      const letters = found.items.slice(0, count)
      if (json) return yield* printJson(letters.map(DlqRecord.encode))
      if (letters.length === 0) {
        const which = Object.keys(filter).length === 0 ? "" : "such "
        return yield* printLines([`There are no ${which}dead letters at ${origin}.`])
      }
      yield* printLines(deadLetterTable(letters, yield* reader))
      if (found.cursor !== undefined || letters.length < found.items.length) {
        yield* Console.error("There are more of them: give a higher --count.")
      }
    }).pipe(withTarget)
})
