import type { MessageId } from "@effect-qstash/domain/MessageId"
import type { QStashServices } from "@effect-qstash/domain/QStashServices"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Argument from "../Argument.ts"
import { type Command, command } from "../Command.ts"
import * as Confirmation from "../Confirmation.ts"
import { failed, wrongUsage } from "../Failure.ts"
import * as Flag from "../Flag.ts"
import { printable } from "../render/text.ts"
import { type CallError, explain, Target, withTarget } from "../Target.ts"
import * as flags from "./flags.ts"
import { capitalised, counted, type Noun } from "./noun.ts"
import { printJson } from "./print.ts"

/** A change that is made to several things, one by one. */
export interface Change<Id extends string, R> {
  readonly noun: Noun
  /** What it is afterwards, such as `paused`. */
  readonly done: string
  /** Makes the change, and returns the id of the message that it published, if any. */
  readonly apply: (id: Id) => Effect.Effect<MessageId | void, CallError, R>
}

/** After an error about one of them the others are still tried; any other error would happen to them too. */
const isAboutOne = (error: CallError): boolean =>
  error._tag.endsWith("NotFound") || error._tag === "QStashInvalidRequest"

/**
 * Changes one after the other, and prints the outcome of each. If the change fails for one, the others are still made.
 */
export const applyEach = <Id extends string, R>(
  { apply, done, noun }: Change<Id, R>,
  ids: ReadonlyArray<Id>,
  json: boolean
) =>
  Effect.gen(function* () {
    const target = yield* Target
    const outcomes: Array<Readonly<Record<string, string>>> = []
    let obstacle: CallError | undefined
    let left = 0
    for (const id of ids) {
      if (obstacle !== undefined && !isAboutOne(obstacle)) {
        left += 1
        outcomes.push({ [noun.key]: id, outcome: "not tried" })
        continue
      }
      const result = yield* Effect.either(apply(id))
      if (Either.isRight(result)) {
        const messageId = result.right
        outcomes.push({
          [noun.key]: id,
          outcome: done,
          ...(messageId === undefined ? {} : { messageId })
        })
        const as = messageId === undefined ? "" : ` as ${printable(messageId)}`
        if (!json) yield* Console.log(`${printable(id)} is ${done}${as}.`)
        continue
      }
      left += 1
      obstacle = result.left
      outcomes.push({
        [noun.key]: id,
        outcome: "failed",
        error: obstacle._tag,
        message: obstacle.message
      })
      if (ids.length > 1) yield* Console.error(`${printable(id)}: ${printable(obstacle.message)}`)
    }
    if (json) yield* printJson(outcomes)
    if (obstacle === undefined) return
    const failure = explain(obstacle, target)
    if (ids.length === 1) return yield* failure
    return yield* failed(`${left} of ${counted(noun, ids.length)} could not be ${done}.`, failure.next)
  })

/** A command that changes those that are named, or with `--all` every one that it concerns. */
export const change = <Id extends string>(
  options: Change<Id, QStashServices> & {
    readonly name: string
    readonly argument: Argument.Argument<Id>
    /** What `--all` means, in the order in which it is done. */
    readonly every: Effect.Effect<ReadonlyArray<Id>, CallError, QStashServices>
    /** Whether it asks first even for what is named. */
    readonly asksAlways: boolean
  }
): Command => {
  const { argument, asksAlways, done, every, name, noun } = options
  return command({
    flags: {
      all: Flag.toggle("all", `Every ${noun.one} that can be ${done}.`),
      yes: flags.yes,
      json: flags.json
    },
    arguments: { ids: Argument.many(argument) },
    run: ({ all, ids, json, yes }) =>
      Effect.gen(function* () {
        if (all === ids.length > 0) {
          return yield* wrongUsage(
            all ? `Both --all and single ${noun.many} were given.` : `No ${noun.one} was named.`,
            `Name the ${noun.many} to ${name}, or give --all.`
          )
        }
        const asks = (all || asksAlways) && !yes
        if (asks) yield* Confirmation.canBeAsked({ json, yes })

        const { origin } = yield* Target
        const chosen = all ? yield* every : Array.from(new Set(ids))
        if (chosen.length === 0) {
          return yield* json ? printJson([]) : Console.log(`There is no ${noun.one} to ${name} at ${origin}.`)
        }
        if (asks) {
          yield* Confirmation.ask(
            `${capitalised(name)} ${counted(noun, chosen.length)} at ${origin}?`,
            chosen
          )
        }
        yield* applyEach(options, chosen, json)
      }).pipe(withTarget)
  })
}
