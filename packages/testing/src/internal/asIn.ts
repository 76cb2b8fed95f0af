import type { VirtualClock } from "@effect-qstash/engine/VirtualClock"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as DefaultServices from "effect/DefaultServices"
import * as Effect from "effect/Effect"
import * as Equal from "effect/Equal"
import { identity } from "effect/Function"
import type * as Fiber from "effect/Fiber"
import * as FiberRef from "effect/FiberRef"
import * as FiberRefs from "effect/FiberRefs"

/**
 * Gives the effect of one delivery what the given fiber has now beside its services: configuration, randomness, tracer,
 * loggers. What deliveries have anyway is not set again at each of them, and the clock stays the virtual one.
 *
 * A delivery has a fiber of its own, in which nothing follows that would want the old ones back.
 */
export const asIn = (
  fiber: Fiber.RuntimeFiber<unknown, unknown>,
  deliveries: FiberRefs.FiberRefs,
  { clock }: VirtualClock.Service
): (<A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>) => {
  const settings: Array<Effect.Effect<void>> = []
  const adopt = <A>(ref: FiberRef.FiberRef<A>, of: (value: A) => A = identity): void => {
    const value = of(fiber.getFiberRef(ref))
    if (!Equal.equals(value, of(FiberRefs.getOrDefault(deliveries, ref)))) {
      settings.push(FiberRef.set(ref, value))
    }
  }
  adopt(DefaultServices.currentServices, Context.add(Clock.Clock, clock))
  adopt(FiberRef.currentLoggers)
  adopt(FiberRef.currentMinimumLogLevel)
  adopt(FiberRef.currentLogAnnotations)
  if (settings.length === 0) return identity
  const all = Effect.all(settings, { discard: true })
  return (effect) => Effect.zipRight(all, effect)
}
