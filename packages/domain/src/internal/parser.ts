import * as Either from "effect/Either"
import * as Schema from "effect/Schema"

/** What a check makes of an option: its value, or why it is none, as the end of a sentence that names the option. */
export type Parsed<A> = Either.Either<A, string>

/** A schema as a check. Its message starts a sentence where it stands alone, and ends one here. */
export const parser = <A, I>(schema: Schema.Schema<A, I>) => {
  const decode = Schema.decodeUnknownEither(schema)
  return (input: unknown): Parsed<A> =>
    Either.mapLeft(decode(input), ({ message }) => message.replace(/^Expected /, "expected "))
}
