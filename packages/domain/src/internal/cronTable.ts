import { type CronField, type CronFields } from "./cronParser.ts"
import { dateOf, dayOfMonthOf, daysInMonth, monthOf, weekdayOf, yearOf } from "./civil.ts"

/**
 * What an expression matches, as bit masks, and the search over them. It only knows local time, in whole minutes since
 * 1970-01-01T00:00; the caller handles the zone.
 */
export class CronTable {
  /** Whether every hour of a day matches, so that the schedule keeps its rhythm through a clock change. */
  readonly everyHour: boolean
  /** The minutes 0 to 31, and 32 to 59, because bit operations have 32 bits. */
  readonly #lowMinutes: number
  readonly #highMinutes: number
  readonly #hours: number
  readonly #daysOfMonth: number
  readonly #months: number
  readonly #weekdays: number
  /** Whether a day has to match only one of the two day fields, because both restrict the days. */
  readonly #eitherDay: boolean
  readonly #everyDay: boolean
  /** The first matching minute of a day, infinite if there is none: a field such as `,` matches nothing. */
  readonly #firstOfDay: number
  readonly #lastOfDay: number

  constructor(fields: CronFields) {
    this.#lowMinutes = maskOf(fields.minute)
    this.#highMinutes = maskOf(fields.minute, 32)
    this.#hours = maskOf(fields.hour)
    this.#daysOfMonth = maskOf(fields.dayOfMonth)
    this.#months = maskOf(fields.month)
    this.#weekdays = maskOf(fields.dayOfWeek)
    this.#eitherDay = !fields.dayOfMonth.star && !fields.dayOfWeek.star
    this.#everyDay =
      fields.dayOfMonth.values.size === 31 &&
      fields.month.values.size === 12 &&
      fields.dayOfWeek.values.size === 7
    this.everyHour = fields.hour.values.size === 24
    this.#firstOfDay = leastOf(fields.hour) * 60 + leastOf(fields.minute)
    this.#lastOfDay = mostOf(fields.hour) * 60 + mostOf(fields.minute)
  }

  /** Whether nothing ever matches, as with a field that is `,`. Dates that never come do not count. */
  get isEmpty(): boolean {
    return this.#firstOfDay === Infinity
  }

