import { QStashMessages, QStashRateLimited, QStashSchedules, QStashUnavailable } from "@effect-qstash/domain"
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
import {
  calls,
  errorOf,
  goneIsFine,
  message,
  messageId,
  methods,
  named,
  nightly,
  notFound,
  once,
  queueName,
  repeatable,
  schedule,
  some
} from "./calls.ts"
import { rawAnswer, type RawRequest, rawServer, reply, transports } from "./rawServer.ts"
import { type Answer, fine, json, over, type Sent, stub } from "./stub.ts"

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
  const faults: ReadonlyArray<(sent: Sent) => ReturnType<Answer>> = [
    broken,
    () => Effect.never,
    ...[408, 500, 501, 502, 503, 504, 520].map((status) => () => refused(status))
  ]
  for (const method of repeatable) {
    it.effect(`${method} after a fault, 408 and every 5xx`, () =>
      Effect.gen(function* () {
        for (const fault of faults) {
          const transport = inTurn(fault, works)
          assertTrue(Either.isRight(yield* settle(calls[method].pipe(over(transport)))))
          strictEqual(transport.times.length, 2)
        }
      })
    )
  }

  for (const method of once) {
    it.effect(`${method} never, where it may have been done`, () =>
      Effect.gen(function* () {
        for (const fault of faults) {
          const transport = inTurn(fault, works)
          assertInstanceOf(
            Either.merge(yield* settle(calls[method].pipe(over(transport)))),
            QStashUnavailable
          )
          strictEqual(transport.times.length, 1)
        }
      })
    )
  }

  for (const method of methods) {
    it.effect(`${method} after no other status`, () =>
      Effect.gen(function* () {
        for (const status of [300, 304, 400, 401, 402, 403, 404, 405, 409, 410, 412, 413, 418, 422, 451]) {
          const transport = inTurn(
            () => (status === 304 ? Effect.sync(() => new Response(null, { status })) : refused(status)),
            works
          )
          const result = yield* settle(calls[method].pipe(over(transport)))
          strictEqual(Either.isRight(result), status === 404 && goneIsFine.some((other) => other === method))
          strictEqual(transport.times.length, 1)
        }
      })
    )
  }
})

