import * as Either from "effect/Either"
import { type TimeZone, timeZoneOf, utc } from "./timeZone.ts"

/**
 * What one field matches. `star` marks a field that restricts nothing, which decides how the two day fields combine.
 */
export interface CronField {
  readonly values: ReadonlySet<number>
  readonly star: boolean
}

export interface CronFields {
  readonly minute: CronField
  readonly hour: CronField
  readonly dayOfMonth: CronField
  readonly month: CronField
  readonly dayOfWeek: CronField
}

export interface ParsedCron {
  readonly timeZone: TimeZone
  readonly fields: CronFields
}

/** A value, or QStash's own text for what is wrong. */
type Parsed<A> = Either.Either<A, string>

interface Bounds {
  readonly min: bigint
  readonly max: bigint
  readonly names?: ReadonlyMap<string, bigint>
}

const namesFrom = (first: bigint, names: string): ReadonlyMap<string, bigint> =>
  new Map(names.split(" ").map((name, index) => [name, first + BigInt(index)]))

const minutes: Bounds = { min: 0n, max: 59n }
const hours: Bounds = { min: 0n, max: 23n }
const daysOfMonth: Bounds = { min: 1n, max: 31n }
const months: Bounds = {
  min: 1n,
  max: 12n,
  names: namesFrom(1n, "jan feb mar apr may jun jul aug sep oct nov dec")
}
const daysOfWeek: Bounds = { min: 0n, max: 6n, names: namesFrom(0n, "sun mon tue wed thu fri sat") }

/** `@every` is left out: it counts from the start of a process, and a schedule has none. */
const descriptors: ReadonlyMap<string, string> = new Map([
  ["@yearly", "0 0 1 1 *"],
  ["@annually", "0 0 1 1 *"],
  ["@monthly", "0 0 1 * *"],
  ["@weekly", "0 0 * * 0"],
  ["@daily", "0 0 * * *"],
  ["@midnight", "0 0 * * *"],
  ["@hourly", "0 * * * *"]
])

/** What Go treats as whitespace; JavaScript differs in U+0085 and U+FEFF. */
const blank = /[\t-\r \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]/
const blanks = new RegExp(`${blank.source}+`)

/** A loop, because a pattern anchored at the end takes quadratic time on text full of spaces. */
export const trim = (text: string): string => {
  let start = 0
  let end = text.length
  while (start < end && blank.test(text.charAt(start))) start++
  while (end > start && blank.test(text.charAt(end - 1))) end--
  return text.slice(start, end)
}

/** Parses a trimmed expression. A reason quotes at most 100 characters of it. */
export const parseCron = (text: string): Parsed<ParsedCron> =>
  Either.gen(function* () {
    if (text === "") {
      return yield* Either.left("empty spec string")
    }
    const { spec, timeZone } = yield* parsePrefix(text)
    const described = spec.startsWith("@") ? descriptors.get(spec) : spec
    return described === undefined
      ? yield* Either.left(`unrecognized descriptor: ${cut(spec)}`)
      : { timeZone, fields: yield* parseFields(described) }
  })

/** A prefix without fields crashes robfig/cron. Here it is a prefix and no fields. */
const parsePrefix = (text: string): Parsed<{ readonly timeZone: TimeZone; readonly spec: string }> => {
  if (!text.startsWith("TZ=") && !text.startsWith("CRON_TZ=")) {
    return Either.right({ timeZone: utc, spec: text })
  }
  const space = text.indexOf(" ")
  const end = space === -1 ? text.length : space
  const name = text.slice(text.indexOf("=") + 1, end)
  const timeZone = timeZoneOf(name)
  if (timeZone === undefined) {
    const problem = isPath(name) ? "time: invalid location name" : `unknown time zone ${cut(name, 2)}`
    return Either.left(`provided bad location ${cut(name, 2)}: ${problem}`)
  }
  return Either.right({ timeZone, spec: trim(text.slice(end)) })
}

const isPath = (name: string): boolean => name.includes("..") || name.startsWith("/") || name.startsWith("\\")

const parseFields = (spec: string): Parsed<CronFields> =>
  Either.gen(function* () {
    const fields = spec.split(blanks).filter((field) => field !== "")
    const [minute, hour, dayOfMonth, month, dayOfWeek] = fields
    if (
      fields.length > 5 ||
      minute === undefined ||
      hour === undefined ||
      dayOfMonth === undefined ||
      month === undefined ||
      dayOfWeek === undefined
    ) {
      return yield* Either.left(
        `expected exactly 5 fields, found ${fields.length}: [${cut(fields.join(" "))}]`
      )
    }
    return {
      minute: yield* parseField(minute, minutes),
      hour: yield* parseField(hour, hours),
      dayOfMonth: yield* parseField(dayOfMonth, daysOfMonth),
      month: yield* parseField(month, months),
      dayOfWeek: yield* parseField(dayOfWeek, daysOfWeek)
    }
  })

/**
 * Empty parts of a list are ignored, as in robfig/cron: `1,,2` is `1,2`, and a lone `,` matches nothing. Written without
 * `Either.gen`, as `parseRange` is, which takes 20 µs more for an expression.
 */
