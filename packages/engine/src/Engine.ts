/**
 * @since 0.1.0
 */
import type { CreateSchedule } from "@effect-qstash/domain/CreateSchedule"
import type { QStashInvalidRequest, QStashQuotaExceeded } from "@effect-qstash/domain/QStashError"
import type { QStashSchedules } from "@effect-qstash/domain/QStashSchedules"
import type { ScheduleId } from "@effect-qstash/domain/ScheduleId"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as DateTime from "effect/DateTime"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import type * as Redacted from "effect/Redacted"
import * as Runtime from "effect/Runtime"
import type * as Scope from "effect/Scope"
import type { Courier } from "./Courier.ts"
import type { DeliveryEvent } from "./DeliveryEvent.ts"
import * as Core from "./internal/core.ts"
import { VirtualTime } from "./internal/VirtualTime.ts"
import type { Store } from "./Store.ts"
import { VirtualClock } from "./VirtualClock.ts"

/**
 * Who asks: each tenant has schedules, signing keys and ids of its own.
 *
 * @since 0.1.0
 * @category models
 */
export interface Tenant {
  readonly tenantId: string
  /** The address of the caller; what it creates carries it as `Upstash-Caller-Ip`. */
  readonly callerIp?: string | undefined
}

/**
 * @since 0.1.0
 */
