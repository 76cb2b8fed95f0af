/**
 * @since 0.1.0
 */
import type { SigningKeys } from "@effect-qstash/domain/SigningKeys"
import * as InstantInput from "@effect-qstash/domain/input/InstantInput"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as DateTime from "effect/DateTime"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Runtime from "effect/Runtime"
import type * as Scope from "effect/Scope"
import type { Courier } from "./Courier.ts"
import type { DeliveryEvent } from "./DeliveryEvent.ts"
import * as Core from "./internal/core.ts"
import { withoutMetrics } from "./internal/fibers.ts"
import { spanOf } from "./internal/spanOf.ts"
import * as Limits from "./Limits.ts"
import { beyondLast, isTestClock, VirtualTime } from "./internal/VirtualTime.ts"
import { realClock } from "./RealTime.ts"
import type { Store } from "./Store.ts"
import { lastInstant, VirtualClock } from "./VirtualClock.ts"
import type { TenantServices } from "./TenantServices.ts"

/**
 * @since 0.1.0
 */
export declare namespace Engine {
  /**
   * @since 0.1.0
   * @category models
   */
  export interface Service extends TenantServices {
    /**
     * Wakes the driver, and ends when it has done what is due: the driver runs, and the Store does what it asks. Does not
     * end while the Store fails. In virtual time nothing runs by itself, so it ends at once.
     */
    readonly awaitRun: Effect.Effect<void>
  }
}

/**
 * QStash's behaviour as a state machine over a Store, a Courier, the Clock and the IdGenerator.
 *
 * @since 0.1.0
 * @category tags
 */
export class Engine extends Context.Tag("@effect-qstash/engine/Engine")<Engine, Engine.Service>() {}

/**
 * @since 0.1.0
 * @category models
 */
export interface Options extends Limits.Limits {
  /** The keys that sign a tenant's deliveries until they are rotated. A tenant is one account. */
  readonly signingKeys: (tenantId: string) => SigningKeys
  /**
   * How many deliveries of this engine may be in progress at once; at least 1.
   *
   * @default 1000
   */
  readonly concurrency?: number | undefined
  /**
   * How many deliveries of one tenant may be in progress at once; at least 1. This is the account's `parallelismMax`.
   * Engines that share a Store share these slots.
   *
   * @default half of `concurrency`, so that one tenant alone cannot take every slot
   */
  readonly concurrencyPerTenant?: number | undefined
  /**
   * How many deliveries of one tenant to one origin (scheme, host and port) may be in progress at once; at least 1.
   * Further messages to that origin wait; those to other destinations still go out.
   *
   * @default 100, but no more than half of `concurrencyPerTenant`
   */
  readonly concurrencyPerDestination?: number | undefined
  /**
   * How long a message is recognised by its deduplication id or its content, so that it is not accepted twice.
   *
   * @default "10 minutes", as QStash documents it
   */
  readonly deduplicationWindow?: Duration.DurationInput | undefined
  /**
   * How long the log is kept.
   *
   * @default "3 days", as in QStash's free plan
   */
  readonly logRetention?: Duration.DurationInput | undefined
  /**
   * How long dead letters are kept.
   *
   * @default "7 days", as in QStash's pay-as-you-go plan
   */
  readonly dlqRetention?: Duration.DurationInput | undefined
  /**
   * The longest that an attempt may take. A message's own timeout can only shorten it.
   *
   * @default "2 hours", the maximum of QStash's pay-as-you-go plan
   */
  readonly deliveryTimeout?: Duration.DurationInput | undefined
  /**
   * How long the engine signs with keys that it has read before it reads them again. A rotation through this engine counts
   * at once. Set it if other engines share the Store, or if `signingKeys` may return something new.
   *
   * @default forever
   */
  readonly signingKeysMaxAge?: Duration.DurationInput | undefined
  /**
   * How long the engine sleeps at most before it looks at the Store again. It knows when what it has seen is due, and what
   * its own callers change. Set it if other engines share the Store: what one of them leaves behind when it dies, the
   * others find that late at most. Does not apply in virtual time.
   *
   * @default forever
   */
  readonly lookEvery?: Duration.DurationInput | undefined
  /**
   * Called with what happened to messages, in order, several events at a time. The engine waits for it to return, so it
   * must be quick: for anything slow, put the events into a queue of bounded size. An exception is logged and does not
   * stop the engine.
   */
  readonly onEvents?: ((events: ReadonlyArray<DeliveryEvent>) => void) | undefined
  /**
   * On shutdown, how long the engine waits, in real time, for deliveries in progress before it releases them. In virtual
   * time it does not wait for those that sleep: nobody will move the clock for them.
   *
   * @default "10 seconds"
   */
  readonly shutdownGrace?: Duration.DurationInput | undefined
}

