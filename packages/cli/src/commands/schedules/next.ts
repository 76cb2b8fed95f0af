import { CronExpression } from "@effect-qstash/domain/CronExpression"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Flag from "../../Flag.ts"
import * as Argument from "../../Argument.ts"
import { command } from "../../Command.ts"
import { wrongUsage } from "../../Failure.ts"
import { preview, type Preview } from "../../render/preview.ts"
import * as flags from "../flags.ts"
import { printJson, printLines } from "../print.ts"
import { reader } from "../reader.ts"

/** Enough for a year of hours. */
const mostFirings = 10_000

const count = Flag.withDefault(
  flags.wholeNumber("count", 1, mostFirings, "How many firings to show (default 5)."),
  5
)

const after = flags.instant("after", "Show firings after this instant (default now).")

const cronArgument = Argument.required(
  "cron",
  Either.right<string>,
  'A cron expression in quotes, such as "CRON_TZ=Europe/Berlin 0 4 * * *".'
)

export const next = command({
  flags: { count, after, json: flags.json },
  arguments: { cron: cronArgument },
  hint: "A cron expression goes in quotes.",
  run: (options) =>
    Effect.gen(function* () {
      const cron = yield* Either.mapLeft(CronExpression.parse(options.cron), ({ message }) =>
        wrongUsage(
          `${message}.`,
          'It takes five fields (minute, hour, day, month, weekday) in quotes, such as "CRON_TZ=Europe/Berlin 0 4 * * 1-5".'
        )
      )
      const from = options.after ?? (yield* DateTime.now)
      const firings = cron.upcoming(options.count, from)
      // A year shows every change that the expression will meet, however few firings were asked for.
      const year = DateTime.add(from, { years: 1 })
      const changes = cron.clockChanges(from, DateTime.max(year, firings.at(-1) ?? year))
      const found: Preview = { cron, firings, changes }
      yield* options.json ? printJson(asJson(found)) : printLines(preview(found, yield* reader))
    })
})

const asJson = ({ changes, cron, firings }: Preview) => ({
  cron: cron.text,
  timeZone: cron.timeZone,
  firings: firings.map(DateTime.formatIso),
  clockChanges: changes.map(({ changeAt, instants, kind, localTime }) => ({
    kind,
    localTime,
    changeAt: DateTime.formatIso(changeAt),
    instants: instants.map(DateTime.formatIso)
  }))
})
