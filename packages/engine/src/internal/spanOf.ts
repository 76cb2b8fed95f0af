import * as Duration from "effect/Duration"
import * as Option from "effect/Option"

const isNegative = (input: unknown): boolean =>
  (typeof input === "number" && !(input >= 0)) ||
  (typeof input === "bigint" && input < 0n) ||
  (typeof input === "string" && input.trim().startsWith("-"))

const shown = (input: unknown): string =>
  typeof input === "number"
    ? String(input)
    : typeof input === "bigint"
      ? `${input}n`
      : (JSON.stringify(input) ?? String(input))

/**
 * A span of time that a caller gives, in milliseconds: what is none is refused by its name, where Effect would take zero
 * for it.
 */
export const spanOf = (name: string, input: Duration.DurationInput): number => {
  const span = Duration.decodeUnknown(input)
  if (Option.isSome(span) && !isNegative(input)) return Duration.toMillis(span.value)
  throw new RangeError(
    `${name}: expected a duration that is not negative, such as "5 minutes", got ${shown(input)}`
  )
}
