import * as InstantInput from "@effect-qstash/domain/input/InstantInput"
import * as Chunk from "effect/Chunk"
import * as Clock from "effect/Clock"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import type * as Runtime from "effect/Runtime"
import type * as TestClock from "effect/TestClock"
import type { DeliveryOutcome } from "../Courier.ts"
import { lastInstant, type VirtualClock, VirtualTimePassed } from "../VirtualClock.ts"
import type { Core, InFlight } from "./core.ts"
import { asleepMark, DeliveryFibers, isAsleep } from "./fibers.ts"
import { spanOf } from "./spanOf.ts"
import { type Scheduled, DueQueue } from "./DueQueue.ts"
import { eventLoopTurn, realClock } from "../RealTime.ts"
import { WatchedScheduler } from "./WatchedScheduler.ts"

/** How often to check busy deliveries, in real milliseconds. A delivery that ends is noticed at once. */
const lookAgain = 5

/** The event loop gets a turn after so many events, so that a long advance does not block it. */
const stepsInOneTurn = 1000

export const beyondLast = `virtual time cannot go beyond ${DateTime.formatIso(lastInstant)}`

/** The clock counts whole milliseconds; a fraction is rounded up. */
const wholeMillis = (duration: Duration.Duration): number => Math.ceil(Duration.toMillis(duration))

export const isTestClock = (clock: Clock.Clock | undefined): clock is TestClock.TestClock =>
  clock !== undefined && "adjust" in clock

interface Timer extends Scheduled<Timer> {
  readonly wake: () => void
}

/**
 * Virtual time: a clock that moves only when told, from one event to the next, and wakes its sleepers on the way. Time
 * stands still while a delivery runs or waits for the outside world, until its grace is over. It does not wait for a
 * delivery that sleeps on this clock.
 */
export class VirtualTime implements TestClock.TestClock {
  readonly [Clock.ClockTypeId]: Clock.ClockTypeId = Clock.ClockTypeId
  private readonly timers = new DueQueue<Timer>()
  private readonly fibers = new Map<number, DeliveryFibers>()
  private readonly oneAtATime = Effect.unsafeMakeSemaphore(1)
  private readonly grace: number
  private readonly scheduler = new WatchedScheduler()
  private now: number
  private sequence = 0
  private core: Core | undefined
  /** The clock to use instead once the engine has ended. */
  private fallbackClock: Clock.Clock | undefined
  private isChanged = false
  private notifyChange = (): void => {}

  constructor(start: number, grace: number) {
    this.now = start
    this.grace = grace
  }

  // The Clock.

  unsafeCurrentTimeMillis(): number {
    return this.fallbackClock === undefined ? this.now : this.fallbackClock.unsafeCurrentTimeMillis()
  }

  unsafeCurrentTimeNanos(): bigint {
    return this.fallbackClock === undefined
      ? BigInt(this.now) * 1_000_000n
      : this.fallbackClock.unsafeCurrentTimeNanos()
  }

  readonly currentTimeMillis: Effect.Effect<number> = Effect.sync(() => this.unsafeCurrentTimeMillis())

  readonly currentTimeNanos: Effect.Effect<bigint> = Effect.sync(() => this.unsafeCurrentTimeNanos())

  sleep(duration: Duration.Duration): Effect.Effect<void> {
    if (this.fallbackClock !== undefined) return this.fallbackClock.sleep(duration)
    const millis = wholeMillis(duration)
    if (millis <= 0) return Effect.void
    return Effect.async<void>((resume) => {
      const timer: Timer = { sequence: this.sequence++, due: undefined, wake: () => resume(Effect.void) }
      this.timers.plan(timer, this.now + millis)
      return Effect.sync(() => this.timers.plan(timer, undefined))
    }, asleepMark)
  }

  // What TestClock adds to a Clock: with this clock installed, TestClock.adjust moves the engine's time.

