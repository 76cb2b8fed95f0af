import {
  QStashRateLimited,
  QStashSchedules,
  QStashUnavailable,
  ScheduleNotFound
} from "@effect-qstash/domain"
import { HttpClientError } from "@effect/platform"
import { describe, it } from "@effect/vitest"
import {
  assertEquals,
  assertInstanceOf,
  assertTrue,
  deepStrictEqual,
  strictEqual
} from "@effect/vitest/utils"
import { Clock, DateTime, Duration, Effect, Either, Fiber, TestClock } from "effect"
import { calls, methods, nightly, schedule } from "./calls.ts"
import { overFetch, type RawRequest, rawServer, reply } from "./rawServer.ts"
import { fine, json, over, type Sent, stub } from "./stub.ts"

const broken = (sent: Sent) =>
  Effect.fail(
    new HttpClientError.RequestError({
      request: sent.request,
      reason: "Transport",
      cause: new Error("reset")
    })
  )
const refused = (status: number, headers: Record<string, string> = {}) =>
  Effect.sync(() => json({ error: "no" }, { status, headers }))

/** A transport that gives these answers in turn and the last one for ever, and notes when it was asked. */
const inTurn = (...answers: ReadonlyArray<(sent: Sent) => ReturnType<Parameters<typeof stub>[0]>>) => {
  const times: Array<number> = []
  const transport = stub((sent, index) =>
    Effect.flatMap(Clock.currentTimeMillis, (now) => {
      times.push(now)
      return (answers[Math.min(index, answers.length - 1)] ?? broken)(sent)
    })
  )
  return { ...transport, times }
}

const works = (sent: Sent) => Effect.sync(() => fine(sent))

/** Lets all the time pass that a call may take. */
const settle = <A, E>(call: Effect.Effect<A, E>) =>
  Effect.gen(function* () {
    const fiber = yield* Effect.fork(Effect.either(call))
    yield* TestClock.adjust("10 minutes")
    return yield* Fiber.join(fiber)
  })

describe("what is tried again", () => {
  const faults: ReadonlyArray<readonly [string, (sent: Sent) => ReturnType<typeof broken>]> = [
    ["a transport fault", broken],
    ["no answer in time", () => Effect.never]
  ]
  for (const method of methods) {
    for (const [what, fault] of faults) {
      it.effect(`${method} after ${what}`, () =>
        Effect.gen(function* () {
          const transport = inTurn(fault, works)
          assertTrue(Either.isRight(yield* settle(calls[method].pipe(over(transport)))))
          strictEqual(transport.times.length, 2)
        })
      )
    }
    it.effect(`${method} after 408 and every 5xx`, () =>
      Effect.gen(function* () {
        for (const status of [408, 500, 501, 502, 503, 504, 520]) {
          const transport = inTurn(() => refused(status), works)
          assertTrue(Either.isRight(yield* settle(calls[method].pipe(over(transport)))))
          strictEqual(transport.times.length, 2)
        }
      })
    )
    it.effect(`${method}, but after no other status`, () =>
      Effect.gen(function* () {
        for (const status of [300, 304, 400, 401, 402, 403, 404, 405, 409, 410, 412, 413, 418, 422, 451]) {
          const transport = inTurn(
            () => (status === 304 ? Effect.sync(() => new Response(null, { status })) : refused(status)),
            works
          )
          assertTrue(Either.isLeft(yield* settle(calls[method].pipe(over(transport)))))
          strictEqual(transport.times.length, 1)
        }
      })
    )
  }
})

