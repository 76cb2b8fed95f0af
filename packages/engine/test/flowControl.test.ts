import {
  type FlowControl,
  FlowControlKey,
  FlowControlKeyNotFound,
  type PublishMessage,
  QStashDlq,
  QStashFlowControl,
  QStashInvalidRequest,
  QStashMessages,
  QStashSchedules
} from "@effect-qstash/domain"
import * as Engine from "@effect-qstash/engine/Engine"
import { Store } from "@effect-qstash/engine/Store"
import { describe, it } from "@effect/vitest"
import {
  assertEquals,
  assertInstanceOf,
  assertTrue,
  deepStrictEqual,
  strictEqual
} from "@effect/vitest/utils"
import { DateTime, Duration, Effect, FastCheck, Layer } from "effect"
import {
  advance,
  type Answer,
  answered,
  answers,
  byPath,
  id,
  io,
  Log,
  messageId,
  persistent,
  slots,
  start,
  virtual,
  visits,
  withoutRelease
} from "./harness.ts"

const api = FlowControlKey.make("api")

const urlOf = (path: string) => `https://api.example.com/${path}`

type Limits = Omit<FlowControl.Input, "key">

const send = (limits: Limits, ...paths: ReadonlyArray<string>) =>
  Effect.flatMap(QStashMessages, (messages) =>
    Effect.forEach(paths, (path) =>
      messages.publish({
        destination: urlOf(path),
        // A Limits without its key is no limit, and the compiler cannot put the two together again.
        // oxlint-disable-next-line typescript/no-unsafe-type-assertion
        flowControl: { key: api, ...limits } as FlowControl.Input
      })
    )
  )

const get = Effect.flatMap(QStashFlowControl, (flowControl) => flowControl.get(api))

const startsAt = DateTime.unsafeMake(start)

/** Takes so many seconds of virtual time. */
const taking =
  (seconds: number): Answer =>
  () =>
    Effect.as(Effect.sleep(seconds * 1000), answered(200))

describe("a parallelism", () => {
  it.effect("lets so many be under way, over destinations and kinds of messages", () =>
    Effect.gen(function* () {
      const schedules = yield* QStashSchedules
      const flowControl = { key: api, parallelism: 2 }
      yield* schedules.create({
        scheduleId: id("job"),
        cron: "1 0 1 1 *",
        destination: urlOf("scheduled"),
        flowControl
      })
      yield* advance("55 seconds")
      yield* send({ parallelism: 2 }, "a", "b", "c")
      yield* advance("5 seconds")
      deepStrictEqual(yield* get, {
        flowControlKey: api,
        waitListSize: 2,
        parallelismMax: 2,
        parallelismCount: 2,
        rateCount: 0,
        isPaused: false,
        isPinnedParallelism: false,
        isPinnedRate: false
      })
      yield* advance("1 hour")
      deepStrictEqual(yield* visits, ["55 /a", "55 /b", "65 /c", "65 /scheduled"])
      const { parallelismCount, waitListSize } = yield* get
      deepStrictEqual([parallelismCount, waitListSize], [0, 0])
    }).pipe(Effect.provide(virtual(taking(10))))
  )

  it.effect("counts a retry again, and not the wait before it", () =>
    Effect.gen(function* () {
      yield* send({ parallelism: 1 }, "fails", "next")
      yield* advance("1 day")
      deepStrictEqual(yield* visits, ["0 /fails", "0 /next", "12 /fails", "160 /fails", "1968 /fails"])
    }).pipe(Effect.provide(virtual(byPath({ "/fails": answers(answered(500)) }))))
  )

  it.effect("does not hold up callbacks, which share no key with their message", () =>
    Effect.gen(function* () {
      const messages = yield* QStashMessages
      yield* messages.publish({
        destination: urlOf("a"),
        flowControl: { key: api, parallelism: 1 },
        callback: urlOf("done")
      })
      yield* send({ parallelism: 1 }, "b", "c")
      yield* advance("1 hour")
      deepStrictEqual(yield* visits, ["0 /a", "10 /b", "10 /done", "20 /c"])
    }).pipe(Effect.provide(virtual(byPath({ "/a": taking(10), "/b": taking(10), "/done": taking(60) }))))
  )

  it.effect("is that of the latest message, also for those that wait", () =>
    Effect.gen(function* () {
      yield* send({ parallelism: 1 }, "a", "b", "c", "d")
      yield* advance("1 second")
      yield* send({ parallelism: 3 }, "e")
      yield* advance("1 hour")
      deepStrictEqual(yield* visits, ["0 /a", "1 /b", "1 /c", "10 /d", "11 /e"])
    }).pipe(Effect.provide(virtual(taking(10))))
  )
})

