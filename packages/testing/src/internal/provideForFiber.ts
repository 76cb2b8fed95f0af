import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as FiberRef from "effect/FiberRef"

/**
 * Provides services for the rest of the fiber. A delivery has its own fiber, which ends with the effect, so nothing needs
 * the old context back. Restoring it, as `Effect.provide` does, costs several times as much as the rest.
 */
export const provideForFiber = <A, E, R>(
  effect: Effect.Effect<A, E, R>,
  context: Context.Context<R>
): Effect.Effect<A, E> =>
  // The one seam: the compiler cannot see that the context is set.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  Effect.zipRight(FiberRef.set(FiberRef.currentContext, context), effect) as Effect.Effect<A, E>
