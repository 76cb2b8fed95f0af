import type { CronExpression } from "@effect-qstash/domain/CronExpression"
import * as DateTime from "effect/DateTime"
import { inZoneWithOffset, zoneOfExpression } from "./instant.ts"
import type { Reader } from "./reader.ts"
import { table } from "./table.ts"
import { yellow } from "./text.ts"

/** When an expression fires, and the local times that changes of the clocks take from it or give it twice. */
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

/** One warning for each change, however many local times it touches. */
const warningsOf = (
  changes: ReadonlyArray<CronExpression.ClockChange>,
  zone: DateTime.TimeZone
): ReadonlyArray<string> => {
  const byChange = new Map<number, Array<CronExpression.ClockChange>>()
  for (const change of changes) {
    const at = change.changeAt.epochMillis
    byChange.set(at, [...(byChange.get(at) ?? []), change])
  }
  return Array.from(byChange.values(), (group) => {
    const [first] = group
    const last = group.at(-1)
    if (first === undefined || last === undefined) return ""
    const [day = "", from = ""] = first.localTime.split("T")
    const until = last.localTime.split("T")[1] ?? ""
    const times = group.length === 1 ? from : `${from} to ${until} (${group.length} times)`
    return first.kind === "skipped"
      ? `! On ${day} it does not fire at ${times}: the clocks in ${DateTime.zoneToString(zone)} skip that time.`
      : `! On ${day} it fires twice at ${times}: the clocks in ${DateTime.zoneToString(zone)} show that time twice.`
  })
}
