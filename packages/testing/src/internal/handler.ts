import type { DeliveryOutcome } from "@effect-qstash/engine/Courier"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type { Response } from "../Response.ts"
import type { Delivery } from "../Delivery.ts"
import { logHandlerFailure } from "./logHandlerFailure.ts"

/** Handles deliveries in a test. */
export type Handler<E, R> = (delivery: Delivery) => Effect.Effect<Response, E, R>

const isStatus = (status: number): boolean => Number.isInteger(status) && status >= 100 && status <= 599

const statusOf = (status: number): number => {
  if (isStatus(status)) return status
  throw new RangeError(`A response has a status from 100 to 599, not ${status}`)
}

const bytesOf = (body: string | Uint8Array): Uint8Array =>
  typeof body === "string" ? new TextEncoder().encode(body) : body

export const outcomeOfResponse = (response: Response): DeliveryOutcome =>
  typeof response === "number"
    ? { _tag: "Answered", status: statusOf(response), headers: {} }
    : {
        _tag: "Answered",
        status: statusOf(response.status),
        ...(response.body === undefined ? {} : { body: bytesOf(response.body) }),
        headers: Object.fromEntries(
          Object.entries(response.headers ?? {}).map(([name, value]) => [name.toLowerCase(), value])
        )
      }

/** A handler that throws instead of returning an effect dies too. */
const call = <E, R>(handler: Handler<E, R>, delivery: Delivery): Effect.Effect<Response, E, R> => {
  try {
    return handler(delivery)
  } catch (defect) {
    return Effect.die(defect)
  }
}

const isExit = <A, E, R>(
  effect: Effect.Effect<A, E, R>
): effect is Effect.Effect<A, E, R> & Exit.Exit<A, E> => Exit.isExit(effect)

/** Runs a handler in the environment of the test. An `Exit` needs no environment, and skipping it is faster. */
export const outcomeOfHandler = <E, R>(
  handler: Handler<E, R>,
  delivery: Delivery,
  inTest: (effect: Effect.Effect<Response, E, R>) => Effect.Effect<Response, E>
): Effect.Effect<DeliveryOutcome> => {
  const responding = call(handler, delivery)
  return isExit(responding) && Exit.isSuccess(responding) && isStatus(Number(responding.value))
    ? Effect.succeed(outcomeOfResponse(responding.value))
    : Effect.matchCauseEffect(Effect.map(inTest(responding), outcomeOfResponse), {
        onFailure: (cause) =>
          Cause.isInterruptedOnly(cause)
            ? Effect.interrupt
            : Effect.as(
                logHandlerFailure(delivery, 500, cause),
                outcomeOfResponse({ status: 500, body: Cause.pretty(cause, { renderErrorCause: true }) })
              ),
        onSuccess: Effect.succeed
      })
}