describe("a rate", () => {
  it.effect("lets so many start in a period that begins with a start, however soon they end", () =>
    Effect.gen(function* () {
      yield* advance("5 seconds")
      yield* send({ rate: 2, period: "1 minute" }, "a", "b", "c", "d", "e")
      yield* advance("10 seconds")
      deepStrictEqual(yield* get, {
        flowControlKey: api,
        waitListSize: 3,
        parallelismCount: 0,
        rateMax: 2,
        rateCount: 2,
        ratePeriod: Duration.minutes(1),
        ratePeriodStart: DateTime.add(startsAt, { seconds: 5 }),
        isPaused: false,
        isPinnedParallelism: false,
        isPinnedRate: false
      })
      yield* advance("1 hour")
      deepStrictEqual(yield* visits, ["5 /a", "5 /b", "65 /c", "65 /d", "125 /e"])
      strictEqual((yield* get).rateCount, 0)
    }).pipe(Effect.provide(virtual()))
  )

  it.effect("of one second is meant where no period is given", () =>
    Effect.gen(function* () {
      yield* send({ rate: 1 }, "a", "b", "c")
      yield* advance("1 minute")
      deepStrictEqual(yield* visits, ["0 /a", "1 /b", "2 /c"])
    }).pipe(Effect.provide(virtual()))
  )

  it.effect(
    "opens its next period on time though all slots of the engine are taken by others meanwhile",
    () =>
      Effect.gen(function* () {
        yield* send({ rate: 1, period: "10 seconds" }, "a", "b")
        const messages = yield* QStashMessages
        for (const path of ["x", "y"]) yield* messages.publish({ destination: urlOf(path) })
        yield* advance("1 hour")
        deepStrictEqual(yield* visits, ["0 /a", "0 /x", "0 /y", "30 /b"])
      }).pipe(Effect.provide(virtual(byPath({ "/x": taking(30), "/y": taking(30) }), slots(2))))
  )

  it.effect("holds with a parallelism, and the tighter of them decides", () =>
    Effect.gen(function* () {
      yield* send({ parallelism: 2, rate: 3, period: "1 minute" }, "a", "b", "c", "d", "e", "f")
      yield* advance("1 hour")
      deepStrictEqual(yield* visits, ["0 /a", "0 /b", "25 /c", "60 /d", "60 /e", "85 /f"])
    }).pipe(Effect.provide(virtual(taking(25))))
  )

  it.effect("uses up each period while long deliveries go on", () =>
    Effect.gen(function* () {
      yield* send({ rate: 1, period: "1 minute" }, "a", "b", "c")
      yield* advance("1 hour")
      deepStrictEqual(yield* visits, ["0 /a", "60 /b", "120 /c"])
    }).pipe(Effect.provide(virtual(taking(600))))
  )
})

