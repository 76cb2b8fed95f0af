import type { CronExpression } from "@effect-qstash/domain/CronExpression"
import * as DateTime from "effect/DateTime"
import { inZoneWithOffset, zoneOfExpression } from "./instant.ts"
import type { Reader } from "./reader.ts"
import { table } from "./table.ts"
import { yellow } from "./text.ts"

/** When an expression fires, and at which local times it does not fire exactly once because the clocks change. */
export interface Preview {
  readonly cron: CronExpression
  readonly firings: ReadonlyArray<DateTime.Utc>
  readonly changes: ReadonlyArray<CronExpression.ClockChange>
}

export const preview = ({ changes, cron, firings }: Preview, { zone }: Reader): ReadonlyArray<string> => {
  const own = zoneOfExpression(cron)
  const warnings = warningsOf(changes, own)
  return [
    ...(firings.length === 0
      ? [neverFires(cron)]
      : table([
          { title: cron.timeZone, cells: firings.map((firing) => inZoneWithOffset(firing, own)) },
          {
            title: `HERE (${DateTime.zoneToString(zone)})`,
            cells: firings.map((firing) => inZoneWithOffset(firing, zone))
          }
        ])),
    ...(warnings.length === 0 ? [] : ["", ...warnings.map(yellow)])
  ]
}

export const neverFires = ({ text }: CronExpression): string =>
  `${text} never fires: no date of the next five years matches.`

/** One warning for each kind of each change, however many local times it affects. */
const warningsOf = (
  changes: ReadonlyArray<CronExpression.ClockChange>,
  zone: DateTime.TimeZone
): ReadonlyArray<string> => {
  const groups = new Map<string, Array<CronExpression.ClockChange>>()
  for (const change of changes) {
    const key = `${DateTime.toEpochMillis(change.changeAt)} ${change.kind}`
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [change])
    else group.push(change)
  }
  return Array.from(groups.values(), (group) => warningOf(group, DateTime.zoneToString(zone)))
}

const warningOf = (group: ReadonlyArray<CronExpression.ClockChange>, zone: string): string => {
  const [first] = group
  const last = group.at(-1)
  if (first === undefined || last === undefined) return ""
  const [day = "", from = ""] = first.localTime.split("T")
  const [lastDay = "", until = ""] = last.localTime.split("T")
  const end = lastDay === day ? until : `${lastDay} ${until}`
  const times = group.length === 1 ? from : `${from} to ${end} (${group.length} times)`
  switch (first.kind) {
    case "skipped":
      return `! On ${day} it does not fire at ${times}: the clocks in ${zone} skip that time.`
    case "repeated":
      return `! On ${day} it fires twice at ${times}: the clocks in ${zone} show that time twice.`
    case "missed":
      return `! On ${day} it does not fire at ${times}: QStash misses that time after the clocks in ${zone} change.`
  }
}
