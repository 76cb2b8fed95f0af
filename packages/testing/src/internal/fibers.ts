import type { VirtualClock } from "@effect-qstash/engine/VirtualClock"
import * as HttpApp from "@effect/platform/HttpApp"
import * as HttpMiddleware from "@effect/platform/HttpMiddleware"
import type * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as DefaultServices from "effect/DefaultServices"
import * as Effect from "effect/Effect"
import * as Equal from "effect/Equal"
import type * as Fiber from "effect/Fiber"
import * as FiberId from "effect/FiberId"
import * as FiberRef from "effect/FiberRef"
import * as FiberRefs from "effect/FiberRefs"
import { identity } from "effect/Function"
import * as GlobalValue from "effect/GlobalValue"
import * as Option from "effect/Option"
import type * as Predicate from "effect/Predicate"
import * as Runtime from "effect/Runtime"
import * as RuntimeFlags from "effect/RuntimeFlags"
import type * as Scope from "effect/Scope"
import * as Tracer from "effect/Tracer"

// All that this package knows about the inside of fibers, which differs between major versions of Effect.

type AnyFiber = Fiber.RuntimeFiber<unknown, unknown>

/** Interrupts without waiting for the end. */
export const interrupt = (fiber: AnyFiber): void => fiber.unsafeInterruptAsFork(FiberId.none)

/** Installs the virtual clock and its scheduler for the rest of the scope. */
export const installClock = ({
  clock,
  scheduler
}: VirtualClock.Service): Effect.Effect<void, never, Scope.Scope> =>
  Effect.zipRight(Effect.withClockScoped(clock), Effect.locallyScoped(FiberRef.currentScheduler, scheduler))

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
  fiber: AnyFiber,
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

const nativeTracer = Context.get(DefaultServices.liveServices, Tracer.Tracer)

/** Runs requests with the settings of the layers below, as a server does. */
export interface RequestRuntime<R> {
  readonly context: Context.Context<R>
  /** Whether a tracer receives spans. */
  readonly isTraced: boolean
  /** Which requests get no span. */
  readonly isUntraced: Predicate.Predicate<HttpServerRequest.HttpServerRequest>
  /** Forks a request as a child of the delivery that it belongs to. */
  readonly fork: <A, E, R1>(
    effect: Effect.Effect<A, E, R1>,
    context: Context.Context<R1>,
    delivery: AnyFiber
  ) => Fiber.RuntimeFiber<A, E>
}

export const requestRuntime = <R>({
  clock,
  scheduler
}: VirtualClock.Service): Effect.Effect<RequestRuntime<R>, never, R> =>
  Effect.runtime<R>().pipe(
    Effect.withClock(clock),
    Effect.withScheduler(scheduler),
    // Metrics count fibers and measure their lives in real time, which means nothing in virtual time.
    Effect.map(Runtime.disableRuntimeFlag(RuntimeFlags.RuntimeMetrics)),
    // The app decides where it can be interrupted.
    Effect.map(Runtime.disableRuntimeFlag(RuntimeFlags.Interruption)),
    // Each request sets its own, so there is no need to fork these.
    Effect.map(Runtime.deleteFiberRef(FiberRef.currentContext)),
    Effect.map(Runtime.deleteFiberRef(FiberRef.currentSupervisor)),
    Effect.map(Runtime.deleteFiberRef(FiberRef.currentRuntimeFlags)),
    Effect.map(({ context, fiberRefs, runtimeFlags }) => ({
      context,
      isTraced:
        Context.get(FiberRefs.getOrDefault(fiberRefs, DefaultServices.currentServices), Tracer.Tracer) !==
        nativeTracer,
      isUntraced: FiberRefs.getOrDefault(fiberRefs, HttpMiddleware.currentTracerDisabledWhen),
      fork: (effect, services, { currentSupervisor }) =>
        Runtime.runFork(Runtime.make({ context: services, fiberRefs, runtimeFlags }), effect, {
          updateRefs: (refs, fiberId) =>
            FiberRefs.updateAs(refs, {
              fiberId,
              fiberRef: FiberRef.currentSupervisor,
              value: currentSupervisor
            })
        })
    }))
  )

/** Platform's own list of the scopes that an app closes itself. A test fails when platform renames this private key. */
export const ejectedScopes = GlobalValue.globalValue(
  "@effect/platform/HttpApp/ejectedScopes",
  () => new WeakSet<Scope.Scope>()
)

/** Passes on what the app wants to run before its response, if anything. */
export const withPreResponseHandler = <A, E, R>(
  body: (handler: Option.Option<HttpApp.PreResponseHandler>) => Effect.Effect<A, E, R>
): Effect.Effect<A, E, R> =>
  Effect.withFiberRuntime((fiber) => body(fiber.getFiberRef(HttpApp.currentPreResponseHandlers)))

export const forgetPreResponseHandler: Effect.Effect<void> = FiberRef.set(
  HttpApp.currentPreResponseHandlers,
  Option.none()
)