describe("a pause of a key", () => {
  it.effect("starts nothing, lets what is under way end, and lets the period run on", () =>
    Effect.gen(function* () {
      const flowControl = yield* QStashFlowControl
      yield* send({ rate: 1, period: "1 minute" }, "a", "b", "c")
      yield* advance("1 second")
      yield* flowControl.pause(api)
      yield* flowControl.pause(api)
      yield* advance("99 seconds")
      deepStrictEqual(yield* visits, ["0 /a"])
      strictEqual((yield* get).isPaused, true)
      strictEqual((yield* get).waitListSize, 2)
      yield* flowControl.resume(api)
      yield* flowControl.resume(api)
      yield* advance("1 hour")
      deepStrictEqual(yield* visits, ["0 /a", "100 /b", "160 /c"])
      strictEqual((yield* get).isPaused, false)
    }).pipe(Effect.provide(virtual(taking(5))))
  )

  it.effect("from within a delivery lets that one end, and its retry waits", () => {
    const act: { pause: Effect.Effect<unknown, unknown> } = { pause: Effect.void }
    return Effect.gen(function* () {
      const flowControl = yield* QStashFlowControl
      act.pause = flowControl.pause(api)
      yield* send({ parallelism: 1 }, "a", "b")
      yield* advance("1 hour")
      deepStrictEqual(yield* visits, ["0 /a"])
      yield* flowControl.resume(api)
      yield* advance("1 hour")
      deepStrictEqual(yield* visits, ["0 /a", "3600 /b", "3600 /a"])
    }).pipe(
      Effect.provide(
        virtual((_request, count) =>
          count === 0
            ? Effect.zipRight(io(5), Effect.as(Effect.orDie(act.pause), answered(500)))
            : Effect.succeed(answered(200))
        )
      )
    )
  })

  it.effect("may come before the first message of a key", () =>
    Effect.gen(function* () {
      const flowControl = yield* QStashFlowControl
      assertEquals(yield* Effect.flip(get), new FlowControlKeyNotFound({ flowControlKey: api }))
      yield* flowControl.pause(api)
      yield* send({ parallelism: 1 }, "a")
      yield* advance("1 minute")
      deepStrictEqual(yield* visits, [])
      yield* flowControl.resume(api)
      yield* advance("1 minute")
      deepStrictEqual(yield* visits, ["60 /a"])
    }).pipe(Effect.provide(virtual()))
  )

  it.effect("does not keep a message from being cancelled", () =>
    Effect.gen(function* () {
      const flowControl = yield* QStashFlowControl
      const messages = yield* QStashMessages
      yield* flowControl.pause(api)
      yield* send({ parallelism: 1 }, "a", "b")
      yield* advance("1 minute")
      yield* messages.cancel(messageId("msg_1"))
      strictEqual((yield* get).waitListSize, 1)
      yield* flowControl.resume(api)
      yield* advance("1 minute")
      deepStrictEqual(yield* visits, ["60 /b"])
    }).pipe(Effect.provide(virtual()))
  )
})

describe("pinned limits", () => {
  it.effect(
    "count at once and against later messages, until they are unpinned and another message says more",
    () =>
      Effect.gen(function* () {
        const flowControl = yield* QStashFlowControl
        yield* send({ rate: 1, period: "1 hour" }, "a", "b", "c", "d")
        yield* advance("1 second")
        yield* flowControl.pin(api, { rate: 2, period: "1 minute" })
        yield* advance("1 second")
        deepStrictEqual(yield* visits, ["0 /a", "1 /b", "1 /c"])
        yield* send({ rate: 100, parallelism: 7 }, "e")
        const { isPinnedParallelism, isPinnedRate, parallelismMax, rateMax, ratePeriod } = yield* get
        deepStrictEqual(
          [isPinnedParallelism, isPinnedRate, parallelismMax, rateMax, ratePeriod],
          [false, true, 7, 2, Duration.minutes(1)]
        )
        yield* flowControl.unpin(api, { rate: true })
        yield* advance("1 minute")
        deepStrictEqual((yield* visits).slice(3), ["61 /d", "61 /e"])
        yield* send({ rate: 3 }, "f")
        strictEqual((yield* get).rateMax, 3)
      }).pipe(Effect.provide(virtual()))
  )

  it.effect("are refused by name where they are none", () =>
    Effect.gen(function* () {
      const flowControl = yield* QStashFlowControl
      for (const [limits, field] of [
        [{ parallelism: 0 }, "parallelism"],
        [{ rate: 1.5 }, "rate"],
        [{ rate: 1, period: "8 days" }, "period"]
      ] as const) {
        const error = yield* Effect.flip(flowControl.pin(api, limits))
        assertInstanceOf(error, QStashInvalidRequest)
        strictEqual(error.field, field)
      }
      assertEquals(yield* Effect.flip(get), new FlowControlKeyNotFound({ flowControlKey: api }))
    }).pipe(Effect.provide(virtual()))
  )

  it.effect("of a key that nobody knows are made by a pin, and not by what only undoes", () =>
    Effect.gen(function* () {
      const flowControl = yield* QStashFlowControl
      yield* flowControl.unpin(api, { parallelism: true, rate: true })
      yield* flowControl.resetRate(api)
      deepStrictEqual(yield* flowControl.list, [])
      yield* flowControl.pin(api, { parallelism: 3 })
      deepStrictEqual(
        (yield* flowControl.list).map(({ flowControlKey, parallelismMax }) => [
          flowControlKey,
          parallelismMax
        ]),
        [[api, 3]]
      )
    }).pipe(Effect.provide(virtual()))
  )
})

