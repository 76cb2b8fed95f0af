/** The jobs, for those who publish them and for the worker. */
import { FlowControlKey } from "@effect-qstash/domain/FlowControl"
import { Job, Jobs } from "@effect-qstash/jobs"
import * as Duration from "effect/Duration"
import * as Schema from "effect/Schema"
import { DbDown, ExportId, NoSuchRegion, NoSuchTable, TenantId } from "./work.ts"

export const NightlyReport = Job.make("nightly-report", {
  payload: { region: Schema.Literal("eu", "us"), lookback: Schema.DurationFromMillis },
  error: Schema.Union(DbDown, NoSuchRegion),
  onError: { DbDown: Job.retryAfter("30 seconds"), NoSuchRegion: Job.giveUp },
  schedule: {
    cron: "CRON_TZ=Europe/Berlin 0 4 * * *",
    payload: { region: "eu", lookback: Duration.days(1) }
  },
  skipIfOlderThan: "12 hours",
  settings: { retries: 5, timeout: "10 minutes" }
})

export const Digest = Job.make("digest", {
  payload: { tenantId: TenantId },
  settings: {
    flowControl: { key: FlowControlKey.make("digest"), parallelism: 10, rate: 50, period: "1 minute" }
  }
})

export const Export = Job.make("export", {
  payload: { exportId: ExportId, rows: Schema.Int },
  success: Schema.Struct({ fileUrl: Schema.String }),
  error: NoSuchTable,
  onError: { NoSuchTable: Job.giveUp },
  key: ({ exportId }) => exportId,
  outcome: true
})

export const jobs = Jobs.make("billing", NightlyReport, Digest, Export)
