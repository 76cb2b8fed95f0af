import { CronExpression } from "@effect-qstash/domain/CronExpression"
import type { Any, Schedule, ScheduleOptions } from "../JobSchedule.ts"
import { scheduleIdOf } from "./inputs.ts"

/** A schedule of a job. A wrong cron or key throws. */
export const declare = <P>(job: Any, options: ScheduleOptions<P>): Schedule => {
  const { cron, isPaused, key, payload, to } = options
  const schedule: Schedule = {
    job,
    key,
    cron: typeof cron === "string" ? CronExpression.make(cron) : cron,
    body: job.codec.encodePayload(payload),
    isPaused,
    to
  }
  scheduleIdOf({ environment: undefined }, schedule)
  return schedule
}
