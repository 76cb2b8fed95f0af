import { QStashMessages, QStashSchedules } from "@effect-qstash/domain"
import { QStashTest } from "@effect-qstash/testing"
import { HttpRouter, HttpServerResponse } from "@effect/platform"
import { afterEach, assert, beforeEach, describe, it, vi } from "@effect/vitest"
import { DateTime, Effect } from "effect"

const destination = "https://api.example.com/jobs"

const publish = Effect.flatMap(QStashMessages, (messages) => messages.publish({ destination, retries: 0 }))

describe("vi.useFakeTimers", () => {
  beforeEach(() => {
    vi.useFakeTimers()
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  it.effect("does not stop deliveries, nor the end of the layer", () =>
    Effect.gen(function* () {
      yield* publish
      yield* QStashTest.advance(0)
      assert.lengthOf(yield* QStashTest.deliveries, 1)
    }).pipe(Effect.provide(QStashTest.layer))
  )

  it.effect("does not stop a month of minutes, whose time goes on in the virtual clock alone", () =>
    Effect.gen(function* () {
      const schedules = yield* QStashSchedules
      yield* schedules.create({ cron: "* * * * *", destination })
      yield* QStashTest.advance("30 days")
      assert.lengthOf(yield* QStashTest.deliveries, 10_000)
      assert.strictEqual(DateTime.formatIso(yield* DateTime.now), "2025-01-31T00:00:00.000Z")
    }).pipe(Effect.provide(QStashTest.layer))
  )

  it.effect("does not stop an app, nor handlers that sleep", () =>
    Effect.gen(function* () {
      yield* publish
      yield* QStashTest.advance("1 minute")
      const statuses = (yield* QStashTest.deliveries).map(({ status }) => status)
      assert.deepStrictEqual(statuses, [202])
    }).pipe(
      Effect.provide(
        QStashTest.layerApp(
          HttpRouter.empty.pipe(
            HttpRouter.post("/jobs", Effect.delay(HttpServerResponse.empty({ status: 202 }), "10 seconds"))
          )
        )
      )
    )
  )

  it.effect("does not stop time for a handler that never returns", () =>
    Effect.gen(function* () {
      yield* QStashTest.respond(() => Effect.never)
      yield* publish
      yield* QStashTest.advance("3 hours")
      assert.lengthOf(yield* QStashTest.dlq, 1)
    }).pipe(Effect.provide(QStashTest.layerWith({ settle: "50 millis" })))
  )
})
