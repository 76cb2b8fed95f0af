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
   * Where virtual time begins.
   *
   * @default the TestClock's instant if the test has moved it, else 2025-01-01T00:00:00Z (in 1970, where TestClock
   * begins, Berlin had no daylight saving time)
   */
  readonly start?: DateTime.DateTime.Input | undefined
  /**
   * How long, in real time, virtual time waits for a handler that waits for the world: a socket, a promise, another
   * fiber of the test. A handler asleep on the clock is not waited for. After that the delivery counts as stalled: time
   * goes on without it, and its timeout may overtake it.
   *
   * @default "1 second"
   */
  readonly settle?: Duration.DurationInput | undefined
  /**
   * How many of the newest deliveries, and of the newest events, are kept for a look; the older ones are forgotten, so
   * that a year of minutes fits into memory. A whole number from 0 up, or `Infinity`.
   *
   * @default 10_000
   */
  readonly retention?: number | undefined
  /**
   * How long a message is recognised by its deduplication id or its content, so that it is not accepted twice.
   *
   * @default "10 minutes", as QStash documents it
   */
  readonly deduplicationWindow?: Duration.DurationInput | undefined
}