describe("backoff", () => {
  it.effect("grows, has an end within the budget, and the last failure is told", () =>
    Effect.gen(function* () {
      for (const method of methods) {
        const transport = inTurn(broken, () => refused(503))
        const result = yield* settle(calls[method].pipe(over(transport)))
        assertEquals(result, Either.left(new QStashUnavailable({ status: 503, reason: "no" })))
        const [start = 0] = transport.times
        const waits = transport.times.slice(1).map((time, index) => time - (transport.times[index] ?? 0))
        assertTrue(transport.times.every((time) => time - start <= 29_000))
        assertTrue(transport.times.length > 5 && transport.times.length <= 11)
        for (const [index, wait] of waits.entries()) {
          const base = Math.min(250 * 2 ** index, 5000)
          assertTrue(wait >= base * 0.8 - 1 && wait <= base * 1.2 + 1)
        }
      }
    })
  )

  it.effect("is not the same twice", () =>
    Effect.gen(function* () {
      const waits = yield* Effect.replicateEffect(
        Effect.gen(function* () {
          const transport = inTurn(broken, works)
          yield* settle(calls.get.pipe(over(transport)))
          return (transport.times[1] ?? 0) - (transport.times[0] ?? 0)
        }),
        20
      )
      assertTrue(new Set(waits).size > 1)
    })
  )

  it.effect("stops after ten retries however long the budget is", () =>
    Effect.gen(function* () {
      const transport = inTurn(broken)
      yield* settle(calls.get.pipe(over(transport, { retryBudget: "1 hour" })))
      strictEqual(transport.times.length, 11)
    })
  )

  it.effect("does not happen without a budget", () =>
    Effect.gen(function* () {
      const transport = inTurn(broken, works)
      yield* settle(calls.get.pipe(over(transport, { retryBudget: 0 })))
      strictEqual(transport.times.length, 1)
    })
  )

  it.effect("sends the same bytes again, under the same id", () =>
    Effect.gen(function* () {
      const { scheduleId: _, ...unnamed } = schedule
      const transport = inTurn(broken, () => refused(500), works)
      const result = yield* settle(
        Effect.flatMap(QStashSchedules, (schedules) =>
          schedules.create({ ...unnamed, body: "payload" })
        ).pipe(over(transport))
      )
      strictEqual(transport.sent.length, 3)
      const [first, ...others] = transport.sent
      for (const other of others) {
        deepStrictEqual(
          [other.method, other.target, other.headers, other.body],
          [first?.method, first?.target, first?.headers, first?.body]
        )
      }
      strictEqual(Either.getOrThrow(result), first?.headers["upstash-schedule-id"])
    })
  )
})

describe("time", () => {
  it.effect("an attempt ends with its timeout, a call with its budget", () =>
    Effect.gen(function* () {
      const transport = inTurn(() => Effect.never)
      const fiber = yield* Effect.fork(Effect.flip(calls.get.pipe(over(transport))))
      yield* TestClock.adjust("9999 millis")
      strictEqual(transport.times.length, 1)
      // Jitter leaves fractions of a millisecond, which add up.
      yield* TestClock.adjust("20010 millis")
      const failure = yield* Fiber.join(fiber)
      assertInstanceOf(failure, QStashUnavailable)
      assertTrue(failure.reason.startsWith("no reply within"))
      strictEqual(transport.times.length, 3)
    })
  )

  it.effect("the first attempt has its whole timeout", () =>
    Effect.gen(function* () {
      const transport = inTurn((sent) => Effect.delay(works(sent), "59 seconds"))
      const options = { requestTimeout: "1 minute", retryBudget: 0 } as const
      assertTrue(Either.isRight(yield* settle(calls.get.pipe(over(transport, options)))))
    })
  )

  it.effect("a reply that does not end is none", () =>
    Effect.gen(function* () {
      const endless = () => Effect.sync(() => new Response(new ReadableStream()))
      const transport = inTurn(endless)
      const result = yield* settle(calls.get.pipe(over(transport)))
      assertInstanceOf(Either.merge(result), QStashUnavailable)
    })
  )

  it.effect("pause does not wait for the rest of a reply that said yes", () =>
    Effect.gen(function* () {
      for (const requestTimeout of ["10 seconds", "100 millis"] as const) {
        const transport = inTurn(() => Effect.sync(() => new Response(new ReadableStream())))
        assertTrue(Either.isRight(yield* settle(calls.pause.pipe(over(transport, { requestTimeout })))))
        strictEqual(transport.times.length, 1)
      }
    })
  )
})

