import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as FiberRef from "effect/FiberRef"

/**
 * Gives the effect of one delivery its services, for the rest of its fiber. A delivery has a fiber of its own, in which
 * nothing follows that would want the old context back; to put it back, as `Effect.provide` does, costs several times
 * as much as the rest.
 */
export const inContext = <A, E, R>(
  effect: Effect.Effect<A, E, R>,
  context: Context.Context<R>
): Effect.Effect<A, E> =>
  // The one seam: that the context is set is known to the runtime, not to the compiler.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  Effect.zipRight(FiberRef.set(FiberRef.currentContext, context), effect) as Effect.Effect<A, E>
