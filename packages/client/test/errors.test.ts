import {
  type CreateSchedule,
  type QStashError,
  QStashInvalidRequest,
  QStashQuotaExceeded,
  QStashRateLimited,
  QStashSchedules,
  QStashUnauthorized,
  QStashUnavailable,
  QStashUnexpectedResponse,
  ScheduleNotFound
} from "@effect-qstash/domain"
import { HttpClient, HttpClientError } from "@effect/platform"
import { describe, it } from "@effect/vitest"
import {
  assertEquals,
  assertInstanceOf,
  assertTrue,
  deepStrictEqual,
  strictEqual
} from "@effect/vitest/utils"
import { Cause, DateTime, Effect, Exit, FastCheck as fc } from "effect"
import { bodiless, calls, type Method, methods, named, nightly, schedule } from "./calls.ts"
import { json, over, record, stub } from "./stub.ts"

const once = { retryBudget: 0 }

const answering = (method: Method, response: () => Response, options = {}) =>
  Effect.flip(
    calls[method].pipe(
      over(
        stub(() => Effect.sync(response)),
        { ...once, ...options }
      )
    )
  )

const error = (text: string) => ({ error: text })

describe("the table", () => {
  const everywhere: ReadonlyArray<readonly [number, QStashError]> = [
    [400, new QStashInvalidRequest({ status: 400, reason: "no" })],
    [401, new QStashUnauthorized({ status: 401, reason: "no" })],
    [402, new QStashInvalidRequest({ status: 402, reason: "no" })],
    [403, new QStashUnauthorized({ status: 403, reason: "no" })],
    [405, new QStashInvalidRequest({ status: 405, reason: "no" })],
    [408, new QStashUnavailable({ status: 408, reason: "no" })],
    [413, new QStashInvalidRequest({ status: 413, reason: "no" })],
    [429, new QStashRateLimited({ kind: "unknown" })],
    [451, new QStashInvalidRequest({ status: 451, reason: "no" })],
    [500, new QStashUnavailable({ status: 500, reason: "no" })],
    [502, new QStashUnavailable({ status: 502, reason: "no" })],
    [503, new QStashUnavailable({ status: 503, reason: "no" })],
    [599, new QStashUnavailable({ status: 599, reason: "no" })]
  ]
  for (const method of methods) {
    for (const [status, expected] of everywhere) {
      it.effect(`${method}: ${status} is ${expected._tag}`, () =>
        Effect.gen(function* () {
          assertEquals(yield* answering(method, () => json(error("no"), { status })), expected)
        })
      )
    }
    it.effect(`${method}: no redirect is followed`, () =>
      Effect.gen(function* () {
        for (const status of [301, 302, 303, 307, 308]) {
          const transport = stub(() =>
            Effect.succeed(
              new Response(null, { status, headers: { Location: "https://elsewhere.example/" } })
            )
          )
          const failure = yield* Effect.flip(calls[method].pipe(over(transport)))
          assertInstanceOf(failure, QStashUnexpectedResponse)
          strictEqual(failure.status, status)
          strictEqual(transport.sent.length, 1)
        }
      })
    )
    it.effect(`${method}: a redirect that a browser hides is one`, () =>
      Effect.gen(function* () {
        const failure = yield* answering(method, () => Response.error())
        assertInstanceOf(failure, QStashUnexpectedResponse)
        strictEqual(failure.status, 0)
      })
    )
    it.effect(`${method}: a 404 that is not QStash's names no schedule`, () =>
      Effect.gen(function* () {
        for (const body of ["", "404 page not found", "<html>", "{}", `{"error":1}`, `["error"]`, "null"]) {
          const failure = yield* answering(method, () => new Response(body, { status: 404 }))
          assertInstanceOf(failure, QStashUnexpectedResponse)
          strictEqual(failure.status, 404)
        }
      })
    )
  }

  for (const method of named) {
    it.effect(`${method}: a 404 of QStash is ScheduleNotFound`, () =>
      Effect.gen(function* () {
        assertEquals(
          yield* answering(method, () => json(error("schedule nightly not found"), { status: 404 })),
          new ScheduleNotFound({ scheduleId: nightly })
        )
      })
    )
  }

  it.effect("create: a 404 of QStash is about what the request names", () =>
    Effect.gen(function* () {
      assertEquals(
        yield* answering("create", () => json(error("topic team not found"), { status: 404 })),
        new QStashInvalidRequest({ status: 404, reason: "topic team not found" })
      )
    })
  )

  it.effect("list: a 404 can only be another server's", () =>
    Effect.gen(function* () {
      assertEquals(
        yield* answering("list", () => json(error("not found"), { status: 404 })),
        new QStashUnexpectedResponse({ status: 404, reason: "not found" })
      )
    })
  )

  it.effect("create: 412, or a text that starts with quota, is QStashQuotaExceeded", () =>
    Effect.gen(function* () {
      assertEquals(
        yield* answering("create", () => json(error("schedules"), { status: 412 })),
        new QStashQuotaExceeded({ status: 412, reason: "schedules" })
      )
      for (const status of [400, 403, 413, 500]) {
        assertEquals(
          yield* answering("create", () => json(error("quota maxSchedules exceeded"), { status })),
          new QStashQuotaExceeded({ status, reason: "quota maxSchedules exceeded" })
        )
      }
    })
  )

  it.effect("the other methods know no quota", () =>
    Effect.gen(function* () {
      for (const method of methods.filter((name) => name !== "create")) {
        for (const status of [400, 412]) {
          assertEquals(
            yield* answering(method, () => json(error("quota x exceeded"), { status })),
            new QStashInvalidRequest({ status, reason: "quota x exceeded" })
          )
        }
      }
    })
  )
})

