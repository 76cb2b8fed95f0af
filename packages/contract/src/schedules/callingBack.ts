import { deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import * as Effect from "effect/Effect"
import { callbackBody } from "../internal/callbacks.ts"
import { create, fireOne, get, headerOf, idOf, only, secondsAfter, somewhere } from "../internal/given.ts"
import { chapter } from "../internal/law.ts"
import { endpointWith } from "../internal/sending.ts"
import { checkSignature } from "../internal/signature.ts"

export const callingBack = chapter("callbacks", ({ law, timed }) => {
  law("a schedule's callbacks read back unchanged", () =>
    Effect.gen(function* () {
      const schedule = yield* Effect.flatMap(
        create({
          callback: { url: `${somewhere}/callback?x=1`, headers: { "X-Callback": "yes" } },
          failureCallback: { url: `${somewhere}/failure`, headers: { "X-Failure": ["a", "b"] } }
        }),
        get
      )
      strictEqual(schedule.callback, `${somewhere}/callback?x=1`)
      deepStrictEqual<unknown>(schedule.callbackHeaders, { "X-Callback": ["yes"] })
      strictEqual(schedule.failureCallback, `${somewhere}/failure`)
      // HTTP lets a proxy join the values of a header.
      strictEqual(schedule.failureCallbackHeaders?.["X-Failure"]?.join(", "), "a, b")
    })
  )

  timed("each message of a schedule calls back", (time) =>
    Effect.gen(function* () {
      const endpoint = yield* endpointWith(time, 500)
      const callback = yield* time.endpoint
      const failureCallback = yield* time.endpoint
      const { firedAt, scheduleId } = yield* fireOne(time, {
        destination: endpoint.url,
        retries: 1,
        callback: callback.url,
        failureCallback: failureCallback.url
      })
      yield* time.advance("1 hour")
      const callbacks = yield* callback.deliveries
      deepStrictEqual(secondsAfter(firedAt, callbacks), [0, 12])
      deepStrictEqual(secondsAfter(firedAt, yield* failureCallback.deliveries), [12])
      const [attempt] = yield* endpoint.deliveries
      for (const delivery of [...callbacks, only(yield* failureCallback.deliveries)]) {
        checkSignature(delivery, time.signingKeys.current)
        const body = callbackBody(delivery)
        strictEqual(body.scheduleId, scheduleId)
        strictEqual(body.sourceMessageId, attempt === undefined ? "" : idOf(attempt))
        strictEqual(body.callerIP, attempt === undefined ? "" : headerOf(attempt, "Upstash-Caller-Ip"))
      }
    })
  )

  timed("a schedule's callback does not count as one of its messages [assumed]", (time) =>
    Effect.gen(function* () {
      const endpoint = yield* time.endpoint
      const callback = yield* time.endpoint
      const { scheduleId } = yield* fireOne(time, { destination: endpoint.url, callback: callback.url })
      const delivery = only(yield* callback.deliveries)
      strictEqual(headerOf(delivery, "Upstash-Schedule-Id"), undefined)
      deepStrictEqual(Object.keys((yield* get(scheduleId)).lastScheduleStates), [
        idOf(only(yield* endpoint.deliveries))
      ])
    })
  )
})
