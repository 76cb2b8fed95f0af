import { DurationText } from "@effect-qstash/domain/wire/DurationText"
import * as InstantInput from "@effect-qstash/domain/input/InstantInput"
import * as DateTime from "effect/DateTime"
import type * as Duration from "effect/Duration"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Argument from "../Argument.ts"
import * as Flag from "../Flag.ts"
import type { Parse } from "../Parameter.ts"
import { quoted } from "../render/text.ts"

export const json = Flag.toggle("json", "Print JSON on standard output, and nothing else there.")

export const yes = Flag.toggle("yes", "Go ahead without being asked.", "y")

/** Reads text with a schema whose errors say what is wrong. */
export const decoded = <A>(schema: Schema.Schema<A, string>): Parse<A> => {
  const decode = Schema.decodeEither(schema)
  return (text) => Either.mapLeft(decode(text), ({ message }) => message)
}

/** Reads the id or the name of something that exists, as a response may have it: any text but none. */
export const known = <A>(schema: Schema.Schema<A, string>): Parse<A> => {
  const decode = Schema.decodeEither(schema)
  return (text) => Either.mapLeft(decode(text), () => "it is empty")
}

export const existing = <A>(
  name: string,
  schema: Schema.Schema<A, string>,
  description: string
): Argument.Argument<A> => Argument.required(name, known(schema), description)

export const parseWholeNumber =
  (least: number, most: number): Parse<number> =>
  (text) =>
    /^\d{1,15}$/.test(text) && Number(text) >= least && Number(text) <= most
      ? Either.right(Number(text))
      : Either.left(
          most === Number.MAX_SAFE_INTEGER
            ? `expected a whole number of at least ${least}, got ${quoted(text)}`
            : `expected a whole number from ${least} to ${most}, got ${quoted(text)}`
        )

export const wholeNumber = (name: string, least: number, most: number, description: string) =>
  Flag.optional(name, "number", parseWholeNumber(least, most), description)

export const count = (name: string, least: number, description: string) =>
  wholeNumber(name, least, Number.MAX_SAFE_INTEGER, description)

export const span = (name: string, description: string): Flag.Flag<Duration.Duration | undefined> =>
  Flag.optional(name, "span", decoded(DurationText), description)

export const parseInstant: Parse<DateTime.Utc> = (text) =>
  Either.fromOption(
    InstantInput.parse(text),
    () => `expected a date or an instant, such as 2026-03-28 or 2026-03-28T12:00:00Z, got ${quoted(text)}`
  )

export const instant = (name: string, description: string): Flag.Flag<DateTime.Utc | undefined> =>
  Flag.optional(name, "instant", parseInstant, description)

/** An instant, or a span before now. */
export type Moment = (now: DateTime.Utc) => DateTime.Utc

const decodeSpan = Schema.decodeEither(DurationText)
const epoch = DateTime.unsafeMake(0)

const parseMoment: Parse<Moment> = (text) => {
  // A number without a unit might be of any.
  const ago = /^\d+$/.test(text) ? Option.none() : Either.getRight(decodeSpan(text))
  return Option.isSome(ago)
    ? Either.right((now) => DateTime.max(DateTime.subtractDuration(now, ago.value), epoch))
    : Either.mapBoth(parseInstant(text), {
        onLeft: () =>
          `expected a span such as 90m or 7d, or an instant such as 2026-03-28T12:00:00Z, got ${quoted(text)}`,
        onRight: (at) => () => at
      })
}

export const moment = (name: string, description: string): Flag.Flag<Moment | undefined> =>
  Flag.optional(name, "moment", parseMoment, description)
