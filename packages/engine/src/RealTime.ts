/**
 * Real time for code that runs on another clock, such as the virtual one of a test.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"

/**
 * The timers as they were when this module was loaded. A test may replace the global ones, as `vi.useFakeTimers()` does;
 * those stand still until the test moves them, and virtual time would hang.
 */
const { clearTimeout, performance, setImmediate, setTimeout } = globalThis
const elapsed = performance.now.bind(performance)

/** A longer timer would fire at once. */
const longestTimer = 2 ** 31 - 1

/** Milliseconds that only ever grow, for measuring. */
const now = (): number => Math.floor(performance.timeOrigin + elapsed())

/**
 * Real time, whatever clock the environment has and whatever a test does to the global timers.
 *
 * @since 0.1.0
 * @category constants
 */
export const realClock: Clock.Clock = {
  [Clock.ClockTypeId]: Clock.ClockTypeId,
  unsafeCurrentTimeMillis: now,
  unsafeCurrentTimeNanos: () => BigInt(now()) * 1_000_000n,
  currentTimeMillis: Effect.sync(now),
  currentTimeNanos: Effect.sync(() => BigInt(now()) * 1_000_000n),
  sleep: (duration) => {
    const millis = Duration.toMillis(duration)
    return millis > longestTimer
      ? Effect.never
      : Effect.async<void>((resume) => {
          const timer = setTimeout(() => resume(Effect.void), millis)
          return Effect.sync(() => clearTimeout(timer))
        })
  }
}

/**
 * One turn of the event loop: what was ready to run has run.
 *
 * @since 0.1.0
 * @category constants
 */
export const eventLoopTurn = Effect.async<void>((resume) => {
  setImmediate(() => resume(Effect.void))
})
