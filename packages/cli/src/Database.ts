/** Where a server keeps its state. */
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import { type Failure, wrongUsage } from "./Failure.ts"
import * as Flag from "./Flag.ts"
import { filled } from "./Target.ts"

/** A Postgres URL has a password, so it is redacted. */
export type Database =
  | { readonly _tag: "Memory" }
  | { readonly _tag: "File"; readonly path: string }
  | { readonly _tag: "Postgres"; readonly url: Redacted.Redacted }

/** Where a server keeps its files unless the user names another place. */
export const defaultDirectory = ".effect-qstash"

const parse = (text: string): Either.Either<Database, string> => {
  if (text === "memory") return Either.right({ _tag: "Memory" })
  if (/^postgres(?:ql)?:\/\//.test(text)) return Either.right({ _tag: "Postgres", url: Redacted.make(text) })
  // Another scheme is a mistake rather than the name of a file.
  return text === "" || /^[a-z][a-z\d+.-]+:/i.test(text)
    ? Either.left("expected memory, the path of a file, or postgres://…")
    : Either.right({ _tag: "File", path: text })
}

export const databaseFlag = (variable: string, byDefault: string) =>
  Flag.optional(
    "db",
    "where",
    parse,
    `Where the state is kept: memory, the path of a file, or postgres://… (default ${variable}, else ${byDefault}).`
  )

/** The database that the flag or the environment names. */
export const databaseOf = (
  flag: Database | undefined,
  variable: string,
  byDefault: Database
): Effect.Effect<Database, Failure> =>
  flag !== undefined
    ? Effect.succeed(flag)
    : Effect.flatMap(
        Effect.orDie(filled(variable)),
        Option.match({
          onNone: () => Effect.succeed(byDefault),
          onSome: (text) =>
            Effect.mapError(parse(text.trim()), (reason) => wrongUsage(`${variable}: ${reason}.`))
        })
      )
