/**
 * @since 0.1.0
 */
import type { Limits } from "@effect-qstash/engine/Limits"
import type * as DateTime from "effect/DateTime"
import type * as Duration from "effect/Duration"

/**
 * @since 0.1.0
 * @category models
 */
export interface Options extends Limits {
  /**
   * When virtual time begins.
   *
   * @default the TestClock's time if the test has moved it, else 2025-01-01T00:00:00Z (in 1970, where TestClock begins,
   * Berlin had no daylight saving time)
   */
  readonly start?: DateTime.DateTime.Input | undefined
  /**
   * How long, in real time, virtual time stands still for a handler that waits for something outside: a socket, a
   * promise, another fiber of the test. After that the delivery counts as stalled: time continues without it, and it may
   * time out. Virtual time never waits for a handler that sleeps on the clock.
   *
   * @default "1 second"
   */
  readonly settle?: Duration.DurationInput | undefined
  /**
   * How many of the newest deliveries, and of the newest events, to keep. Older ones are dropped, so that a year of minutes
   * fits into memory. A whole number from 0 up, or `Infinity`.
   *
   * @default 10_000
   */
  readonly retention?: number | undefined
  /**
   * How long a message with the same deduplication id or content counts as a duplicate.
   *
   * @default "10 minutes", as QStash documents it
   */
  readonly deduplicationWindow?: Duration.DurationInput | undefined
}
