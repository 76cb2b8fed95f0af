/**
 * @since 0.1.0
 */
import * as Prompt from "@effect/cli/Prompt"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
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
    // Not `Prompt.confirm`, which takes the first `y` that is typed, be it that of `maybe`.
    const answer = yield* Prompt.run(Prompt.text({ message: `${question} (y/N)` })).pipe(
      // Ctrl-C leaves the cursor behind the question.
      Effect.catchTag("QuitException", () => Effect.as(Console.log(""), ""))
    )
    if (!/^\s*y(?:es)?\s*$/i.test(answer)) return yield* failed("Nothing was changed.")
  })
