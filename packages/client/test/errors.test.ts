import {
  type CreateSchedule,
  type DlqSelector,
  type PublishMessage,
  QStashDlq,
  type QStashError,
  QStashFlowControl,
  QStashInvalidRequest,
  QStashLogs,
  QStashMessages,
  QStashQueues,
  QStashQuotaExceeded,
  QStashRateLimited,
  QStashSchedules,
  type QStashServices,
  QStashUnauthorized,
  QStashUnavailable,
  QStashUnexpectedResponse,
  QStashUrlGroups,
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
import { Cause, DateTime, Effect, Exit, FastCheck as fc, Stream } from "effect"
import {
  bodiless,
  calls,
  dlqId,
  errorOf,
  flowControlKey,
  goneIsFine,
  limited,
  message,
  type Method,
  methods,
  named,
  nightly,
  notFound,
  queueName,
  reading,
  schedule,
  urlGroup
} from "./calls.ts"
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
    it.effect(`${method} has an error for every status`, () =>
      Effect.gen(function* () {
        for (const [status, expected] of everywhere) {
          assertEquals(
            yield* answering(method, () => json(error("no"), { status })),
            errorOf(method, expected)
          )
        }
      })
    )
    it.effect(`${method} follows no redirect`, () =>
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
        // A browser hides what it is.
        const hidden = yield* answering(method, () => Response.error())
        assertInstanceOf(hidden, QStashUnexpectedResponse)
        strictEqual(hidden.status, 0)
      })
    )
    it.effect(`${method} does not take another server's 404 for QStash's`, () =>
      Effect.gen(function* () {
        for (const body of ["", "404 page not found", "<html>", "{}", `{"error":1}`, `["error"]`, "null"]) {
          const failure = yield* answering(method, () => new Response(body, { status: 404 }))
          assertInstanceOf(failure, QStashUnexpectedResponse)
          strictEqual(failure.status, 404)
        }
      })
    )
  }

  const absent = () => json(error("not found"), { status: 404 })

  for (const method of named) {
    it.effect(`${method}: a 404 of QStash is ${notFound[method]._tag}`, () =>
      Effect.gen(function* () {
        assertEquals(yield* answering(method, absent), notFound[method])
      })
    )
  }

  const sending = [
    "QStashSchedules.create",
    "QStashMessages.publish",
    "QStashMessages.enqueue",
    "QStashMessages.batch"
  ] as const
  for (const method of sending) {
    it.effect(`${method}: a 404 of QStash is about what the request names`, () =>
      Effect.gen(function* () {
        assertEquals(
          yield* answering(method, () => json(error("topic team not found"), { status: 404 })),
          errorOf(method, new QStashInvalidRequest({ status: 404, reason: "topic team not found" }))
        )
      })
    )
  }

  it.effect("a queue or a group that is not there is deleted", () =>
    Effect.gen(function* () {
      for (const method of goneIsFine) {
        yield* calls[method].pipe(
          over(
            stub(() => Effect.sync(absent)),
            once
          )
        )
      }
    })
  )

  it.effect("dead letters that are named and all gone are none, but filters that are not known are not", () =>
    Effect.gen(function* () {
      const transport = stub(() => Effect.sync(absent))
      const retryMany = (selector: DlqSelector) =>
        Effect.flatMap(QStashDlq, (dlq) => dlq.retryMany(selector)).pipe(over(transport, once))
      deepStrictEqual(yield* retryMany({ dlqIds: [dlqId] }), [])
      assertInstanceOf(yield* Effect.flip(retryMany({ label: "x" })), QStashUnexpectedResponse)
    })
  )

  it.effect("to all others a 404 can only be another server's", () =>
    Effect.gen(function* () {
      const others = methods.filter(
        (method) => !(method in notFound) && ![...sending, ...goneIsFine].some((one) => one === method)
      )
      strictEqual(others.length, methods.length - named.length - sending.length - goneIsFine.length)
      for (const method of others) {
        assertEquals(
          yield* answering(method, absent),
          new QStashUnexpectedResponse({ status: 404, reason: "not found" })
        )
      }
    })
  )

  for (const method of limited) {
    it.effect(`${method}: 412, or a text that starts with quota, is QStashQuotaExceeded`, () =>
      Effect.gen(function* () {
        assertEquals(
          yield* answering(method, () => json(error("schedules"), { status: 412 })),
          errorOf(method, new QStashQuotaExceeded({ status: 412, reason: "schedules" }))
        )
        for (const status of [400, 403, 413, 500]) {
          assertEquals(
            yield* answering(method, () => json(error("quota maxSchedules exceeded"), { status })),
            errorOf(method, new QStashQuotaExceeded({ status, reason: "quota maxSchedules exceeded" }))
          )
        }
      })
    )
  }

  it.effect("the other methods know no quota", () =>
    Effect.gen(function* () {
      for (const method of methods.filter((name) => !limited.some((other) => other === name))) {
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
  const answered = (headers: Record<string, string>) =>
    answering("QStashSchedules.list", () => json(error("slow down"), { status: 429, headers }))

  it.effect("is daily, burst or unknown by its headers", () =>
    Effect.gen(function* () {
      assertEquals(
        yield* answered({
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
        yield* answered({ "Burst-RateLimit-Limit": "10", "Burst-RateLimit-Reset": "60" }),
        new QStashRateLimited({ kind: "burst", limit: 10, resetAt: DateTime.unsafeMake(60_000) })
      )
      assertEquals(yield* answered({}), new QStashRateLimited({ kind: "unknown" }))
    })
  )

  it.effect("is about the limit that is used up where both are reported", () =>
    Effect.gen(function* () {
      const failure = yield* answered({
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
          yield* answered({ ...resets, "Retry-After": value }),
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
        assertInstanceOf(yield* answered(headers), QStashRateLimited)
      })
  )
})

describe("the server's text", () => {
  it.effect("is the raw body where that is no JSON, on one line and cut at 100 characters", () =>
    Effect.gen(function* () {
      const failure = yield* answering(
        "QStashSchedules.get",
        () => new Response(`<html>\r\n\u001b[31m${"x".repeat(500)}`, { status: 502 })
      )
      assertInstanceOf(failure, QStashUnavailable)
      strictEqual(failure.reason, `<html> [31m${"x".repeat(89)}…`)
    })
  )

  it.effect("is said to be missing where there is none", () =>
    Effect.gen(function* () {
      const failure = yield* answering("QStashSchedules.get", () => new Response(null, { status: 400 }))
      assertEquals(failure, new QStashInvalidRequest({ status: 400, reason: "no reason was given" }))
    })
  )

  it.effect("has no characters that control a terminal or turn the direction of text", () =>
    Effect.gen(function* () {
      for (const body of ["a\u009b2Jb", "a\u001b]0;b", "a\u202eb", "a\u2066b", "a\u200fb"]) {
        const failure = yield* answering(
          "QStashSchedules.get",
          () => new Response(JSON.stringify({ error: body }), { status: 400 })
        )
        assertTrue(/^[ -~]+$/.test(failure.message), JSON.stringify(failure.message))
      }
    })
  )

  it.effect("does not repeat the token, not even where the cut falls into it", () =>
    Effect.gen(function* () {
      for (const before of ["", "x".repeat(90), "x".repeat(200)]) {
        const failure = yield* answering("QStashSchedules.get", () =>
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

  /** QStash leaves out what is zero or empty, so here even an empty object says something. */
  const lenient: ReadonlyArray<Method> = [
    "QStashFlowControl.globalParallelism",
    "QStashLogs.list",
    "QStashLogs.stream"
  ]

  for (const method of reading) {
    it.effect(`${method}: a 200 that does not decode is QStashUnexpectedResponse, at once`, () =>
      Effect.gen(function* () {
        for (const body of [
          ...junk.filter((text) => text !== "{}" || !lenient.includes(method)),
          `{"scheduleId":7,"messageId":7,"messages":7,"events":7,"parallelismMax":"7"}`,
          `{"cancelled":-1,"deleted":1.5,"responses":7,"current":"","next":7,"logs":7,"parallelismMax":-7}`,
          `[${JSON.stringify({ ...record, name: "a", flowControlKey: "a" })},{}]`
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
        const answers = [
          ...junk.map((body) => () => new Response(body)),
          ...[201, 202, 204, 299].map((status) => () => new Response(null, { status }))
        ]
        for (const answer of answers) yield* calls[method].pipe(over(stub(() => Effect.sync(answer))))
      })
    )
  }

  it.effect("an answer that does not fit what was sent is refused", () =>
    Effect.gen(function* () {
      const one = { messageId: "msg_1" }
      const refusal = <A, E>(answer: unknown, call: Effect.Effect<A, E, QStashServices>) =>
        Effect.flip(call.pipe(over(stub(() => Effect.succeed(json(answer))))))
      const toGroup = { ...message, destination: { urlGroup } }
      const inBatch = (...messages: ReadonlyArray<PublishMessage.BatchInput>) =>
        Effect.flatMap(QStashMessages, (service) => service.batch(messages))
      for (const failure of [
        yield* refusal([one], calls["QStashMessages.publish"]),
        yield* refusal({ messages: [one] }, calls["QStashMessages.enqueue"]),
        yield* refusal(
          one,
          Effect.flatMap(QStashMessages, (messages) => messages.publish(toGroup))
        ),
        yield* refusal(
          one,
          Effect.flatMap(QStashMessages, (messages) => messages.enqueue(queueName, toGroup))
        ),
        yield* refusal([one], calls["QStashDlq.retry"]),
        yield* refusal([one], inBatch(message, message)),
        yield* refusal([one, one], inBatch(message)),
        yield* refusal([[one, one]], inBatch(message)),
        yield* refusal([[]], inBatch(message))
      ]) {
        assertInstanceOf(failure, QStashUnexpectedResponse)
        strictEqual(failure.status, 200)
      }
    })
  )

  it.effect("create: an answer under another id is refused, and names it", () =>
    Effect.gen(function* () {
      const failure = yield* answering("QStashSchedules.create", () => json({ scheduleId: "other" }))
      assertInstanceOf(failure, QStashUnexpectedResponse)
      assertTrue(failure.reason.includes(`"other"`))
    })
  )

  it.effect("says where a record is wrong and nothing of what stands there", () =>
    Effect.gen(function* () {
      const failure = yield* answering("QStashSchedules.list", () =>
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

  it.effect("says so however deep what stands there is nested", () =>
    Effect.gen(function* () {
      const deep = `${'{"a":'.repeat(100_000)}1${"}".repeat(100_000)}`
      const failure = yield* answering(
        "QStashSchedules.list",
        () => new Response(`[${JSON.stringify(record).replace(/}$/, `,"body":${deep}}`)}]`)
      )
      assertInstanceOf(failure, QStashUnexpectedResponse)
      strictEqual(failure.reason, "schedule 0 of the list: body is not of the expected shape")
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
        strictEqual(failure.reason, "the connection to https://qstash.upstash.io failed (ECONNREFUSED)")
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
          calls["QStashSchedules.get"].pipe(
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
        deepStrictEqual(
          [failure.reason, failure.cause],
          ["the connection to https://qstash.upstash.io failed", undefined]
        )
      }
    })
  )

  it.effect("stand a cause that is its own cause", () =>
    Effect.gen(function* () {
      const cause = new Error("round and round")
      cause.cause = cause
      const failure = yield* Effect.flip(
        calls["QStashSchedules.get"].pipe(
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
        const failure = yield* Effect.flip(calls["QStashSchedules.get"].pipe(over(transport)))
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
        calls["QStashSchedules.get"].pipe(over(transport, { transformClient: HttpClient.filterStatusOk }))
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
        calls["QStashSchedules.get"].pipe(
          over(
            stub(() => Effect.sync(broken)),
            once
          )
        )
      )
      assertTrue(Exit.isFailure(exit) && Cause.isFailType(exit.cause))
      const failure = yield* Effect.flip(exit)
      assertInstanceOf(failure, QStashUnavailable)
      strictEqual(failure.reason, "the reply from https://qstash.upstash.io broke off")
    })
  )
})

describe("what is refused before it is sent", () => {
  const untouched = stub(() => Effect.dieMessage("nothing is to be sent"))

  const refusalOf = <A, E>(call: Effect.Effect<A, E, QStashServices>) =>
    Effect.gen(function* () {
      const failure = yield* Effect.flip(call.pipe(over(untouched)))
      assertInstanceOf(failure, QStashInvalidRequest)
      strictEqual(failure.status, undefined)
      deepStrictEqual(untouched.sent, [])
      return failure
    })

  const schedules = (input: CreateSchedule.Input) =>
    Effect.flatMap(QStashSchedules, (service) => service.create(input))
  const publish = (input: PublishMessage.Input) =>
    Effect.flatMap(QStashMessages, (service) => service.publish(input))
  const batch = (...input: ReadonlyArray<PublishMessage.BatchInput>) =>
    Effect.flatMap(QStashMessages, (service) => service.batch(input))
  const dlqList = (input: QStashDlq.ListInput) => Effect.flatMap(QStashDlq, (dlq) => dlq.list(input))
  const logsList = (input: QStashLogs.ListInput) => Effect.flatMap(QStashLogs, (logs) => logs.list(input))

  const refused: ReadonlyArray<
    readonly [field: string | undefined, call: Effect.Effect<unknown, unknown, QStashServices>]
  > = [
    ["cron", schedules({ ...schedule, cron: "at four" })],
    ["destination", schedules({ ...schedule, destination: "example.com" })],
    ["headers", schedules({ ...schedule, headers: { "X-Note": "line\r\nbreak" } })],
    ["headers", schedules({ ...schedule, headers: { "X-Note": "snowman ☃" } })],
    ["retries", schedules({ ...schedule, retries: -1 })],
    ["timeout", schedules({ ...schedule, timeout: "1500 millis" })],
    ["destination", publish({ ...message, destination: "example.com" })],
    ["headers", publish({ ...message, headers: { "X-Note": "line\r\nbreak" } })],
    ["notBefore", publish({ ...message, delay: "1 hour", notBefore: 0 })],
    ["contentBasedDeduplication", publish({ ...message, contentBasedDeduplication: true })],
    [
      "queueName",
      Effect.flatMap(QStashMessages, (messages) =>
        // @ts-expect-error a name is needed, else it would be published
        messages.enqueue(undefined, message)
      )
    ],
    ["[1].retries", batch(message, { ...message, retries: 0.5 })],
    // @ts-expect-error a batch carries text alone
    ["[1].body", batch(message, { ...message, body: new Uint8Array(1) })],
    // @ts-expect-error no message
    ["[0]", batch(null)],
    [
      undefined,
      Effect.flatMap(QStashMessages, (messages) =>
        // @ts-expect-error no list
        messages.batch(message)
      )
    ],
    // @ts-expect-error an empty selector
    [undefined, Effect.flatMap(QStashMessages, (messages) => messages.cancelMany({}))],
    [
      "responseStatus",
      // @ts-expect-error no filter for messages
      Effect.flatMap(QStashMessages, (messages) => messages.cancelMany({ responseStatus: 1 }))
    ],
    // @ts-expect-error an empty list of ids
    ["messageIds", Effect.flatMap(QStashMessages, (messages) => messages.cancelMany({ messageIds: [] }))],
    // @ts-expect-error everything has to be said
    ["all", Effect.flatMap(QStashMessages, (messages) => messages.cancelMany({ all: false }))],
    ["parallelism", Effect.flatMap(QStashQueues, (queues) => queues.upsert({ queueName, parallelism: 0 }))],
    // @ts-expect-error no options
    [undefined, Effect.flatMap(QStashQueues, (queues) => queues.upsert())],
    [
      "endpoints[0].url",
      Effect.flatMap(QStashUrlGroups, (groups) => groups.upsertEndpoints(urlGroup, [{ url: "x.y" }]))
    ],
    // @ts-expect-error nothing to add
    ["endpoints", Effect.flatMap(QStashUrlGroups, (groups) => groups.upsertEndpoints(urlGroup, []))],
    // @ts-expect-error nothing to remove
    ["endpoints", Effect.flatMap(QStashUrlGroups, (groups) => groups.removeEndpoints(urlGroup, []))],
    ["count", dlqList({ count: 0 })],
    ["count", dlqList({ count: 101 })],
    ["count", dlqList({ count: 1.5 })],
    ["cursor", dlqList({ cursor: "" })],
    // @ts-expect-error no filter for dead letters
    ["host", dlqList({ host: "x.y" })],
    ["fromDate", Effect.flatMap(QStashDlq, (dlq) => Stream.runDrain(dlq.stream({ fromDate: Number.NaN })))],
    // @ts-expect-error an empty selector
    [undefined, Effect.flatMap(QStashDlq, (dlq) => dlq.deleteMany({}))],
    // @ts-expect-error an empty selector
    [undefined, Effect.flatMap(QStashDlq, (dlq) => dlq.retryMany({}))],
    ["retries", Effect.flatMap(QStashDlq, (dlq) => dlq.retry(dlqId, { retries: -1 }))],
    ["retries", Effect.flatMap(QStashDlq, (dlq) => dlq.retryMany({ all: true }, { retries: 0.5 }))],
    [
      "period",
      Effect.flatMap(QStashFlowControl, (flowControl) =>
        flowControl.pin(flowControlKey, { parallelism: 1, period: "1 minute" })
      )
    ],
    // @ts-expect-error no limit
    [undefined, Effect.flatMap(QStashFlowControl, (service) => service.pin(flowControlKey, {}))],
    // @ts-expect-error no limit
    [undefined, Effect.flatMap(QStashFlowControl, (service) => service.unpin(flowControlKey, {}))],
    ["count", logsList({ count: 1001 })],
    ["cursor", logsList({ cursor: "" })],
    // @ts-expect-error no order
    ["order", logsList({ order: "random" })],
    // @ts-expect-error no filter for logs
    ["dlqIds", Effect.flatMap(QStashLogs, (logs) => Stream.runDrain(logs.stream({ dlqIds: [dlqId] })))]
  ]
  for (const [index, [field, call]] of refused.entries()) {
    it.effect(`names the option at fault and sends nothing (${index}: ${field ?? "all of them"})`, () =>
      Effect.gen(function* () {
        strictEqual((yield* refusalOf(call)).field, field)
      })
    )
  }
})
