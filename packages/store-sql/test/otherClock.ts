import { Clock, Duration, Effect } from "effect"

const real = Clock.make()

/** A clock that goes `speed` times as fast from an instant on, and is `ahead` milliseconds of its own time ahead. */
export const otherClock = ({
  ahead,
  from,
  speed
}: {
  readonly ahead: number
  readonly from: number
  readonly speed: number
}): Clock.Clock => {
  const now = () => Math.floor(from + (real.unsafeCurrentTimeMillis() - from) * speed + ahead)
  return {
    [Clock.ClockTypeId]: Clock.ClockTypeId,
    unsafeCurrentTimeMillis: now,
    unsafeCurrentTimeNanos: () => BigInt(now()) * 1_000_000n,
    currentTimeMillis: Effect.sync(now),
    currentTimeNanos: Effect.sync(() => BigInt(now()) * 1_000_000n),
    sleep: (duration) => real.sleep(Duration.millis(Duration.toMillis(duration) / speed))
  }
}
