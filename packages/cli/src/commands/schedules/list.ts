import { QStashSchedules } from "@effect-qstash/domain/QStashSchedules"
import * as ScheduleRecord from "@effect-qstash/domain/wire/ScheduleRecord"
import * as Effect from "effect/Effect"
import { command } from "../../Command.ts"
import { byNextFiring, scheduleTable } from "../../render/schedules.ts"
import { Target, withTarget } from "../../Target.ts"
import * as flags from "../flags.ts"
import { printJson, printLines } from "../print.ts"
import { reader } from "../reader.ts"

export const list = command({
  flags: { json: flags.json },
  run: ({ json }) =>
    Effect.gen(function* () {
      const { origin } = yield* Target
      const found = yield* Effect.flatMap(QStashSchedules, (schedules) => schedules.list)
      const schedules = found.toSorted(byNextFiring)
      if (json) return yield* printJson(schedules.map(ScheduleRecord.encode))
      if (schedules.length > 0) return yield* printLines(scheduleTable(schedules, yield* reader))
      yield* printLines([
        `There are no schedules at ${origin}. Create one:`,
        "",
        '  effect-qstash schedules create https://example.com/jobs/nightly --cron "0 4 * * *"'
      ])
    }).pipe(withTarget)
})
