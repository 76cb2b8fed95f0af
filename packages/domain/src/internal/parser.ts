import * as Either from "effect/Either"
import * as Schema from "effect/Schema"
import { expectedOf } from "./effectSchema.ts"
import { quote } from "./quote.ts"

/** The value of an option, or what is wrong with it, as the end of a sentence that starts with the option. */
export type Parsed<A> = Either.Either<A, string>

/** A schema as a check. Its own message starts a sentence, this one ends one. */
export const parser = <A, I>(schema: Schema.Schema<A, I>) => {
  const decode = Schema.decodeUnknownEither(schema)
  const expected = expectedOf(schema)
  return (input: unknown): Parsed<A> =>
    Either.mapLeft(decode(input), () => `expected ${expected}, got ${quote(input)}`)
}
