import { Destination } from "@effect-qstash/domain/Destination"
import type { DeliveryEvent } from "@effect-qstash/engine/DeliveryEvent"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { cut } from "./cut.ts"

/** How many lines may wait to be written. */
const capacity = 10_000

/**
 * A listener to the engine that logs one line for each attempt that has ended, for the person at the terminal: which
 * message it was and where it came from. A fiber of its own writes the lines, so that the engine never waits for the
 * log. If it falls too far behind, the oldest lines are dropped, and the log says how many. With fields, a line also has
 * its parts as annotations.
 */
export const make = (
  hasFields: boolean
): Effect.Effect<(events: ReadonlyArray<DeliveryEvent>) => void, never, Scope.Scope> =>
  Effect.gen(function* () {
    const lines: Array<Effect.Effect<void>> = []
    const hasLines = Effect.unsafeMakeLatch()
    let dropped = 0
    const writeAll = Effect.suspend(() => {
      hasLines.unsafeClose()
      const batch = lines.splice(0)
      if (dropped > 0) {
        batch.unshift(Effect.logWarning(`Dropped ${dropped} lines about deliveries: the log cannot keep up`))
      }
      dropped = 0
      // A logger that fails once must not silence the lines that follow.
      return Effect.forEach(
        batch,
        Effect.catchAllDefect(() => Effect.void),
        { discard: true }
      )
    })
    yield* Effect.addFinalizer(() => writeAll)
    yield* Effect.interruptible(hasLines.await).pipe(
      Effect.zipRight(Effect.uninterruptible(writeAll)),
      Effect.forever,
      Effect.forkScoped
    )
    return (events) => {
      for (const event of events) {
        const line = lineOf(event)
        if (line === undefined) continue
        if (lines.length === capacity) {
          lines.shift()
          dropped += 1
        }
        lines.push(hasFields ? Effect.annotateLogs(line, fieldsOf(event)) : line)
        hasLines.unsafeOpen()
      }
    }
  })

/** The URL is shown without credentials and query. */
const lineOf = ({
  error,
  message,
  nextDeliveryTime,
  responseStatus,
  state,
  time
}: DeliveryEvent): Effect.Effect<void> | undefined => {
  const attempt = message.retried === 0 ? "" : `, retry ${message.retried}`
  switch (state) {
    case "DELIVERED":
      return Effect.logInfo(`${subjectOf(message)} delivered, ${responseStatus}${attempt}`)
    case "ERROR":
      return Effect.logWarning(`${subjectOf(message)} failed${attempt}: ${error}`)
    case "RETRY":
      return Effect.logInfo(`${subjectOf(message)} will be tried again at ${iso(nextDeliveryTime ?? time)}`)
    case "FAILED":
      return Effect.logError(`${subjectOf(message)} has failed for good`)
    default:
      return undefined
  }
}

/** Nothing here is secret: no URL, which may have a token in it. */
const fieldsOf = ({ message, responseStatus, state }: DeliveryEvent) => ({
  tenant: message.tenantId,
  messageId: message.messageId,
  state,
  retried: message.retried,
  ...(responseStatus === undefined ? {} : { status: responseStatus }),
  ...(message.scheduleId === undefined ? {} : { scheduleId: message.scheduleId }),
  ...(message.settings.queueName === undefined ? {} : { queueName: message.settings.queueName })
})

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
