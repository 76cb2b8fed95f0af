import * as Args from "@effect/cli/Args"
import * as HelpDoc from "@effect/cli/HelpDoc"
import * as Options from "@effect/cli/Options"
import * as ValidationError from "@effect/cli/ValidationError"
import { type ScheduleId, ScheduleIdFromAnswer } from "@effect-qstash/domain/ScheduleId"
import * as Either from "effect/Either"
import * as Schema from "effect/Schema"

export const json = Options.boolean("json").pipe(
  Options.withDescription("Print JSON on standard output, and nothing else there.")
)

export const yes = Options.boolean("yes").pipe(
  Options.withAlias("y"),
  Options.withDescription("Go ahead without being asked.")
)

const decodeId = Schema.decodeEither(ScheduleIdFromAnswer)

/** An id as an answer may carry it; what looks like an option is one that the command does not have. */
export const id: Args.Args<ScheduleId> = Args.text({ name: "id" }).pipe(
  Args.mapEffect((text) =>
    text.startsWith("-")
      ? Either.left(HelpDoc.p(`${text} is not an option of this command.`))
      : Either.mapLeft(decodeId(text), () => HelpDoc.p("An id is empty."))
  ),
  Args.withDescription("The id of a schedule.")
)

/** An option whose text is read as something else; an error says which option it is about. */
export const read = <A>(
  name: string,
  parse: (text: string) => Either.Either<A, string>
): Options.Options<A> =>
  Options.text(name).pipe(
    Options.mapEffect((text) =>
      Either.mapLeft(parse(text), (reason) => ValidationError.invalidValue(HelpDoc.p(`--${name}: ${reason}`)))
    )
  )

/** The same for what a schema reads. */
export const decoded = <A>(name: string, schema: Schema.Schema<A, string>): Options.Options<A> => {
  const decode = Schema.decodeEither(schema)
  return read(name, (text) => Either.mapLeft(decode(text), (error) => error.message))
}

/** A whole number within bounds. */
export const wholeNumber = (name: string, least: number, most: number): Options.Options<number> =>
  read(name, (text) =>
    /^\d{1,15}$/.test(text) && Number(text) >= least && Number(text) <= most
      ? Either.right(Number(text))
      : Either.left(
          most === Number.MAX_SAFE_INTEGER
            ? `expected a whole number of at least ${least}`
            : `expected a whole number from ${least} to ${most}`
        )
  ).pipe(Options.withPseudoName("number"))