describe("429", () => {
  const limited = (headers: Record<string, string>) =>
    answering("list", () => json(error("slow down"), { status: 429, headers }))

  it.effect("is daily, burst or unknown by its headers", () =>
    Effect.gen(function* () {
      assertEquals(
        yield* limited({
          "RateLimit-Limit": "1000",
          "RateLimit-Remaining": "0",
          "RateLimit-Reset": "1800000000"
        }),
        new QStashRateLimited({
          kind: "daily",
          limit: 1000,
          remaining: 0,
          resetAt: DateTime.unsafeMake(1_800_000_000_000)
        })
      )
      assertEquals(
        yield* limited({ "Burst-RateLimit-Limit": "10", "Burst-RateLimit-Reset": "60" }),
        new QStashRateLimited({ kind: "burst", limit: 10, resetAt: DateTime.unsafeMake(60_000) })
      )
      assertEquals(yield* limited({}), new QStashRateLimited({ kind: "unknown" }))
    })
  )

  it.effect("is about the limit that is used up where both are reported", () =>
    Effect.gen(function* () {
      const failure = yield* limited({
        "RateLimit-Limit": "1000",
        "RateLimit-Remaining": "900",
        "RateLimit-Reset": "1800000000",
        "Burst-RateLimit-Limit": "10",
        "Burst-RateLimit-Remaining": "0",
        "Burst-RateLimit-Reset": "1"
      })
      assertInstanceOf(failure, QStashRateLimited)
      strictEqual(failure.kind, "burst")
    })
  )

  it.effect("takes Retry-After, in seconds or as a date, before the reset", () =>
    Effect.gen(function* () {
      const resets = { "RateLimit-Limit": "1000", "RateLimit-Reset": "1800000000" }
      for (const [value, millis] of [
        ["90", 90_000],
        ["1.5", 1500],
        ["Thu, 01 Jan 1970 00:02:00 GMT", 120_000]
      ] as const) {
        assertEquals(
          yield* limited({ ...resets, "Retry-After": value }),
          new QStashRateLimited({ kind: "daily", limit: 1000, resetAt: DateTime.unsafeMake(millis) })
        )
      }
    })
  )

  it.effect.prop(
    "reads any header without a defect",
    {
      values: fc.array(
        fc.oneof(
          fc.constantFrom("", "null", "-5", "1e3", "99999999999999999999", "Mon, nonsense", "NaN", "0x10"),
          fc.stringMatching(/^[ -~]{0,20}$/)
        ),
        { minLength: 7, maxLength: 7 }
      )
    },
    ({ values }) =>
      Effect.gen(function* () {
        const names = ["RateLimit", "Burst-RateLimit"].flatMap((prefix) =>
          ["Limit", "Remaining", "Reset"].map((suffix) => `${prefix}-${suffix}`)
        )
        const headers = Object.fromEntries(
          [...names, "Retry-After"].map((name, index) => [name, values[index] ?? ""])
        )
        assertInstanceOf(yield* limited(headers), QStashRateLimited)
      })
  )
})

