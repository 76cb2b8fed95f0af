import { CronExpression } from "@effect-qstash/domain/CronExpression"
import { describe, it } from "@effect/vitest"
import { assertFalse, assertTrue, deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import { DateTime, FastCheck, Option } from "effect"

interface Field {
  readonly text: string
  readonly values: ReadonlySet<number>
  readonly star: boolean
}

/** What an expression means, drawn together with its text: nothing in this file rests on the parser. */
interface Spec {
  readonly text: string
  readonly minute: Field
  readonly hour: Field
  readonly day: Field
  readonly month: Field
  readonly weekday: Field
}

const between = (low: number, high: number, step = 1): Array<number> => {
  const values: Array<number> = []
  for (let value = low; value <= high; value += step) values.push(value)
  return values
}

const field = (min: number, max: number, starWeight: number): FastCheck.Arbitrary<Field> => {
  const value = FastCheck.integer({ min, max })
  const step = FastCheck.integer({ min: 2, max: 12 })
  const range = FastCheck.tuple(value, value).map(([a, b]) => [Math.min(a, b), Math.max(a, b)] as const)
  const part = FastCheck.oneof(
    value.map((n) => ({ text: `${n}`, values: [n] })),
    FastCheck.tuple(value, step).map(([n, by]) => ({ text: `${n}/${by}`, values: between(n, max, by) })),
    step.map((by) => ({ text: `*/${by}`, values: between(min, max, by) })),
    range.map(([low, high]) => ({ text: `${low}-${high}`, values: between(low, high) })),
    FastCheck.tuple(range, step).map(([[low, high], by]) => ({
      text: `${low}-${high}/${by}`,
      values: between(low, high, by)
    }))
  )
  const star = FastCheck.constantFrom("*", "?", "*/1").map((text) => ({
    text,
    values: new Set(between(min, max)),
    star: true
  }))
  const list = FastCheck.array(part, { minLength: 1, maxLength: 3 }).map((parts) => ({
    text: parts.map(({ text }) => text).join(","),
    values: new Set(parts.flatMap(({ values }) => values)),
    star: false
  }))
  return FastCheck.oneof({ arbitrary: star, weight: starWeight }, { arbitrary: list, weight: 10 })
}

const spec: FastCheck.Arbitrary<Spec> = FastCheck.record({
  minute: field(0, 59, 5),
  hour: field(0, 23, 5),
  day: field(1, 31, 20),
  month: field(1, 12, 40),
  weekday: field(0, 6, 20)
}).map((fields) => ({
  ...fields,
  text: [fields.minute, fields.hour, fields.day, fields.month, fields.weekday]
    .map(({ text }) => text)
    .join(" ")
}))

interface LocalTime {
  readonly year: number
  readonly month: number
  readonly day: number
  readonly weekday: number
  readonly hour: number
  readonly minute: number
  readonly second: number
}

const matchesDay = ({ day, weekday }: Spec, local: LocalTime): boolean => {
  const byDay = day.values.has(local.day)
  const byWeekday = weekday.values.has(local.weekday)
  return day.star || weekday.star ? byDay && byWeekday : byDay || byWeekday
}

const matchesDate = (cron: Spec, local: LocalTime): boolean =>
  cron.month.values.has(local.month) && matchesDay(cron, local)

const matchesTime = ({ hour, minute }: Spec, local: LocalTime): boolean =>
  local.second === 0 && minute.values.has(local.minute) && hour.values.has(local.hour)

const utcClock = (millis: number): LocalTime => {
  const date = new Date(millis)
  return {
    year: date.getUTCFullYear(),
    month: date.getUTCMonth() + 1,
    day: date.getUTCDate(),
    weekday: date.getUTCDay(),
    hour: date.getUTCHours(),
    minute: date.getUTCMinutes(),
    second: date.getUTCSeconds()
  }
}

/** The clock on the wall as `Intl` shows it: by its calendar, where the code under test reads its offsets. */
const wallClock = (timeZone: string): ((millis: number) => LocalTime) => {
  const format = new Intl.DateTimeFormat("en-US", {
    timeZone,
    hourCycle: "h23",
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
    second: "numeric"
  })
  return (millis) => {
    const parts = new Map(format.formatToParts(millis).map(({ type, value }) => [type, Number(value)]))
    const get = (type: Intl.DateTimeFormatPartTypes): number => parts.get(type) ?? Number.NaN
    return utcClock(
      Date.UTC(get("year"), get("month") - 1, get("day"), get("hour"), get("minute"), get("second"))
    )
  }
}

const secondMillis = 1000
const minuteMillis = 60_000
const hourMillis = 3_600_000
const dayMillis = 86_400_000

const isoText = (millis: number | undefined): string | undefined =>
  millis === undefined ? undefined : new Date(millis).toISOString()

const inZone = (timeZone: string, { text }: Spec): CronExpression =>
  CronExpression.make(`CRON_TZ=${timeZone} ${text}`)

/** All firings in [start, end), found through `nextMillis` one after the other. */
const firingsWithin = (expression: CronExpression, start: number, end: number): Array<number> => {
  const firings: Array<number> = []
  for (
    let next = expression.nextMillis(start - 1);
    next !== undefined && next < end;
    next = expression.nextMillis(next)
  ) {
    firings.push(next)
  }
  return firings
}

/** Zone, the instant at which its clocks change, and what changes. */
type Change = readonly [timeZone: string, change: string, what: string]

const regularChanges: ReadonlyArray<Change> = [
  ["UTC", "2026-06-01T00:00:00Z", "nothing"],
  ["Asia/Kolkata", "2026-06-01T00:00:00Z", "nothing"],
  ["Europe/Berlin", "2026-03-29T01:00:00Z", "an hour ahead"],
  ["Europe/Berlin", "2026-10-25T01:00:00Z", "an hour back"],
  ["Europe/London", "2199-03-31T01:00:00Z", "an hour ahead"],
  ["America/New_York", "2026-03-08T07:00:00Z", "an hour ahead"],
  ["America/New_York", "2026-11-01T06:00:00Z", "an hour back, on the first of a month"],
  ["America/St_Johns", "2026-03-08T05:30:00Z", "an hour ahead, at a half-hour offset"],
  ["Australia/Adelaide", "2026-04-04T16:30:00Z", "an hour back, at a half-hour offset"],
  ["America/Santiago", "2026-04-05T03:00:00Z", "an hour back, from midnight"],
  ["Asia/Beirut", "2026-10-24T21:00:00Z", "an hour back, from midnight"],
  ["Africa/Casablanca", "2026-02-15T02:00:00Z", "an hour back, for Ramadan"],
  ["Europe/Moscow", "2014-10-25T22:00:00Z", "the standard offset"]
]

/** Those over which robfig/cron stumbles. */
const irregularChanges: ReadonlyArray<Change> = [
  ["Australia/Lord_Howe", "2026-04-04T15:00:00Z", "half an hour back"],
  ["Australia/Lord_Howe", "2026-10-03T15:30:00Z", "half an hour ahead"],
  ["Asia/Beirut", "2026-03-28T22:00:00Z", "midnight skipped"],
  ["Africa/Cairo", "2026-04-23T22:00:00Z", "midnight skipped"],
  ["America/Havana", "2026-03-08T05:00:00Z", "midnight skipped"],
  ["America/Havana", "2026-11-01T05:00:00Z", "midnight repeated"],
  ["America/Santiago", "2026-09-06T04:00:00Z", "midnight skipped"],
  ["America/Asuncion", "2017-10-01T04:00:00Z", "midnight skipped, on the first of a month"],
  ["Atlantic/Azores", "2026-03-29T01:00:00Z", "midnight skipped"],
  ["Pacific/Apia", "2011-12-30T10:00:00Z", "a whole day skipped"],
  ["Pacific/Kwajalein", "1993-08-21T12:00:00Z", "a whole day skipped"],
  ["Asia/Kathmandu", "1985-12-31T18:30:00Z", "the standard offset by a quarter of an hour"],
  ["America/Caracas", "2016-05-01T07:00:00Z", "the standard offset by half an hour"],
  ["Antarctica/Troll", "2026-10-25T01:00:00Z", "two hours back"]
]

describe("CronExpression against a look at each minute", () => {
  /** Checks [start, end) around an instant. The minutes are read once for all expressions. */
  const agreement = (timeZone: string, start: number, end: number): ((cron: Spec) => void) => {
    const clock = wallClock(timeZone)
    const minutes = between(start, end - 1, minuteMillis).map((millis) => ({ millis, local: clock(millis) }))
    return (cron) => {
      const expected = minutes.filter(({ local }) => matchesTime(cron, local) && matchesDate(cron, local))
      deepStrictEqual(
        firingsWithin(inZone(timeZone, cron), start, end).map(isoText),
        expected.map(({ millis }) => isoText(millis))
      )
    }
  }

  it.each(regularChanges)("%s, %s: %s", (timeZone, changeText) => {
    const change = Date.parse(changeText)
    const check = agreement(timeZone, change - 2 * dayMillis, change + 2 * dayMillis)
    FastCheck.assert(FastCheck.property(spec, check), { numRuns: 60 })
  })

  it.each(irregularChanges)("%s, %s, before and after the day itself: %s", (timeZone, changeText) => {
    const change = Date.parse(changeText)
    const before = agreement(timeZone, change - 2.5 * dayMillis, change - 1.25 * dayMillis)
    const after = agreement(timeZone, change + 1.25 * dayMillis, change + 2.5 * dayMillis)
    FastCheck.assert(
      FastCheck.property(spec, (cron) => {
        before(cron)
        after(cron)
      }),
      { numRuns: 60 }
    )
  })

  it.prop(
    "finds in UTC what a look at each day finds, up to the end of the fifth year",
    [spec, FastCheck.integer({ min: Date.UTC(1970, 0), max: Date.UTC(2200, 0) })],
    ([cron, after]) => {
      const limit = Date.UTC(new Date(after + secondMillis).getUTCFullYear() + 6, 0)
      const today = Math.floor(after / dayMillis) * dayMillis
      const days = between(today, limit - 1, dayMillis).filter((day) => matchesDate(cron, utcClock(day)))
      const minutes = days
        .slice(0, 2)
        .flatMap((day) => between(day, day + dayMillis - 1, minuteMillis))
        .filter((millis) => millis > after && matchesTime(cron, utcClock(millis)))
      strictEqual(isoText(inZone("UTC", cron).nextMillis(after)), isoText(minutes[0]))
    }
  )

  it.prop(
    "fires later than asked, on a matching minute, and passes no matching one over",
    [
      spec,
      FastCheck.constantFrom(
        "Europe/Dublin",
        "America/Los_Angeles",
        "Australia/Sydney",
        "Pacific/Auckland",
        "Asia/Kolkata",
        "Africa/El_Aaiun"
      ),
      FastCheck.integer({ min: Date.UTC(1995, 0), max: Date.UTC(2200, 0) }),
      FastCheck.array(FastCheck.double({ min: 0, max: 1, noNaN: true }), { minLength: 5, maxLength: 20 })
    ],
    ([cron, timeZone, after, samples]) => {
      const clock = wallClock(timeZone)
      const matches = (local: LocalTime): boolean => matchesTime(cron, local) && matchesDate(cron, local)
      const firing = inZone(timeZone, cron).nextMillis(after)
      if (firing !== undefined) {
        assertTrue(firing > after)
        assertTrue(matches(clock(firing)))
      }
      const from = Math.floor(after / minuteMillis) + 1
      const until = (firing ?? after + 4 * 365 * dayMillis) / minuteMillis
      for (const sample of samples) {
        const millis = Math.floor(from + sample * (until - from)) * minuteMillis
        assertFalse(millis !== firing && matches(clock(millis)))
      }
    }
  )
})

/**
 * The search of robfig/cron v3 put into TypeScript line by line, on a slow clock of its own; `undefined` if there is
 * none, and "useless" where the original goes in circles or back in time.
 */
const robfigNext = (cron: Spec, timeZone: string, after: number): number | "useless" | undefined => {
  const clock = wallClock(timeZone)
  const utcOf = ({ day, hour, minute, month, second, year }: LocalTime): number =>
    Date.UTC(year, month - 1, day, hour, minute, second)
  const offset = (millis: number): number => utcOf(clock(millis)) - Math.floor(millis / 1000) * 1000
  const date = (local: number): number => local - offset(local - offset(local))

  let t = Math.floor(after / secondMillis) * secondMillis + secondMillis
  let added = false
  let local = clock(t)
  const set = (millis: number): void => {
    t = millis
    local = clock(t)
  }
  const truncate = (to: () => number): void => {
    if (!added) {
      added = true
      set(to())
    }
  }
  const yearLimit = local.year + 5

  wrap: while (local.year <= yearLimit) {
    while (!cron.month.values.has(local.month)) {
      truncate(() => date(Date.UTC(local.year, local.month - 1, 1)))
      const before = t
      set(date(utcOf({ ...local, month: local.month + 1 })))
      if (t <= before) return "useless"
      if (local.month === 1) continue wrap
    }
    while (!matchesDay(cron, local)) {
      truncate(() => date(Date.UTC(local.year, local.month - 1, local.day)))
      const before = t
      set(date(utcOf({ ...local, day: local.day + 1 })))
      if (local.hour !== 0) set(t + (local.hour > 12 ? 24 - local.hour : -local.hour) * hourMillis)
      if (t <= before) return "useless"
      if (local.day === 1) continue wrap
    }
    while (!cron.hour.values.has(local.hour)) {
      truncate(() => date(Date.UTC(local.year, local.month - 1, local.day, local.hour)))
      set(t + hourMillis)
      if (local.hour === 0) continue wrap
    }
    while (!cron.minute.values.has(local.minute)) {
      truncate(() => Math.floor(t / minuteMillis) * minuteMillis)
      set(t + minuteMillis)
      if (local.minute === 0) continue wrap
    }
    while (local.second !== 0) {
      added = true
      set(t + secondMillis)
      if (local.second === 0) continue wrap
    }
    return t > after ? t : "useless"
  }
  return undefined
}

const previousMillis = (expression: CronExpression, at: number): number | undefined =>
  Option.getOrUndefined(expression.previous(at))?.epochMillis

describe("CronExpression.previous against a look at each minute", () => {
  it.each([...regularChanges, ...irregularChanges])("%s, %s: %s", (timeZone, changeText) => {
    const change = Date.parse(changeText)
    const [start, end] = [change - 1.5 * dayMillis, change + 1.5 * dayMillis]
    const clock = wallClock(timeZone)
    const minutes = between(start, end, minuteMillis).map((millis) => ({ millis, local: clock(millis) }))
    const seconds = FastCheck.array(FastCheck.integer({ min: 0, max: 3 * 86_400 }), {
      minLength: 20,
      maxLength: 40
    })
    const check = (cron: Spec, samples: ReadonlyArray<number>): void => {
      const expression = inZone(timeZone, cron)
      const known = new Set(
        minutes
          .filter(({ local }) => matchesTime(cron, local) && matchesDate(cron, local))
          .map(({ millis }) => millis)
      )
      // What matches nothing and is found nevertheless: from each hour of the window, and from before it.
      for (const after of [
        ...between(start, end, hourMillis),
        ...between(start - 40 * dayMillis, start, dayMillis)
      ]) {
        for (const second of [0, 1000, 59_000]) {
          const firing = expression.nextMillis(after - second)
          if (firing !== undefined && firing >= start && firing <= end) known.add(firing)
        }
      }
      const firings = [...known].toSorted((one, other) => one - other)
      for (const sample of samples) {
        const at = start + sample * secondMillis
        const found = previousMillis(expression, at)
        const expected = firings.findLast((firing) => firing <= at)
        if (expected === undefined) assertTrue(found === undefined || found < start)
        else strictEqual(isoText(found), isoText(expected))
      }
      for (const firing of firings) strictEqual(previousMillis(expression, firing), firing)
    }
    FastCheck.assert(FastCheck.property(spec, seconds, check), { numRuns: 20 })
  })

  it.prop(
    "finds in UTC what a look at each day finds, down to the start of the fifth year before",
    [spec, FastCheck.integer({ min: Date.UTC(1970, 0), max: Date.UTC(2200, 0) })],
    ([cron, at]) => {
      const limit = Date.UTC(new Date(at).getUTCFullYear() - 5, 0)
      const days = between(limit, at, dayMillis).filter((day) => matchesDate(cron, utcClock(day)))
      const minutes = days
        .slice(-2)
        .flatMap((day) => between(day, day + dayMillis - 1, minuteMillis))
        .filter((millis) => millis <= at && matchesTime(cron, utcClock(millis)))
      strictEqual(isoText(previousMillis(inZone("UTC", cron), at)), isoText(minutes.at(-1)))
    }
  )

  const zones = FastCheck.constantFrom(...Intl.supportedValuesOf("timeZone"))

  it.prop(
    "finds what next finds, and nothing between that and the one before",
    [spec, zones, FastCheck.integer({ min: Date.UTC(1900, 0), max: Date.UTC(2200, 0) })],
    ([cron, timeZone, after]) => {
      const expression = inZone(timeZone, cron)
      const firing = expression.nextMillis(after)
      if (firing === undefined) return
      strictEqual(isoText(previousMillis(expression, firing)), isoText(firing))
      const before = previousMillis(expression, firing - 1)
      if (before === undefined) return
      assertTrue(before < firing)
      const next = expression.nextMillis(before)
      assertTrue(next !== undefined && next >= firing)
    }
  )

  it.prop(
    "is never later than asked, in any zone at any time",
    [spec, zones, FastCheck.integer({ min: -8.64e15, max: 8.64e15 })],
    ([cron, timeZone, at]) => {
      const found = previousMillis(inZone(timeZone, cron), at)
      assertTrue(found === undefined || (found <= at && found >= -8.64e15))
    }
  )
})

describe("CronExpression against robfig/cron's own search", () => {
  const check = (timeZone: string, from: number, cron: Spec): void => {
    const expression = inZone(timeZone, cron)
    let after = from
    for (let step = 0; step < 3; step++) {
      const expected = robfigNext(cron, timeZone, after)
      if (expected === "useless") return
      strictEqual(isoText(expression.nextMillis(after)), isoText(expected))
      if (expected === undefined) return
      after = expected
    }
  }

  it.each([...regularChanges, ...irregularChanges])("%s, %s: %s", (timeZone, change) => {
    const seconds = FastCheck.integer({ min: -3 * 86_400, max: 86_400 })
    FastCheck.assert(
      FastCheck.property(spec, seconds, (cron, shift) =>
        check(timeZone, Date.parse(change) + shift * 1000, cron)
      ),
      { numRuns: 40 }
    )
  })

  it.prop(
    "in any zone and year",
    [
      spec,
      FastCheck.constantFrom(...Intl.supportedValuesOf("timeZone")),
      FastCheck.integer({ min: Date.UTC(1975, 0), max: Date.UTC(2200, 0) })
    ],
    ([cron, timeZone, after]) => check(timeZone, after, cron)
  )

  it.prop(
    "and later than asked even where that goes back in time",
    [
      spec,
      FastCheck.constantFrom(...Intl.supportedValuesOf("timeZone")),
      FastCheck.integer({ min: -8.64e15, max: 8.64e15 })
    ],
    ([cron, timeZone, after]) => {
      const firing = inZone(timeZone, cron).nextMillis(after)
      assertTrue(firing === undefined || (firing > after && firing <= 8.64e15))
    }
  )
})

describe("CronExpression.clockChanges against the firings", () => {
  it.each([...regularChanges, ...irregularChanges])("%s, %s: %s", (timeZone, changeText) => {
    const change = Date.parse(changeText)
    const [start, end] = [change - 2 * dayMillis, change + 2 * dayMillis]
    const clock = wallClock(timeZone)
    const minutes = between(start, end - 1, minuteMillis).map((millis) => ({ millis, local: clock(millis) }))
    const byLocalTime = new Map<string, Array<number>>()
    for (const { local, millis } of minutes) {
      const { day, hour, minute, month, year } = local
      const text = new Date(Date.UTC(year, month - 1, day, hour, minute)).toISOString().slice(0, 16)
      byLocalTime.set(text, [...(byLocalTime.get(text) ?? []), millis])
    }
    const check = (cron: Spec): void => {
      const expression = inZone(timeZone, cron)
      const firings = new Set(firingsWithin(expression, start, end))
      const changes = expression.clockChanges(start, end)
      const instantsOf = (kind: string) =>
        changes
          .filter((each) => each.kind === kind)
          .flatMap(({ instants }) => instants.map(DateTime.toEpochMillis))
      deepStrictEqual(
        instantsOf("missed")
          .filter((millis) => millis < end)
          .map(isoText),
        minutes
          .filter(
            ({ local, millis }) =>
              matchesTime(cron, local) && matchesDate(cron, local) && !firings.has(millis)
          )
          .map(({ millis }) => isoText(millis))
      )
      for (const { instants, kind, localTime } of changes) {
        const shown = byLocalTime.get(localTime) ?? []
        if (kind === "skipped") deepStrictEqual(shown, [])
        if (kind === "repeated") {
          deepStrictEqual(shown, instants.map(DateTime.toEpochMillis))
          strictEqual(shown.length, 2)
          assertTrue(shown.every((millis) => firings.has(millis)))
        }
      }
    }
    FastCheck.assert(FastCheck.property(spec, check), { numRuns: 20 })
  })
})
