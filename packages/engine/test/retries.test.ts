import { type CreateSchedule, QStashSchedules, RetryDelayExpression } from "@effect-qstash/domain"
import type { DeliveryOutcome } from "@effect-qstash/engine/Courier"
import { describe, it } from "@effect/vitest"
import { deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import { Deferred, Duration, Effect, FastCheck } from "effect"
import {
  advance,
  answered,
  answers,
  arrivalTimes,
  destination,
  id,
  io,
  iso,
  ok,
  story,
  told,
  unanswered,
  virtual
} from "./harness.ts"

const schedule = { scheduleId: id("job"), cron: "0 0 * * *", destination }

/** One firing, at 2025-01-02T00:00Z, and then so much time. */
const fireOnce = (settings: Partial<CreateSchedule.Input>, then: Duration.DurationInput) =>
  Effect.gen(function* () {
    const schedules = yield* QStashSchedules
    yield* schedules.create({ ...schedule, ...settings })
    yield* advance("1 day")
    yield* schedules.pause(schedule.scheduleId)
    yield* advance(then)
  })

const lastStates = Effect.gen(function* () {
  return (yield* (yield* QStashSchedules).get(schedule.scheduleId)).lastScheduleStates
})

describe("a failed attempt", () => {
  it.effect("is repeated after 12 s, 2 m 28 s, 30 m 8 s, 6 h 7 m 6 s, and then every 24 h", () =>
    Effect.gen(function* () {
      yield* fireOnce({ retries: 6 }, "30 days")
      deepStrictEqual(yield* arrivalTimes, [
        "2025-01-02T00:00:00.000Z",
        "2025-01-02T00:00:12.000Z",
        "2025-01-02T00:02:40.000Z",
        "2025-01-02T00:32:48.000Z",
        "2025-01-02T06:39:54.000Z",
        "2025-01-03T06:39:54.000Z",
        "2025-01-04T06:39:54.000Z"
      ])
    }).pipe(Effect.provide(virtual(answers(answered(500)))))
  )

  it.effect("is repeated three times unless the schedule says otherwise, and then given up", () =>
    Effect.gen(function* () {
      yield* fireOnce({}, "30 days")
      deepStrictEqual(yield* story, [
        "2025-01-02T00:00:00.000Z CREATED msg_1#0",
        "2025-01-02T00:00:00.000Z ACTIVE msg_1#0",
        "2025-01-02T00:00:00.000Z ERROR msg_1#0",
        "2025-01-02T00:00:00.000Z RETRY msg_1#0",
        "2025-01-02T00:00:12.000Z ACTIVE msg_1#1",
        "2025-01-02T00:00:12.000Z ERROR msg_1#1",
        "2025-01-02T00:00:12.000Z RETRY msg_1#1",
        "2025-01-02T00:02:40.000Z ACTIVE msg_1#2",
        "2025-01-02T00:02:40.000Z ERROR msg_1#2",
        "2025-01-02T00:02:40.000Z RETRY msg_1#2",
        "2025-01-02T00:32:48.000Z ACTIVE msg_1#3",
        "2025-01-02T00:32:48.000Z ERROR msg_1#3",
        "2025-01-02T00:32:48.000Z FAILED msg_1#3"
      ])
      deepStrictEqual(yield* lastStates, { msg_1: "FAIL" })
    }).pipe(Effect.provide(virtual(answers(unanswered))))
  )

  it.effect("is final where no retries are wanted", () =>
    Effect.gen(function* () {
      yield* fireOnce({ retries: 0 }, "30 days")
      deepStrictEqual(yield* arrivalTimes, ["2025-01-02T00:00:00.000Z"])
      deepStrictEqual(yield* lastStates, { msg_1: "FAIL" })
    }).pipe(Effect.provide(virtual(answers(answered(500)))))
  )

  it.effect("does not hold up the schedule's later firings", () =>
    Effect.gen(function* () {
      const schedules = yield* QStashSchedules
      yield* schedules.create({ ...schedule, cron: "* * * * *", retries: 1 })
      yield* advance("2 minutes")
      deepStrictEqual(yield* arrivalTimes, [
        "2025-01-01T00:01:00.000Z",
        "2025-01-01T00:01:12.000Z",
        "2025-01-01T00:02:00.000Z"
      ])
    }).pipe(Effect.provide(virtual(answers(answered(500)))))
  )

  it.effect.each([200, 201, 204, 299])("%i is none", (status) =>
    Effect.gen(function* () {
      yield* fireOnce({}, "1 hour")
      deepStrictEqual(yield* story, [
        "2025-01-02T00:00:00.000Z CREATED msg_1#0",
        "2025-01-02T00:00:00.000Z ACTIVE msg_1#0",
        "2025-01-02T00:00:00.000Z DELIVERED msg_1#0"
      ])
      deepStrictEqual(
        (yield* told("DELIVERED")).map((event) => event.responseStatus),
        [status]
      )
      deepStrictEqual(yield* lastStates, { msg_1: "SUCCESS" })
      // A success is a success whatever else it says.
    }).pipe(Effect.provide(virtual(answers(answered(status, { "retry-after": "1" })))))
  )

  it.effect.each([100, 199, 300, 301, 304, 308, 400, 401, 404, 429, 489, 500, 503, 599])(
    "%i is one",
    (status) =>
      Effect.gen(function* () {
        yield* fireOnce({ retries: 1 }, "1 hour")
        deepStrictEqual(yield* arrivalTimes, ["2025-01-02T00:00:00.000Z", "2025-01-02T00:00:12.000Z"])
        deepStrictEqual(
          (yield* told("ERROR")).map(({ error, responseStatus }) => [responseStatus, error]),
          [
            [status, `the destination responded with ${status}`],
            [status, `the destination responded with ${status}`]
          ]
        )
      }).pipe(Effect.provide(virtual(answers(answered(status)))))
  )

  it.effect("without an answer says why, and has no status", () =>
    Effect.gen(function* () {
      yield* fireOnce({ retries: 0 }, 0)
      for (const state of ["ERROR", "FAILED"] as const) {
        deepStrictEqual(
          (yield* told(state)).map((event) => ["responseStatus" in event, event.error]),
          [[false, "connection refused"]]
        )
      }
    }).pipe(Effect.provide(virtual(answers(unanswered))))
  )
})

describe("the answer's own wish", () => {
  it.effect.each([
    [{ "retry-after": "90" }, "2025-01-02T00:01:30.000Z"],
    [{ "retry-after": "1.5" }, "2025-01-02T00:00:01.500Z"],
    [{ "retry-after": "0" }, "2025-01-02T00:00:00.000Z"],
    [{ "retry-after": "Thu, 02 Jan 2025 03:00:00 GMT" }, "2025-01-02T03:00:00.000Z"],
    [{ "retry-after": "Wed, 01 Jan 2025 03:00:00 GMT" }, "2025-01-02T00:00:00.000Z"],
    [{ "x-ratelimit-reset-requests": "6m5s" }, "2025-01-02T00:06:05.000Z"],
    [{ "x-ratelimit-reset-tokens": ["7"], "x-ratelimit-reset": "8" }, "2025-01-02T00:00:08.000Z"]
  ] as const)("%j wins over the schedule's expression", ([headers, at]) =>
    Effect.gen(function* () {
      yield* fireOnce({ retries: 1, retryDelay: "60000" }, "1 day")
      deepStrictEqual(yield* arrivalTimes, ["2025-01-02T00:00:00.000Z", at])
      deepStrictEqual(
        (yield* told("RETRY")).map((event) => event.nextDeliveryTime),
        [Date.parse(at)]
      )
    }).pipe(Effect.provide(virtual(answers(answered(429, headers)))))
  )

  it.effect.each(["86401", "soon"])("%j does not count", (value) =>
    Effect.gen(function* () {
      yield* fireOnce({ retries: 1 }, "1 day")
      deepStrictEqual(yield* arrivalTimes, ["2025-01-02T00:00:00.000Z", "2025-01-02T00:00:12.000Z"])
    }).pipe(Effect.provide(virtual(answers(answered(503, { "retry-after": value })))))
  )

  it.effect("does not add retries", () =>
    Effect.gen(function* () {
      yield* fireOnce({ retries: 2 }, "1 day")
      deepStrictEqual(yield* arrivalTimes, [
        "2025-01-02T00:00:00.000Z",
        "2025-01-02T00:00:00.000Z",
        "2025-01-02T00:00:00.000Z"
      ])
      deepStrictEqual(yield* lastStates, { msg_1: "FAIL" })
    }).pipe(Effect.provide(virtual(answers(answered(503, { "retry-after": "0" })))))
  )
})

describe("a retry delay expression", () => {
  it.effect("gives each wait, with `retried` counting from 0", () =>
    Effect.gen(function* () {
      yield* fireOnce({ retryDelay: "1000 * (1 + retried)" }, "1 day")
      deepStrictEqual(yield* arrivalTimes, [
        "2025-01-02T00:00:00.000Z",
        "2025-01-02T00:00:01.000Z",
        "2025-01-02T00:00:03.000Z",
        "2025-01-02T00:00:06.000Z"
      ])
    }).pipe(Effect.provide(virtual(answers(answered(500)))))
  )

  it.effect("of the schedule as it was when the message was made is the one that counts", () =>
    Effect.gen(function* () {
      const schedules = yield* QStashSchedules
      yield* schedules.create({ ...schedule, retryDelay: "60000" })
      yield* advance("1 day")
      yield* schedules.create({ ...schedule, retryDelay: "1" })
      yield* advance("1 minute")
      deepStrictEqual(yield* arrivalTimes, ["2025-01-02T00:00:00.000Z", "2025-01-02T00:01:00.000Z"])
    }).pipe(Effect.provide(virtual(answers(answered(500), answered(200)))))
  )

  it.effect.prop(
    "always waits what it says",
    [
      FastCheck.tuple(
        FastCheck.nat(100_000),
        FastCheck.constantFrom("", " * retried", " - exp(retried)")
      ).map((parts) => parts.join("")),
      FastCheck.nat(4)
    ],
    ([retryDelay, retries]) =>
      Effect.gen(function* () {
        yield* fireOnce({ retries, retryDelay }, "1 day")
        const waits = Array.from({ length: retries }, (_, retried) =>
          Duration.toMillis(RetryDelayExpression.make(retryDelay).delay(retried))
        )
        const seen = (yield* arrivalTimes).map(Date.parse)
        deepStrictEqual(
          seen.slice(1).map((at, index) => at - (seen[index] ?? 0)),
          waits
        )
      }).pipe(Effect.provide(virtual(answers(answered(500))))),
    { fastCheck: { numRuns: 25 } }
  )
})

describe("489", () => {
  it.effect("with `Upstash-NonRetryable-Error: true` ends the message at once", () =>
    Effect.gen(function* () {
      yield* fireOnce({}, "1 day")
      deepStrictEqual((yield* story).slice(2), [
        "2025-01-02T00:00:00.000Z ERROR msg_1#0",
        "2025-01-02T00:00:00.000Z FAILED msg_1#0"
      ])
      deepStrictEqual(yield* lastStates, { msg_1: "FAIL" })
    }).pipe(Effect.provide(virtual(answers(answered(489, { "upstash-nonretryable-error": "true" })))))
  )

  it.effect("says so with any header shape that HTTP gives it", () =>
    Effect.gen(function* () {
      yield* fireOnce({}, "1 day")
      strictEqual((yield* arrivalTimes).length, 1)
    }).pipe(Effect.provide(virtual(answers(answered(489, { "upstash-nonretryable-error": ["True"] })))))
  )

  it.effect.each([
    answered(489),
    answered(489, { "upstash-nonretryable-error": "false" }),
    answered(500, { "upstash-nonretryable-error": "true" })
  ])("is an ordinary failure otherwise: %j", (outcome: DeliveryOutcome) =>
    Effect.gen(function* () {
      yield* fireOnce({ retries: 1 }, "1 day")
      strictEqual((yield* arrivalTimes).length, 2)
    }).pipe(Effect.provide(virtual(answers(outcome))))
  )
})

describe("the timeout", () => {
  it.effect("of the schedule ends an attempt at its very instant, and the attempt counts as failed", () =>
    Effect.gen(function* () {
      yield* fireOnce({ timeout: "90 seconds", retries: 1 }, "1 hour")
      deepStrictEqual(yield* story, [
        "2025-01-02T00:00:00.000Z CREATED msg_1#0",
        "2025-01-02T00:00:00.000Z ACTIVE msg_1#0",
        "2025-01-02T00:01:30.000Z ERROR msg_1#0",
        "2025-01-02T00:01:30.000Z RETRY msg_1#0",
        "2025-01-02T00:01:42.000Z ACTIVE msg_1#1",
        "2025-01-02T00:03:12.000Z ERROR msg_1#1",
        "2025-01-02T00:03:12.000Z FAILED msg_1#1"
      ])
      deepStrictEqual(
        (yield* told("ERROR")).map(({ error }) => error),
        ["no response within 1m 30s", "no response within 1m 30s"]
      )
    }).pipe(Effect.provide(virtual(() => Effect.as(Effect.sleep("1 day"), answered(200)))))
  )

  it.effect("is two hours where neither the schedule nor the engine says otherwise", () =>
    Effect.gen(function* () {
      yield* fireOnce({ retries: 0 }, "2 hours")
      deepStrictEqual(
        (yield* told("FAILED")).map(({ time }) => time),
        [Date.parse("2025-01-02T02:00:00Z")]
      )
    }).pipe(Effect.provide(virtual(() => Effect.as(Effect.sleep("1 day"), answered(200)))))
  )

  it.effect("of the engine is the longest that a schedule can ask for", () =>
    Effect.gen(function* () {
      yield* fireOnce({ retries: 0, timeout: "1 hour" }, "1 hour")
      deepStrictEqual(
        (yield* told("FAILED")).map(({ time }) => time),
        [Date.parse("2025-01-02T00:15:00Z")]
      )
    }).pipe(
      Effect.provide(
        virtual(() => Effect.as(Effect.sleep("1 day"), answered(200)), { deliveryTimeout: "15 minutes" })
      )
    )
  )

  it.effect("leaves alone what answers just before it", () =>
    Effect.gen(function* () {
      yield* fireOnce({ timeout: "90 seconds" }, "1 hour")
      deepStrictEqual((yield* story).slice(2), ["2025-01-02T00:01:29.999Z DELIVERED msg_1#0"])
    }).pipe(Effect.provide(virtual(() => Effect.as(Effect.sleep(89_999), answered(200)))))
  )

  it.effect("interrupts the attempt, and what it answers all the same is not heard", () =>
    Effect.gen(function* () {
      const interrupted = yield* Deferred.make<void>()
      // Cannot be interrupted while it sleeps, so its answer comes a minute late.
      const stubborn = Effect.sleep("2 minutes").pipe(
        Effect.uninterruptible,
        Effect.zipRight(Effect.interruptible(Effect.never)),
        Effect.onInterrupt(() => Deferred.succeed(interrupted, undefined)),
        Effect.as(answered(200))
      )
      yield* fireOnce({ timeout: "1 minute", retries: 0 }, "1 hour").pipe(
        Effect.provide(virtual(() => stubborn))
      )
      yield* Deferred.await(interrupted)
      yield* Effect.gen(function* () {
        yield* fireOnce({ timeout: "1 minute", retries: 0 }, "1 hour")
        deepStrictEqual((yield* story).slice(2), [
          "2025-01-02T00:01:00.000Z ERROR msg_1#0",
          "2025-01-02T00:01:00.000Z FAILED msg_1#0"
        ])
      }).pipe(
        Effect.provide(
          virtual(() => Effect.uninterruptible(Effect.as(Effect.sleep("2 minutes"), answered(200))))
        )
      )
    })
  )
})

describe("a courier that breaks", () => {
  it.effect.each([
    ["dies", () => Effect.die(new Error("bug"))],
    ["dies later", () => Effect.zipRight(io(1), Effect.die(new Error("bug")))],
    [
      "throws",
      () => {
        throw new Error("bug")
      }
    ]
  ] as const)("has failed an attempt when it %s, and the engine goes on", ([, broken]) =>
    Effect.gen(function* () {
      yield* fireOnce({}, "1 hour")
      deepStrictEqual(
        (yield* told("ACTIVE")).map(({ time }) => iso(time)),
        ["2025-01-02T00:00:00.000Z", "2025-01-02T00:00:12.000Z"]
      )
      // What it died of may hold anything, so it is not told.
      deepStrictEqual(
        (yield* told("ERROR")).map(({ error }) => error),
        ["the delivery broke off"]
      )
      deepStrictEqual(yield* lastStates, { msg_1: "SUCCESS" })
    }).pipe(Effect.provide(virtual((request, count) => (count === 0 ? broken() : ok(request, count)))))
  )

  it.effect("has failed an attempt when it interrupts itself", () =>
    Effect.gen(function* () {
      yield* fireOnce({ retries: 0 }, 0)
      deepStrictEqual(
        (yield* told("FAILED")).map(({ error }) => error),
        ["the delivery was interrupted"]
      )
    }).pipe(Effect.provide(virtual(() => Effect.interrupt)))
  )
})
