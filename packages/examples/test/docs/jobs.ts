import { Job, Jobs } from "@effect-qstash/jobs"
import { Schema } from "effect"

export class NoSuchRegion extends Schema.TaggedError<NoSuchRegion>()("NoSuchRegion", {}) {}
export class DbDown extends Schema.TaggedError<DbDown>()("DbDown", {}) {}

export const NightlyReport = Job.make("nightly-report", {
  payload: { region: Schema.Literal("eu", "us") },
  error: Schema.Union(NoSuchRegion, DbDown),
  onError: { NoSuchRegion: Job.giveUp, DbDown: Job.retryAfter("30 seconds") },
  schedule: { cron: "CRON_TZ=Europe/Berlin 0 4 * * *", payload: { region: "eu" } },
  settings: { retries: 5, timeout: "10 minutes" }
})

export const Digest = Job.make("digest", { payload: { tenant: Schema.String } })

export const Export = Job.make("export", {
  payload: { exportId: Schema.String, rows: Schema.Int },
  success: Schema.Struct({ fileUrl: Schema.String }),
  key: ({ exportId }) => exportId,
  outcome: true
})

export const jobs = Jobs.make("billing", NightlyReport, Digest, Export)
