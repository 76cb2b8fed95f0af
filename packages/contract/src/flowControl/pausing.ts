import { QStashFlowControl } from "@effect-qstash/domain/QStashFlowControl"
import { deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import * as Effect from "effect/Effect"
import { arrivals, plain, secondsAfter, settle } from "../internal/given.ts"
import { chapter } from "../internal/law.ts"
import { endpointWith, freshKey, pending, publish } from "../internal/sending.ts"

export const pausing = chapter("pausing and resuming", ({ given, law, timed }) => {
  law("a paused key says so, and a resumed one no more; to do it twice changes nothing", () =>
    Effect.gen(function* () {
      const control = yield* QStashFlowControl
      const key = yield* freshKey
      yield* pending({ flowControl: { key, parallelism: 2 } })
      const active = plain(yield* control.get(key))
      yield* control.pause(key)
      const paused = yield* control.get(key)
      strictEqual(paused.isPaused, true)
      yield* control.pause(key)
      deepStrictEqual(plain(yield* control.get(key)), plain(paused))
      yield* control.resume(key)
      yield* control.resume(key)
      deepStrictEqual(plain(yield* control.get(key)), active)
    })
  )

  law("a key that no message has used can be paused already [assumed]", () =>
    Effect.gen(function* () {
      const control = yield* QStashFlowControl
      const key = yield* freshKey
      yield* control.pause(key)
      strictEqual((yield* control.get(key)).isPaused, true)
      yield* pending({ flowControl: { key, parallelism: 2 } })
      const state = yield* control.get(key)
      strictEqual(state.isPaused, true)
      strictEqual(state.parallelismMax, 2)
    })
  )

  timed("a paused key starts nothing, and its messages wait until it is resumed", (time) =>
    Effect.gen(function* () {
      const control = yield* QStashFlowControl
      const key = yield* freshKey
      const endpoint = yield* time.endpoint
      const flowControl = { key, parallelism: 5 }
      const now = yield* time.now
      yield* control.pause(key)
      for (const body of ["1", "2"]) yield* publish({ destination: endpoint.url, body, flowControl })
      yield* publish({ destination: endpoint.url, body: "free" })
      yield* time.advance("10 minutes")
      deepStrictEqual(arrivals(now, yield* endpoint.deliveries), ["free at 0"])
      strictEqual((yield* control.get(key)).waitListSize, 2)
      yield* control.resume(key)
      yield* settle(time)
      deepStrictEqual(secondsAfter(now, yield* endpoint.deliveries), [0, 600, 600])
      strictEqual((yield* control.get(key)).waitListSize, 0)
    })
  )

  timed("a retry that falls into the pause of its key waits as well", (time) =>
    Effect.gen(function* () {
      const control = yield* QStashFlowControl
      const key = yield* freshKey
      const endpoint = yield* endpointWith(time, 500, 200)
      const now = yield* time.now
      yield* publish({ destination: endpoint.url, flowControl: { key, parallelism: 5 } })
      yield* settle(time)
      yield* control.pause(key)
      yield* time.advance("1 minute")
      deepStrictEqual(secondsAfter(now, yield* endpoint.deliveries), [0])
      yield* control.resume(key)
      yield* settle(time)
      deepStrictEqual(secondsAfter(now, yield* endpoint.deliveries), [0, 60])
    })
  )

  timed("the period of a rate runs on through a pause", (time) =>
    Effect.gen(function* () {
      const control = yield* QStashFlowControl
      const key = yield* freshKey
      const endpoint = yield* time.endpoint
      const flowControl = { key, rate: 1, period: "1 minute" } as const
      const now = yield* time.now
      for (const body of ["1", "2", "3"]) yield* publish({ destination: endpoint.url, body, flowControl })
      yield* settle(time)
      yield* control.pause(key)
      yield* time.advance("90 seconds")
      yield* control.resume(key)
      yield* time.advance("1 hour")
      deepStrictEqual(arrivals(now, yield* endpoint.deliveries), ["1 at 0", "2 at 90", "3 at 150"])
    })
  )

  timed("a resume keeps to the limits", (time) =>
    Effect.gen(function* () {
      const control = yield* QStashFlowControl
      const key = yield* freshKey
      const endpoint = yield* time.endpoint
      const flowControl = { key, rate: 2, period: "1 minute" } as const
      yield* control.pause(key)
      for (let index = 0; index < 5; index++) yield* publish({ destination: endpoint.url, flowControl })
      yield* time.advance("5 minutes")
      const now = yield* time.now
      yield* control.resume(key)
      yield* time.advance("1 hour")
      deepStrictEqual(secondsAfter(now, yield* endpoint.deliveries), [0, 0, 60, 60, 120])
    })
  )

  given(["time", "slowly"], "a delivery under way goes on through a pause of its key", ({ slowly, time }) =>
    Effect.gen(function* () {
      const control = yield* QStashFlowControl
      const key = yield* freshKey
      const endpoint = yield* endpointWith(time, slowly("1 minute", 200), 200)
      const flowControl = { key, parallelism: 1 }
      const now = yield* time.now
      for (const body of ["1", "2"]) yield* publish({ destination: endpoint.url, body, flowControl })
      yield* time.advance("10 seconds")
      yield* control.pause(key)
      strictEqual((yield* control.get(key)).parallelismCount, 1)
      yield* time.advance("110 seconds")
      strictEqual((yield* control.get(key)).parallelismCount, 0)
      deepStrictEqual(arrivals(now, yield* endpoint.deliveries), ["1 at 0"])
      yield* control.resume(key)
      yield* settle(time)
      deepStrictEqual(arrivals(now, yield* endpoint.deliveries), ["1 at 0", "2 at 120"])
    })
  )
})