describe("backoff", () => {
  it.effect("grows, has an end within the budget, and the last failure is told", () =>
    Effect.gen(function* () {
      for (const method of some.filter((one) => repeatable.includes(one))) {
        const transport = inTurn(broken, () => refused(503))
        const result = yield* settle(calls[method].pipe(over(transport)))
        assertEquals(
          result,
          Either.left(errorOf(method, new QStashUnavailable({ status: 503, reason: "no" })))
        )
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
          yield* settle(calls["QStashSchedules.get"].pipe(over(transport)))
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
      yield* settle(calls["QStashSchedules.get"].pipe(over(transport, { retryBudget: "1 hour" })))
      strictEqual(transport.times.length, 11)
    })
  )

  it.effect("does not happen without a budget", () =>
    Effect.gen(function* () {
      const transport = inTurn(broken, works)
      yield* settle(calls["QStashSchedules.get"].pipe(over(transport, { retryBudget: 0 })))
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

  const { deduplicationId: _, ...anonymous } = message

  it.effect("keeps the deduplication ids that a call has minted", () =>
    Effect.gen(function* () {
      const minted = /^dedup_[1-9A-HJ-NP-Za-km-z]{28}$/
      const sentBy = <A, E>(call: Effect.Effect<A, E, QStashMessages>) =>
        Effect.gen(function* () {
          const transport = inTurn(
            broken,
            () => Effect.never,
            () => refused(500),
            works
          )
          assertTrue(Either.isRight(yield* settle(call.pipe(over(transport)))))
          strictEqual(transport.sent.length, 4)
          const [first, ...others] = transport.sent
          assertTrue(first !== undefined)
          for (const other of others) {
            deepStrictEqual(
              [other.method, other.target, other.headers, other.body],
              [first.method, first.target, first.headers, first.body]
            )
          }
          return first
        })
      const published = [
        yield* sentBy(Effect.flatMap(QStashMessages, (messages) => messages.publish(anonymous))),
        yield* sentBy(Effect.flatMap(QStashMessages, (messages) => messages.publish(anonymous))),
        yield* sentBy(Effect.flatMap(QStashMessages, (messages) => messages.enqueue(queueName, anonymous)))
      ].map(({ headers }) => headers["upstash-deduplication-id"] ?? "")
      assertTrue(published.every((id) => minted.test(id)))
      strictEqual(new Set(published).size, 3)
      const batch = yield* sentBy(
        Effect.flatMap(QStashMessages, (messages) => messages.batch([anonymous, message, anonymous]))
      )
      const items: ReadonlyArray<{ readonly headers: Readonly<Record<string, string>> }> = JSON.parse(
        new TextDecoder().decode(batch.body)
      )
      const [one = "", given, other = ""] = items.map(({ headers }) => headers["Upstash-Deduplication-Id"])
      assertTrue(minted.test(one) && minted.test(other) && one !== other)
      strictEqual(given, message.deduplicationId)
    })
  )

  it.effect("tells of no duplicate that the call itself has made", () =>
    Effect.gen(function* () {
      const transport = inTurn(broken, () =>
        Effect.sync(() => json({ messageId: "msg_1", deduplicated: true }))
      )
      const published = yield* settle(
        Effect.flatMap(QStashMessages, (messages) => messages.publish(anonymous)).pipe(over(transport))
      )
      deepStrictEqual(published, Either.right({ messageId, isDeduplicated: false }))
    })
  )
})

describe("time", () => {
  it.effect("an attempt ends with its timeout, a call with its budget", () =>
    Effect.gen(function* () {
      const transport = inTurn(() => Effect.never)
      const fiber = yield* Effect.fork(Effect.flip(calls["QStashSchedules.get"].pipe(over(transport))))
      yield* TestClock.adjust("9999 millis")
      strictEqual(transport.times.length, 1)
      // Jitter leaves fractions of a millisecond, which add up.
      yield* TestClock.adjust("20010 millis")
      const failure = yield* Fiber.join(fiber)
      assertInstanceOf(failure, QStashUnavailable)
      assertTrue(failure.reason.startsWith("no reply from https://qstash.upstash.io within"))
      strictEqual(transport.times.length, 3)
    })
  )

  it.effect("the first attempt has its whole timeout", () =>
    Effect.gen(function* () {
      const transport = inTurn((sent) => Effect.delay(works(sent), "59 seconds"))
      const options = { requestTimeout: "1 minute", retryBudget: 0 } as const
      assertTrue(Either.isRight(yield* settle(calls["QStashSchedules.get"].pipe(over(transport, options)))))
    })
  )

  it.effect("a reply that does not end is none", () =>
    Effect.gen(function* () {
      const endless = () => Effect.sync(() => new Response(new ReadableStream()))
      const transport = inTurn(endless)
      const result = yield* settle(calls["QStashSchedules.get"].pipe(over(transport)))
      assertInstanceOf(Either.merge(result), QStashUnavailable)
    })
  )

  it.effect("pause does not wait for the rest of a reply that said yes", () =>
    Effect.gen(function* () {
      for (const requestTimeout of ["10 seconds", "100 millis"] as const) {
        const transport = inTurn(() => Effect.sync(() => new Response(new ReadableStream())))
        assertTrue(
          Either.isRight(
            yield* settle(calls["QStashSchedules.pause"].pipe(over(transport, { requestTimeout })))
          )
        )
        strictEqual(transport.times.length, 1)
      }
    })
  )
})

describe("429", () => {
  const limited = (headers: Record<string, string>) => () => refused(429, headers)

  it.effect("waits for the reset that it names, then goes on", () =>
    Effect.gen(function* () {
      for (const method of new Set([...some, ...once])) {
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
      yield* settle(calls["QStashSchedules.get"].pipe(over(transport)))
      assertTrue((transport.times[1] ?? 0) >= reset)
    })
  )

  it.effect("fails at once where the wait does not fit the budget, and says until when", () =>
    Effect.gen(function* () {
      const transport = inTurn(
        limited({ "RateLimit-Limit": "1000", "RateLimit-Remaining": "0", "RateLimit-Reset": "30" })
      )
      assertEquals(
        yield* Effect.flip(calls["QStashSchedules.create"].pipe(over(transport))),
        new QStashRateLimited({
          kind: "daily",
          limit: 1000,
          remaining: 0,
          resetAt: DateTime.unsafeMake(30_000),
          scheduleId: nightly
        })
      )
      strictEqual(transport.times.length, 1)
    })
  )

  it.effect("fails at once where no reset is named", () =>
    Effect.gen(function* () {
      const transport = inTurn(limited({}))
      assertEquals(
        yield* Effect.flip(calls["QStashSchedules.get"].pipe(over(transport))),
        new QStashRateLimited({ kind: "unknown" })
      )
      strictEqual(transport.times.length, 1)
    })
  )

  it.effect("does not come back at once where the reset is past, and not for ever", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(Duration.toMillis("20000 days"))
      const transport = inTurn(limited({ "Burst-RateLimit-Reset": "1000000001" }))
      assertInstanceOf(
        Either.merge(yield* settle(calls["QStashSchedules.get"].pipe(over(transport)))),
        QStashRateLimited
      )
      assertTrue(transport.times.length <= 11)
      strictEqual(new Set(transport.times).size, transport.times.length)
    })
  )
})

describe("a delete that finds nothing", () => {
  const gone = () => refused(404)
  const limited = () => refused(429, { "Retry-After": "1" })

  const deletes = [
    "QStashSchedules.delete",
    "QStashMessages.cancel",
    "QStashUrlGroups.removeEndpoints",
    "QStashDlq.delete"
  ] as const

  for (const method of deletes) {
    it.effect(`has succeeded after an attempt in doubt: ${method}`, () =>
      Effect.gen(function* () {
        for (const fault of [broken, () => Effect.never, () => refused(500), () => refused(408)]) {
          const transport = inTurn(fault, gone)
          assertEquals(yield* settle(calls[method].pipe(over(transport))), Either.right(undefined))
          strictEqual(transport.times.length, 2)
        }
        // Also when a rate limit came in between.
        const transport = inTurn(broken, limited, gone)
        assertEquals(yield* settle(calls[method].pipe(over(transport))), Either.right(undefined))
      })
    )

    it.effect(`has failed at the first attempt, or after one that certainly did nothing: ${method}`, () =>
      Effect.gen(function* () {
        for (const transport of [inTurn(gone), inTurn(limited, gone)]) {
          assertEquals(yield* settle(calls[method].pipe(over(transport))), Either.left(notFound[method]))
        }
      })
    )

    it.effect(`has failed where it was not QStash that found nothing: ${method}`, () =>
      Effect.gen(function* () {
        const transport = inTurn(broken, () => Effect.sync(() => new Response("not here", { status: 404 })))
        assertTrue(Either.isLeft(yield* settle(calls[method].pipe(over(transport)))))
      })
    )
  }

  it.effect("and all that is no delete still fails after an attempt in doubt", () =>
    Effect.gen(function* () {
      const others = named.filter(
        (method) => method !== "QStashDlq.retry" && !deletes.some((other) => other === method)
      )
      for (const method of others) {
        const result = yield* settle(calls[method].pipe(over(inTurn(broken, gone))))
        assertEquals(result, Either.left(notFound[method]))
      }
    })
  )
})

describe.concurrent.each(Object.entries(transports))(
  "replies lost on the wire, over %s",
  (_transport, overSockets) => {
    /** As much of QStash as it takes to see a duplicate: without an id each call makes something new. */
    const account = () => {
      const schedules = new Map<string, string>()
      const messages = new Map<string, string>()
      const publish = (destination: string, headers: Readonly<Record<string, string>>) => {
        const lower = Object.fromEntries(
          Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value])
        )
        const id = lower["upstash-deduplication-id"] ?? `none ${messages.size}`
        const isDuplicate = messages.has(id)
        if (!isDuplicate) messages.set(id, destination)
        return { messageId: `msg_${id}`, ...(isDuplicate ? { deduplicated: true } : {}) }
      }
      const apply = (request: RawRequest): string => {
        const { body, headers, method, target } = request
        const published = /^\/v2\/(?:publish|enqueue\/[^/]+)\/(.*)$/.exec(target)?.[1]
        if (published !== undefined) return reply(200, JSON.stringify(publish(published, headers)))
        if (target === "/v2/batch") {
          const items: ReadonlyArray<{
            readonly destination: string
            readonly headers: Readonly<Record<string, string>>
          }> = JSON.parse(body)
          return reply(200, JSON.stringify(items.map((item) => publish(item.destination, item.headers))))
        }
        if (method === "POST") {
          const id = headers["upstash-schedule-id"] ?? `scd_made_by_qstash_${schedules.size}`
          schedules.set(id, target)
          return reply(200, JSON.stringify({ scheduleId: id }))
        }
        const id = target.split("/").at(-1) ?? ""
        return schedules.delete(id)
          ? reply(200, "")
          : reply(404, JSON.stringify({ error: "schedule not found" }))
      }
      return { schedules, messages, apply }
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
    const { deduplicationId: __, ...anonymous } = message

    for (const [position, answer] of Object.entries(positions)) {
      for (const [how, end] of Object.entries(ends)) {
        const lossy = (apply: (request: RawRequest) => string) =>
          rawServer((request, index) => {
            if (index % 3 === 2) return request.socket.write(apply(request))
            const part = answer(() => apply(request))
            return part === "" ? end(request) : request.socket.write(part, () => end(request))
          })

        it.scopedLive(`${position}, ${how}: a create leaves one schedule`, () =>
          Effect.gen(function* () {
            const { apply, schedules } = account()
            const server = yield* lossy(apply)
            const id = yield* Effect.flatMap(QStashSchedules, (service) => service.create(unnamed)).pipe(
              overSockets(server)
            )
            strictEqual(server.requests.length, 3)
            deepStrictEqual([...schedules.keys()], [id])
          })
        )

        it.scopedLive(
          `${position}, ${how}: a publish, an enqueue and a batch leave one of each message`,
          () =>
            Effect.gen(function* () {
              const { apply, messages } = account()
              const server = yield* lossy(apply)
              yield* Effect.gen(function* () {
                const service = yield* QStashMessages
                yield* service.publish({ ...anonymous, destination: "https://x.y/1" })
                yield* service.enqueue(queueName, { ...anonymous, destination: "https://x.y/2" })
                yield* service.batch([
                  { ...anonymous, destination: "https://x.y/3" },
                  { ...anonymous, destination: "https://x.y/4" }
                ])
              }).pipe(overSockets(server))
              strictEqual(server.requests.length, 9)
              deepStrictEqual(
                [...messages.values()],
                [1, 2, 3, 4].map((index) => `https://x.y/${index}`)
              )
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
        yield* calls["QStashSchedules.delete"].pipe(overSockets(server))
        strictEqual(server.requests.length, 2)
        strictEqual(schedules.size, 0)
      })
    )

    /** Loses the reply to the first request. */
    const losesFirst = rawServer((request, index) => {
      if (index === 0) request.socket.destroy()
      else request.socket.write(rawAnswer(request))
    })

    for (const method of repeatable) {
      it.scopedLive(`${method} is sent again`, () =>
        Effect.gen(function* () {
          const server = yield* losesFirst
          yield* calls[method].pipe(overSockets(server))
          strictEqual(server.requests.length, 2)
          const [first, second] = server.requests
          deepStrictEqual(
            [second?.method, second?.target, second?.headers, second?.body],
            [first?.method, first?.target, first?.headers, first?.body]
          )
        })
      )
    }

    for (const method of once) {
      it.scopedLive(
        `${method} is not, neither by us nor by the transport on a connection that was used`,
        () =>
          Effect.gen(function* () {
            const server = yield* rawServer((request, index) => {
              if (index === 5) request.socket.destroy()
              else request.socket.write(rawAnswer(request))
            })
            yield* Effect.gen(function* () {
              for (let round = 0; round < 5; round++) yield* calls["QStashSigningKeys.get"]
              assertInstanceOf(yield* Effect.flip(calls[method]), QStashUnavailable)
            }).pipe(overSockets(server))
            strictEqual(server.requests.length, 6)
            const [last, ...earlier] = server.requests.map(({ socket }) => socket).toReversed()
            assertTrue(last !== undefined && earlier.includes(last))
          })
      )
    }

    it.scopedLive("an account that is gone for good is an error", () =>
      Effect.gen(function* () {
        const server = yield* rawServer(({ socket }) => socket.destroy())
        const failure = yield* Effect.flip(
          calls["QStashSchedules.get"].pipe(overSockets(server, { retryBudget: "1500 millis" }))
        )
        assertInstanceOf(failure, QStashUnavailable)
      })
    )
  }
)
