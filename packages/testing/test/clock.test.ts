import { QStashSchedules, ScheduleId } from "@effect-qstash/domain"
import { QStashTest } from "@effect-qstash/testing"
import { assert, describe, it } from "@effect/vitest"
import { Cause, Clock, DateTime, Effect, Exit, Fiber, Layer, TestClock } from "effect"

const everyMinute = Effect.flatMap(QStashSchedules, (schedules) =>
  schedules.create({
    scheduleId: ScheduleId.make("every-minute"),
    cron: "* * * * *",
    destination: "https://api.example.com/jobs/minute"
  })
)

describe("the clock", () => {
  it.effect("begins at a documented instant, and is the test's own", () =>
    Effect.gen(function* () {
      assert.strictEqual(DateTime.formatIso(yield* DateTime.now), "2025-01-01T00:00:00.000Z")
      yield* QStashTest.advance("90 seconds")
      assert.strictEqual(DateTime.formatIso(yield* DateTime.now), "2025-01-01T00:01:30.000Z")
    }).pipe(Effect.provide(QStashTest.layer))
  )

  it.effect("begins where the test has moved TestClock to", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(Date.UTC(2027, 2, 1))
      const start = yield* Effect.provide(DateTime.now, QStashTest.layer)
      assert.strictEqual(DateTime.formatIso(start), "2027-03-01T00:00:00.000Z")
    })
  )

  it.effect("begins where it is told to", () =>
    Effect.gen(function* () {
      assert.strictEqual(DateTime.formatIso(yield* DateTime.now), "2030-06-01T00:00:00.000Z")
    }).pipe(Effect.provide(QStashTest.layerWith({ start: "2030-06-01T00:00:00Z" })))
  )

  it.effect("cannot go beyond the year 9999, nor begin there", () =>
    Effect.gen(function* () {
      const text = "virtual time cannot go beyond 9999-12-31T23:59:59.999Z"
      for (const move of [
        QStashTest.advance(1e18),
        QStashTest.advance(Infinity),
        QStashTest.advanceTo(8.64e15),
        TestClock.adjust(1e18),
        Effect.provide(Effect.void, QStashTest.layerWith({ start: 8.64e15 }))
      ]) {
        const exit = yield* Effect.exit(move)
        assert.isTrue(Exit.isFailure(exit))
        assert.include(Exit.isFailure(exit) ? Cause.pretty(exit.cause) : "", text)
      }
      assert.strictEqual(DateTime.formatIso(yield* DateTime.now), "2025-01-01T00:00:00.000Z")
      yield* QStashTest.advanceTo("9999-12-31T23:59:59.999Z")
    }).pipe(Effect.provide(QStashTest.layer))
  )

  it.effect("is moved by TestClock.adjust as well", () =>
    Effect.gen(function* () {
      yield* everyMinute
      yield* TestClock.adjust("1 hour")
      assert.lengthOf(yield* QStashTest.deliveries, 60)
    }).pipe(Effect.provide(QStashTest.layer))
  )

  it.effect("is gone with the layer", () =>
    Effect.gen(function* () {
      const before = yield* Clock.currentTimeMillis
      yield* Effect.provide(QStashTest.advance("1 day"), QStashTest.layer)
      assert.strictEqual(yield* Clock.currentTimeMillis, before)
      yield* TestClock.adjust("1 second")
      assert.strictEqual(yield* Clock.currentTimeMillis, before + 1000)
    })
  )

  it.effect("is gone with a layer that was built beside others, too", () =>
    Effect.gen(function* () {
      const before = yield* Clock.currentTimeMillis
      yield* Effect.provide(QStashTest.advance("1 day"), Layer.mergeAll(QStashTest.layer, Layer.empty))
      assert.strictEqual(yield* Clock.currentTimeMillis, before)
      const sleeper = yield* Effect.fork(Effect.sleep("1 second"))
      yield* TestClock.adjust("1 second")
      yield* Fiber.join(sleeper)
      assert.strictEqual(yield* Clock.currentTimeMillis, before + 1000)
      yield* TestClock.setTime(before + 5000)
      assert.strictEqual(yield* Clock.currentTimeMillis, before + 5000)
    })
  )

  it.effect("wakes the test's own sleepers in their turn", () =>
    Effect.gen(function* () {
      yield* everyMinute
      const sleeper = yield* Effect.fork(Effect.zipRight(Effect.sleep("150 seconds"), QStashTest.deliveries))
      yield* QStashTest.advance("1 hour")
      assert.lengthOf(yield* Fiber.join(sleeper), 2)
    }).pipe(Effect.provide(QStashTest.layer))
  )

  it.effect("does not go back", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(QStashTest.advanceTo("2024-12-31T00:00:00Z"))
      assert.strictEqual(
        error.message,
        "The virtual clock stands at 2025-01-01T00:00:00.000Z and cannot go back to 2024-12-31T00:00:00.000Z"
      )
    }).pipe(Effect.provide(QStashTest.layer))
  )
})

