import { QStashSchedules } from "@effect-qstash/domain/QStashSchedules"
import * as ScheduleRecord from "@effect-qstash/domain/wire/ScheduleRecord"
import * as Effect from "effect/Effect"
import { command } from "../../Command.ts"
import { scheduleCard } from "../../render/schedules.ts"
import { withTarget } from "../../Target.ts"
import * as flags from "../flags.ts"
import { printJson, printLines } from "../print.ts"
import { reader } from "../reader.ts"
import { idArgument } from "./schedule.ts"

export const get = command({
  flags: { json: flags.json },
  arguments: { id: idArgument },
  run: ({ id, json }) =>
    Effect.gen(function* () {
      const schedule = yield* Effect.flatMap(QStashSchedules, (schedules) => schedules.get(id))
      yield* json
        ? printJson(ScheduleRecord.encode(schedule))
        : printLines(scheduleCard(schedule, yield* reader))
    }).pipe(withTarget)
})
