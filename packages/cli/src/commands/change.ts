import type { QStashError, ScheduleNotFound } from "@effect-qstash/domain/QStashError"
import type { QStashSchedule } from "@effect-qstash/domain/QStashSchedule"
import { QStashSchedules } from "@effect-qstash/domain/QStashSchedules"
import type { ScheduleId } from "@effect-qstash/domain/ScheduleId"
import * as Args from "@effect/cli/Args"
import * as Command from "@effect/cli/Command"
import * as Options from "@effect/cli/Options"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Confirmation from "../Confirmation.ts"
import { failed, wrongUsage } from "../Failure.ts"
import { byNextFiring } from "../render/schedules.ts"
import { printable } from "../render/text.ts"
import { explain, Target, withTarget } from "../Target.ts"
import * as flags from "./flags.ts"
import { printJson } from "./print.ts"

interface Change<Name extends string> {
  readonly name: Name
  readonly description: string
  readonly done: "paused" | "resumed" | "deleted"
  readonly apply: (
    schedules: QStashSchedules.Service,
    id: ScheduleId
  ) => Effect.Effect<void, ScheduleNotFound | QStashError>
  /** Which schedules `--all` means. */
  readonly concerns: (schedule: QStashSchedule) => boolean
  /** Whether it asks first even for schedules that are named. */
  readonly asksAlways: boolean
}

/** What became of one schedule. */
interface Outcome {
  readonly scheduleId: ScheduleId
  readonly outcome: Change<string>["done"] | "failed" | "not tried"
  readonly error?: string
  readonly message?: string
}

const plural = (count: number): string => (count === 1 ? "1 schedule" : `${count} schedules`)

/** An error about one schedule says nothing of the next; any other would only be met again. */
const isAboutOne = (error: ScheduleNotFound | QStashError): boolean =>
  error._tag === "ScheduleNotFound" || error._tag === "QStashInvalidRequest"

const make = <const Name extends string>(change: Change<Name>) =>
  Command.make(
    change.name,
    {
      all: Options.boolean("all").pipe(Options.withDescription(`Every schedule that can be ${change.done}.`)),
      yes: flags.yes,
      json: flags.json,
      ids: Args.repeated(flags.id)
    },
    ({ all, ids, json, yes }) =>
      Effect.gen(function* () {
        if (all === ids.length > 0) {
          return yield* wrongUsage(
            all ? "Both ids and --all were given." : "No schedule was named.",
            `Give the ids of the schedules to ${change.name}, or --all.`
          )
        }
        const asks = (all || change.asksAlways) && !yes
        if (asks) yield* Confirmation.canBeAsked({ json, yes })

        const { origin } = yield* Target
        const schedules = yield* QStashSchedules
        const chosen = all
          ? (yield* schedules.list)
              .filter(change.concerns)
              .toSorted(byNextFiring)
              .map(({ scheduleId }) => scheduleId)
          : Array.from(new Set(ids))
        if (chosen.length === 0) {
          return yield* json
            ? printJson([])
            : Console.log(`There is no schedule to ${change.name} at ${origin}.`)
        }
        if (asks) {
          const verb = change.name.slice(0, 1).toUpperCase() + change.name.slice(1)
          yield* Confirmation.ask(`${verb} ${plural(chosen.length)} at ${origin}?`, chosen)
        }
        yield* applyEach(change, chosen, json)
      }).pipe(withTarget)
  ).pipe(Command.withDescription(change.description))

const applyEach = (change: Change<string>, ids: ReadonlyArray<ScheduleId>, json: boolean) =>
  Effect.gen(function* () {
    const target = yield* Target
    const schedules = yield* QStashSchedules
    const outcomes: Array<Outcome> = []
    let obstacle: ScheduleNotFound | QStashError | undefined
    for (const scheduleId of ids) {
      if (obstacle !== undefined && !isAboutOne(obstacle)) {
        outcomes.push({ scheduleId, outcome: "not tried" })
        continue
      }
      const result = yield* Effect.either(change.apply(schedules, scheduleId))
      if (Either.isRight(result)) {
        outcomes.push({ scheduleId, outcome: change.done })
        if (!json) yield* Console.log(`${printable(scheduleId)} is ${change.done}.`)
        continue
      }
      obstacle = result.left
      outcomes.push({
        scheduleId,
        outcome: "failed",
        error: obstacle._tag,
        message: obstacle.message
      })
      if (ids.length > 1) yield* Console.error(`${printable(scheduleId)}: ${printable(obstacle.message)}`)
    }
    if (json) yield* printJson(outcomes)
    if (obstacle === undefined) return
    const failure = explain(obstacle, target)
    if (ids.length === 1) return yield* failure
    const left = outcomes.filter(({ outcome }) => outcome !== change.done).length
    return yield* failed(`${left} of ${plural(ids.length)} could not be ${change.done}.`, failure.next)
  })

export const pause = make({
  name: "pause",
  description:
    "Stop schedules from firing until they are resumed. What falls into the pause is not made up for.",
  done: "paused",
  apply: (schedules, id) => schedules.pause(id),
  concerns: ({ isPaused }) => !isPaused,
  asksAlways: false
})

export const resume = make({
  name: "resume",
  description: "Let paused schedules fire again.",
  done: "resumed",
  apply: (schedules, id) => schedules.resume(id),
  concerns: ({ isPaused }) => isPaused,
  asksAlways: false
})

export const remove = make({
  name: "delete",
  description: "Delete schedules. Messages that they have already made are still delivered.",
  done: "deleted",
  apply: (schedules, id) => schedules.delete(id),
  concerns: () => true,
  asksAlways: true
})