const parseField = (field: string, bounds: Bounds): Parsed<CronField> => {
  const values = new Set<number>()
  let star = false
  // Equal parts add the same values, so each is parsed once, also in text full of `*,`.
  for (const part of new Set(field.split(","))) {
    if (part === "") continue
    const range = parseRange(part, bounds)
    if (Either.isLeft(range)) return Either.left(range.left)
    const { end, start, step } = range.right
    star ||= range.right.star
    for (let value = start; value <= end; value += step) values.add(value)
  }
  return Either.right({ values, star })
}

/** The start and the end are within the bounds. A step beyond what a number holds exactly takes only the start. */
interface Range {
  readonly start: number
  readonly end: number
  readonly step: number
  readonly star: boolean
}

/** The checks are in robfig/cron's order, because the first that fails gives the reason. */
const parseRange = (text: string, bounds: Bounds): Parsed<Range> => {
  const [range = "", stepText, ...moreSteps] = text.split("/")
  const [low = "", high, ...moreHigh] = range.split("-")
  const isStar = low === "*" || low === "?"
  const first = isStar ? Either.right(bounds.min) : parseValue(low, bounds)
  if (Either.isLeft(first)) return Either.left(first.left)
  if (!isStar && moreHigh.length > 0) return Either.left(`too many hyphens: ${cut(text)}`)
  const last = isStar ? Either.right(bounds.max) : high === undefined ? first : parseValue(high, bounds)
  if (Either.isLeft(last)) return Either.left(last.left)
  if (moreSteps.length > 0) return Either.left(`too many slashes: ${cut(text)}`)
  const interval = stepText === undefined ? Either.right(1n) : parseNumber(stepText)
  if (Either.isLeft(interval)) return Either.left(interval.left)
  const start = first.right
  const end = stepText !== undefined && high === undefined ? bounds.max : last.right
  const step = interval.right
  if (start < bounds.min) {
    return Either.left(`beginning of range (${start}) below minimum (${bounds.min}): ${cut(text, 2)}`)
  }
  if (end > bounds.max) {
    return Either.left(`end of range (${end}) above maximum (${bounds.max}): ${cut(text, 2)}`)
  }
  if (start > end) {
    return Either.left(`beginning of range (${start}) beyond end of range (${end}): ${cut(text, 2)}`)
  }
  if (step === 0n) return Either.left(`step of range should be a positive number: ${cut(text)}`)
  return Either.right({
    start: Number(start),
    end: Number(end),
    step: Number(step),
    star: isStar && step === 1n
  })
}

const parseValue = (text: string, { names }: Bounds): Parsed<bigint> => {
  const named = names?.get(text.toLowerCase())
  return named === undefined ? parseNumber(text) : Either.right(named)
}

const maxInt64 = 2n ** 63n - 1n

/** Go's `strconv.Atoi`: ASCII digits with an optional sign, up to 64 bits. */
const parseNumber = (text: string): Parsed<bigint> => {
  if (!/^[+-]?[0-9]+$/.test(text)) {
    return Either.left(notANumber(text, "invalid syntax"))
  }
  const digits = text.replace(/^[+-]?0*/, "")
  const magnitude = digits === "" ? 0n : digits.length > 19 ? maxInt64 + 2n : BigInt(digits)
  const number = text.startsWith("-") ? -magnitude : magnitude
  if (number > maxInt64 || number < -maxInt64 - 1n) {
    return Either.left(notANumber(text, "value out of range"))
  }
  return number < 0n
    ? Either.left(`negative number (${number}) not allowed: ${cut(text, 2)}`)
    : Either.right(number)
}

const notANumber = (text: string, problem: string): string =>
  `failed to parse int from ${cut(text, 2)}: strconv.Atoi: parsing ${goQuote(cut(text, 2))}: ${problem}`

/** Cuts a value that a reason quotes `times` times, so that all quotes together have at most 100 characters. */
const cut = (text: string, times = 1): string => {
  const limit = 100 / times
  return text.length > limit ? `${text.slice(0, limit).replace(/[\ud800-\udbff]$/, "")}…` : text
}

const escapes: ReadonlyMap<string, string> = new Map([
  ['"', '\\"'],
  ["\\", "\\\\"],
  ["\u0007", "\\a"],
  ["\b", "\\b"],
  ["\f", "\\f"],
  ["\n", "\\n"],
  ["\r", "\\r"],
  ["\t", "\\t"],
  ["\v", "\\v"]
])

/** Go's `strconv.Quote`, which the reason uses for text that is not a number. */
const goQuote = (text: string): string =>
  `"${text.replace(/["\\]|[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/gu, (character) => escapes.get(character) ?? escape(character))}"`

const escape = (character: string): string => {
  const code = character.codePointAt(0) ?? 0
  const hex = code.toString(16)
  if (code < 0x80) return `\\x${hex.padStart(2, "0")}`
  return code < 0x1_0000 ? `\\u${hex.padStart(4, "0")}` : `\\U${hex.padStart(8, "0")}`
}
