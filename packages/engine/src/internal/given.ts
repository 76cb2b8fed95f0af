import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Option from "effect/Option"

/** Instants and spans of time as a caller gives them: what is none is refused by its name, where Effect would take zero for it. */

const refuse = (name: string, expected: string, input: unknown): never => {
  const shown = typeof input === "bigint" ? `${input}n` : (JSON.stringify(input) ?? String(input))
  throw new RangeError(`${name}: expected ${expected}, got ${typeof input === "number" ? input : shown}`)
}

const isNegative = (input: unknown): boolean =>
  (typeof input === "number" && !(input >= 0)) ||
  (typeof input === "bigint" && input < 0n) ||
  (typeof input === "string" && input.trim().startsWith("-"))

/** In milliseconds. */
export const spanOf = (name: string, input: Duration.DurationInput): number => {
  const span = Duration.decodeUnknown(input)
  return Option.isSome(span) && !isNegative(input)
    ? Duration.toMillis(span.value)
    : refuse(name, 'a duration that is not negative, such as "5 minutes"', input)
}

/** In milliseconds since 1970. */
export const instantOf = (name: string, input: DateTime.DateTime.Input): number => {
  const instant = DateTime.make(input)
  return Option.isSome(instant)
    ? DateTime.toEpochMillis(instant.value)
    : refuse(name, 'an instant such as "2025-03-30T00:00:00Z"', input)
}
