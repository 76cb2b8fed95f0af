import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as FiberRef from "effect/FiberRef"
import * as Metric from "effect/Metric"
import * as MetricBoundaries from "effect/MetricBoundaries"
import * as MetricKey from "effect/MetricKey"
import * as MetricLabel from "effect/MetricLabel"
import type { JobResponse } from "./respond.ts"

const runs = MetricKey.counter("qstash_job_runs", {
  description: "Deliveries by job and verdict",
  incremental: true
})

const duration = MetricKey.histogram(
  "qstash_job_duration",
  MetricBoundaries.exponential({ start: 0.5, factor: 2, count: 35 }),
  "How long the deliveries of a job take"
).pipe(MetricKey.tagged("time_unit", "milliseconds"))

const lateness = MetricKey.histogram(
  "qstash_job_lateness_millis",
  MetricBoundaries.exponential({ start: 10, factor: 4, count: 12 }),
  "How long after its firing a run of a schedule began, in milliseconds"
)

/** Keeps a metric for each key. `Metric.tagged` looks one up at every update, which takes as long as verifying a delivery. */
const kept = <M>(make: (key: string) => M): ((key: string) => M) => {
  const known = new Map<string, M>()
  return (key) => {
    const found = known.get(key) ?? make(key)
    known.set(key, found)
    return found
  }
}

const runsBy = kept((verdict) =>
  kept((job) =>
    Metric.fromMetricKey(
      MetricKey.taggedWithLabels(runs, [MetricLabel.make("job", job), MetricLabel.make("verdict", verdict)])
    )
  )
)
const durationOf = kept((job) => Metric.fromMetricKey(MetricKey.tagged(duration, "job", job)))
const latenessOf = kept((job) => Metric.fromMetricKey(MetricKey.tagged(lateness, "job", job)))

/** Counts a delivery and measures how long it takes, in one step. */
export const measured =
  (job: string) =>
  <R>(response: Effect.Effect<JobResponse, never, R>): Effect.Effect<JobResponse, never, R> =>
    Effect.flatMap(Effect.timed(response), ([elapsed, known]) =>
      Effect.map(FiberRef.get(FiberRef.currentMetricLabels), (labels) => {
        durationOf(job).unsafeUpdate(Duration.toMillis(elapsed), labels)
        runsBy(known.verdict)(job).unsafeUpdate(1, labels)
        return known
      })
    )

export const recordLateness = (job: string, late: number): Effect.Effect<void> =>
  Metric.update(latenessOf(job), Math.max(0, late))
