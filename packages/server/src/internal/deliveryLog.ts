import { Destination } from "@effect-qstash/domain/Destination"
import type { DeliveryEvent } from "@effect-qstash/engine/DeliveryEvent"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import { cut } from "./cut.ts"

/**
 * One line for each attempt that has ended, for the person at the terminal. The URL stands without credentials and
 * query.
 */
export const log = (events: ReadonlyArray<DeliveryEvent>): Effect.Effect<void> =>
  Effect.forEach(
    events,
    (event) => {
      const subject = `${event.scheduleId}: ${event.method} ${cut(Destination.toSafeText(Destination.fromText(event.url)))}`
      const attempt = event.retried === 0 ? "" : `, retry ${event.retried}`
      switch (event.state) {
        case "DELIVERED":
          return Effect.logInfo(`${subject} delivered, ${event.responseStatus}${attempt}`)
        case "ERROR":
          return Effect.logWarning(`${subject} failed${attempt}: ${event.error}`)
        case "RETRY":
          return Effect.logInfo(
            `${subject} will be tried again at ${iso(event.nextDeliveryTime ?? event.time)}`
          )
        case "FAILED":
          return Effect.logError(`${subject} has failed for good`)
        default:
          return Effect.void
      }
    },
    { discard: true }
  )

const iso = (millis: number): string => DateTime.formatIso(DateTime.unsafeMake(millis))
