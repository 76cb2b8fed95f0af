import { CronExpression } from "@effect-qstash/domain/CronExpression"
import { CronExpressionParser } from "cron-parser"
import { Cron as Croner } from "croner"
import * as Cron from "effect/Cron"
import * as DateTime from "effect/DateTime"
import * as Option from "effect/Option"
import { byTurns, micros, microsEach, ratioOf, type Row } from "./measure.ts"

const start = Date.UTC(2026, 0, 1)
const firings = 1000

/** Finding the next firing, from each firing to the one after it. */
export const cron = async (scale: number): Promise<ReadonlyArray<Row>> => {
  const rows: Array<Row> = []
  for (const [fields, timeZone] of [
    ["*/5 * * * *", "UTC"],
    ["*/5 * * * *", "America/New_York"],
    ["30 4 * * 1-5", "Europe/Berlin"]
  ] as const) {
    const ours = CronExpression.make(`CRON_TZ=${timeZone} ${fields}`)
    const effectCron = Cron.unsafeParse(fields, timeZone)
    const croner = new Croner(fields, { timezone: timeZone, paused: true })
    const parsed = CronExpressionParser.parse(fields, { tz: timeZone, currentDate: new Date(start) })

    // All sides find the same firings, again and again: a longer way would take some into years that are new to them.
    const rounds = Math.max(1, Math.round(100 * scale))
    const again = (times: number, begin: () => void, next: () => void): number =>
      microsEach(times, () => {
        begin()
        for (let firing = 0; firing < firings; firing++) next()
      }) / firings
    let millis = start
    let instant = DateTime.unsafeMake(start)
    let date = new Date(start)
    const backToStart = () => {
      millis = start
      instant = DateTime.unsafeMake(start)
      date = new Date(start)
      parsed.reset(date)
    }
    const measured = await byTurns(5, {
      nextMillis: () => again(rounds, backToStart, () => void (millis = ours.nextMillis(millis) ?? start)),
      next: () => again(rounds, backToStart, () => void (instant = Option.getOrThrow(ours.next(instant)))),
      effect: () => again(1, backToStart, () => void (date = Cron.next(effectCron, date))),
      croner: () => again(1, backToStart, () => void (date = croner.nextRun(date) ?? date)),
      parser: () => again(1, backToStart, () => void parsed.next())
    })
    // Making a `DateTime` takes several times as long as finding the firing, so `next` has a lower bound.
    for (const [method, mine, least] of [
      ["nextMillis", measured.nextMillis, 100],
      ["next", measured.next, 20]
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
          ratio: ratioOf(theirs, mine),
          meaning: "times as fast",
          ...(their === "effect/Cron" ? { wanted: { least } } : {}),
          ...(method === "next" && timeZone === "America/New_York"
            ? { bar: { chart: "others", group: "the next firing of a cron", label: their } }
            : {}),
          ...(method === "next" && timeZone === "America/New_York" && their === "croner"
            ? { headline: "find when a cron fires next, in a time zone" }
            : {})
        })
      }
    }
  }
  return rows
}