  matchesMonth(month: number): boolean {
    return (this.#months & (1 << month)) !== 0
  }

  /** Whether the two fields for days match, whatever the month. */
  matchesDay(day: number): boolean {
    const date = dateOf(day)
    const dayOfMonth = dayOfMonthOf(date)
    const days = this.#daysOf(day - dayOfMonth + 1, daysInMonth(yearOf(date), monthOf(date)))
    return (days & (1 << dayOfMonth)) !== 0
  }

  matchesHour(hour: number): boolean {
    return (this.#hours & (1 << hour)) !== 0
  }

  matchesMinute(minute: number): boolean {
    return this.#nextOfHour(minute) === minute
  }

  /** The first matching minute that is not before `from`, or `limit` if none is before that. */
  next(from: number, limit: number): number {
    if (this.isEmpty) return limit
    const today = Math.floor(from / 1440)
    if (this.#everyDay || this.#nextDay(today, today + 1) === today) {
      const minute = this.#nextOfDay(from - today * 1440)
      if (minute < 1440) return Math.min(today * 1440 + minute, limit)
    }
    return Math.min(this.#nextDay(today + 1, Math.ceil(limit / 1440)) * 1440 + this.#firstOfDay, limit)
  }

  /** The last matching minute that is not after `from`, or `limit - 1` if none is at or after `limit`. */
  previous(from: number, limit: number): number {
    if (this.isEmpty) return limit - 1
    const today = Math.floor(from / 1440)
    if (this.#everyDay || this.#previousDay(today, today) === today) {
      const minute = this.#previousOfDay(from - today * 1440)
      if (minute >= 0) return Math.max(today * 1440 + minute, limit - 1)
    }
    const day = this.#previousDay(today - 1, Math.floor(limit / 1440))
    return Math.max(day * 1440 + this.#lastOfDay, limit - 1)
  }

  /** The first matching minute of the day that is not before the given one, or 1440. */
  #nextOfDay(minute: number): number {
    const hour = (minute / 60) | 0
    const firstOfHour = this.#firstOfDay % 60
    if (this.matchesHour(hour)) {
      const found = this.#nextOfHour(minute - hour * 60)
      if (found < 60) return hour * 60 + found
    }
    const later = this.#hours & (-1 << (hour + 1))
    return later === 0 ? 1440 : lowestBit(later) * 60 + firstOfHour
  }

  #nextOfHour(minute: number): number {
    const low = minute < 32 ? this.#lowMinutes & (-1 << minute) : 0
    if (low !== 0) return lowestBit(low)
    const high = this.#highMinutes & (-1 << Math.max(minute - 32, 0))
    return high === 0 ? 60 : lowestBit(high) + 32
  }

  /** The last matching minute of the day that is not after the given one, or -1. */
  #previousOfDay(minute: number): number {
    const hour = (minute / 60) | 0
    if (this.matchesHour(hour)) {
      const found = this.#previousOfHour(minute - hour * 60)
      if (found >= 0) return hour * 60 + found
    }
    const earlier = this.#hours & ((1 << hour) - 1)
    return earlier === 0 ? -1 : highestBit(earlier) * 60 + (this.#lastOfDay % 60)
  }

  #previousOfHour(minute: number): number {
    const high = minute < 32 ? 0 : this.#highMinutes & upTo(minute - 32)
    if (high !== 0) return highestBit(high) + 32
    const low = this.#lowMinutes & upTo(Math.min(minute, 31))
    return low === 0 ? -1 : highestBit(low)
  }

  /** The first matching day from `from` on. If there is none before `until`, any day from `until` on. */
  #nextDay(from: number, until: number): number {
    const date = dateOf(from)
    let year = yearOf(date)
    let month = monthOf(date)
    let dayOfMonth = dayOfMonthOf(date)
    let first = from - dayOfMonth + 1
    while (first < until) {
      const length = daysInMonth(year, month)
      if (this.matchesMonth(month)) {
        const rest = this.#daysOf(first, length) & (-1 << dayOfMonth)
        if (rest !== 0) return first - 1 + lowestBit(rest)
      }
      first += length
      dayOfMonth = 1
      if (++month > 12) {
        month = 1
        year++
      }
    }
    return until
  }

  /** The last matching day that is not after `from`, or `until - 1` if none is at or after `until`. */
  #previousDay(from: number, until: number): number {
    const date = dateOf(from)
    let year = yearOf(date)
    let month = monthOf(date)
    let dayOfMonth = dayOfMonthOf(date)
    let first = from - dayOfMonth + 1
    while (first - 1 + dayOfMonth >= until) {
      if (this.matchesMonth(month)) {
        const rest = this.#daysOf(first, daysInMonth(year, month)) & upTo(dayOfMonth)
        if (rest !== 0) return Math.max(first - 1 + highestBit(rest), until - 1)
      }
      if (--month === 0) {
        month = 12
        year--
      }
      dayOfMonth = daysInMonth(year, month)
      first -= dayOfMonth
    }
    return until - 1
  }

  /** The matching days of a month, the first as bit 1, given the month's first day and its length. */
  #daysOf(first: number, length: number): number {
    const weekday = weekdayOf(first)
    const week = ((this.#weekdays >> weekday) | (this.#weekdays << (7 - weekday))) & 127
    const byWeekday = (week << 1) | (week << 8) | (week << 15) | (week << 22) | (week << 29)
    const days = this.#eitherDay ? this.#daysOfMonth | byWeekday : this.#daysOfMonth & byWeekday
    return days & (-1 >>> (31 - length)) & ~1
  }
}

/** The values from `first` on, within 32 bits. */
const maskOf = (field: CronField, first = 0): number => {
  let mask = 0
  for (const value of field.values) {
    if (value >= first && value < first + 32) mask |= 1 << (value - first)
  }
  return mask
}

const leastOf = ({ values }: CronField): number =>
  Array.from(values).reduce((least, value) => Math.min(least, value), Infinity)

const mostOf = ({ values }: CronField): number =>
  Array.from(values).reduce((most, value) => Math.max(most, value), -Infinity)

const lowestBit = (mask: number): number => 31 - Math.clz32(mask & -mask)

const highestBit = (mask: number): number => 31 - Math.clz32(mask)

/** The bits from 0 to `bit`. */
const upTo = (bit: number): number => -1 >>> (31 - bit)
