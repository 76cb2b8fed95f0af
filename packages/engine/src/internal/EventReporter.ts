import * as Effect from "effect/Effect"
import type { DeliveryEvent } from "../DeliveryEvent.ts"

/**
 * Reports events in order. Calls do not nest: events that the listener itself causes follow once it has returned. An
 * exception is only logged, because what the events report has already happened.
 */
export class EventReporter {
  #unreported: Array<DeliveryEvent> = []
  #isReporting = false
  readonly #onEvents: (events: ReadonlyArray<DeliveryEvent>) => void

  constructor(onEvents: (events: ReadonlyArray<DeliveryEvent>) => void) {
    this.#onEvents = onEvents
  }

  report(events: ReadonlyArray<DeliveryEvent>): Effect.Effect<void> {
    for (const event of events) this.#unreported.push(event)
    return this.#isReporting ? Effect.void : this.#reportAll()
  }

  #reportAll(): Effect.Effect<void> {
    if (this.#unreported.length === 0) return Effect.void
    const events = this.#unreported
    this.#unreported = []
    this.#isReporting = true
    try {
      this.#onEvents(events)
    } catch (error) {
      return Effect.zipRight(
        Effect.logError("The onEvents listener threw an exception", error),
        Effect.suspend(() => this.#reportAll())
      )
    } finally {
      this.#isReporting = false
    }
    return this.#reportAll()
  }
}
