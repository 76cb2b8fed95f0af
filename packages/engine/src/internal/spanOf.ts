import * as DurationInput from "@effect-qstash/domain/input/DurationInput"
import * as Duration from "effect/Duration"
import * as Option from "effect/Option"

const shown = (input: unknown): string =>
  typeof input === "number"
    ? String(input)
    : typeof input === "bigint"
      ? `${input}n`
      : (JSON.stringify(input) ?? String(input))

/** A span of time that a caller gives, in milliseconds; what is none is refused by its name. */
export const spanOf = (name: string, input: Duration.DurationInput): number => {
  const span = DurationInput.parse(input)
  if (Option.isSome(span)) return Duration.toMillis(span.value)
  throw new RangeError(
    `${name}: expected a duration that is not negative, such as "5 minutes", got ${shown(input)}`
  )
}