describe("429", () => {
  const limited = (headers: Record<string, string>) => () => refused(429, headers)

  it.effect("waits for the reset that it names, then goes on", () =>
    Effect.gen(function* () {
      for (const method of methods) {
        for (const headers of [
          { "Burst-RateLimit-Limit": "10", "Burst-RateLimit-Reset": "20" },
          { "RateLimit-Reset": "20" },
          { "Retry-After": "20", "RateLimit-Limit": "10", "RateLimit-Reset": "86400" }
        ]) {
          const transport = inTurn(limited(headers), works)
          assertTrue(Either.isRight(yield* settle(calls[method].pipe(over(transport)))))
          const [first = 0, second = 0] = transport.times
          assertTrue(second - first >= 20_000 && second - first < 21_000)
        }
      }
    })
  )

  it.effect("waits until a unix time", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(DateTime.unsafeMake("2026-06-01T00:00:00Z").epochMillis)
      const reset = DateTime.unsafeMake("2026-06-01T00:00:05Z").epochMillis
      const transport = inTurn(limited({ "Burst-RateLimit-Reset": String(reset / 1000) }), works)
      yield* settle(calls.get.pipe(over(transport)))
      assertTrue((transport.times[1] ?? 0) >= reset)
    })
  )

  it.effect("fails at once where the wait does not fit the budget, and says until when", () =>
    Effect.gen(function* () {
      const transport = inTurn(
        limited({ "RateLimit-Limit": "1000", "RateLimit-Remaining": "0", "RateLimit-Reset": "30" })
      )
      assertEquals(
        yield* Effect.flip(calls.create.pipe(over(transport))),
        new QStashRateLimited({
          kind: "daily",
          limit: 1000,
          remaining: 0,
          resetAt: DateTime.unsafeMake(30_000)
        })
      )
      strictEqual(transport.times.length, 1)
    })
  )

  it.effect("fails at once where no reset is named", () =>
    Effect.gen(function* () {
      const transport = inTurn(limited({}))
      assertEquals(
        yield* Effect.flip(calls.get.pipe(over(transport))),
        new QStashRateLimited({ kind: "unknown" })
      )
      strictEqual(transport.times.length, 1)
    })
  )

  it.effect("does not come back at once where the reset is past, and not for ever", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(Duration.toMillis("20000 days"))
      const transport = inTurn(limited({ "Burst-RateLimit-Reset": "1000000001" }))
      assertInstanceOf(Either.merge(yield* settle(calls.get.pipe(over(transport)))), QStashRateLimited)
      assertTrue(transport.times.length <= 11)
      strictEqual(new Set(transport.times).size, transport.times.length)
    })
  )
})

describe("a delete that finds nothing", () => {
  const gone = () => refused(404)

  it.effect("has succeeded after an attempt in doubt", () =>
    Effect.gen(function* () {
      for (const fault of [broken, () => Effect.never, () => refused(500), () => refused(408)]) {
        const transport = inTurn(fault, gone)
        assertEquals(yield* settle(calls.delete.pipe(over(transport))), Either.right(undefined))
        strictEqual(transport.times.length, 2)
      }
    })
  )

  it.effect("has succeeded when a rate limit came in between", () =>
    Effect.gen(function* () {
      const transport = inTurn(broken, () => refused(429, { "Retry-After": "1" }), gone)
      assertEquals(yield* settle(calls.delete.pipe(over(transport))), Either.right(undefined))
    })
  )

  it.effect("has failed at the first attempt, or after one that certainly did nothing", () =>
    Effect.gen(function* () {
      const notFound = Either.left(new ScheduleNotFound({ scheduleId: nightly }))
      for (const transport of [inTurn(gone), inTurn(() => refused(429, { "Retry-After": "1" }), gone)]) {
        assertEquals(yield* settle(calls.delete.pipe(over(transport))), notFound)
      }
    })
  )

  it.effect("has failed where it was not QStash that found nothing", () =>
    Effect.gen(function* () {
      const transport = inTurn(broken, () => Effect.sync(() => new Response("not here", { status: 404 })))
      assertTrue(Either.isLeft(yield* settle(calls.delete.pipe(over(transport)))))
    })
  )

  it.effect("and pause, resume and get still fail after an attempt in doubt", () =>
    Effect.gen(function* () {
      for (const method of ["get", "pause", "resume"] as const) {
        const result = yield* settle(calls[method].pipe(over(inTurn(broken, gone))))
        assertEquals(result, Either.left(new ScheduleNotFound({ scheduleId: nightly })))
      }
    })
  )
})

