import type * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"

interface Delivered {
  readonly method: string
  readonly url: string
}

/** A bug in a handler is to leave a trace, where its answer is all that QStash sees. */
export const warnOf = (
  { method, url }: Delivered,
  status: number,
  cause: Cause.Cause<unknown>
): Effect.Effect<void> =>
  Effect.logWarning(
    `The handler of ${method} ${url} failed, so the delivery is answered with ${status}`,
    cause
  )