describe("the server's text", () => {
  it.effect("is the raw body where that is no JSON, on one line and cut at 100 characters", () =>
    Effect.gen(function* () {
      const failure = yield* answering(
        "get",
        () => new Response(`<html>\r\n\u001b[31m${"x".repeat(500)}`, { status: 502 })
      )
      assertInstanceOf(failure, QStashUnavailable)
      strictEqual(failure.reason, `<html> [31m${"x".repeat(89)}…`)
    })
  )

  it.effect("is said to be missing where there is none", () =>
    Effect.gen(function* () {
      const failure = yield* answering("get", () => new Response(null, { status: 400 }))
      assertEquals(failure, new QStashInvalidRequest({ status: 400, reason: "no reason was given" }))
    })
  )

  it.effect("does not repeat the token, not even where the cut falls into it", () =>
    Effect.gen(function* () {
      for (const before of ["", "x".repeat(90), "x".repeat(200)]) {
        const failure = yield* answering("get", () =>
          json(error(`${before}token-of-the-account`), { status: 401 })
        )
        assertInstanceOf(failure, QStashUnauthorized)
        assertTrue(!failure.message.includes("token-of"))
      }
    })
  )
})

describe("answers that QStash does not give", () => {
  const junk = [
    "",
    " ",
    "<html></html>",
    "{",
    "nul",
    '"text"',
    "1",
    "[1]",
    "[null]",
    "[[]]",
    "true",
    "{}",
    "null"
  ]

  for (const method of ["create", "get", "list"] as const) {
    it.effect(`${method}: a 200 that does not decode is QStashUnexpectedResponse, at once`, () =>
      Effect.gen(function* () {
        for (const body of [
          ...junk,
          `{"scheduleId":""}`,
          `{"scheduleId":7}`,
          `[${JSON.stringify(record)},{}]`
        ]) {
          const transport = stub(() => Effect.succeed(new Response(body)))
          const failure = yield* Effect.flip(calls[method].pipe(over(transport)))
          assertInstanceOf(failure, QStashUnexpectedResponse)
          strictEqual(failure.status, 200)
          strictEqual(transport.sent.length, 1)
        }
      })
    )
  }

  for (const method of bodiless) {
    it.effect(`${method}: any 2xx is success`, () =>
      Effect.gen(function* () {
        for (const status of [200, 201, 202, 204, 299]) {
          for (const body of status === 204 ? [null] : junk) {
            yield* calls[method].pipe(over(stub(() => Effect.sync(() => new Response(body, { status })))))
          }
        }
      })
    )
  }

  it.effect("create: an answer under another id is refused, and names it", () =>
    Effect.gen(function* () {
      const failure = yield* answering("create", () => json({ scheduleId: "other" }))
      assertInstanceOf(failure, QStashUnexpectedResponse)
      assertTrue(failure.reason.includes(`"other"`))
    })
  )

  it.effect("says where a record is wrong and nothing of what stands there", () =>
    Effect.gen(function* () {
      const failure = yield* answering("list", () =>
        json([record, { ...record, body: { secret: "hunter22" } }])
      )
      assertEquals(
        failure,
        new QStashUnexpectedResponse({
          status: 200,
          reason: "schedule 1 of the list: body is not of the expected shape"
        })
      )
    })
  )

  it.effect.prop(
    "any JSON in any status is an answer or a typed error",
    [fc.jsonValue(), fc.integer({ min: 200, max: 599 }), fc.constantFrom(...methods)],
    ([body, status, method]) =>
      Effect.gen(function* () {
        const isBare = status === 204 || status === 205 || status === 304
        const transport = stub(() =>
          Effect.sync(() => (isBare ? new Response(null, { status }) : json(body, { status })))
        )
        const exit = yield* Effect.exit(calls[method].pipe(over(transport, once)))
        assertTrue(Exit.isSuccess(exit) || Cause.isFailType(exit.cause))
      })
  )
})

