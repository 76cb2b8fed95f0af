/** Constructors for arguments. */
import * as Either from "effect/Either"
import type { Parameter, Parse } from "./Parameter.ts"

/** A word such as `<id>`. It is taken by its place: one that may be left out or repeated comes last. */
export interface Argument<out A> extends Parameter<A> {}

/** One word. */
export const required = <A>(name: string, parse: Parse<A>, description: string): Argument<A> => ({
  name,
  description,
  isRequired: true,
  isRepeated: false,
  read: ([text = ""]) => parse(text)
})

/** A word that may be left out. */
export const optional = <A>(argument: Argument<A>): Argument<A | undefined> => ({
  ...argument,
  isRequired: false,
  read: (texts) => (texts.length === 0 ? Either.right(undefined) : argument.read(texts))
})

/** Any number of words, or at least one. */
export const many = <A>(argument: Argument<A>, { atLeastOne = false } = {}): Argument<ReadonlyArray<A>> => ({
  ...argument,
  isRequired: atLeastOne,
  isRepeated: true,
  read: (texts) => Either.all(texts.map((text) => argument.read([text])))
})
