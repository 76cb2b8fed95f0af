import { CronExpression } from "@effect-qstash/domain/CronExpression"
import { CronExpressionParser } from "cron-parser"
import { Cron as Croner } from "croner"
import * as Cron from "effect/Cron"
import * as DateTime from "effect/DateTime"
import * as Option from "effect/Option"
import { byTurns, micros, microsEach, type Row } from "./measure.ts"

const start = Date.UTC(2026, 0, 1)

/** Finding the next firing, from each firing to the one after it. */
export const cron = async (scale: number): Promise<ReadonlyArray<Row>> => {
  const rows: Array<Row> = []
  for (const timeZone of ["UTC", "America/New_York"]) {
    const fields = "*/5 * * * *"
    const ours = CronExpression.make(`CRON_TZ=${timeZone} ${fields}`)
    const effectCron = Cron.unsafeParse(fields, timeZone)
    const croner = new Croner(fields, { timezone: timeZone, paused: true })
    const parsed = CronExpressionParser.parse(fields, { tz: timeZone, currentDate: new Date(start) })

    const measured = await byTurns(5, {
      nextMillis: () => {
        let at = start
        return microsEach(100_000 * scale, () => (at = ours.nextMillis(at) ?? start))
      },
      next: () => {
        let at = DateTime.unsafeMake(start)
        return microsEach(100_000 * scale, () => (at = Option.getOrElse(ours.next(at), () => at)))
      },
      effect: () => {
        let at = new Date(start)
        return microsEach(1000 * scale, () => (at = Cron.next(effectCron, at)))
      },
      croner: () => {
        let at = new Date(start)
        return microsEach(1000 * scale, () => (at = croner.nextRun(at) ?? at))
      },
      parser: () => {
        parsed.reset(new Date(start))
        return microsEach(1000 * scale, () => parsed.next())
      }
    })
    for (const [method, mine] of [
      ["nextMillis", measured.nextMillis],
      ["next", measured.next]
    ] as const) {
      for (const [their, theirs] of [
        ["effect/Cron", measured.effect],
        ["croner", measured.croner],
        ["cron-parser", measured.parser]
      ] as const) {
        rows.push({
          what: `\`${fields}\` in ${timeZone}, \`${method}\``,
          ours: micros(mine),
          theirs: `${their} ${micros(theirs)}`,
          ratio: theirs / mine,
          meaning: "times as fast",
          ...(their === "effect/Cron" ? { wanted: { least: 100 } } : {})
        })
      }
    }
  }
  return rows
}
