/** Loads a module of the user, TypeScript or JavaScript, and what belongs to it, from where it is. */
import type * as Deploy from "@effect-qstash/jobs/Deploy"
import * as Effect from "effect/Effect"
import * as Predicate from "effect/Predicate"
import { statSync } from "node:fs"
import { basename, resolve } from "node:path"
import { failed, wrongUsage } from "./Failure.ts"
import { quoted } from "./render/text.ts"

/**
 * The default export of a module, and the `Deploy` of the `@effect-qstash/jobs` that the module itself uses: this program
 * has a copy of Effect of its own, which must not run the user's effects.
 */
export const load = (path: string) =>
  Effect.gen(function* () {
    const file = resolve(path)
    const name = basename(file)
    if (statSync(file, { throwIfNoEntry: false })?.isFile() !== true) {
      return yield* wrongUsage(
        `<module>: there is no file ${quoted(path)}.`,
        "Give the path of a module whose default export is the effect that Plan.make returns."
      )
    }
    const { createJiti } = yield* Effect.promise(() => import("jiti"))
    // Its cache would be files in a temporary directory that others may write to.
    const jiti = createJiti(file, { fsCache: false })

    // This comes first, because what the module lacks is then said in words.
    const deploy = yield* Effect.tryPromise({
      try: () => jiti.import<typeof Deploy>("@effect-qstash/jobs/Deploy"),
      catch: (error) => error
    }).pipe(
      Effect.tapError((error) => Effect.logDebug(error)),
      Effect.mapError((error) =>
        wrongUsage(
          `${name} cannot be planned with what is installed: ${reasonOf(error)}.`,
          "Install the newest packages beside it: npm install @effect-qstash/jobs@latest @effect-qstash/client@latest"
        )
      )
    )
    const module = yield* Effect.tryPromise({
      try: () => jiti.import(file),
      catch: (error) => error
    }).pipe(
      Effect.tapError((error) => Effect.logDebug(error)),
      Effect.mapError((error) =>
        failed(
          `${name} could not be loaded: ${reasonOf(error)}.`,
          "Run it with --log-level debug to see where."
        )
      )
    )
    const exported = Predicate.hasProperty(module, "default") ? module.default : undefined
    if (exported === undefined) {
      return yield* wrongUsage(
        `${name} has no default export.`,
        "Write `export default Plan.make(jobs)` in it."
      )
    }
    return { name, deploy, exported }
  })

/** Sends to standard error what the module prints meanwhile: standard output is for the command, and may have to be JSON. */
export const withPrintsAside = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.acquireUseRelease(
    Effect.sync(() => {
      const { debug, error, info, log } = console
      Object.assign(console, { debug: error, info: error, log: error })
      return { debug, info, log }
    }),
    () => effect,
    (own) => Effect.sync(() => Object.assign(console, own))
  )

/** The first line tells what. Of the rest, only the place of a syntax error helps. */
const reasonOf = (error: unknown): string => {
  const text = error instanceof Error ? error.message : String(error)
  const [first = ""] = text.replace(/\s+(\S+:\d+:\d+)$/, " at $1").split("\n")
  return first.replace(/\.$/, "")
}