describe("the transport's faults", () => {
  const failing = (
    make: (request: HttpClientError.RequestError["request"]) => HttpClientError.HttpClientError
  ) => stub((sent) => Effect.fail(make(sent.request)))

  it.effect("hand on the transport's own cause and never the platform's error", () =>
    Effect.gen(function* () {
      const cause = Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED" })
      const outer = new TypeError("fetch failed", { cause })
      for (const method of methods) {
        const failure = yield* Effect.flip(
          calls[method].pipe(
            over(
              failing(
                (request) => new HttpClientError.RequestError({ request, reason: "Transport", cause: outer })
              ),
              once
            )
          )
        )
        assertInstanceOf(failure, QStashUnavailable)
        strictEqual(failure.cause, outer)
        strictEqual(failure.reason, "the connection failed (ECONNREFUSED)")
      }
    })
  )

  it.effect("lose a cause that would give the request away", () =>
    Effect.gen(function* () {
      const causes = (request: HttpClientError.RequestError["request"]): ReadonlyArray<unknown> => [
        new HttpClientError.RequestError({ request, reason: "Transport" }),
        new Error("outer", { cause: new HttpClientError.RequestError({ request, reason: "Transport" }) }),
        new TypeError("Bearer token-of-the-account is an invalid header value"),
        "token-of-the-account",
        new Error("Parse error", {
          cause: Object.assign(new Error("HPE"), { data: "HTTP/1.1 what the reply was" })
        })
      ]
      for (const index of [0, 1, 2, 3, 4]) {
        const failure = yield* Effect.flip(
          calls.get.pipe(
            over(
              failing(
                (request) =>
                  new HttpClientError.RequestError({
                    request,
                    reason: "Transport",
                    cause: causes(request)[index]
                  })
              ),
              once
            )
          )
        )
        assertInstanceOf(failure, QStashUnavailable)
        deepStrictEqual([failure.reason, failure.cause], ["the connection failed", undefined])
      }
    })
  )

  it.effect("stand a cause that is its own cause", () =>
    Effect.gen(function* () {
      const cause = new Error("round and round")
      cause.cause = cause
      const failure = yield* Effect.flip(
        calls.get.pipe(
          over(
            failing((request) => new HttpClientError.RequestError({ request, reason: "Transport", cause })),
            once
          )
        )
      )
      assertInstanceOf(failure, QStashUnavailable)
      strictEqual(failure.cause, cause)
    })
  )

  it.effect("are QStashInvalidRequest where nothing could be sent", () =>
    Effect.gen(function* () {
      for (const reason of ["InvalidUrl", "Encode"] as const) {
        const transport = failing((request) => new HttpClientError.RequestError({ request, reason }))
        const failure = yield* Effect.flip(calls.get.pipe(over(transport)))
        assertInstanceOf(failure, QStashInvalidRequest)
        strictEqual(failure.status, undefined)
        strictEqual(transport.sent.length, 1)
      }
    })
  )

  it.effect("are read past where a client refuses statuses by itself", () =>
    Effect.gen(function* () {
      const transport = stub(() => Effect.succeed(json(error("gone"), { status: 404 })))
      const failure = yield* Effect.flip(
        calls.get.pipe(over(transport, { transformClient: HttpClient.filterStatusOk }))
      )
      assertEquals(failure, new ScheduleNotFound({ scheduleId: nightly }))
    })
  )

  it.effect("leave one failure behind, without a defect beside it", () =>
    Effect.gen(function* () {
      const broken = () =>
        new Response(
          new ReadableStream({
            start: (controller) => controller.enqueue(new TextEncoder().encode("{")),
            pull: (controller) => controller.error(new Error("the line went dead"))
          })
        )
      const exit = yield* Effect.exit(
        calls.get.pipe(
          over(
            stub(() => Effect.sync(broken)),
            once
          )
        )
      )
      assertTrue(Exit.isFailure(exit) && Cause.isFailType(exit.cause))
      const failure = yield* Effect.flip(exit)
      assertInstanceOf(failure, QStashUnavailable)
      strictEqual(failure.reason, "the reply broke off")
    })
  )
})

describe("what is refused before it is sent", () => {
  it.effect("names the option at fault and sends nothing", () =>
    Effect.gen(function* () {
      const transport = stub(() => Effect.dieMessage("nothing is to be sent"))
      const inputs: ReadonlyArray<readonly [string, CreateSchedule.Input]> = [
        ["cron", { ...schedule, cron: "at four" }],
        ["destination", { ...schedule, destination: "example.com" }],
        ["headers", { ...schedule, headers: { "X-Note": "line\r\nbreak" } }],
        ["headers", { ...schedule, headers: { "X-Note": "snowman ☃" } }],
        ["retries", { ...schedule, retries: -1 }],
        ["timeout", { ...schedule, timeout: "1500 millis" }]
      ]
      for (const [field, input] of inputs) {
        const failure = yield* Effect.flip(
          Effect.flatMap(QStashSchedules, (schedules) => schedules.create(input)).pipe(over(transport))
        )
        assertInstanceOf(failure, QStashInvalidRequest)
        strictEqual(failure.field, field)
      }
      deepStrictEqual(transport.sent, [])
    })
  )
})
