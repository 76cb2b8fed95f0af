import { QStashSchedules, ScheduleId } from "@effect-qstash/domain"
import { QStashTest } from "@effect-qstash/testing"
import { assert, describe, it } from "@effect/vitest"
import { DateTime, Effect, TestClock } from "effect"

const nightly = ScheduleId.make("nightly-report")
const destination = "https://api.example.com/jobs/nightly"

describe("a nightly job", () => {
  it.effect("sends the report every night, except while paused", () =>
    Effect.gen(function* () {
      const schedules = yield* QStashSchedules
      yield* schedules.create({ scheduleId: nightly, cron: "0 4 * * *", destination })

      yield* QStashTest.advance("7 days")
      assert.lengthOf(yield* QStashTest.deliveries, 7)

      yield* schedules.pause(nightly)
      yield* QStashTest.advance("7 days")
      yield* schedules.resume(nightly)
      yield* QStashTest.advance("1 day")
      assert.lengthOf(yield* QStashTest.deliveries, 8)
    }).pipe(Effect.provide(QStashTest.layer))
  )

  it.effect("fires at 04:00 in Berlin on every night of a year, across both DST changes", () =>
    Effect.gen(function* () {
      const schedules = yield* QStashSchedules
      yield* schedules.create({ scheduleId: nightly, cron: "CRON_TZ=Europe/Berlin 0 4 * * *", destination })

      yield* TestClock.adjust("365 days")

      const deliveries = yield* QStashTest.deliveries
      assert.lengthOf(deliveries, 365)
      const berlin = DateTime.zoneUnsafeMakeNamed("Europe/Berlin")
      for (const { time } of deliveries) {
        const local = DateTime.setZone(time, berlin)
        assert.strictEqual(DateTime.format(local, { locale: "de", timeStyle: "short" }), "04:00")
      }
      const utcHours = new Set(deliveries.map(({ time }) => DateTime.getPartUtc(time, "hours")))
      assert.deepStrictEqual([...utcHours], [3, 2])
    }).pipe(Effect.provide(QStashTest.layer))
  )

  it.effect("keeps silent for a paused month, and makes up for nothing", () =>
    Effect.gen(function* () {
      const schedules = yield* QStashSchedules
      yield* schedules.create({ scheduleId: nightly, cron: "0 4 * * *", destination })
      yield* schedules.pause(nightly)

      yield* QStashTest.advanceTo("2025-02-01T00:00:00Z")
      assert.lengthOf(yield* QStashTest.deliveries, 0)
      const paused = yield* schedules.get(nightly)
      assert.isTrue(paused.isPaused)
      assert.deepStrictEqual(paused.nextScheduleTime, DateTime.unsafeMake("2025-02-01T04:00:00Z"))

      yield* schedules.resume(nightly)
      yield* QStashTest.advance("12 hours")
      assert.deepStrictEqual(
        (yield* QStashTest.deliveries).map(({ time }) => DateTime.formatIso(time)),
        ["2025-02-01T04:00:00.000Z"]
      )
    }).pipe(Effect.provide(QStashTest.layer))
  )
})