describe("a reset of the rate", () => {
  it.effect("ends the period: as many may start at once, and a new one begins", () =>
    Effect.gen(function* () {
      const flowControl = yield* QStashFlowControl
      yield* send({ rate: 1, period: "1 hour" }, "a", "b", "c")
      yield* advance("1 minute")
      yield* flowControl.resetRate(api)
      const { rateCount, ratePeriodStart } = yield* get
      deepStrictEqual([rateCount, ratePeriodStart], [0, undefined])
      yield* advance("1 minute")
      deepStrictEqual(yield* visits, ["0 /a", "60 /b"])
      assertEquals((yield* get).ratePeriodStart, DateTime.add(startsAt, { minutes: 1 }))
      yield* advance("1 hour")
      deepStrictEqual(yield* visits, ["0 /a", "60 /b", "3660 /c"])
    }).pipe(Effect.provide(virtual()))
  )
})

describe("the global parallelism", () => {
  it.effect("tells the engine's limit and how many of the tenant's deliveries are under way", () =>
    Effect.gen(function* () {
      const flowControl = yield* QStashFlowControl
      const engine = yield* Engine.Engine
      yield* engine.messages({ tenantId: "other" }).publish({ destination: urlOf("theirs") })
      const messages = yield* QStashMessages
      for (const path of ["a", "b", "c"]) yield* messages.publish({ destination: urlOf(path) })
      yield* advance("1 second")
      deepStrictEqual(yield* flowControl.globalParallelism, { parallelismMax: 3, parallelismCount: 2 })
      yield* advance("1 hour")
      deepStrictEqual(yield* flowControl.globalParallelism, { parallelismMax: 3, parallelismCount: 0 })
    }).pipe(Effect.provide(virtual(taking(10), slots(3))))
  )

  it.effect("is a number that JSON can carry where there is no limit", () =>
    Effect.gen(function* () {
      const { parallelismMax } = yield* (yield* QStashFlowControl).globalParallelism
      assertTrue(Number.isSafeInteger(parallelismMax))
    }).pipe(Effect.provide(virtual(undefined, slots(Infinity))))
  )
})

describe("a restart", () => {
  const second = (seconds: number) => ({ start: DateTime.add(startsAt, { seconds }) })

  it.effect("keeps the limits, and does not count what was released", () =>
    Effect.gen(function* () {
      const { ids, store } = yield* persistent
      const onStore = Layer.succeed(Store, store)
      yield* Effect.gen(function* () {
        yield* send({ parallelism: 2 }, "a", "b", "c", "d")
        yield* advance("1 second")
        deepStrictEqual(yield* visits, ["0 /a", "0 /b"])
      }).pipe(Effect.provide(virtual(taking(10), {}, onStore, ids)))
      yield* Effect.gen(function* () {
        strictEqual((yield* get).parallelismCount, 0)
        yield* advance("1 hour")
        deepStrictEqual(yield* visits, ["5 /a", "5 /b", "15 /c", "15 /d"])
      }).pipe(Effect.provide(virtual(taking(10), second(5), onStore, ids)))
    }).pipe(Effect.scoped)
  )

  it.effect("keeps the slots of lost leases until their time is over, and no longer", () =>
    Effect.gen(function* () {
      const { ids, store } = yield* persistent
      const input: Partial<PublishMessage.Input> = {
        timeout: "1 minute",
        flowControl: { key: api, parallelism: 2 }
      }
      yield* Effect.gen(function* () {
        const messages = yield* QStashMessages
        for (const path of ["a", "b", "c", "d"])
          yield* messages.publish({ destination: urlOf(path), ...input })
        yield* advance("1 second")
      }).pipe(Effect.provide(virtual(taking(30), {}, Layer.succeed(Store, withoutRelease(store)), ids)))
      yield* Effect.gen(function* () {
        strictEqual((yield* get).parallelismCount, 2)
        yield* advance("1 hour")
        deepStrictEqual(yield* visits, ["120 /a", "120 /b", "150 /c", "150 /d"])
        strictEqual((yield* get).parallelismCount, 0)
      }).pipe(Effect.provide(virtual(taking(30), second(5), Layer.succeed(Store, store), ids)))
    }).pipe(Effect.scoped)
  )

  it.effect("goes on in the period that has begun", () =>
    Effect.gen(function* () {
      const { ids, store } = yield* persistent
      const onStore = Layer.succeed(Store, store)
      yield* Effect.zipRight(send({ rate: 2, period: "1 minute" }, "a", "b", "c"), advance("1 second")).pipe(
        Effect.provide(virtual(undefined, {}, onStore, ids))
      )
      yield* Effect.gen(function* () {
        yield* send({ rate: 2, period: "1 minute" }, "d")
        yield* advance("1 hour")
        deepStrictEqual(yield* visits, ["60 /c", "60 /d"])
      }).pipe(Effect.provide(virtual(undefined, second(30), onStore, ids)))
    }).pipe(Effect.scoped)
  )
})

