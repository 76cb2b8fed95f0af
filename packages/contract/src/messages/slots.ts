import { QStashFlowControl } from "@effect-qstash/domain/QStashFlowControl"
import { deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import * as Effect from "effect/Effect"
import type { Endpoint } from "../Harness.ts"
import { arrivals, settle } from "../internal/given.ts"
import { chapter, within } from "../internal/law.ts"
import { batch, freshKey, publish } from "../internal/sending.ts"

const count = 30

/** Sends more messages than a destination has slots. It never responds, so each of them takes its slot for half a minute. */
const flood = (endpoint: Endpoint) =>
  Effect.gen(function* () {
    yield* endpoint.respond("silence")
    yield* batch(
      Array.from({ length: count }, () => ({
        destination: endpoint.url,
        timeout: "30 seconds",
        retries: 0
      }))
    )
  })

export const slots = chapter("slots", ({ alone, given }) => {
  alone("a destination that never responds does not delay messages to others", (time) =>
    Effect.gen(function* () {
      const [silent, other] = [yield* time.endpoint, yield* time.elsewhere]
      const now = yield* time.now
      yield* flood(silent)
      yield* settle(time)
      yield* publish({ destination: other.url, body: "hello" })
      yield* settle(time)
      deepStrictEqual(arrivals(now, yield* other.deliveries), ["hello at 0"])
      yield* time.advance("10 minutes")
      strictEqual((yield* silent.deliveries).length, count)
    })
  )

  alone("a message whose key is paused while it waits gives its slot to the next", (time) =>
    Effect.gen(function* () {
      const control = yield* QStashFlowControl
      const [key, other] = [yield* freshKey, yield* freshKey]
      const endpoint = yield* time.endpoint
      yield* flood(endpoint)
      yield* settle(time)
      yield* publish({ destination: `${endpoint.url}/held`, flowControl: { key, parallelism: 1 } })
      yield* publish({ destination: `${endpoint.url}/next`, flowControl: { key: other, parallelism: 1 } })
      yield* settle(time)
      yield* control.pause(key)
      yield* endpoint.respond(200)
      yield* time.advance("10 minutes")
      const arrived = yield* endpoint.deliveries
      strictEqual(arrived.filter(({ url }) => url.endsWith("/next")).length, 1)
    })
  )

  given(
    ["time", "ownAccount"],
    "an account whose destinations never respond does not delay other accounts",
    ({ ownAccount, time }) =>
      Effect.gen(function* () {
        const own = yield* ownAccount
        const silent = [yield* own.time.endpoint, yield* own.time.elsewhere]
        const endpoint = yield* time.endpoint
        const now = yield* time.now
        yield* within(own, () => Effect.forEach(silent, flood))
        yield* settle(own.time)
        yield* publish({ destination: endpoint.url, body: "hello" })
        yield* settle(time)
        deepStrictEqual(arrivals(now, yield* endpoint.deliveries), ["hello at 0"])
        yield* own.time.advance("10 minutes")
        for (const { deliveries } of silent) strictEqual((yield* deliveries).length, count)
      })
  )
})
