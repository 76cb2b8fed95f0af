/**
 * A command as a value: its flags, its arguments and what it does. The parser, help and completions all read these
 * values, so that none of them has to know more than is written there.
 */
import type * as DateTime from "effect/DateTime"
import type * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import type { Argument } from "./Argument.ts"
import type { Failure } from "./Failure.ts"
import type { Flag } from "./Flag.ts"
import type { Parameter } from "./Parameter.ts"
import type { Shell } from "./Shell.ts"

/** The texts of each parameter, as they stand on the command line. */
export type Texts = ReadonlyMap<Parameter<unknown>, ReadonlyArray<string>>

/** What is wrong with a command line. */
export interface Misread {
  readonly what: string
  readonly isAboutArguments: boolean
}

/** What a record of parameters reads. */
export type Input<P> = {
  readonly [K in keyof P]: P[K] extends Parameter<infer A> ? A : never
}

type Services = Shell | DateTime.CurrentTimeZone

export interface Command {
  readonly flags: ReadonlyArray<Flag<unknown>>
  readonly arguments: ReadonlyArray<Argument<unknown>>
  /** Shown if the arguments are wrong. */
  readonly hint?: string
  /** Reads the parameters, and returns the effect to run. */
  readonly prepare: (texts: Texts) => Either.Either<Effect.Effect<void, Failure, Services>, Misread>
}

/** Makes a command. The input of `run` has a field for each flag and each argument. */
export const command = <F extends object, A extends object = {}>(spec: {
  readonly flags: { readonly [K in keyof F]: Flag<F[K]> }
  readonly arguments?: { readonly [K in keyof A]: Argument<A[K]> }
  readonly hint?: string
  readonly run: (input: F & A) => Effect.Effect<void, Failure, Services>
}): Command => ({
  flags: Object.values<Flag<unknown>>(spec.flags),
  arguments: Object.values<Argument<unknown>>(spec.arguments ?? {}),
  ...(spec.hint === undefined ? {} : { hint: spec.hint }),
  prepare: (texts) =>
    Either.gen(function* () {
      const flags = yield* readAll<F>(spec.flags, texts, ({ name }, reason) => ({
        what: `--${name}: ${reason}`,
        isAboutArguments: false
      }))
      const words = yield* readAll<A>(spec.arguments, texts, ({ name }, reason) => ({
        what: `<${name}>: ${reason}`,
        isAboutArguments: true
      }))
      return spec.run({ ...flags, ...words })
    })
})

const readAll = <F extends object>(
  parameters: { readonly [K in keyof F]: Parameter<F[K]> } | undefined,
  texts: Texts,
  misread: (parameter: Parameter<unknown>, reason: string) => Misread
): Either.Either<F, Misread> => {
  const input: Partial<F> = {}
  for (const key in parameters) {
    const parameter = parameters[key]
    const value = parameter.read(texts.get(parameter) ?? [])
    if (Either.isLeft(value)) return Either.left(misread(parameter, value.left))
    input[key] = value.right
  }
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the loop has set each field of F
  return Either.right(input as F)
}
