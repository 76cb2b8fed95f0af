import { FlowControlKeyNotFound } from "@effect-qstash/domain/QStashError"
import { QStashFlowControl } from "@effect-qstash/domain/QStashFlowControl"
import { assertEquals, deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import { secondsAfter, settle } from "../internal/given.ts"
import { chapter, within } from "../internal/law.ts"
import { freshKey, pending, publish } from "../internal/sending.ts"

export const sharing = chapter("two accounts", ({ given }) => {
  given(
    ["neighbour"],
    "an account can neither see nor change another account's flow-control keys",
    ({ neighbour }) =>
      Effect.gen(function* () {
        const theirs = Context.get(neighbour.services, QStashFlowControl)
        const control = yield* QStashFlowControl
        const key = yield* freshKey
        yield* pending({ flowControl: { key, parallelism: 2 } })
        assertEquals(yield* Effect.flip(theirs.get(key)), new FlowControlKeyNotFound({ flowControlKey: key }))
        deepStrictEqual(
          (yield* theirs.list).filter(({ flowControlKey }) => flowControlKey === key),
          []
        )
        yield* theirs.pause(key)
        yield* theirs.pin(key, { parallelism: 9 })
        const state = yield* control.get(key)
        strictEqual(state.isPaused, false)
        strictEqual(state.parallelismMax, 2)
      })
  )

  given(["time", "neighbour"], "two accounts do not share the limits of a key", ({ neighbour, time }) =>
    Effect.gen(function* () {
      const flowControl = { key: yield* freshKey, rate: 1, period: "1 hour" } as const
      const endpoint = yield* time.endpoint
      const now = yield* time.now
      yield* publish({ destination: endpoint.url, flowControl })
      yield* within(neighbour, () => publish({ destination: endpoint.url, flowControl }))
      yield* settle(time)
      deepStrictEqual(secondsAfter(now, yield* endpoint.deliveries), [0, 0])
    })
  )
})
