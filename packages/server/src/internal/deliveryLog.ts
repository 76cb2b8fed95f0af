import { Destination } from "@effect-qstash/domain/Destination"
import type { DeliveryEvent } from "@effect-qstash/engine/DeliveryEvent"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import { cut } from "./cut.ts"

/**
 * One line for each attempt that has ended, for the person at the terminal: which message it was and where it came
 * from. The URL stands without credentials and query.
 */
export const log = (events: ReadonlyArray<DeliveryEvent>): Effect.Effect<void> =>
  Effect.forEach(
    events,
    (event) => {
      const { retried } = event.message
      const subject = subjectOf(event.message)
      const attempt = retried === 0 ? "" : `, retry ${retried}`
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

const subjectOf = (message: DeliveryEvent["message"]): string => {
  const { callbackOf, messageId, scheduleId, settings, url } = message
  const origins = [
    ...(callbackOf === undefined ? [] : [`callback of ${callbackOf}`]),
    ...(scheduleId === undefined ? [] : [`schedule ${cut(scheduleId)}`]),
    ...(settings.queueName === undefined ? [] : [`queue ${cut(settings.queueName)}`])
  ]
  const origin = origins.length === 0 ? "" : ` (${origins.join(", ")})`
  const target = cut(Destination.toSafeText(Destination.fromText(url)))
  return `${messageId}${origin}: ${settings.method ?? "POST"} ${target}`
}

const iso = (millis: number): string => DateTime.formatIso(DateTime.unsafeMake(millis))
