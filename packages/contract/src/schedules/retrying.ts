import { deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import type { CreateSchedule } from "@effect-qstash/domain/CreateSchedule"
import * as Effect from "effect/Effect"
import type { Answer, Time } from "../Harness.ts"
import { day, fire, fireOne, headerOf, secondsAfter } from "../internal/given.ts"
import { chapter } from "../internal/law.ts"

type Answers = readonly [Answer, ...ReadonlyArray<Answer>]

/** Fires once, lets a week pass, and returns when the attempts arrived, in seconds after the firing. */
const attempts = (time: Time, answers: Answers, settings: Partial<CreateSchedule.Input> = {}) =>
  Effect.gen(function* () {
    const endpoint = yield* time.endpoint
    yield* endpoint.respond(...answers)
    const { firedAt } = yield* fireOne(time, { ...settings, destination: endpoint.url })
    yield* time.advance("7 days")
    return secondsAfter(firedAt, yield* endpoint.deliveries)
  })

/** When the second attempt follows a response with these headers. The default is after 12 seconds. */
const secondAttempt = (
  time: Time,
  headers: Readonly<Record<string, string>>,
  settings: Partial<CreateSchedule.Input> = {}
) =>
  Effect.map(attempts(time, [{ status: 503, headers }, 200], settings), ([, ...rest]) => {
    strictEqual(rest.length, 1)
    return rest[0]
  })

export const retrying = chapter("retrying", ({ timed }) => {
  timed("any 2xx response completes a message", (time) =>
    Effect.gen(function* () {
      const statuses = [200, 201, 204, 299]
      const endpoints = yield* Effect.forEach(statuses, (status) =>
        Effect.tap(time.endpoint, (endpoint) => endpoint.respond(status))
      )
      yield* fire(time, ...endpoints.map(({ url }) => ({ destination: url })))
      yield* time.advance("1 day")
      const counts = yield* Effect.forEach(endpoints, ({ deliveries }) =>
        Effect.map(deliveries, ({ length }) => length)
      )
      deepStrictEqual(counts, [1, 1, 1, 1])
    })
  )

  timed("any other response is a failed attempt", (time) =>
    Effect.gen(function* () {
      const statuses = [300, 304, 400, 401, 404, 408, 429, 500, 503]
      const endpoints = yield* Effect.forEach(statuses, (status) =>
        Effect.tap(time.endpoint, (endpoint) => endpoint.respond(status, 200))
      )
      yield* fire(time, ...endpoints.map(({ url }) => ({ destination: url })))
      yield* time.advance("1 day")
      const counts = yield* Effect.forEach(endpoints, ({ deliveries }) =>
        Effect.map(deliveries, ({ length }) => length)
      )
      deepStrictEqual(
        counts,
        statuses.map(() => 2)
      )
    })
  )

  timed("a redirect is not followed [assumed]", (time) =>
    Effect.gen(function* () {
      const elsewhere = yield* time.endpoint
      deepStrictEqual(
        yield* attempts(time, [{ status: 302, headers: { location: elsewhere.url } }], { retries: 1 }),
        [0, 12]
      )
      deepStrictEqual(yield* elsewhere.deliveries, [])
    })
  )

  timed("retries come after 12 s, 2 m 28 s, 30 m 8 s and 6 h 7 m 6 s, then daily", (time) =>
    Effect.gen(function* () {
      const waits = [12, 148, 1808, 22_026, day / 1000, day / 1000]
      const expected = [0]
      for (const wait of waits) expected.push((expected.at(-1) ?? 0) + wait)
      deepStrictEqual(yield* attempts(time, [500], { retries: 6 }), expected)
    })
  )

  timed("a message is tried four times by default", (time) =>
    Effect.gen(function* () {
      strictEqual((yield* attempts(time, [500])).length, 4)
    })
  )

  timed("a message without retries is tried once", (time) =>
    Effect.gen(function* () {
      deepStrictEqual(yield* attempts(time, [500], { retries: 0 }), [0])
    })
  )

  timed("a message is not retried once it is delivered", (time) =>
    Effect.gen(function* () {
      deepStrictEqual(yield* attempts(time, [500, 200, 500]), [0, 12])
    })
  )

  timed("an attempt carries its message's id and the number of earlier attempts", (time) =>
    Effect.gen(function* () {
      const endpoint = yield* time.endpoint
      yield* endpoint.respond(500)
      yield* fireOne(time, { destination: endpoint.url, body: "again", method: "PATCH", retries: 2 })
      yield* time.advance("1 day")
      const deliveries = yield* endpoint.deliveries
      deepStrictEqual(
        deliveries.map((delivery) => headerOf(delivery, "Upstash-Retried")),
        ["0", "1", "2"]
      )
      strictEqual(new Set(deliveries.map((delivery) => headerOf(delivery, "Upstash-Message-Id"))).size, 1)
      for (const { body, method } of deliveries) {
        strictEqual(new TextDecoder().decode(body), "again")
        strictEqual(method, "PATCH")
      }
    })
  )

  timed("a retry delay is an expression of the retries so far, in milliseconds", (time) =>
    Effect.gen(function* () {
      deepStrictEqual(
        yield* attempts(time, [500], { retries: 3, retryDelay: "1000 * (60 + pow(2, retried) * 5)" }),
        [0, 65, 135, 215]
      )
    })
  )

  timed("Retry-After can be in seconds, a date or a duration", (time) =>
    Effect.gen(function* () {
      strictEqual(yield* secondAttempt(time, { "retry-after": "7" }), 7)
      strictEqual(yield* secondAttempt(time, { "retry-after": "0" }), 0)
      strictEqual(yield* secondAttempt(time, { "retry-after": "6m5s" }), 365)
      const endpoint = yield* time.endpoint
      const asked = (Math.floor((yield* time.now) / 60_000) + 5) * 60_000
      yield* endpoint.respond({ status: 429, headers: { "retry-after": new Date(asked).toUTCString() } }, 200)
      yield* fireOne(time, { destination: endpoint.url })
      yield* time.advance("1 hour")
      strictEqual((yield* endpoint.deliveries).at(1)?.at, asked)
    })
  )

  timed("X-RateLimit-Reset and its variants count if there is no Retry-After", (time) =>
    Effect.gen(function* () {
      strictEqual(yield* secondAttempt(time, { "x-ratelimit-reset": "30" }), 30)
      strictEqual(yield* secondAttempt(time, { "x-ratelimit-reset-requests": "40s" }), 40)
      strictEqual(yield* secondAttempt(time, { "x-ratelimit-reset-tokens": "1m" }), 60)
    })
  )

  timed("a Retry-After of more than a day is ignored", (time) =>
    Effect.gen(function* () {
      strictEqual(yield* secondAttempt(time, { "retry-after": "86400" }), 86_400)
      strictEqual(yield* secondAttempt(time, { "retry-after": "86401" }), 12)
    })
  )

  timed("Retry-After takes precedence over the schedule's retry delay [assumed]", (time) =>
    Effect.gen(function* () {
      strictEqual(yield* secondAttempt(time, { "retry-after": "7" }, { retryDelay: "90000" }), 7)
      strictEqual(yield* secondAttempt(time, {}, { retryDelay: "90000" }), 90)
    })
  )

  timed("489 with Upstash-NonRetryable-Error fails a message at once", (time) =>
    Effect.gen(function* () {
      const headers = { "upstash-nonretryable-error": "true" }
      deepStrictEqual(yield* attempts(time, [{ status: 489, headers }, 200]), [0])
    })
  )

  timed("489 alone, or Upstash-NonRetryable-Error alone, is retried", (time) =>
    Effect.gen(function* () {
      const headers = { "upstash-nonretryable-error": "true" }
      deepStrictEqual(yield* attempts(time, [489, 200]), [0, 12])
      deepStrictEqual(yield* attempts(time, [{ status: 500, headers }, 200]), [0, 12])
      deepStrictEqual(
        yield* attempts(time, [{ status: 489, headers: { "upstash-nonretryable-error": "false" } }, 200]),
        [0, 12]
      )
    })
  )

  timed("an attempt without a response within the timeout has failed", (time) =>
    Effect.gen(function* () {
      deepStrictEqual(yield* attempts(time, ["silence", 200], { timeout: "30 seconds" }), [0, 42])
    })
  )
})
