import type { MessageId } from "@effect-qstash/domain/MessageId"
import type { QStashError } from "@effect-qstash/domain/QStashError"
import * as Args from "@effect/cli/Args"
import * as Command from "@effect/cli/Command"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Confirmation from "../Confirmation.ts"
import { failed, wrongUsage } from "../Failure.ts"
import { printable } from "../render/text.ts"
import { type CallError, explain, Target, withTarget } from "../Target.ts"
import * as flags from "./flags.ts"
import { capitalised, counted, type Noun } from "./noun.ts"
import { printJson } from "./print.ts"
import * as Selection from "./selection.ts"

/** What is done to each of several things. */
export interface Change<Id extends string, R> {
  readonly noun: Noun
  /** What has become of it, such as `paused`. */
  readonly done: string
  /** Answers the message that has come of it, where one has. */
  readonly apply: (id: Id) => Effect.Effect<MessageId | void, CallError, R>
}

/** An error about one of them says nothing of the next; any other would only be met again. */
const isAboutOne = (error: CallError): boolean =>
  error._tag.endsWith("NotFound") || error._tag === "QStashInvalidRequest"

/**
 * Does it to one after the other, and tells of each what has become of it. What fails for one does not keep the others
 * from being done.
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
export const change = <const Name extends string, Id extends string, R>(
  options: Change<Id, R> & {
    readonly name: Name
    readonly description: string
    readonly argument: Args.Args<Id>
    /** What `--all` means, in the order in which it is done. */
    readonly every: Effect.Effect<ReadonlyArray<Id>, QStashError, R>
    /** Whether it asks first even for what is named. */
    readonly asksAlways: boolean
  }
) => {
  const { argument, asksAlways, description, done, every, name, noun } = options
  return Command.make(
    name,
    {
      all: Selection.all(`Every ${noun.one} that can be ${done}.`),
      yes: flags.yes,
      json: flags.json,
      ids: Args.repeated(argument)
    },
    ({ all, ids, json, yes }) =>
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
  ).pipe(Command.withDescription(description))
}
