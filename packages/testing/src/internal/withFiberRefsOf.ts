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

/** What a delivery has of its own: its services, and how its fibers are run and watched. */
const own: ReadonlySet<unknown> = new Set<unknown>([
  FiberRef.currentContext,
  FiberRef.currentRuntimeFlags,
  FiberRef.currentScheduler,
  FiberRef.currentSupervisor
])

/**
 * Gives the effect of one delivery what the given fiber has now beside its services: configuration, randomness, tracer,
 * loggers and every other FiberRef, as a fork of it would have. What deliveries have anyway is not set again at each of
 * them, and the clock stays the virtual one.
 *
 * A delivery has a fiber of its own, in which nothing follows that would want the old ones back.
 */
export const asIn = (
  fiber: Fiber.RuntimeFiber<unknown, unknown>,
  deliveries: FiberRefs.FiberRefs,
  { clock }: VirtualClock.Service
): (<A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>) => {
  const refs = FiberRefs.forkAs(fiber.getFiberRefs(), fiber.id())
  const settings: Array<Effect.Effect<void>> = []
  const adopt = <A>(ref: FiberRef.FiberRef<A>, of: (value: A) => A = identity): void => {
    const value = of(FiberRefs.getOrDefault(refs, ref))
    if (!Equal.equals(value, of(FiberRefs.getOrDefault(deliveries, ref)))) {
      settings.push(FiberRef.set(ref, value))
    }
  }
  adopt(DefaultServices.currentServices, Context.add(Clock.Clock, clock))
  for (const ref of FiberRefs.fiberRefs(refs)) {
    if (ref !== DefaultServices.currentServices && !own.has(ref)) adopt<unknown>(ref)
  }
  if (settings.length === 0) return identity
  const all = Effect.all(settings, { discard: true })
  return (effect) => Effect.zipRight(all, effect)
}