const resolve = (options: Options): Omit<Core.CoreOptions, "now" | "signAt"> => ({
  signingKeys: options.signingKeys,
  ...slotsOf(options),
  limits: Limits.resolve(options),
  deduplicationWindow: spanOf("deduplicationWindow", options.deduplicationWindow ?? "10 minutes"),
  logRetention: spanOf("logRetention", options.logRetention ?? "3 days"),
  dlqRetention: spanOf("dlqRetention", options.dlqRetention ?? "7 days"),
  deliveryTimeout: spanOf("deliveryTimeout", options.deliveryTimeout ?? "2 hours"),
  signingKeysMaxAge: spanOf("signingKeysMaxAge", options.signingKeysMaxAge ?? Duration.infinity),
  onEvents: options.onEvents ?? (() => {})
})

/** By default a tenant, and a destination of a tenant, leaves at least half of the slots to others. */
const slotsOf = (
  options: Options
): Pick<Core.CoreOptions, "concurrency" | "concurrencyPerTenant" | "concurrencyPerDestination"> => {
  const concurrency = atLeastOne("concurrency", options.concurrency ?? 1000)
  const concurrencyPerTenant = atLeastOne(
    "concurrencyPerTenant",
    options.concurrencyPerTenant ?? Math.ceil(concurrency / 2)
  )
  const concurrencyPerDestination = atLeastOne(
    "concurrencyPerDestination",
    options.concurrencyPerDestination ?? Math.min(100, Math.ceil(concurrencyPerTenant / 2))
  )
  return { concurrency, concurrencyPerTenant, concurrencyPerDestination }
}

/** With less than one slot nothing would ever be delivered. */
const atLeastOne = (name: string, count: number): number => {
  if (count >= 1) return count
  throw new RangeError(`${name}: expected a number of at least 1, got ${count}`)
}

/**
 * While a machine is suspended its timers stand still but its clock goes on. So the driver sleeps for 30 seconds at most
 * and then looks at the clock again. A TestClock is never suspended, and steps of 30 seconds would make it slow.
 */
const longestSleep = (clock: Clock.Clock): number => (isTestClock(clock) ? Infinity : 30_000)

/** Loops: does what is due, then sleeps until something is due or changes. Completes what waited for a run when it began. */
const drive = (
  core: Core.Core,
  waiting: Array<Deferred.Deferred<void>>,
  lookEvery: number
): Effect.Effect<never> =>
  Effect.forever(
    Effect.gen(function* () {
      // Made before the run, so that a change during the run is not missed.
      const latch = yield* Deferred.make<void>()
      core.onChange(() => Deferred.unsafeDone(latch, Exit.void))
      const waited = waiting.length
      const wake = yield* Effect.uninterruptible(Effect.gen(core.runDue))
      for (const run of waiting.splice(0, waited)) Deferred.unsafeDone(run, Exit.void)
      const clock = yield* Effect.clock
      const wait = Math.min((wake ?? Infinity) - clock.unsafeCurrentTimeMillis(), lookEvery)
      // Many runs in a row would block the event loop.
      if (wait <= 0) return yield* Effect.sleep(0)
      if (wait === Infinity) return yield* Deferred.await(latch)
      yield* Effect.raceFirst(
        Deferred.await(latch),
        Effect.sleep(Duration.millis(Math.min(wait, longestSleep(clock))))
      )
    }).pipe(
      Effect.catchAll((error) =>
        Effect.flatMap(core.backOff(error), (wait) => Effect.sleep(Duration.millis(wait)))
      ),
      // A Store or Courier that dies must not end the engine silently.
      Effect.catchAllDefect((defect) =>
        Effect.zipRight(
          Effect.logError("Engine failed unexpectedly; retrying in 1 second", defect),
          Effect.sleep("1 second")
        )
      )
    )
  )

/** Deliveries must be interruptible, even if the engine is built inside an uninterruptible region. */
const interruptibleRuntime = Effect.interruptible(Effect.runtime())

/** Workers in real time check tokens against real time, whatever Clock the engine runs on. */
const wallClock = Clock.make()

/**
 * Waits in real time, whatever clock the engine runs on, then releases what has not ended. A fiber of its own does the
 * waiting, because finalizers cannot be interrupted and so cannot time out.
 */
