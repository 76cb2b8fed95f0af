/**
 * An instant from a user.
 *
 * @since 0.1.0
 */
import * as DateTime from "effect/DateTime"
import * as Option from "effect/Option"
import { quote } from "../internal/quote.ts"

/** A whole date, or a date with a time. */
const iso = /^((?:\d{4}|[+-]\d{6})-\d\d-\d\d)(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?$/

const isDate = (text: string): boolean =>
  Option.exists(DateTime.make(text), (date) => DateTime.formatIso(date).startsWith(text))

const isInput = (input: unknown): input is DateTime.DateTime.Input =>
  typeof input === "string" || typeof input === "number" || (typeof input === "object" && input !== null)

/**
 * Reads what `DateTime.make` reads, but of text only an existing ISO 8601 date, with or without a time: `"90"` is not
 * the year 1990, and 30 February is not a day in March. Text without a zone is in UTC.
 *
 * @since 0.1.0
 * @category decoding
 */
export const parse = (input: unknown): Option.Option<DateTime.Utc> => {
  if (typeof input === "string") {
    const [, date] = iso.exec(input) ?? []
    if (date === undefined || !isDate(date)) return Option.none()
  }
  return isInput(input) ? Option.map(DateTime.make(input), DateTime.toUtc) : Option.none()
}

/**
 * Reads an instant as milliseconds since 1970. Throws a `RangeError` with the name of the option or parameter if
 * `parse` reads none.
 *
 * @since 0.1.0
 * @category decoding
 */
export const millisOf = (name: string, input: DateTime.DateTime.Input): number => {
  if (DateTime.isDateTime(input)) return DateTime.toEpochMillis(input)
  const instant = parse(input)
  if (Option.isSome(instant)) return DateTime.toEpochMillis(instant.value)
  throw new RangeError(`${name}: expected an instant such as "2025-03-30T00:00:00Z", got ${quote(input)}`)
}
