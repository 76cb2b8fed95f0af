import { QStashSchedules, ScheduleId } from "@effect-qstash/domain"
import { Config, Effect, Schema } from "effect"

/** What each delivery contains. */
export const Report = Schema.Struct({ tenant: Schema.String })

const nightly = ScheduleId.make("nightly-report")

/** Makes sure that the schedule exists, and returns when it fires next. */
export const ensureNightly = Effect.gen(function* () {
  const publicUrl = yield* Config.string("PUBLIC_URL") // where QStash reaches the worker
  yield* QStashSchedules.upsertJson(Report, {
    scheduleId: nightly,
    cron: "CRON_TZ=Europe/Berlin 0 4 * * *",
    destination: `${publicUrl}/jobs/nightly-report`,
    body: { tenant: "acme" },
    retries: 5
  })
  const schedules = yield* QStashSchedules
  const { nextScheduleTime } = yield* schedules.get(nightly)
  return nextScheduleTime
})
