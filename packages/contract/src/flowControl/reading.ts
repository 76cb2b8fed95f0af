import { FlowControlKey } from "@effect-qstash/domain/FlowControl"
import { FlowControlKeyNotFound } from "@effect-qstash/domain/QStashError"
import { QStashFlowControl } from "@effect-qstash/domain/QStashFlowControl"
import { assertEquals, assertInclude, assertTrue, deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { freshName, hour, iso, minute, only, plain, second, settle } from "../internal/given.ts"
import { refuseMisnamed } from "../internal/misnamed.ts"
import { chapter, within } from "../internal/law.ts"
import { endpointWith, freshKey, pending, publish } from "../internal/sending.ts"

export const reading = chapter("reading", ({ given, law, timed }) => {
  law("rejects a flow-control key that is empty or would hit another route, before sending anything", () =>
    Effect.gen(function* () {
      const flowControl = yield* QStashFlowControl
      yield* refuseMisnamed("flowControlKey", FlowControlKey, (id) => [
        flowControl.get(id),
        flowControl.pause(id),
        flowControl.resume(id),
        flowControl.resetRate(id),
        flowControl.pin(id, { rate: 1 }),
        flowControl.unpin(id, { rate: true })
      ])
    })
  )

  law("get names the flow-control key it cannot find", () =>
    Effect.gen(function* () {
      const control = yield* QStashFlowControl
      const flowControlKey = yield* freshKey
      const error = yield* Effect.flip(control.get(flowControlKey))
      assertEquals(error, new FlowControlKeyNotFound({ flowControlKey }))
      strictEqual(error.isRetryable, false)
      assertInclude(error.message, flowControlKey)
    })
  )

  law("a key exists, with its limits, from its first message on", () =>
    Effect.gen(function* () {
      const control = yield* QStashFlowControl
      const key = yield* freshKey
      yield* pending({ flowControl: { key, parallelism: 3, rate: 5, period: "1 hour" } })
      const { ratePeriod, ...rest } = yield* control.get(key)
      strictEqual(Duration.toMillis(ratePeriod ?? 0), hour)
      deepStrictEqual<unknown>(rest, {
        flowControlKey: key,
        waitListSize: 0,
        parallelismMax: 3,
        parallelismCount: 0,
        rateMax: 5,
        rateCount: 0,
        isPaused: false,
        isPinnedParallelism: false,
        isPinnedRate: false
      })
    })
  )

  law("a limit that is not set is absent", () =>
    Effect.gen(function* () {
      const control = yield* QStashFlowControl
      const [one, two] = [yield* freshKey, yield* freshKey]
      yield* pending({ flowControl: { key: one, parallelism: 3 } })
      const parallel = yield* control.get(one)
      strictEqual(parallel.parallelismMax, 3)
      strictEqual(parallel.rateMax, undefined)
      strictEqual(parallel.ratePeriod, undefined)
      yield* pending({ flowControl: { key: two, rate: 3 } })
      const rated = yield* control.get(two)
      strictEqual(rated.parallelismMax, undefined)
      strictEqual(rated.rateMax, 3)
      strictEqual(Duration.toMillis(rated.ratePeriod ?? 0), second)
    })
  )

  law("a key can be any text that fits in a header", () =>
    Effect.gen(function* () {
      const control = yield* QStashFlowControl
      const name = yield* freshName
      for (const text of [`${name} a/b?c=d&e#f`, `${name}:%2F+"'`, `${name}.../..`]) {
        const key = FlowControlKey.make(text)
        yield* pending({ flowControl: { key, parallelism: 3 } })
        yield* control.pause(key)
        const state = yield* control.get(key)
        strictEqual(state.flowControlKey, key)
        strictEqual(state.isPaused, true)
        strictEqual(state.parallelismMax, 3)
      }
    })
  )

  law("the list contains what get returns, and other keys too", () =>
    Effect.gen(function* () {
      const control = yield* QStashFlowControl
      const keys = [yield* freshKey, yield* freshKey]
      yield* Effect.forEach(keys, (key, index) =>
        pending({ flowControl: { key, parallelism: index + 1, rate: 9 } })
      )
      const all = yield* control.list
      for (const key of keys) {
        const listed = only(all.filter(({ flowControlKey }) => flowControlKey === key))
        deepStrictEqual(plain(listed), plain(yield* control.get(key)))
      }
    })
  )

  timed("a key shows how many deliveries started in its period, when it began, and how many wait", (time) =>
    Effect.gen(function* () {
      const control = yield* QStashFlowControl
      const key = yield* freshKey
      const endpoint = yield* time.endpoint
      // The start of a period is rounded to whole seconds.
      const start = (Math.floor((yield* time.now) / second) + 1) * second
      yield* time.advance(start - (yield* time.now))
      for (let index = 0; index < 5; index++) {
        yield* publish({ destination: endpoint.url, flowControl: { key, rate: 3, period: "1 minute" } })
      }
      yield* time.advance("10 seconds")
      const state = yield* control.get(key)
      strictEqual(state.rateCount, 3)
      strictEqual(state.waitListSize, 2)
      strictEqual(iso(state.ratePeriodStart), iso(start))
      yield* time.advance("1 minute")
      const next = yield* control.get(key)
      strictEqual(next.rateCount, 2)
      strictEqual(next.waitListSize, 0)
      strictEqual(iso(next.ratePeriodStart), iso(start + minute))
      yield* time.advance("1 hour")
      strictEqual((yield* control.get(key)).rateCount, 0)
    })
  )

  given(["time", "slowly"], "a key shows how many deliveries are in progress", ({ slowly, time }) =>
    Effect.gen(function* () {
      const control = yield* QStashFlowControl
      const key = yield* freshKey
      const endpoint = yield* endpointWith(time, slowly("1 minute", 200))
      for (let index = 0; index < 3; index++) {
        yield* publish({ destination: endpoint.url, flowControl: { key, parallelism: 2 } })
      }
      yield* settle(time)
      const counts = Effect.map(control.get(key), ({ parallelismCount, waitListSize }) => [
        parallelismCount,
        waitListSize
      ])
      deepStrictEqual(yield* counts, [2, 1])
      yield* time.advance("1 minute")
      deepStrictEqual(yield* counts, [1, 0])
      yield* time.advance("1 minute")
      deepStrictEqual(yield* counts, [0, 0])
    })
  )

  law("an account has a limit on all its deliveries together", () =>
    Effect.gen(function* () {
      const control = yield* QStashFlowControl
      const { parallelismCount, parallelismMax } = yield* control.globalParallelism
      assertTrue(Number.isSafeInteger(parallelismMax) && parallelismMax > 0)
      assertTrue(parallelismCount >= 0 && parallelismCount <= parallelismMax)
    })
  )

  given(
    ["ownAccount", "slowly"],
    "globalParallelism counts the account's deliveries in progress",
    ({ ownAccount, slowly }) =>
      Effect.flatMap(ownAccount, (own) =>
        within(own, (time) =>
          Effect.gen(function* () {
            const control = yield* QStashFlowControl
            const count = Effect.map(control.globalParallelism, ({ parallelismCount }) => parallelismCount)
            strictEqual(yield* count, 0)
            const endpoint = yield* endpointWith(time, slowly("1 minute", 200), slowly("2 minutes", 500))
            yield* publish({ destination: endpoint.url })
            yield* publish({ destination: endpoint.url, retries: 0 })
            yield* settle(time)
            strictEqual(yield* count, 2)
            yield* time.advance("1 minute")
            strictEqual(yield* count, 1)
            yield* time.advance("1 minute")
            strictEqual(yield* count, 0)
          })
        )
      )
  )
})
