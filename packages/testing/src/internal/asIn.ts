import type { VirtualClock } from "@effect-qstash/engine/VirtualClock"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as DefaultServices from "effect/DefaultServices"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import * as FiberRef from "effect/FiberRef"
import * as FiberRefs from "effect/FiberRefs"

/**
 * Runs the effect of one delivery with what the given fiber of the test has now: services, configuration, randomness,
 * tracer, loggers. What deliveries have anyway is not set again at each of them, and the clock stays the virtual one.
 *
 * A delivery has a fiber of its own, in which nothing follows that would want the old ones back.
 */
export const asIn = (
  test: Fiber.RuntimeFiber<unknown, unknown>,
  deliveries: FiberRefs.FiberRefs,
  { clock }: VirtualClock.Service
): (<A, E>(effect: Effect.Effect<A, E, unknown>) => Effect.Effect<A, E>) => {
  let adopted: Effect.Effect<void> = Effect.void
  const adopt = <A>(ref: FiberRef.FiberRef<A>, value = test.getFiberRef(ref)): void => {
    if (value !== FiberRefs.getOrDefault(deliveries, ref)) {
      adopted = Effect.zipRight(FiberRef.set(ref, value), adopted)
    }
  }
  adopt(FiberRef.currentContext)
  adopt(
    DefaultServices.currentServices,
    Context.add(test.getFiberRef(DefaultServices.currentServices), Clock.Clock, clock)
  )
  adopt(FiberRef.currentLoggers)
  adopt(FiberRef.currentMinimumLogLevel)
  adopt(FiberRef.currentLogAnnotations)
  return <A, E>(effect: Effect.Effect<A, E, unknown>) =>
    // The one seam: that the context is among the settings is known to the runtime, not to the compiler.
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    Effect.zipRight(adopted, effect) as Effect.Effect<A, E>
}
