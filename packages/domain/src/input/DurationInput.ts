/**
 * A span of time as a user gives it.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import * as Option from "effect/Option"

/**
 * @since 0.1.0
 * @category predicates
 */
export const isNegative = (input: unknown): boolean =>
  typeof input === "string"
    ? input.startsWith("-")
    : typeof input === "number" || typeof input === "bigint"
      ? input < 0
      : Array.isArray(input) && input.some((part) => typeof part === "number" && part < 0)

const isNaNIn = (input: unknown): boolean =>
  Number.isNaN(input) || (Array.isArray(input) && input.some(Number.isNaN))

/** No duration needs as many characters, and to read the digits of a big integer takes more than linear time. */
const isTooLong = (input: unknown): boolean => typeof input === "string" && input.length > 100

/**
 * Reads what `Duration.decodeUnknown` reads, but none of what it takes for no time at all: a negative span, and one that
 * is not a number.
 *
 * @since 0.1.0
 * @category decoding
 */
export const parse = (input: unknown): Option.Option<Duration.Duration> =>
  isNegative(input) || isNaNIn(input) || isTooLong(input) ? Option.none() : Duration.decodeUnknown(input)