  adjust(duration: Duration.DurationInput): Effect.Effect<void> {
    if (isTestClock(this.fallbackClock)) return this.fallbackClock.adjust(duration)
    return Effect.orDie(this.moveTo(() => this.now + spanOf("advance", duration)))
  }

  adjustWith(
    duration: Duration.DurationInput
  ): <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R> {
    return (effect) => Effect.zipLeft(effect, this.adjust(duration), { concurrent: true })
  }

  setTime(instant: number): Effect.Effect<void> {
    if (isTestClock(this.fallbackClock)) return this.fallbackClock.setTime(instant)
    return Effect.orDie(this.moveTo(() => instant))
  }

  readonly save: Effect.Effect<Effect.Effect<void>> = Effect.sync(() => {
    const instant = this.unsafeCurrentTimeMillis()
    return Effect.suspend(() => this.setTime(instant))
  })

  readonly sleeps: Effect.Effect<Chunk.Chunk<number>> = Effect.sync(() =>
    Chunk.fromIterable(this.timers.instants())
  )

  // The service.

  readonly service: VirtualClock.Service = {
    clock: this,
    scheduler: this.scheduler,
    isAsleep,
    now: Effect.sync(() => DateTime.unsafeMake(this.now)),
    advance: (duration) => this.adjust(duration),
    advanceTo: (instant) =>
      Effect.suspend(() => {
        const requested = InstantInput.millisOf("advanceTo", instant)
        return this.moveTo(() => requested)
      })
  }

  // The driver.

  attach(core: Core): void {
    this.core = core
    core.onChange(() => {
      this.isChanged = true
      this.notifyChange()
    })
  }

  /**
   * Ends this clock with its engine. Effect cannot take a clock away from a fiber that got it from a merged layer (as in
   * `Layer.mergeAll`), so from now on this one shows the time of the clock that was installed before.
   */
  detach(fallbackClock: Clock.Clock): void {
    this.fallbackClock = fallbackClock
  }

  /** Starts a delivery and tracks all its fibers. */
  fork(
    runtime: Runtime.Runtime<never>,
    delivery: Effect.Effect<DeliveryOutcome>,
    token: number
  ): Fiber.RuntimeFiber<DeliveryOutcome> {
    const fibers = new DeliveryFibers()
    const fiber = fibers.run(runtime, delivery)
    if (fiber.unsafePoll() !== null) return fiber
    this.fibers.set(token, fibers)
    fiber.addObserver(() => this.fibers.delete(token))
    return fiber
  }

  private moveTo(target: () => number): Effect.Effect<void, VirtualTimePassed> {
    return this.oneAtATime.withPermits(1)(
      Effect.suspend(() => {
        const to = Math.ceil(target())
        if (!(to <= DateTime.toEpochMillis(lastInstant))) return Effect.die(new RangeError(beyondLast))
        if (to >= this.now) return this.drive(to)
        return new VirtualTimePassed({
          now: DateTime.unsafeMake(this.now),
          requested: DateTime.unsafeMake(to)
        })
      })
    )
  }

  private drive(target: number): Effect.Effect<void> {
    const core = this.core
    if (core === undefined) return Effect.dieMessage("The virtual clock was moved before its engine was made")
    return Effect.uninterruptibleMask((restore) => {
      const way = { isLeft: false }
      return Effect.flatMap(Effect.fork(Effect.interruptible(this.runUntil(target, core, way))), (fiber) =>
        Effect.onInterrupt(restore(Fiber.join(fiber)), () => {
          way.isLeft = true
          return Fiber.interrupt(fiber)
        })
      )
    })
  }

