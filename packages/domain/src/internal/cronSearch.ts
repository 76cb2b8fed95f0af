import { dateOf, dayOf, dayOfMonthOf, monthOf, type PackedDate, yearOf } from "./civil.ts"
import { type CronTable } from "./cronTable.ts"
import { isRegularChange, maxEpochMillis, type Period, type TimeZone } from "./timeZone.ts"

const second = 1000
const minute = 60_000
const hour = 3_600_000
const day = 86_400_000

/** How far robfig/cron can go back: to the first of the month, and one more day for the zone's offset. */
const backwards = 32 * day
const yearOfMinutes = 525_600

/**
 * The first firing after an instant, as robfig/cron finds it, in milliseconds. `undefined` if there is none by the end
 * of the fifth calendar year. Nearly every search stays within the clocks' current period.
 */
export const nextFiring = (table: CronTable, zone: TimeZone, after: number): number | undefined => {
  if (!(Math.abs(after) <= maxEpochMillis)) return undefined
  const period = zone.periodAt(after)
  const from = Math.floor((after + period.offset) / minute) + 1
  const end = Math.min(firstMinute(period.end, period), from + yearOfMinutes)
  const found = table.next(from, end)
  const firing = found * minute - period.offset
  return found < end && firing <= maxEpochMillis && zone.isRegular(after - backwards, firing + day)
    ? firing
    : search(table, zone, after)
}

/**
 * The last instant at or before `at` that `nextFiring` returns for some earlier instant. `undefined` if there is none
 * since the start of the fifth calendar year before.
 *
 * These are all matches of the calendar, because `nextFiring` finds a match if it starts one second before it, and the
 * few firings of robfig/cron that match nothing, within a day after an irregular clock change.
 */
export const previousFiring = (table: CronTable, zone: TimeZone, at: number): number | undefined => {
  if (!(Math.abs(at) <= maxEpochMillis) || table.isEmpty) return undefined
  const period = zone.periodAt(at)
  const limit = dayOf(yearAt(at + period.offset) - 5, 1, 1) * (day / minute)
  const match = previousMatch(table, zone, at, limit)
  const since = match ?? limit * minute
  const isRegular = zone.isRegular(since - backwards, at)
  const firing = isRegular ? match : (straySince(table, zone, since, at) ?? match)
  return firing === undefined || firing < -maxEpochMillis ? undefined : firing
}

/** The first match of the calendar after an instant. It is the first firing, unless robfig/cron misses it. */
export const nextMatch = (table: CronTable, zone: TimeZone, after: number): number | undefined =>
  table.isEmpty ? undefined : scan(table, zone, after, limitAfter(zone, after))

/** The last match of the calendar at or before an instant, and not before the local minute `limit`. */
export const previousMatch = (
  table: CronTable,
  zone: TimeZone,
  at: number,
  limit: number
): number | undefined => {
  let period = zone.periodAt(at)
  let from = Math.floor((at + period.offset) / minute)
  for (;;) {
    const start = Math.max(firstMinute(period.start, period), limit)
    const found = table.previous(from, start)
    if (found >= start) return found * minute - period.offset
    if (start === limit) return undefined
    period = zone.periodAt(period.start - 1)
    from = firstMinute(period.end, period) - 1
  }
}

/** The last firing after `since` and up to `at` that robfig/cron makes although the calendar does not match. */
const straySince = (table: CronTable, zone: TimeZone, since: number, at: number): number | undefined => {
  let after = zone.periodAt(at)
  while (after.start > since - day) {
    const before = zone.periodAt(after.start - 1)
    if (!isRegularChange(before, after)) {
      // Only a walk across the change leads to a stray firing, and each such walk passes the last second before it.
      const firing = nextFiring(table, zone, after.start - 2 * second)
      if (firing !== undefined && firing > since && firing <= at) return firing
    }
    after = before
  }
  return undefined
}

/** The first local minute, counted from 1970, that a period's clocks show at an instant or after it. */
export const firstMinute = (instant: number, period: Period): number =>
  Math.ceil((instant + period.offset) / minute)

const search = (table: CronTable, zone: TimeZone, after: number): number | undefined => {
  if (table.isEmpty) return undefined
  const limit = limitAfter(zone, after)
  const found = scan(table, zone, after, limit)
  const isRegular = zone.isRegular(after - backwards, (found ?? limit * minute) + day)
  const walked = isRegular ? found : walk(table, zone, after)
  // Where robfig/cron goes back in time or runs in circles, its result is useless.
  const firing = walked !== undefined && walked <= after ? found : walked
  return firing === undefined || firing > maxEpochMillis ? undefined : firing
}

/** The local minute at which a search ends, after the fifth calendar year. */
const limitAfter = (zone: TimeZone, after: number): number =>
  dayOf(yearAt(after + second + zone.periodAt(after).offset) + 6, 1, 1) * (day / minute)

