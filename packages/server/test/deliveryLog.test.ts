import { MessageId } from "@effect-qstash/domain"
import type { DeliveryEvent } from "@effect-qstash/engine/DeliveryEvent"
import { it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import { Effect } from "effect"
import * as DeliveryLog from "../src/internal/deliveryLog.ts"
import { logsInto } from "./support.ts"

const delivered = (index: number): DeliveryEvent => ({
  time: 0,
  state: "DELIVERED",
  responseStatus: 200,
  message: {
    tenantId: "test",
    messageId: MessageId.make(`msg_${index}`),
    sequence: index,
    settings: {},
    url: "https://example.com/jobs",
    urlGroup: undefined,
    endpointName: undefined,
    scheduleId: undefined,
    callbackOf: undefined,
    callerIp: undefined,
    createdAt: 0,
    notBefore: 0,
    dueAt: 0,
    retried: 0,
    hops: 0
  }
})

const lineOf = (index: number) => `msg_${index}: POST https://example.com/jobs delivered, 200`

const many = Array.from({ length: 10_050 }, (_, index) => index)

it.effect("writes every line by the end, in order", () => {
  const lines: Array<string> = []
  return Effect.gen(function* () {
    const onEvents = yield* DeliveryLog.make(false)
    onEvents(many.slice(0, 100).map(delivered))
    yield* Effect.yieldNow()
    onEvents(many.slice(100, 200).map(delivered))
  }).pipe(
    Effect.scoped,
    Effect.provide(logsInto(lines)),
    Effect.tap(() => Effect.sync(() => deepStrictEqual(lines, many.slice(0, 200).map(lineOf))))
  )
})

it.effect("drops the oldest lines when too many wait, and says how many", () => {
  const lines: Array<string> = []
  return Effect.gen(function* () {
    const onEvents = yield* DeliveryLog.make(false)
    onEvents(many.map(delivered))
    yield* Effect.yieldNow()
    onEvents([delivered(10_050)])
  }).pipe(
    Effect.scoped,
    Effect.provide(logsInto(lines)),
    Effect.tap(() =>
      Effect.sync(() =>
        deepStrictEqual(lines, [
          "Dropped 50 lines about deliveries: the log cannot keep up",
          ...many.slice(50).map(lineOf),
          lineOf(10_050)
        ])
      )
    )
  )
})