  /**
   * Goes from event to event. Interruptible only while waiting. Between steps it checks a flag, because a yield costs as
   * much as a step.
   */
  private runUntil(target: number, core: Core, way: { readonly isLeft: boolean }): Effect.Effect<void> {
    return Effect.uninterruptibleMask((restore) => {
      const go = Effect.gen(this, function* () {
        yield* this.registerDriver
        // Lets a fiber that was just forked fall asleep before time moves, as TestClock does.
        yield* restore(this.turn)
        for (let steps = 1; !way.isLeft; steps++) {
          if (steps % stepsInOneTurn === 0) yield* restore(this.turn)
          this.isChanged = false
          const wake = (yield* core.runDue()) ?? Infinity
          if (core.inFlight.size > 0) yield* restore(this.awaitQuiescence(core))
          // Lets fibers that a delivery has forked or woken run before time moves on.
          if (this.scheduler.hasReady) yield* restore(this.turn)
          if (wake <= this.now || this.isChanged) continue
          const ring = this.timers.next() ?? Infinity
          const next = Math.min(wake, ring)
          if (next > target) {
            this.now = target
            return
          }
          this.now = next
          // At one instant the engine's own work comes first.
          if (wake <= ring) continue
          this.timers.takeDue(ring)?.wake()
          // Stalled deliveries and the test's own fibers need these turns to wake up.
          yield* restore(this.turn)
          yield* restore(this.turn)
        }
      })
      // Time stands still while the Store fails, as it does for a delivery that waits for the world.
      const loop: Effect.Effect<void> = Effect.catchAll(go, (error) =>
        Effect.flatMap(core.backOff(error), (wait) =>
          Effect.zipRight(restore(realClock.sleep(Duration.millis(wait))), loop)
        )
      )
      return loop
    })
  }

  private readonly registerDriver = Effect.withFiberRuntime<void>((fiber) => {
    this.scheduler.driver = fiber
    return Effect.void
  })

  /** One turn of the event loop: what was ready to run has run. */
  private readonly turn = Effect.map(eventLoopTurn, () => {
    this.scheduler.hasReady = false
  })

  private readonly change = Effect.async<void>((resume) => {
    this.notifyChange = () => resume(Effect.void)
  })

  /** Waits until every delivery has ended, is asleep, or has used up its grace. */
  awaitQuiescence(core: Core): Effect.Effect<void> {
    return Effect.gen(this, function* () {
      for (;;) {
        const open = Array.from(core.inFlight.values()).filter(
          (attempt) => attempt.outcome === undefined && !this.isStalled(attempt)
        )
        if (open.length === 0) return
        yield* this.turn
        let isBusy = false
        for (const attempt of open) {
          if (attempt.outcome === undefined && (yield* this.isBusy(core, attempt))) isBusy = true
        }
        if (!isBusy) return
        yield* Effect.raceFirst(this.change, realClock.sleep(Duration.millis(lookAgain)))
      }
    })
  }

  private isStalled(attempt: InFlight): boolean {
    return this.fibers.get(attempt.lease.token)?.isStalled ?? false
  }

  private isBusy(core: Core, attempt: InFlight): Effect.Effect<boolean> {
    const fibers = this.fibers.get(attempt.lease.token)
    if (fibers === undefined) return Effect.succeed(false)
    return Effect.flatMap(fibers.isAsleep, (asleep) => {
      if (asleep) {
        fibers.waitingSince = undefined
        return Effect.succeed(false)
      }
      const realNow = realClock.unsafeCurrentTimeMillis()
      fibers.waitingSince ??= realNow
      if (realNow - fibers.waitingSince < this.grace) return Effect.succeed(true)
      fibers.isStalled = true
      const { messageId, scheduleId } = attempt.lease.message
      const name = scheduleId === undefined ? messageId : `${messageId} of schedule ${scheduleId}`
      return core
        .reportStalled(attempt)
        .pipe(
          Effect.zipRight(
            Effect.logWarning(
              `Delivery ${name} has not ended in ${Duration.format(Duration.millis(this.grace))} of real time; virtual time goes on without it`
            )
          ),
          Effect.as(false)
        )
    })
  }
}
