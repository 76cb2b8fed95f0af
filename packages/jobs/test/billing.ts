/** The application that the tests run: one job of each sort. */
import { Job, Jobs } from "@effect-qstash/jobs"
import { FlowControlKey } from "@effect-qstash/domain"
import { Duration, Schema } from "effect"

export class DbDown extends Schema.TaggedError<DbDown>()("DbDown", {}) {}
export class Locked extends Schema.TaggedError<Locked>()("Locked", {}) {}
export class NoSuchRegion extends Schema.TaggedError<NoSuchRegion>()("NoSuchRegion", {
  region: Schema.String
}) {}
export class NoSuchTable extends Schema.TaggedError<NoSuchTable>()("NoSuchTable", { table: Schema.String }) {}

export const TenantId = Schema.String.pipe(Schema.brand("TenantId"))
export const ExportId = Schema.String.pipe(Schema.brand("ExportId"))

export const NightlyReport = Job.make("nightly-report", {
  payload: { region: Schema.Literal("eu", "us"), lookback: Schema.DurationFromMillis },
  error: Schema.Union(DbDown, Locked, NoSuchRegion),
  onError: { DbDown: Job.retryAfter("30 seconds"), Locked: Job.retry, NoSuchRegion: Job.giveUp },
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
  skipIfOlderThan: "1 day",
  outcome: true
})

export const jobs = Jobs.make("billing", NightlyReport, Digest, Export)