const finish = (
  core: Core.Core,
  deliveriesEnd: Effect.Effect<void>,
  grace: Duration.DurationInput
): Effect.Effect<void> =>
  deliveriesEnd.pipe(
    Effect.timeoutOption(grace),
    Effect.withClock(realClock),
    Effect.interruptible,
    Effect.forkDaemon,
    Effect.flatMap(Fiber.await),
    Effect.zipRight(core.releaseAll)
  )

/**
 * The engine on the Clock of the environment: a background fiber does what is due. When its scope closes, it waits for
 * `shutdownGrace` for deliveries in progress, then releases the others to the Store.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (options: Options): Effect.Effect<Engine.Service, never, Store | Courier | Scope.Scope> =>
  Effect.gen(function* () {
    const runFork = Runtime.runFork(yield* interruptibleRuntime)
    const core = yield* Core.make(
      { ...resolve(options), now: Clock.currentTimeMillis, signAt: (now) => now },
      (delivery) => runFork(delivery)
    )
    const deliveriesEnd = Effect.suspend(() =>
      Fiber.awaitAll(Array.from(core.inFlight.values(), ({ fiber }) => fiber))
    )
    yield* Effect.addFinalizer(() => finish(core, deliveriesEnd, options.shutdownGrace ?? "10 seconds"))
    const waiting: Array<Deferred.Deferred<void>> = []
    const lookEvery = spanOf("lookEvery", options.lookEvery ?? Duration.infinity)
    yield* Effect.forkScoped(Effect.interruptible(drive(core, waiting, lookEvery)))
    const awaitRun = Effect.flatMap(Deferred.make<void>(), (run) => {
      waiting.push(run)
      core.wake()
      return Deferred.await(run)
    })
    return { ...core.service, awaitRun }
  })

/**
 * @since 0.1.0
 * @category layers
 */
export const layer = (options: Options): Layer.Layer<Engine, never, Store | Courier> =>
  Layer.scoped(Engine, make(options))

/**
 * @since 0.1.0
 * @category models
 */
export interface VirtualOptions extends Options {
  /**
   * When virtual time starts; at the latest at the end of the year 9999.
   *
   * @default the Clock's time when the layer is built
   */
  readonly start?: DateTime.DateTime.Input | undefined
  /**
   * How long, in real time, virtual time stands still for a delivery that waits for something other than the clock, such
   * as a socket, a promise or a semaphore. Then the delivery is stalled: time moves on without it, and it may time out.
   *
   * @default "1 second"
   */
  readonly settle?: Duration.DurationInput | undefined
  /**
   * Whether the destinations run in virtual or in real time. In real time, a delivery's token is signed for the real time
   * if virtual time is behind it. Otherwise the token would have expired on arrival.
   *
   * @default "virtual"
   */
  readonly destinations?: "virtual" | "real" | undefined
}

/**
 * The engine on a virtual clock, and the clock that moves it. Deliveries run on that clock too. The environment's own
 * Clock is not changed.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerVirtual = (
  options: VirtualOptions
): Layer.Layer<Engine | VirtualClock, never, Store | Courier> =>
  Layer.scopedContext(
    Effect.gen(function* () {
      const start = InstantInput.millisOf("start", options.start ?? (yield* DateTime.now))
      if (start > DateTime.toEpochMillis(lastInstant)) throw new RangeError(`start: ${beyondLast}`)
      const time = new VirtualTime(start, spanOf("settle", options.settle ?? "1 second"))
      const runtime = withoutMetrics(
        yield* interruptibleRuntime.pipe(Effect.withClock(time), Effect.withScheduler(time.service.scheduler))
      )
      const signAt = (now: number): number =>
        options.destinations === "real" ? Math.max(now, wallClock.unsafeCurrentTimeMillis()) : now
      const core = yield* Core.make(
        { ...resolve(options), now: time.currentTimeMillis, signAt },
        (delivery, token) => time.fork(runtime, delivery, token)
      )
      time.attach(core)
      const clock = yield* Effect.clock
      yield* Effect.addFinalizer(() => Effect.sync(() => time.detach(clock)))
      yield* Effect.addFinalizer(() =>
        finish(core, time.awaitQuiescence(core), options.shutdownGrace ?? "10 seconds")
      )
      return Context.make(Engine, { ...core.service, awaitRun: Effect.void }).pipe(
        Context.add(VirtualClock, time.service)
      )
    })
  )
