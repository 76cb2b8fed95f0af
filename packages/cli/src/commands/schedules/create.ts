import type { CreateSchedule } from "@effect-qstash/domain/CreateSchedule"
import { CronExpression } from "@effect-qstash/domain/CronExpression"
import { QStashSchedules } from "@effect-qstash/domain/QStashSchedules"
import { ScheduleId } from "@effect-qstash/domain/ScheduleId"
import * as Console from "effect/Console"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as Flag from "../../Flag.ts"
import { command } from "../../Command.ts"
import { inZone, zoneOfCron } from "../../render/instant.ts"
import { neverFires } from "../../render/preview.ts"
import { printable, yellow } from "../../render/text.ts"
import { explainUnsure, Target, withTarget } from "../../Target.ts"
import * as flags from "../flags.ts"
import { printJson, printLines } from "../print.ts"
import { reader } from "../reader.ts"
import * as settings from "../settings.ts"

export const create = command({
  flags: {
    cron: Flag.requiredText(
      "cron",
      "expression",
      'When it fires (required), in quotes: "0 4 * * *" is in UTC, "CRON_TZ=Europe/Berlin 0 4 * * *" in Berlin.'
    ),
    id: Flag.optional(
      "id",
      "text",
      flags.decoded(ScheduleId),
      "Names the schedule. One with this id is overwritten in all its settings (default a fresh id)."
    ),
    ...settings.options,
    json: flags.json,
    urlGroup: settings.urlGroup
  },
  arguments: { destination: settings.destination },
  hint: "A cron expression goes in quotes.",
  run: (options) =>
    Effect.gen(function* () {
      const input: CreateSchedule.Input = {
        scheduleId: options.id,
        cron: options.cron,
        destination: yield* settings.readTarget(options),
        ...(yield* settings.read(options))
      }
      const target = yield* Target
      const schedules = yield* QStashSchedules
      const scheduleId = yield* schedules.create(input).pipe(
        Effect.catchTags({
          QStashInvalidRequest: (error) => Effect.fail(settings.refusal("schedules create")(error)),
          // Without an id each run of the command makes a schedule of its own.
          QStashUnavailable: (error) =>
            Effect.fail(
              options.id !== undefined
                ? error
                : explainUnsure(
                    error,
                    target,
                    "Whether it was created is not known: look with `effect-qstash schedules list`. With --id it is safe to create it again."
                  )
            )
        })
      )
      const warning = warningOf(options.cron, yield* DateTime.now)
      if (options.json) {
        yield* printJson({ scheduleId })
        return yield* warning
      }

      const { zone } = yield* reader
      // The server's own answer, since its clock may be a virtual one. The schedule stands without it.
      const stored = yield* Effect.option(schedules.get(scheduleId))
      const firing = Option.flatMapNullable(stored, ({ nextScheduleTime }) => nextScheduleTime)
      yield* printLines([
        `Created ${printable(scheduleId)} at ${target.origin}.`,
        ...Option.match(firing, {
          onNone: () => [],
          onSome: (instant) => {
            const own = zoneOfCron(options.cron)
            return [
              `It fires next on ${inZone(instant, own)} ${DateTime.zoneToString(own)},`,
              `that is ${inZone(instant, zone)} here (${DateTime.zoneToString(zone)}).`
            ]
          }
        })
      ])
      yield* warning
    }).pipe(withTarget)
})

/** The expression may be a slip of the hand: what never fires is stored all the same. */
const warningOf = (text: string, now: DateTime.Utc): Effect.Effect<void> =>
  Option.match(Either.getRight(CronExpression.parse(text)), {
    onNone: () => Effect.void,
    onSome: (cron) =>
      cron.upcoming(1, now).length === 0
        ? Console.error(yellow(`! ${printable(neverFires(cron))}`))
        : Effect.void
  })
