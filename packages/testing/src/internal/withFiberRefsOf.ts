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

/** What each delivery sets for itself: its services, and how its fibers are run and supervised. */
const own: ReadonlySet<unknown> = new Set<unknown>([
  FiberRef.currentContext,
  FiberRef.currentRuntimeFlags,
  FiberRef.currentScheduler,
  FiberRef.currentSupervisor
])

/**
 * Runs the effect of a delivery with the FiberRefs that the given fiber has now, apart from its services: configuration,
 * randomness, tracer, loggers and so on, as in a fork of that fiber. The clock stays the virtual one. Values that
 * deliveries have anyway are not set again for each of them.
 *
 * Nothing is restored afterwards: a delivery has its own fiber, which ends with the effect.
 */
export const withFiberRefsOf = (
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
