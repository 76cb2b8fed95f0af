/**
 * @since 0.1.0
 */
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { failed, type Failure, wrongUsage } from "./Failure.ts"
import { printable } from "./render/text.ts"
import { Shell } from "./Shell.ts"

/**
 * Refuses where nobody could be asked. Comes before the first call, so that a script learns of it at once.
 *
 * @since 0.1.0
 * @category constructors
 */
export const canBeAsked = (options: {
  readonly yes: boolean
  readonly json: boolean
}): Effect.Effect<void, Failure, Shell> =>
  Effect.flatMap(Shell, ({ canAsk }) => {
    if (options.yes || (canAsk && !options.json)) return Effect.void
    return wrongUsage(
      options.json
        ? "This needs a confirmation, and --json leaves no room to ask for it."
        : "This needs a confirmation, and there is no terminal to ask for it.",
      "Add --yes to go ahead without being asked. Nothing was changed."
    )
  })

/** With more than this a list tells nobody anything. */
const mostShown = 20

/**
 * Shows what is about to be touched and asks; anything but `y` or `yes` and the Enter key fails.
 *
 * @since 0.1.0
 * @category constructors
 */
export const ask = (question: string, ids: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    for (const id of ids.slice(0, mostShown)) yield* Console.log(`  ${printable(id)}`)
    if (ids.length > mostShown) yield* Console.log(`  and ${ids.length - mostShown} more`)
    const shell = yield* Shell
    const answer = yield* shell.ask(`${question} (y/N) `)
    // Without an answer the cursor is still behind the question.
    if (Option.isNone(answer)) yield* Console.log("")
    if (!Option.exists(answer, (line) => /^\s*y(?:es)?\s*$/i.test(line))) {
      return yield* failed("Nothing was changed.")
    }
  })
