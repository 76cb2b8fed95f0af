import { firstMinute, nextFiring, nextMatch, previousMatch } from "./cronSearch.ts"
import { type CronTable } from "./cronTable.ts"
import { isRegularChange, type Period, type TimeZone } from "./timeZone.ts"

/** `CronExpression.ClockChange` in milliseconds; `local` is the time that the clock shows, as if it were UTC. */
export interface ClockChangeMillis {
  readonly kind: "skipped" | "repeated" | "missed"
  readonly local: number
  readonly changeAt: number
  readonly instants: ReadonlyArray<number>
}

const minute = 60_000
const day = 86_400_000

/** What `CronExpression.clockChanges` returns. */
export const clockChanges = (
  table: CronTable,
  zone: TimeZone,
  from: number,
  until: number
): ReadonlyArray<ClockChangeMillis> => {
  const missed = missedMatches(table, zone, from, until)
  return changesBetween(zone, from, until).flatMap(([before, after]) => {
    const lost = missed.get(after.start) ?? []
    return [
      ...(table.everyHour ? [] : skippedOrRepeated(table, before, after, new Set(lost))),
      ...lost.map((match): ClockChangeMillis => ({
        kind: "missed",
        local: match + zone.periodAt(match).offset,
        changeAt: after.start,
        instants: [match]
      }))
    ]
  })
}

type Change = readonly [before: Period, after: Period]

const changesBetween = (zone: TimeZone, from: number, until: number): ReadonlyArray<Change> => {
  const changes: Array<Change> = []
  let before = zone.periodAt(from - 1)
  while (before.end < until) {
    const after = zone.periodAt(before.end)
    changes.push([before, after])
    before = after
  }
  return changes
}

/** Leaves out a time that is shown twice but fires only once: the missing firing is listed as missed. */
const skippedOrRepeated = (
  table: CronTable,
  before: Period,
  after: Period,
  missed: ReadonlySet<number>
): ReadonlyArray<ClockChangeMillis> => {
  const changes: Array<ClockChangeMillis> = []
  const kind = before.offset < after.offset ? "skipped" : "repeated"
  const first = firstMinute(after.start, kind === "skipped" ? before : after)
  const end = firstMinute(after.start, kind === "skipped" ? after : before)
  for (let found = table.next(first, end); found < end; found = table.next(found + 1, end)) {
    const local = found * minute
    const instants = kind === "skipped" ? [] : [local - before.offset, local - after.offset]
    if (!instants.some((instant) => missed.has(instant))) {
      changes.push({ kind, local, changeAt: after.start, instants })
    }
  }
  return changes
}

/**
 * The matches of the calendar that have no firing from `from` on, grouped by the clock change that loses them. Only a
 * search that crosses an irregular change can lose some, so only the days around those changes are compared.
 */
const missedMatches = (
  table: CronTable,
  zone: TimeZone,
  from: number,
  until: number
): ReadonlyMap<number, ReadonlyArray<number>> => {
  const missed = new Map<number, Array<number>>()
  const firstLocal = firstMinute(from, zone.periodAt(from))
  let firing = from - 1
  for (const [before, after] of changesBetween(zone, from, until)) {
    if (isRegularChange(before, after)) continue
    const change = after.start
    firing = Math.max(firing, previousMatch(table, zone, change - 1, firstLocal) ?? firing)
    while (firing < change + 2 * day) {
      const next = nextFiring(table, zone, firing) ?? Infinity
      for (
        let match = nextMatch(table, zone, firing);
        match !== undefined && match < next;
        match = nextMatch(table, zone, match)
      ) {
        const cause = lastIrregularChange(zone, match, change)
        if (cause >= until) return missed
        const lost = missed.get(cause)
        if (lost === undefined) missed.set(cause, [match])
        else lost.push(match)
      }
      firing = next
    }
  }
  return missed
}

/** The last irregular change up to an instant, or `first` if there is none after it. */
const lastIrregularChange = (zone: TimeZone, instant: number, first: number): number => {
  let after = zone.periodAt(instant)
  while (after.start > first) {
    const before = zone.periodAt(after.start - 1)
    if (!isRegularChange(before, after)) return after.start
    after = before
  }
  return first
}
