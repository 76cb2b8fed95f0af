import { QStashFlowControl } from "@effect-qstash/domain/QStashFlowControl"
import { deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import * as Effect from "effect/Effect"
import { arrivals, plain, secondsAfter, settle } from "../internal/given.ts"
import { chapter } from "../internal/law.ts"
import { endpointWith, freshKey, pending, publish } from "../internal/sending.ts"

export const pausing = chapter("pausing and resuming", ({ given, law, timed }) => {
  law("a key shows whether it is paused; pausing or resuming twice changes nothing", () =>
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

  law("a key can be paused before any message uses it [assumed]", () =>
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

  timed("messages of a paused key wait until it is resumed", (time) =>
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

  timed("retries wait for a paused key too", (time) =>
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

  timed("a rate's period keeps running during a pause", (time) =>
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

  timed("messages of a resumed key respect its limits", (time) =>
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

  given(["time", "slowly"], "a delivery in progress continues when its key is paused", ({ slowly, time }) =>
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
