import type * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"

interface Delivered {
  readonly method: string
  readonly url: string
}

/** Logs a bug in a handler: QStash sees only its response. */
export const logHandlerFailure = (
  { method, url }: Delivered,
  status: number,
  cause: Cause.Cause<unknown>
): Effect.Effect<void> =>
  Effect.logWarning(`The handler of ${method} ${url} failed, so its response is ${status}`, cause)
