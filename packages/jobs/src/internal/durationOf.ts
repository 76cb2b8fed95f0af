import * as DurationInput from "@effect-qstash/domain/input/DurationInput"
import type * as Duration from "effect/Duration"
import * as Option from "effect/Option"

/** A duration that the code declares. A wrong one throws where it is declared, like a wrong cron. */
export const durationOf = (option: string, input: Duration.DurationInput): Duration.Duration =>
  Option.getOrThrowWith(
    DurationInput.parse(input),
    () => new RangeError(`${option}: expected a duration such as "30 seconds"`)
  )
