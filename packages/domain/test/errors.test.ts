import * as Domain from "@effect-qstash/domain"
import {
  DlqId,
  DlqMessageNotFound,
  FlowControlKey,
  FlowControlKeyNotFound,
  MessageId,
  MessageNotFound,
  QStashInvalidRequest,
  QStashQuotaExceeded,
  QStashRateLimited,
  QStashUnauthorized,
  QStashUnavailable,
  QStashUnexpectedResponse,
  QStashResponseTooLarge,
  QueueName,
  QueueNotFound,
  ScheduleId,
  ScheduleNotFound,
  UrlGroupName,
  UrlGroupNotFound
} from "@effect-qstash/domain"
import { ErrorBody, errorTexts } from "@effect-qstash/domain/wire/ErrorBody"
import { describe, it } from "@effect/vitest"
import { assertEquals, assertTrue, deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import { Cause, DateTime, Effect, Either, Exit, Option, Schema } from "effect"

const resetAt = DateTime.unsafeMake("2026-08-01T00:00:00Z")

const spoken = [
  [
    new ScheduleNotFound({ scheduleId: ScheduleId.make("nightly") }),
    false,
    'No schedule has the id "nightly"'
  ],
  [
    new MessageNotFound({ messageId: MessageId.make("msg_1") }),
    false,
    'No pending message has the id "msg_1"'
  ],
  [new QueueNotFound({ queueName: QueueName.make("mails") }), false, 'No queue has the name "mails"'],
  [
    new UrlGroupNotFound({ urlGroup: UrlGroupName.make("billing") }),
    false,
    'No URL group has the name "billing", or it has no such endpoint'
  ],
  [
    new DlqMessageNotFound({ dlqId: DlqId.make("1725323658779-0") }),
    false,
    'No dead letter has the id "1725323658779-0"'
  ],
  [
    new FlowControlKeyNotFound({ flowControlKey: FlowControlKey.make("tenant 7") }),
    false,
    'No message has used the flow-control key "tenant 7"'
  ],
  [
    new QStashInvalidRequest({ field: "retries", reason: "expected a whole number of at least 0, got -1" }),
    false,
    "The request was not sent: retries: expected a whole number of at least 0, got -1"
  ],
  [
    new QStashInvalidRequest({ reason: "Invalid cron expression empty spec string" }),
    false,
    "The request was not sent: Invalid cron expression empty spec string"
  ],
  [
    new QStashInvalidRequest({ status: 400, reason: "topic billing not found" }),
    false,
    "QStash refused the request (400): topic billing not found"
  ],
  [
    new QStashInvalidRequest({ status: 413, field: "body", reason: "too large" }),
    false,
    "QStash refused the request (413): body: too large"
  ],
  [
    new QStashUnauthorized({ status: 401, reason: errorTexts.invalidToken }),
    false,
    "QStash did not accept the token (401): unable to authenticate: invalid token. Check QSTASH_TOKEN, and that QSTASH_URL is the token's region"
  ],
  [
    new QStashQuotaExceeded({ status: 412, reason: "quota maxSchedules exceeded, current limit: 10" }),
    false,
    "The request is over a limit of the QStash plan (412): quota maxSchedules exceeded, current limit: 10"
  ],
  [
    new QStashRateLimited({ kind: "daily", limit: 500, remaining: 0, resetAt }),
    true,
    "QStash's daily limit of 500 is reached; it resets at 2026-08-01T00:00:00.000Z"
  ],
  [new QStashRateLimited({ kind: "burst", limit: 100 }), true, "QStash's burst limit of 100 is reached"],
  [
    new QStashRateLimited({ kind: "unknown", resetAt }),
    true,
    "QStash's rate limit is reached; it resets at 2026-08-01T00:00:00.000Z"
  ],
  [
    new QStashUnavailable({ reason: "connect ECONNREFUSED 127.0.0.1:8080" }),
    true,
    "QStash could not be reached: connect ECONNREFUSED 127.0.0.1:8080"
  ],
  [
    new QStashUnavailable({ status: 503, reason: "no reason was given" }),
    true,
    "QStash is unavailable (503): no reason was given"
  ],
  [
    new QStashUnexpectedResponse({ status: 200, reason: "cron is missing" }),
    false,
    "Unexpected response (200): cron is missing. Is QSTASH_URL a QStash server?"
  ],
  [
    new QStashResponseTooLarge({ status: 200, limit: 67_108_864 }),
    false,
    "The response (200) is larger than 64 MiB. Ask for less, such as a smaller count, or raise maxResponseBytes"
  ],
  [
    new QStashResponseTooLarge({ status: 201, limit: 5000 }),
    false,
    "The response (201) is larger than 5000 bytes. Ask for less, such as a smaller count, or raise maxResponseBytes"
  ]
] as const

const classes = [
  ScheduleNotFound,
  MessageNotFound,
  QueueNotFound,
  UrlGroupNotFound,
  DlqMessageNotFound,
  FlowControlKeyNotFound,
  QStashInvalidRequest,
  QStashUnauthorized,
  QStashQuotaExceeded,
  QStashRateLimited,
  QStashUnavailable,
  QStashUnexpectedResponse,
  QStashResponseTooLarge
] as const

const codec = Schema.Union(...classes)

/** What `catchTag` can meet beside them in a program that uses Effect and its platform. */
const foreignTags = [
  "ParseError",
  "NoSuchElementException",
  "TimeoutException",
  "IllegalArgumentException",
  "InterruptedException",
  "InvalidPubSubCapacityException",
  "ExceededCapacityException",
  "UnknownException",
  "ConfigError",
  "RequestError",
  "ResponseError",
  "RouteNotFound",
  "ServeError",
  "HttpApiDecodeError",
  "HttpBodyError",
  "CookieError",
  "MultipartError",
  "BadArgument",
  "SystemError",
  "SocketError",
  "TransferableError",
  "WorkerError",
  "PersistenceError",
  "SqlError",
  "RpcClientError",
  "NotFound",
  "BadRequest",
  "Unauthorized",
  "Forbidden",
  "Conflict",
  "ServiceUnavailable"
]

describe("errors", () => {
  it.each(spoken)("%s", (error, isRetryable, message) => {
    strictEqual(error.message, message)
    strictEqual(error.isRetryable, isRetryable)
    strictEqual(error.name, error._tag)
    assertTrue(error instanceof Error)
    assertTrue(String(error).endsWith(message), String(error))
    assertTrue(Cause.pretty(Cause.fail(error)).includes(message))
  })

  it("have each a sentence above", () => {
    deepStrictEqual(
      classes.filter((Class) => !spoken.some(([error]) => error instanceof Class)),
      []
    )
  })

  it("have tags that no other error has, here or in Effect", () => {
    const tags = Object.entries(Domain).flatMap(([name, value]) =>
      typeof value === "function" && value.prototype instanceof Error
        ? [[name, String(Reflect.get(value, "_tag"))]]
        : []
    )
    assertTrue(tags.length > classes.length, "the invalid expressions are errors as well")
    for (const [name, tag] of tags) strictEqual(tag, name)
    strictEqual(new Set(tags.map(([, tag]) => tag)).size, tags.length)
    deepStrictEqual(
      tags.filter(([, tag]) => tag !== undefined && foreignTags.includes(tag)),
      []
    )
  })

  it.each(spoken)("go through JSON and back: %s", (error) => {
    const json = JSON.stringify(Schema.encodeSync(codec)(error))
    const decoded = Schema.decodeUnknownSync(Schema.parseJson(codec))(json)
    assertEquals(decoded, error)
    strictEqual(decoded.message, error.message)
    strictEqual(JSON.stringify(Schema.encodeSync(codec)(decoded)), json)
  })

  it("keep the cause of an outage, over JSON its message", () => {
    const error = new QStashUnavailable({ reason: "no connection", cause: new Error("socket hang up") })
    assertTrue(error.cause instanceof Error && error.cause.message === "socket hang up")
    const json = JSON.stringify(Schema.encodeSync(QStashUnavailable)(error))
    const decoded = Schema.decodeUnknownSync(Schema.parseJson(QStashUnavailable))(json)
    assertTrue(decoded.cause instanceof Error && decoded.cause.message === "socket hang up")
  })

  it("refuse JSON that is none of them", () => {
    assertTrue(
      Either.isLeft(
        Schema.decodeUnknownEither(ScheduleNotFound)({ _tag: "ScheduleNotFound", scheduleId: "" })
      )
    )
    assertTrue(
      Either.isLeft(Schema.decodeUnknownEither(QStashRateLimited)({ _tag: "QStashRateLimited", kind: "x" }))
    )
  })

  it("take an id that only an answer could carry, since it is about one", () => {
    const decoded = Schema.decodeUnknownSync(ScheduleNotFound)({
      _tag: "ScheduleNotFound",
      scheduleId: "an/old id"
    })
    strictEqual(decoded.message, 'No schedule has the id "an/old id"')
    for (const [json, message] of [
      [{ _tag: "MessageNotFound", messageId: ".." }, 'No pending message has the id ".."'],
      [{ _tag: "QueueNotFound", queueName: "a/b" }, 'No queue has the name "a/b"'],
      [
        { _tag: "UrlGroupNotFound", urlGroup: "a/b" },
        'No URL group has the name "a/b", or it has no such endpoint'
      ],
      [{ _tag: "DlqMessageNotFound", dlqId: " " }, 'No dead letter has the id " "'],
      [
        { _tag: "FlowControlKeyNotFound", flowControlKey: "\n" },
        'No message has used the flow-control key "\\n"'
      ]
    ] as const) {
      strictEqual(Schema.decodeUnknownSync(codec)(json).message, message)
    }
  })

  it("cut short what a long id would fill", () => {
    const messageId = MessageId.make("m".repeat(500))
    assertTrue(new MessageNotFound({ messageId }).message.length < 150)
  })

  it.effect("can be yielded, and caught by their tag alone", () =>
    Effect.gen(function* () {
      const exit = yield* Effect.exit(new QStashUnavailable({ reason: "no connection" }))
      assertTrue(Exit.isFailure(exit) && Option.isSome(Cause.failureOption(exit.cause)))
      const caught = yield* Effect.fail(new QStashRateLimited({ kind: "burst" })).pipe(
        Effect.catchTag("QStashRateLimited", (error) => Effect.succeed(error.kind))
      )
      strictEqual(caught, "burst")
    })
  )
})

describe("ErrorBody", () => {
  const decode = Schema.decodeUnknownEither(ErrorBody)

  it("reads QStash's own, whatever stands beside it", () => {
    deepStrictEqual(Either.getOrThrow(decode({ error: "" })), { error: "" })
    deepStrictEqual(Either.getOrThrow(decode({ error: "a", code: 5 })), { error: "a" })
  })

  it.each([
    [null],
    [[]],
    ["error"],
    [{}],
    [{ error: null }],
    [{ error: { message: "a" } }],
    [{ message: "a" }]
  ])("does not take %j for one", (json) => {
    assertTrue(Either.isLeft(decode(json)))
  })

  it("says what QStash says", () => {
    const { urlGroupNotFound, ...texts } = errorTexts
    deepStrictEqual(texts, {
      invalidToken: "unable to authenticate: invalid token",
      emptyDestination: "a non-empty destination must be provided",
      invalidScheme: "invalid destination url: endpoint has invalid scheme, add http:// or https://",
      colonInDeduplicationId: "DeduplicationId cannot contain ':'",
      flowControlValue:
        "Upstash-Flow-Control-Value should be either rate=X or parallelism=Y, or both as comma-separated values"
    })
    strictEqual(urlGroupNotFound("billing"), "topic billing not found")
  })
})
