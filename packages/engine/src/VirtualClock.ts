/**
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Data from "effect/Data"
import * as DateTime from "effect/DateTime"
import type * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import type * as Scheduler from "effect/Scheduler"
import type * as TestClock from "effect/TestClock"

/**
 * An instant was asked for that virtual time has already passed: it never goes back.
 *
 * @since 0.1.0
 * @category errors
 */
export class VirtualTimePassed extends Data.TaggedError("VirtualTimePassed")<{
  readonly now: DateTime.Utc
  readonly requested: DateTime.Utc
}> {
  override get message(): string {
    return `The virtual clock stands at ${DateTime.formatIso(this.now)} and cannot go back to ${DateTime.formatIso(this.requested)}`
  }
}

/**
 * Virtual time ends with the year 9999: few readers of dates understand a year of five digits. A move beyond it dies.
 *
 * @since 0.1.0
 * @category constants
 */
export const lastInstant: DateTime.Utc = DateTime.unsafeMake("9999-12-31T23:59:59.999Z")

/**
 * @since 0.1.0
 */
export declare namespace VirtualClock {
  /**
   * @since 0.1.0
   * @category models
   */
  export interface Service {
    /** The virtual instant. */
    readonly now: Effect.Effect<DateTime.Utc>
    /**
     * Moves time on. Everything that falls due on the way happens at its own instant and in its order: schedules fire,
     * deliveries are made and answered, retries follow. Calls at the same time queue up.
     */
    readonly advance: (duration: Duration.DurationInput) => Effect.Effect<void>
    /** Moves time on to an instant. */
    readonly advanceTo: (instant: DateTime.DateTime.Input) => Effect.Effect<void, VirtualTimePassed>
    /**
     * The same clock for `Effect.withClock`: what runs on it sleeps in virtual time, and `TestClock.adjust` on it is
     * `advance`.
     */
    readonly clock: TestClock.TestClock
    /**
     * For `Effect.withScheduler`, beside the clock: time does not move on before a fiber on it that a delivery has woken has
     * had its turn.
     */
    readonly scheduler: Scheduler.Scheduler
    /**
     * Whether a fiber is asleep on the clock, so that only time will wake it.
     *
     * @internal
     */
    readonly isAsleep: (fiber: Fiber.RuntimeFiber<unknown, unknown>) => Effect.Effect<boolean>
  }
}

/**
 * Steers an engine's virtual time.
 *
 * @since 0.1.0
 * @category tags
 */
export class VirtualClock extends Context.Tag("@effect-qstash/engine/VirtualClock")<
  VirtualClock,
  VirtualClock.Service
>() {}
