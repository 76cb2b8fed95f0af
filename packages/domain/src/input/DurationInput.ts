/**
 * A duration from a user.
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

const grammar = /^(\d+(?:\.\d+)?)\s+(nano|micro|milli|second|minute|hour|day|week)s?$/

const millisPerUnit: Readonly<Record<string, number>> = {
  milli: 1,
  second: 1_000,
  minute: 60_000,
  hour: 3_600_000,
  day: 86_400_000,
  week: 604_800_000
}

/** No duration needs as many characters, and reading the digits of a big integer takes more than linear time. */
const maxLength = 100

const readText = (text: string): Duration.Duration | undefined => {
  const [, count, unit] = (text.length <= maxLength && grammar.exec(text)) || []
  if (count === undefined || unit === undefined) return undefined
  const millis = millisPerUnit[unit]
  if (millis !== undefined) return Duration.millis(Number(count) * millis)
  const nanos = unit === "micro" ? 1_000 : 1
  return Duration.nanos(
    count.includes(".") ? BigInt(Math.round(Number(count) * nanos)) : BigInt(count) * BigInt(nanos)
  )
}

const isAmount = (input: unknown): input is number => typeof input === "number" && input >= 0

const read = (input: unknown): Duration.Duration | undefined => {
  if (Duration.isDuration(input)) return input
  if (typeof input === "string") return readText(input)
  if (isAmount(input)) return Duration.millis(input)
  if (typeof input === "bigint") return input < 0n ? undefined : Duration.nanos(input)
  if (!Array.isArray(input) || input.length !== 2) return undefined
  const parts: ReadonlyArray<unknown> = input
  const [seconds, nanos] = parts
  if (!isAmount(seconds) || !isAmount(nanos)) return undefined
  const whole = seconds * 1_000_000_000
  return whole + nanos === Infinity
    ? Duration.infinity
    : Duration.nanos(BigInt(Math.round(whole)) + BigInt(Math.round(nanos)))
}

/**
 * Reads what Effect's `Duration.decodeUnknown` reads, except what that reads as zero: a negative duration, and NaN.
 * Effect 4 has another function for it.
 *
 * @since 0.1.0
 * @category decoding
 */
export const parse = (input: unknown): Option.Option<Duration.Duration> => Option.fromNullable(read(input))