export declare namespace Engine {
  /**
   * @since 0.1.0
   * @category models
   */
  export interface Service {
    /** The schedules of one tenant. */
    readonly schedules: (tenant: Tenant) => QStashSchedules.Service
    /**
     * Creates or overwrites from settings that are checked already, as a request over the wire gives them: their
     * destination stays byte for byte, where `schedules(tenant).create` brings a user's into its normal form.
     */
    readonly createSchedule: (
      tenant: Tenant,
      settings: CreateSchedule
    ) => Effect.Effect<ScheduleId, QStashQuotaExceeded | QStashInvalidRequest>
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
export interface Options {
  /** The keys that a tenant's deliveries are signed with. Asked once for each tenant. */
  readonly signingKeys: (tenantId: string) => { readonly current: Redacted.Redacted }
  /**
   * How many deliveries may be under way at once, over all tenants.
   *
   * @default 100
   */
  readonly concurrency?: number | undefined
  /**
   * How many schedules one tenant may hold; the next create fails with `QStashQuotaExceeded`.
   *
   * @default 100000
   */
  readonly maxSchedules?: number | undefined
  /**
   * The longest that an attempt may take; a schedule's own timeout can only be shorter.
   *
   * @default "2 hours", the maximum of QStash's pay-as-you-go plan
   */
  readonly defaultTimeout?: Duration.DurationInput | undefined
  /**
   * Told what happened to messages, in order, several at a time. The engine goes on when it returns, and does not
   * interrupt it.
   */
  readonly onEvents?: ((events: ReadonlyArray<DeliveryEvent>) => Effect.Effect<void>) | undefined
  /**
   * How long the end of the engine waits, in real time, for deliveries under way before it hands them back. In virtual
   * time it does not wait for those that sleep, since nobody will wake them.
   *
   * @default "10 seconds"
   */
  readonly shutdownGrace?: Duration.DurationInput | undefined
}

const resolve = (
  options: Options,
  now: Effect.Effect<number>,
  signAt: (now: number) => number = (instant) => instant
): Core.CoreOptions => ({
  signingKeys: options.signingKeys,
  concurrency: options.concurrency ?? 100,
  maxSchedules: options.maxSchedules ?? 100_000,
  defaultTimeout: Duration.toMillis(options.defaultTimeout ?? "2 hours"),
  onEvents: options.onEvents ?? (() => Effect.void),
  now,
  signAt
})

/** The longest that the real clock can sleep: a longer sleep would never end. */
const longestSleep = 2 ** 31 - 1

/** Does what is due and sleeps until more is, or until something changes, again and again. */
const drive = (core: Core.Core): Effect.Effect<never> =>
  Effect.forever(
    Effect.gen(function* () {
      // Made before the pass, so that a change during the pass is not missed.
      const latch = yield* Deferred.make<void>()
      core.onChange(() => Deferred.unsafeDone(latch, Exit.void))
      const wake = yield* core.pass
      if (wake === undefined) return yield* Deferred.await(latch)
      const wait = wake - (yield* Clock.currentTimeMillis)
      if (wait <= 0) return
      yield* Effect.raceFirst(
        Deferred.await(latch),
        Effect.sleep(Duration.millis(Math.min(wait, longestSleep)))
      )
    }).pipe(
      // A port that broke must not end the engine in silence.
      Effect.catchAllDefect((defect) =>
        Effect.zipRight(
          Effect.logError("The engine stumbled and goes on in a second", defect),
          Effect.sleep("1 second")
        )
      )
    )
  )

/** An engine may be built where nothing can be interrupted; its deliveries can be all the same. */
const interruptibleRuntime = Effect.interruptible(Effect.runtime())

const realClock = Clock.make()

/**
 * Waits in real time, whatever clock the engine runs on, and hands back what has not ended then. A fiber of its own
 * does the waiting, because finalizers cannot be interrupted and so cannot time out.
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
    Effect.zipRight(core.handBack)
  )

/**
 * The engine on the Clock of the environment: a background fiber fires what is due. When its scope closes, deliveries
 * under way may end; what does not end within the grace is handed back to the Store.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (options: Options): Effect.Effect<Engine.Service, never, Store | Courier | Scope.Scope> =>
  Effect.gen(function* () {
    const runFork = Runtime.runFork(yield* interruptibleRuntime)
    const core = yield* Core.make(resolve(options, Clock.currentTimeMillis), (delivery) => runFork(delivery))
    const deliveriesEnd = Effect.suspend(() =>
      Fiber.awaitAll(Array.from(core.inFlight.values(), ({ fiber }) => fiber))
    )
    yield* Effect.addFinalizer(() => finish(core, deliveriesEnd, options.shutdownGrace ?? "10 seconds"))
    yield* Effect.forkScoped(Effect.interruptible(drive(core)))
    return { schedules: core.schedules, createSchedule: core.createSchedule }
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
   * Where virtual time begins.
   *
   * @default the Clock's time when the layer is built
   */
  readonly start?: DateTime.DateTime.Input | undefined
  /**
   * How long, in real time, virtual time stands still for a delivery that waits for the world (a socket, a promise) or
   * for what looks the same from outside (a semaphore, a concurrent `Effect.forEach`). After that the delivery counts
   * as stalled: time goes on without it, and its deadline may overtake it.
   *
   * @default "1 second"
   */
  readonly settle?: Duration.DurationInput | undefined
  /**
   * Which time the destinations live in. For those in real time a token is never signed for an instant that is past
   * there, however long virtual time has stood still, for it would have expired on arrival.
   *
   * @default "virtual"
   */
  readonly destinations?: "virtual" | "real" | undefined
}

/**
 * The engine on a virtual clock that moves only when told, with the clock beside it. Deliveries run on that clock too.
 * The environment's own Clock stays as it is.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerVirtual = (
  options: VirtualOptions
): Layer.Layer<Engine | VirtualClock, never, Store | Courier> =>
  Layer.scopedContext(
    Effect.gen(function* () {
      const start = options.start === undefined ? yield* DateTime.now : DateTime.unsafeMake(options.start)
      const time = new VirtualTime(
        DateTime.toEpochMillis(start),
        Duration.toMillis(options.settle ?? "1 second")
      )
      const runtime = yield* Effect.withClock(interruptibleRuntime, time)
      const signAt = (now: number): number =>
        options.destinations === "real" ? Math.max(now, realClock.unsafeCurrentTimeMillis()) : now
      const core = yield* Core.make(resolve(options, time.currentTimeMillis, signAt), (delivery, token) =>
        time.watch(runtime, delivery, token)
      )
      time.engage(core)
      yield* Effect.addFinalizer(() =>
        finish(core, time.deliveriesRest(core), options.shutdownGrace ?? "10 seconds")
      )
      return Context.make(Engine, { schedules: core.schedules, createSchedule: core.createSchedule }).pipe(
        Context.add(VirtualClock, time.service)
      )
    })
  )
