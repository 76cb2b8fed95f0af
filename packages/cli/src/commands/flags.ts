import * as Args from "@effect/cli/Args"
import * as HelpDoc from "@effect/cli/HelpDoc"
import * as Options from "@effect/cli/Options"
import * as ValidationError from "@effect/cli/ValidationError"
import { DurationText } from "@effect-qstash/domain/wire/DurationText"
import * as InstantInput from "@effect-qstash/domain/wire/InstantInput"
import * as DateTime from "effect/DateTime"
import type * as Duration from "effect/Duration"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { quoted } from "../render/text.ts"

export const json = Options.boolean("json").pipe(
  Options.withDescription("Print JSON on standard output, and nothing else there.")
)

export const yes = Options.boolean("yes").pipe(
  Options.withAlias("y"),
  Options.withDescription("Go ahead without being asked.")
)

/**
 * A mark before what begins with a hyphen and stands behind a lone `--`, so that the parser takes it for no option. No
 * argument of a process holds this character.
 */
const mark = "\0"

export const marked = (arg: string): string => (arg.startsWith("-") ? mark + arg : arg)
export const unmarked = (text: string): string => text.replaceAll(mark, "")

/** An argument whose text is read as something else. What looks like an option is one that the command does not have. */
export const argument = <A>(name: string, parse: (text: string) => Either.Either<A, string>): Args.Args<A> =>
  Args.text({ name }).pipe(
    Args.mapEffect((text) =>
      text.startsWith("-")
        ? Either.left(HelpDoc.p(`${text} is not an option of this command.`))
        : Either.mapLeft(parse(unmarked(text)), (reason) => HelpDoc.p(`<${name}>: ${reason}`))
    )
  )

export const word = (name: string): Args.Args<string> => argument(name, Either.right)

/** The id or the name of something that there is, as an answer may carry it. */
export const existing = <A>(name: string, schema: Schema.Schema<A, string>): Args.Args<A> => {
  const decode = Schema.decodeEither(schema)
  return argument(name, (text) => Either.mapLeft(decode(text), () => "it is empty."))
}

/** The name of something that is to be. */
export const fresh = <A>(name: string, schema: Schema.Schema<A, string>): Args.Args<A> => {
  const decode = Schema.decodeEither(schema)
  return argument(name, (text) => Either.mapLeft(decode(text), ({ message }) => `${message}.`))
}

const invalid = (name: string, reason: string): ValidationError.ValidationError =>
  ValidationError.invalidValue(HelpDoc.p(`--${name}: ${reason}`))

/** An option whose text is read as something else; an error says which option it is about. */
const read = <A>(name: string, parse: (text: string) => Either.Either<A, string>): Options.Options<A> =>
  Options.text(name).pipe(
    Options.mapEffect((text) => Either.mapLeft(parse(text), (reason) => invalid(name, reason)))
  )

/** The same for what a schema reads. */
export const decoded = <A>(name: string, schema: Schema.Schema<A, string>): Options.Options<A> => {
  const decode = Schema.decodeEither(schema)
  return read(name, (text) => Either.mapLeft(decode(text), (error) => error.message))
}

/** A switch that makes a difference when it is off, and not only when it is on: `--name`, or `--name=false`. */
export const optionalSwitch = (name: string, description: string): Options.Options<Option.Option<boolean>> =>
  Options.choiceWithValue(name, [
    ["true", true],
    ["false", false]
  ]).pipe(Options.optional, Options.withDescription(description))

/** An option that may be repeated, each time with text that is not empty. */
export const several = <A>(
  name: string,
  pseudoName: string,
  parse: (text: string) => Either.Either<A, string>
): Options.Options<ReadonlyArray<A>> =>
  Options.text(name).pipe(
    Options.withPseudoName(pseudoName),
    Options.repeated,
    Options.mapEffect((texts) =>
      Either.mapLeft(Either.all(texts.map(parse)), (reason) => invalid(name, reason))
    )
  )

export const wholeNumberFrom =
  (least: number, most: number) =>
  (text: string): Either.Either<number, string> =>
    /^\d{1,15}$/.test(text) && Number(text) >= least && Number(text) <= most
      ? Either.right(Number(text))
      : Either.left(
          most === Number.MAX_SAFE_INTEGER
            ? `expected a whole number of at least ${least}, got ${quoted(text)}`
            : `expected a whole number from ${least} to ${most}, got ${quoted(text)}`
        )

/** A whole number within bounds. */
export const wholeNumber = (name: string, least: number, most: number): Options.Options<number> =>
  read(name, wholeNumberFrom(least, most)).pipe(Options.withPseudoName("number"))

export const optionalCount = (name: string, least: number, description: string) =>
  wholeNumber(name, least, Number.MAX_SAFE_INTEGER).pipe(
    Options.optional,
    Options.withDescription(description)
  )

export const optionalSpan = (
  name: string,
  description: string
): Options.Options<Option.Option<Duration.Duration>> =>
  decoded(name, DurationText).pipe(
    Options.withPseudoName("span"),
    Options.optional,
    Options.withDescription(description)
  )

export const parseInstant = (text: string): Either.Either<DateTime.Utc, string> =>
  Either.fromOption(
    InstantInput.parse(text),
    () => `expected a date or an instant, such as 2026-03-28 or 2026-03-28T12:00:00Z, got ${quoted(text)}`
  )

export const optionalInstant = (
  name: string,
  description: string
): Options.Options<Option.Option<DateTime.Utc>> =>
  read(name, parseInstant).pipe(
    Options.withPseudoName("instant"),
    Options.optional,
    Options.withDescription(description)
  )

const decodeSpan = Schema.decodeEither(DurationText)
const epoch = DateTime.unsafeMake(0)

/** An instant, or a span before now. */
export const optionalMoment = (name: string, description: string) =>
  read(name, (text): Either.Either<(now: DateTime.Utc) => DateTime.Utc, string> => {
    // A number without a unit might be of any.
    const span = /^\d+$/.test(text) ? Option.none() : Either.getRight(decodeSpan(text))
    return Option.isSome(span)
      ? Either.right((now) => DateTime.max(DateTime.subtractDuration(now, span.value), epoch))
      : Either.mapBoth(parseInstant(text), {
          onLeft: () =>
            `expected a span such as 90m or 7d, or an instant such as 2026-03-28T12:00:00Z, got ${quoted(text)}`,
          onRight: (instant) => () => instant
        })
  }).pipe(Options.withPseudoName("moment"), Options.optional, Options.withDescription(description))