describe("the limits of a key", () => {
  it.effect.prop(
    "are never exceeded, every message is delivered in the end, and none waits without need",
    [
      FastCheck.record({
        parallelism: FastCheck.constantFrom(undefined, 1, 2, 3),
        rate: FastCheck.constantFrom(1, 2, 5),
        period: FastCheck.constantFrom(1, 10, 60),
        durations: FastCheck.array(FastCheck.constantFrom(0, 0, 3, 25, 70), { minLength: 1, maxLength: 12 }),
        delays: FastCheck.array(FastCheck.constantFrom(0, 0, 5, 40), { minLength: 12, maxLength: 12 }),
        failures: FastCheck.array(FastCheck.constantFrom(0, 0, 1), { minLength: 12, maxLength: 12 })
      })
    ],
    ([{ delays, durations, failures, parallelism, period, rate }]) => {
      const attempts = new Map<number, number>()
      let underWay = 0
      let most = 0
      return Effect.gen(function* () {
        const messages = yield* QStashMessages
        const flowControl = { key: api, rate, period: Duration.seconds(period), parallelism }
        for (const [index] of durations.entries()) {
          yield* messages.publish({
            destination: urlOf(`m${index}`),
            flowControl,
            delay: Duration.seconds(delays[index] ?? 0),
            retryDelay: "1000"
          })
        }
        yield* advance("1 day")
        assertTrue(most <= (parallelism ?? Infinity))
        const { arrivals, events } = yield* Log
        const ended = events.filter(({ state }) => state === "DELIVERED")
        strictEqual(ended.length, durations.length)
        // A period begins with a start, and holds no more starts than the rate says.
        let windowStart = -Infinity
        let started = 0
        for (const { at } of arrivals) {
          const now = Date.parse(at)
          if (now >= windowStart + period * 1000) {
            windowStart = now
            started = 0
          }
          started += 1
          assertTrue(started <= rate)
        }
        // Whatever started late, started when a period began, a delivery ended, or it was due itself.
        const reasons = new Set([
          ...arrivals.map(({ at }) => Date.parse(at) + period * 1000),
          ...events.filter(({ state }) => state === "DELIVERED" || state === "ERROR").map(({ time }) => time),
          ...events.map(({ message, time }) => Math.max(message.dueAt, time))
        ])
        deepStrictEqual(
          arrivals.filter(({ at }) => !reasons.has(Date.parse(at))),
          []
        )
        const state = yield* get
        deepStrictEqual([state.parallelismCount, state.waitListSize], [0, 0])
        deepStrictEqual((yield* (yield* QStashDlq).list()).items, [])
      }).pipe(
        Effect.provide(
          virtual(({ url }) =>
            Effect.gen(function* () {
              const index = Number(/\d+$/.exec(url)?.[0])
              underWay += 1
              most = Math.max(most, underWay)
              const count = attempts.get(index) ?? 0
              attempts.set(index, count + 1)
              yield* Effect.sleep((durations[index] ?? 0) * 1000)
              underWay -= 1
              return answered(count < (failures[index] ?? 0) ? 500 : 200)
            })
          )
        )
      )
    },
    { fastCheck: { numRuns: 40 }, timeout: 60_000 }
  )
})
