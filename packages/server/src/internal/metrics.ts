import type { DeliveryEvent } from "@effect-qstash/engine/DeliveryEvent"
import type { Store } from "@effect-qstash/engine/Store"
import type { StoreError } from "@effect-qstash/engine/StoreError"
import * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"
import * as MetricBoundaries from "effect/MetricBoundaries"
import * as MetricLabel from "effect/MetricLabel"
import * as Prometheus from "./prometheus.ts"

const prefix = "effect_qstash_"

const messages = Metric.counter(`${prefix}messages_total`, {
  description: "What this server has done to messages, callbacks and those of schedules included",
  incremental: true
})

const latency = Metric.histogram(
  `${prefix}delivery_latency_seconds`,
  MetricBoundaries.fromIterable([
    0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600
  ]),
  "From the time for which a message was meant to its delivery, retries included"
)

const pending = Metric.gauge(`${prefix}pending_messages`, {
  description: "Messages in the Store that are not done, whichever server has accepted them"
})

const lateness = Metric.gauge(`${prefix}schedule_lateness_seconds`, {
  description: "For how long the schedule that waits longest should have fired; 0 if none is late"
})

/** More tenants than these share one label, so that the number of time series has a bound. No tenant has its name. */
const mostTenants = 100
const others = "(others)"

/** How the states of the log are counted. */
const counted: Partial<
  Record<DeliveryEvent["state"], "accepted" | "delivered" | "retried" | "failed" | "cancelled">
> = {
  CREATED: "accepted",
  DELIVERED: "delivered",
  RETRY: "retried",
  FAILED: "failed",
  CANCELED: "cancelled"
}

/**
 * The label sets of one tenant. Each is made once: by its identity Effect finds the series, where it would otherwise
 * have to hash the labels for each event.
 */
const labelsOf = (tenant: string) => {
  const own = [MetricLabel.make("tenant", tenant)]
  const inState = (state: string) => [...own, MetricLabel.make("state", state)]
  return {
    tenant,
    own,
    accepted: inState("accepted"),
    delivered: inState("delivered"),
    retried: inState("retried"),
    failed: inState("failed"),
    cancelled: inState("cancelled"),
    waiting: inState("waiting"),
    delivering: inState("delivering")
  }
}

type Labels = ReturnType<typeof labelsOf>

/** The metrics of a server. They are Effect's, so a program around the server can export them in another way too. */
export class Metrics {
  readonly #labels = new Map<string, Labels>()
  readonly #others = labelsOf(others)

  /** From the first time that a tenant is seen its counters exist, so that a rate over them sees the first step. */
  #labelsOf(tenantId: string): Labels {
    const known = this.#labels.get(tenantId)
    if (known !== undefined) return known
    const labels = this.#labels.size < mostTenants ? labelsOf(tenantId) : this.#others
    this.#labels.set(tenantId, labels)
    for (const state of Object.values(counted)) messages.unsafeUpdate(0, labels[state])
    return labels
  }

  readonly count = (events: ReadonlyArray<DeliveryEvent>): void => {
    for (const { message, state, time } of events) {
      const as = counted[state]
      if (as === undefined) continue
      const labels = this.#labelsOf(message.tenantId)
      messages.unsafeUpdate(1, labels[as])
      if (state === "DELIVERED") {
        latency.unsafeUpdate(Math.max(0, time - message.notBefore) / 1000, labels.own)
      }
    }
  }

  /** Everything in Prometheus's text format. What the Store knows is read now. */
  render(
    store: Store.Service,
    tenantIds: ReadonlyArray<string>,
    now: number
  ): Effect.Effect<string, StoreError> {
    return Effect.gen(this, function* () {
      const depths = new Map<Labels, { waiting: number; delivering: number }>()
      for (const tenantId of new Set([...tenantIds, ...this.#labels.keys()])) {
        const labels = this.#labelsOf(tenantId)
        const depth = depths.get(labels) ?? { waiting: 0, delivering: 0 }
        const all = yield* store.countMessages(tenantId)
        const delivering = yield* store.countLeased(tenantId)
        depth.delivering += delivering
        depth.waiting += Math.max(0, all - delivering)
        depths.set(labels, depth)
      }
      for (const [labels, { delivering, waiting }] of depths) {
        pending.unsafeUpdate(waiting, labels.waiting)
        pending.unsafeUpdate(delivering, labels.delivering)
      }
      const { schedule = now } = yield* store.nextWake
      lateness.unsafeUpdate(Math.max(0, now - schedule) / 1000, [])
      return Prometheus.render(Metric.unsafeSnapshot(), prefix)
    })
  }
}