/** Searches the local time, period by period, and finds what a look at every minute would find. */
const scan = (table: CronTable, zone: TimeZone, after: number, limit: number): number | undefined => {
  let period = zone.periodAt(after)
  let from = Math.floor((after + period.offset) / minute) + 1
  for (;;) {
    const end = Math.min(firstMinute(period.end, period), limit)
    const found = table.next(from, end)
    if (found < end) return found * minute - period.offset
    if (end === limit) return undefined
    period = zone.periodAt(period.end)
    from = firstMinute(period.start, period)
  }
}

/**
 * robfig/cron's own search, step by step. It advances by months, days, hours and minutes, and goes wrong at an
 * irregular clock change (see `TimeZone.isRegular`): it then misses a firing, or fires on the day after the right one.
 * QStash does what this search finds, and so do we. Returns `after` if the walk would not end.
 */
const walk = (table: CronTable, zone: TimeZone, after: number): number | undefined => {
  const clock = new Clock(zone, Math.floor(after / second) * second + second)
  const lastYear = yearAt(clock.local) + 5

  search: while (yearAt(clock.local) <= lastYear) {
    while (!table.matchesMonth(monthOf(clock.date))) {
      clock.startMonth()
      const before = clock.instant
      clock.addDate(1, 0)
      if (clock.instant <= before) return after
      if (monthOf(clock.date) === 1) continue search
    }
    while (!table.matchesDay(Math.floor(clock.local / day))) {
      clock.startLocal(day)
      const before = clock.instant
      clock.addDate(0, 1)
      const hours = clock.hours
      if (hours !== 0) clock.add((hours > 12 ? 24 - hours : -hours) * hour)
      if (clock.instant <= before) return after
      if (dayOfMonthOf(clock.date) === 1) continue search
    }
    while (!table.matchesHour(clock.hours)) {
      clock.startLocal(hour)
      clock.add(hour)
      if (clock.hours === 0) continue search
    }
    while (!table.matchesMinute(clock.minutes)) {
      clock.start(minute)
      clock.add(minute)
      if (clock.minutes === 0) continue search
    }
    while (clock.seconds !== 0) {
      clock.start(second)
      clock.add(second)
      if (clock.seconds === 0) continue search
    }
    return clock.instant
  }
  return undefined
}

/** The current instant of a walk, with the arithmetic of Go's `time.Time`. */
class Clock {
  instant: number
  local: number
  #isAligned = false
  readonly #zone: TimeZone

  constructor(zone: TimeZone, instant: number) {
    this.#zone = zone
    this.instant = instant
    this.local = instant + zone.periodAt(instant).offset
  }

  get date(): PackedDate {
    return dateOf(Math.floor(this.local / day))
  }

  get hours(): number {
    return Math.floor(this.#timeOfDay / hour)
  }

  get minutes(): number {
    return Math.floor(this.#timeOfDay / minute) % 60
  }

  get seconds(): number {
    return Math.floor(this.#timeOfDay / second) % 60
  }

  get #timeOfDay(): number {
    return this.local - Math.floor(this.local / day) * day
  }

  add(millis: number): void {
    this.#goTo(this.instant + millis)
  }

  /** Goes to the same time of day on another date; a day that the month lacks becomes one of the next month. */
  addDate(months: number, days: number): void {
    const date = this.date
    const month = monthOf(date) - 1 + months
    const first = dayOf(yearOf(date) + Math.floor(month / 12), (month % 12) + 1, 1)
    this.#goToLocal((first + dayOfMonthOf(date) - 1 + days) * day + this.#timeOfDay)
  }

  /** Goes back to the start of the month, unless the walk has already moved. */
  startMonth(): void {
    const today = Math.floor(this.local / day)
    if (!this.#isAligned) this.#goToLocal((today - dayOfMonthOf(this.date) + 1) * day)
  }

  /** Goes back to the start of the day or hour, in local time, unless the walk has already moved. */
  startLocal(unit: number): void {
    if (!this.#isAligned) this.#goToLocal(Math.floor(this.local / unit) * unit)
  }

  /** Goes back to the start of the minute or second, in UTC, unless the walk has already moved. */
  start(unit: number): void {
    if (!this.#isAligned) this.#goTo(Math.floor(this.instant / unit) * unit)
  }

  #goTo(instant: number): void {
    this.instant = instant
    this.local = instant + this.#zone.periodAt(instant).offset
    this.#isAligned = true
  }

  /** Reads a local time as Go's `time.Date` does, which also gives some instant for one that is skipped or repeated. */
  #goToLocal(local: number): void {
    const guess = local - this.#zone.periodAt(local).offset
    this.#goTo(local - this.#zone.periodAt(guess).offset)
  }
}

const yearAt = (local: number): number => yearOf(dateOf(Math.floor(local / day)))
