import type { FlowControlKey } from "@effect-qstash/domain/FlowControl"
import { QStashFlowControl } from "@effect-qstash/domain/QStashFlowControl"
import { deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { hour, minute, secondsAfter, settle } from "../internal/given.ts"
import { chapter } from "../internal/law.ts"
import { freshKey, pending, publish } from "../internal/sending.ts"

/** The limits of a key and which of them are pinned. */
const limitsOf = (key: FlowControlKey) =>
  Effect.flatMap(QStashFlowControl, (control) =>
    Effect.map(
      control.get(key),
      ({ isPinnedParallelism, isPinnedRate, parallelismMax, rateMax, ratePeriod }) => ({
        parallelism: parallelismMax,
        rate: rateMax,
        period: ratePeriod === undefined ? undefined : Duration.toMillis(ratePeriod),
        pinned: [isPinnedParallelism ? "parallelism" : "", isPinnedRate ? "rate" : ""].join(" ").trim()
      })
    )
  )

export const pinning = chapter("pinning", ({ law, timed }) => {
  law("later messages do not change pinned limits", () =>
    Effect.gen(function* () {
      const control = yield* QStashFlowControl
      const key = yield* freshKey
      yield* pending({ flowControl: { key, parallelism: 1, rate: 1 } })
      yield* control.pin(key, { parallelism: 5, rate: 7, period: "1 minute" })
      const pinned = { parallelism: 5, rate: 7, period: minute, pinned: "parallelism rate" }
      deepStrictEqual(yield* limitsOf(key), pinned)
      yield* pending({ flowControl: { key, parallelism: 2, rate: 3, period: "1 hour" } })
      deepStrictEqual(yield* limitsOf(key), pinned)
    })
  )

  law("either limit can be pinned on its own", () =>
    Effect.gen(function* () {
      const control = yield* QStashFlowControl
      const flowControl = { parallelism: 2, rate: 3, period: "1 hour" } as const
      const first = yield* freshKey
      yield* pending({ flowControl: { key: first, parallelism: 1, rate: 1 } })
      yield* control.pin(first, { parallelism: 5 })
      yield* pending({ flowControl: { ...flowControl, key: first } })
      deepStrictEqual(yield* limitsOf(first), {
        parallelism: 5,
        rate: 3,
        period: hour,
        pinned: "parallelism"
      })
      const second = yield* freshKey
      yield* pending({ flowControl: { key: second, parallelism: 1, rate: 1 } })
      yield* control.pin(second, { rate: 7 })
      yield* pending({ flowControl: { ...flowControl, key: second } })
      deepStrictEqual(yield* limitsOf(second), { parallelism: 2, rate: 7, period: 1000, pinned: "rate" })
    })
  )

  law("an unpinned limit applies until a message changes it", () =>
    Effect.gen(function* () {
      const control = yield* QStashFlowControl
      const key = yield* freshKey
      yield* control.pin(key, { parallelism: 5, rate: 7, period: "1 minute" })
      yield* control.unpin(key, { parallelism: true })
      deepStrictEqual(yield* limitsOf(key), { parallelism: 5, rate: 7, period: minute, pinned: "rate" })
      yield* pending({ flowControl: { key, parallelism: 2, rate: 3 } })
      deepStrictEqual(yield* limitsOf(key), { parallelism: 2, rate: 7, period: minute, pinned: "rate" })
      yield* control.unpin(key, { rate: true })
      deepStrictEqual(yield* limitsOf(key), { parallelism: 2, rate: 7, period: minute, pinned: "" })
      yield* pending({ flowControl: { key, parallelism: 2, rate: 3 } })
      deepStrictEqual(yield* limitsOf(key), { parallelism: 2, rate: 3, period: 1000, pinned: "" })
    })
  )

  law("both limits can be unpinned at once", () =>
    Effect.gen(function* () {
      const control = yield* QStashFlowControl
      const key = yield* freshKey
      yield* control.pin(key, { parallelism: 5, rate: 7 })
      yield* control.unpin(key, { parallelism: true, rate: true })
      strictEqual((yield* limitsOf(key)).pinned, "")
    })
  )

  law("a key can be pinned before any message uses it [assumed]", () =>
    Effect.gen(function* () {
      const control = yield* QStashFlowControl
      const key = yield* freshKey
      yield* control.pin(key, { parallelism: 5 })
      deepStrictEqual(yield* limitsOf(key), {
        parallelism: 5,
        rate: undefined,
        period: undefined,
        pinned: "parallelism"
      })
    })
  )

  law("a pin without a limit or with an invalid one is rejected", () =>
    Effect.gen(function* () {
      const control = yield* QStashFlowControl
      const key = yield* freshKey
      yield* control.pin(key, { parallelism: 5 })
      const before = yield* limitsOf(key)
      const isInvalid = (error: { readonly _tag: string }) => strictEqual(error._tag, "QStashInvalidRequest")
      for (const pin of [
        { parallelism: 0 },
        { parallelism: 1.5 },
        { rate: 0 },
        { rate: 1, period: "8 days" },
        { rate: 1, period: 0 },
        { rate: 1, period: "1500 millis" },
        { parallelism: 1, period: "1 minute" }
      ] as const) {
        isInvalid(yield* Effect.flip(control.pin(key, pin)))
      }
      // @ts-expect-error a missing limit is also a type error
      isInvalid(yield* Effect.flip(control.pin(key, {})))
      // @ts-expect-error so is a missing limit to unpin
      isInvalid(yield* Effect.flip(control.unpin(key, {})))
      deepStrictEqual(yield* limitsOf(key), before)
    })
  )

  timed("a pin applies to waiting messages at once and starts a new period", (time) =>
    Effect.gen(function* () {
      const control = yield* QStashFlowControl
      const key = yield* freshKey
      const endpoint = yield* time.endpoint
      const now = yield* time.now
      for (let index = 0; index < 6; index++) {
        yield* publish({ destination: endpoint.url, flowControl: { key, rate: 1, period: "1 hour" } })
      }
      yield* time.advance("10 seconds")
      deepStrictEqual(secondsAfter(now, yield* endpoint.deliveries), [0])
      yield* control.pin(key, { rate: 2, period: "1 minute" })
      yield* time.advance("10 minutes")
      deepStrictEqual(secondsAfter(now, yield* endpoint.deliveries), [0, 10, 10, 70, 70, 130])
    })
  )

  timed("resetting the rate starts a new period", (time) =>
    Effect.gen(function* () {
      const control = yield* QStashFlowControl
      const key = yield* freshKey
      const endpoint = yield* time.endpoint
      const now = yield* time.now
      for (let index = 0; index < 6; index++) {
        yield* publish({ destination: endpoint.url, flowControl: { key, rate: 2, period: "1 minute" } })
      }
      yield* time.advance("10 seconds")
      strictEqual((yield* control.get(key)).rateCount, 2)
      yield* control.resetRate(key)
      yield* settle(time)
      deepStrictEqual(secondsAfter(now, yield* endpoint.deliveries), [0, 0, 10, 10])
      yield* time.advance("10 minutes")
      deepStrictEqual(secondsAfter(now, yield* endpoint.deliveries), [0, 0, 10, 10, 70, 70])
    })
  )

  law("resetting or unpinning an unused key does nothing [assumed]", () =>
    Effect.gen(function* () {
      const control = yield* QStashFlowControl
      const key = yield* freshKey
      yield* control.resetRate(key)
      yield* control.unpin(key, { rate: true })
      strictEqual((yield* Effect.flip(control.get(key)))._tag, "FlowControlKeyNotFound")
    })
  )
})