describe.concurrent("replies lost on the wire", () => {
  /** As much of QStash as it takes to see a duplicate: a create without an id makes a schedule each time. */
  const account = () => {
    const schedules = new Map<string, string>()
    const apply = (request: RawRequest): string => {
      if (request.method === "POST") {
        const id = request.headers["upstash-schedule-id"] ?? `scd_made_by_qstash_${schedules.size}`
        schedules.set(id, request.target)
        return reply(200, JSON.stringify({ scheduleId: id }))
      }
      const id = request.target.split("/").at(-1) ?? ""
      return schedules.delete(id)
        ? reply(200, "")
        : reply(404, JSON.stringify({ error: "schedule not found" }))
    }
    return { schedules, apply }
  }

  const positions: Readonly<Record<string, (apply: () => string) => string>> = {
    "before the request is read": () => "",
    "after it is applied": (apply) => apply() && "",
    "within the status line": (apply) => apply().slice(0, 11),
    "within the headers": (apply) => apply().slice(0, apply().indexOf("\r\n\r\n") - 3),
    "before the body": (apply) => apply().slice(0, apply().indexOf("\r\n\r\n") + 4),
    "within the body": (apply) => apply().slice(0, -5),
    "within a chunked body": (apply) =>
      apply() && 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{"sch'
  }
  const ends = {
    closed: (request: RawRequest) => request.socket.end(),
    reset: (request: RawRequest) => request.socket.resetAndDestroy()
  }

  const { scheduleId: _, ...unnamed } = schedule

  for (const [position, answer] of Object.entries(positions)) {
    for (const [how, end] of Object.entries(ends)) {
      it.scopedLive(`${position}, ${how}: a create leaves one schedule`, () =>
        Effect.gen(function* () {
          const { apply, schedules } = account()
          const server = yield* rawServer((request, index) => {
            if (index >= 2) return request.socket.write(apply(request))
            const part = answer(() => apply(request))
            return part === "" ? end(request) : request.socket.write(part, () => end(request))
          })
          const id = yield* Effect.flatMap(QStashSchedules, (service) => service.create(unnamed)).pipe(
            overFetch(server)
          )
          strictEqual(server.requests.length, 3)
          deepStrictEqual([...schedules.keys()], [id])
        })
      )
    }
  }

  it.scopedLive("a delete whose first reply was lost succeeds", () =>
    Effect.gen(function* () {
      const { apply, schedules } = account()
      schedules.set(nightly, "")
      const server = yield* rawServer((request, index) => {
        const answer = apply(request)
        if (index === 0) request.socket.destroy()
        else request.socket.write(answer)
      })
      yield* calls.delete.pipe(overFetch(server))
      strictEqual(server.requests.length, 2)
      strictEqual(schedules.size, 0)
    })
  )

  it.scopedLive("an account that is gone for good is an error", () =>
    Effect.gen(function* () {
      const server = yield* rawServer(({ socket }) => socket.destroy())
      const failure = yield* Effect.flip(calls.get.pipe(overFetch(server, { retryBudget: "1500 millis" })))
      assertInstanceOf(failure, QStashUnavailable)
    })
  )
})
