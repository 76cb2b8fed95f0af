import * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"
import * as MetricBoundaries from "effect/MetricBoundaries"
import type { JobResponse } from "./respond.ts"

const runs = Metric.counter("qstash_job_runs", {
  description: "Deliveries by job and verdict",
  incremental: true
})

const duration = Metric.timer("qstash_job_duration", "How long the deliveries of a job take")

const lateness = Metric.histogram(
  "qstash_job_lateness_millis",
  MetricBoundaries.exponential({ start: 10, factor: 4, count: 12 }),
  "How long after its firing a run of a schedule began, in milliseconds"
)

/** Counts a delivery and measures how long it takes. */
export const measured =
  (job: string) =>
  <R>(response: Effect.Effect<JobResponse, never, R>): Effect.Effect<JobResponse, never, R> =>
    Effect.flatMap(Effect.timed(response), ([elapsed, known]) =>
      Effect.as(
        Effect.zipRight(
          Metric.update(Metric.tagged(duration, "job", job), elapsed),
          Metric.update(runs.pipe(Metric.tagged("job", job), Metric.tagged("verdict", known.verdict)), 1)
        ),
        known
      )
    )

export const recordLateness = (job: string, late: number): Effect.Effect<void> =>
  Metric.update(Metric.tagged(lateness, "job", job), Math.max(0, late))