describe("what is no time", () => {
  const span = 'expected a duration that is not negative, such as "5 minutes"'
  const instant = 'expected an instant such as "2025-03-30T00:00:00Z"'
  const home = Effect.provide(QStashTest.layer)
  const wrong: Readonly<Record<string, Effect.Effect<unknown, unknown>>> = {
    [`start: ${instant}, got "tomorrow"`]: Effect.provide(
      QStashTest.deliveries,
      QStashTest.layerWith({ start: "tomorrow" })
    ),
    [`settle: ${span}, got -5`]: Effect.provide(QStashTest.deliveries, QStashTest.layerWith({ settle: -5 })),
    [`settle: ${span}, got NaN`]: Effect.provide(
      QStashTest.deliveries,
      QStashTest.layerWith({ settle: Number.NaN })
    ),
    [`advance: ${span}, got "-1 second"`]: home(QStashTest.advance("-1 second")),
    [`advance: ${span}, got -1`]: home(QStashTest.advance(-1)),
    [`advance: ${span}, got -1n`]: home(QStashTest.advance(-1n)),
    [`advanceTo: ${instant}, got "weekend 13"`]: home(QStashTest.advanceTo("weekend 13"))
  }
  for (const [message, call] of Object.entries(wrong)) {
    it.effect(`is refused by its name: ${message}`, () =>
      Effect.gen(function* () {
        const defect = Cause.squash(yield* Effect.flip(Effect.sandbox(call)))
        assert.instanceOf(defect, RangeError)
        assert.strictEqual(defect.message, message)
      })
    )
  }
})

describe("retention", () => {
  it.effect("keeps the newest deliveries and events, over any time", () =>
    Effect.gen(function* () {
      yield* everyMinute
      yield* QStashTest.advance("7 days")
      const deliveries = yield* QStashTest.deliveries
      assert.lengthOf(deliveries, 100)
      assert.strictEqual(deliveries.at(-1)?.messageId, "msg_10080")
      assert.lengthOf(yield* QStashTest.events, 100)
    }).pipe(Effect.provide(QStashTest.layerWith({ retention: 100 })))
  )

  for (const retention of [0, 1, 4, 5, 6, 7, Infinity]) {
    it.effect(`of ${retention} keeps the newest, oldest first`, () =>
      Effect.gen(function* () {
        yield* everyMinute
        for (let minutes = 1; minutes <= 6; minutes++) {
          yield* QStashTest.advance("1 minute")
          const kept = Math.min(minutes, retention)
          assert.deepStrictEqual(
            (yield* QStashTest.deliveries).map(({ messageId }) => messageId),
            Array.from({ length: kept }, (_, index) => `msg_${minutes - kept + index + 1}`)
          )
        }
      }).pipe(Effect.provide(QStashTest.layerWith({ retention })))
    )
  }

  it.effect.each([-1, 1.5, Number.NaN])("cannot be %s", (retention) =>
    Effect.gen(function* () {
      const defect = yield* Effect.provide(Effect.void, QStashTest.layerWith({ retention })).pipe(
        Effect.catchAllDefect(Effect.succeed)
      )
      assert.instanceOf(defect, RangeError)
      assert.include(String(defect), `retention: expected a whole number from 0 up, got ${retention}`)
    })
  )
})
