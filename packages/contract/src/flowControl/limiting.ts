import { QStashFlowControl } from "@effect-qstash/domain/QStashFlowControl"
import { QStashMessages } from "@effect-qstash/domain/QStashMessages"
import { deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import * as Effect from "effect/Effect"
import {
  advanceTo,
  arrivals,
  create,
  get,
  nextMinute,
  secondsAfter,
  settle,
  yearlyAt
} from "../internal/given.ts"
import { chapter } from "../internal/law.ts"
import {
  batch,
  endpointWith,
  freshKey,
  freshQueue,
  makeGroup,
  publish,
  publishToGroup
} from "../internal/sending.ts"

export const limiting = chapter("limits", ({ given, law, timed }) => {
  timed("no more deliveries of a key start in a period than its rate", (time) =>
    Effect.gen(function* () {
      const flowControl = { key: yield* freshKey, rate: 2, period: "1 minute" } as const
      const endpoint = yield* time.endpoint
      const now = yield* time.now
      for (const body of ["1", "2", "3", "4", "5"]) {
        yield* publish({ destination: endpoint.url, body, flowControl })
      }
      yield* time.advance("1 hour")
      deepStrictEqual(secondsAfter(now, yield* endpoint.deliveries), [0, 0, 60, 60, 120])
    })
  )

  timed("a rate without a period counts per second", (time) =>
    Effect.gen(function* () {
      const flowControl = { key: yield* freshKey, rate: 1 }
      const endpoint = yield* time.endpoint
      const now = yield* time.now
      for (let index = 0; index < 3; index++) yield* publish({ destination: endpoint.url, flowControl })
      yield* time.advance("1 hour")
      deepStrictEqual(secondsAfter(now, yield* endpoint.deliveries), [0, 1, 2])
    })
  )

  timed("a period begins with its first delivery", (time) =>
    Effect.gen(function* () {
      const flowControl = { key: yield* freshKey, rate: 2, period: "1 minute" } as const
      const endpoint = yield* time.endpoint
      const now = yield* time.now
      const send = publish({ destination: endpoint.url, flowControl })
      yield* send
      yield* time.advance("50 seconds")
      for (let index = 0; index < 4; index++) yield* send
      yield* time.advance("5 minutes")
      deepStrictEqual(secondsAfter(now, yield* endpoint.deliveries), [0, 50, 60, 60, 120])
      const later = yield* time.now
      for (let index = 0; index < 3; index++) yield* send
      yield* time.advance("5 minutes")
      deepStrictEqual(secondsAfter(later, (yield* endpoint.deliveries).slice(5)), [0, 0, 60])
    })
  )

  timed("a retry counts against the rate like any other attempt", (time) =>
    Effect.gen(function* () {
      const flowControl = { key: yield* freshKey, rate: 1, period: "1 minute" } as const
      const endpoint = yield* endpointWith(time, 500, 200)
      const now = yield* time.now
      yield* publish({ destination: endpoint.url, body: "1", retryDelay: "1000", flowControl })
      yield* time.advance("10 seconds")
      yield* publish({ destination: endpoint.url, body: "2", flowControl })
      yield* time.advance("1 hour")
      deepStrictEqual(arrivals(now, yield* endpoint.deliveries), ["1 at 0", "1 at 60", "2 at 120"])
    })
  )

  timed("no more deliveries of a key are in progress than its parallelism", (time) =>
    Effect.gen(function* () {
      const flowControl = { key: yield* freshKey, parallelism: 1 }
      const endpoint = yield* endpointWith(time, "silence", 200)
      const now = yield* time.now
      const message = { destination: endpoint.url, timeout: "30 seconds", retries: 0, flowControl } as const
      yield* publish({ ...message, body: "1" })
      yield* publish({ ...message, body: "2" })
      yield* publish({ ...message, body: "3" })
      yield* time.advance("1 hour")
      deepStrictEqual(arrivals(now, yield* endpoint.deliveries), ["1 at 0", "2 at 30", "3 at 30"])
    })
  )

  given(
    ["time", "slowly"],
    "a freed slot goes to the next message while others are still in progress",
    ({ slowly, time }) =>
      Effect.gen(function* () {
        const flowControl = { key: yield* freshKey, parallelism: 2 }
        const endpoint = yield* endpointWith(time, slowly("50 seconds", 200), slowly("20 seconds", 200))
        const now = yield* time.now
        for (const body of ["1", "2", "3", "4", "5"]) {
          yield* publish({ destination: endpoint.url, body, flowControl })
        }
        yield* time.advance("1 hour")
        deepStrictEqual(secondsAfter(now, yield* endpoint.deliveries), [0, 0, 20, 40, 50])
      })
  )

  given(["time", "slowly"], "a message waiting for its retry takes no slot", ({ slowly, time }) =>
    Effect.gen(function* () {
      const flowControl = { key: yield* freshKey, parallelism: 1 }
      const endpoint = yield* endpointWith(time, 500, slowly("1 minute", 200), 200)
      const now = yield* time.now
      yield* publish({ destination: endpoint.url, body: "1", retryDelay: "30000", flowControl })
      yield* publish({ destination: endpoint.url, body: "2", flowControl })
      yield* time.advance("1 hour")
      deepStrictEqual(arrivals(now, yield* endpoint.deliveries), ["1 at 0", "2 at 0", "1 at 60"])
    })
  )

  given(["time", "slowly"], "a rate and a parallelism apply together", ({ slowly, time }) =>
    Effect.gen(function* () {
      const flowControl = { key: yield* freshKey, parallelism: 1, rate: 2, period: "1 minute" } as const
      const endpoint = yield* endpointWith(time, slowly("20 seconds", 200), slowly("5 seconds", 200))
      const now = yield* time.now
      for (let index = 0; index < 4; index++) yield* publish({ destination: endpoint.url, flowControl })
      yield* time.advance("1 hour")
      deepStrictEqual(secondsAfter(now, yield* endpoint.deliveries), [0, 20, 60, 65])
    })
  )

  timed("the limits of the latest message apply to all messages of its key", (time) =>
    Effect.gen(function* () {
      const control = yield* QStashFlowControl
      const key = yield* freshKey
      const endpoint = yield* time.endpoint
      const now = yield* time.now
      yield* publish({ destination: endpoint.url, flowControl: { key, rate: 1, period: "1 hour" } })
      yield* publish({ destination: endpoint.url, flowControl: { key, rate: 1, period: "1 hour" } })
      yield* time.advance("1 minute")
      deepStrictEqual(secondsAfter(now, yield* endpoint.deliveries), [0])
      yield* publish({ destination: endpoint.url, flowControl: { key, rate: 3, period: "1 hour" } })
      yield* settle(time)
      deepStrictEqual(secondsAfter(now, yield* endpoint.deliveries), [0, 60, 60])
      const state = yield* control.get(key)
      strictEqual(state.rateMax, 3)
      yield* publish({ destination: endpoint.url, flowControl: { key, parallelism: 7 } })
      yield* settle(time)
      const after = yield* control.get(key)
      strictEqual(after.parallelismMax, 7)
      strictEqual(after.rateMax, undefined)
      deepStrictEqual(secondsAfter(now, yield* endpoint.deliveries), [0, 60, 60, 60])
    })
  )

  timed("each key has its own limits, and messages without a key have none", (time) =>
    Effect.gen(function* () {
      const [one, other] = [yield* freshKey, yield* freshKey]
      const endpoint = yield* time.endpoint
      const now = yield* time.now
      for (const key of [one, one, other]) {
        yield* publish({
          destination: endpoint.url,
          body: key === one ? "one" : "other",
          flowControl: { key, rate: 1, period: "1 minute" }
        })
      }
      yield* publish({ destination: endpoint.url, body: "none" })
      yield* time.advance("1 hour")
      deepStrictEqual(arrivals(now, yield* endpoint.deliveries), [
        "one at 0",
        "other at 0",
        "none at 0",
        "one at 60"
      ])
    })
  )

  timed("a key limits messages across destinations, publishes, batches, groups and schedules", (time) =>
    Effect.gen(function* () {
      const flowControl = { key: yield* freshKey, rate: 1, period: "1 minute" } as const
      const [one, two] = [yield* time.endpoint, yield* time.endpoint]
      const urlGroup = yield* makeGroup({ url: two.url })
      const firedAt = nextMinute(yield* time.now)
      const scheduleId = yield* create({ cron: yearlyAt(firedAt), destination: one.url, flowControl })
      yield* advanceTo(time, firedAt)
      yield* publish({ destination: two.url, flowControl })
      yield* batch([{ destination: one.url, flowControl }])
      yield* publishToGroup(urlGroup, { flowControl })
      yield* time.advance("1 hour")
      const times = secondsAfter(firedAt, [...(yield* one.deliveries), ...(yield* two.deliveries)])
      deepStrictEqual(
        times.toSorted((self, that) => self - that),
        [0, 60, 120, 180]
      )
      strictEqual((yield* get(scheduleId)).flowControlKey, flowControl.key)
    })
  )

  law("a schedule's flow control reads back unchanged", () =>
    Effect.gen(function* () {
      const key = yield* freshKey
      const schedule = yield* Effect.flatMap(
        create({ flowControl: { key, parallelism: 3, rate: 5, period: "1 day" } }),
        get
      )
      strictEqual(schedule.flowControlKey, key)
      strictEqual(schedule.parallelism, 3)
      strictEqual(schedule.rate, 5)
      strictEqual(JSON.stringify(schedule.period).includes("86400"), true)
    })
  )

  timed("a message waiting for its key keeps its place in its queue", (time) =>
    Effect.gen(function* () {
      const queueName = yield* freshQueue
      const flowControl = { key: yield* freshKey, rate: 1, period: "1 minute" } as const
      const endpoint = yield* time.endpoint
      const now = yield* time.now
      yield* publish({ destination: endpoint.url, body: "first", flowControl })
      yield* batch([
        { destination: endpoint.url, body: "1", queueName, flowControl },
        { destination: endpoint.url, body: "2", queueName },
        { destination: endpoint.url, body: "3", queueName, flowControl }
      ])
      yield* time.advance("1 hour")
      deepStrictEqual(arrivals(now, yield* endpoint.deliveries), [
        "first at 0",
        "1 at 60",
        "2 at 60",
        "3 at 120"
      ])
    })
  )

  timed("a message cancelled while waiting for its key is not delivered", (time) =>
    Effect.gen(function* () {
      const messages = yield* QStashMessages
      const control = yield* QStashFlowControl
      const flowControl = { key: yield* freshKey, rate: 1, period: "1 minute" } as const
      const endpoint = yield* time.endpoint
      const now = yield* time.now
      yield* publish({ destination: endpoint.url, body: "1", flowControl })
      const second = yield* publish({ destination: endpoint.url, body: "2", flowControl })
      yield* publish({ destination: endpoint.url, body: "3", flowControl })
      yield* settle(time)
      yield* messages.cancel(second.messageId)
      strictEqual((yield* control.get(flowControl.key)).waitListSize, 1)
      yield* time.advance("1 hour")
      deepStrictEqual(arrivals(now, yield* endpoint.deliveries), ["1 at 0", "3 at 60"])
    })
  )
})
