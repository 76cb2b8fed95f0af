import type * as Either from "effect/Either"

/** What flags and arguments have in common. */
export interface Parameter<out A> {
  readonly name: string
  readonly description: string
  readonly isRequired: boolean
  readonly isRepeated: boolean
  /** Reads the texts that were given, in order; none if it was left out. On the left is what is wrong with them. */
  readonly read: (texts: ReadonlyArray<string>) => Either.Either<A, string>
}

/** Reads one text, or says what is wrong with it. */
export type Parse<A> = (text: string) => Either.Either<A, string>
