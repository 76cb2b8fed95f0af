import {
  type Callback,
  DeduplicationId,
  type Destination,
  FlowControlKey,
  MessageId,
  type Published,
  PublishMessage,
  QStashInvalidRequest,
  QStashMessages,
  type QStashQuotaExceeded,
  QueueName,
  RetryDelayExpression,
  UrlGroupName
} from "@effect-qstash/domain"
import { describe, it } from "@effect/vitest"
import {
  assertEquals,
  assertFalse,
  assertInstanceOf,
  assertTrue,
  deepStrictEqual,
  strictEqual
} from "@effect/vitest/utils"
import { DateTime, Duration, Effect, Either, FastCheck, Schema } from "effect"
import { inspect } from "node:util"
import { junk, messageInput } from "./arbitraries.ts"
import { at, bytes, checked, isRefused, refusalOf } from "./support.ts"

const destination = "https://api.example.com/jobs/nightly"
const minimal = { destination }

/** As JavaScript without types calls it. */
const makeFrom = (options: unknown): ReturnType<typeof PublishMessage.make> =>
  Reflect.apply(PublishMessage.make, PublishMessage, [options])

const made = (options: unknown): PublishMessage => checked(makeFrom(options))

const accepts = (option: string, given: unknown, expected: unknown) =>
  deepStrictEqual<unknown>(made({ ...minimal, [option]: given }), { ...minimal, [option]: expected })

const refuses = (field: string, given: unknown, reason: string) =>
  isRefused(makeFrom({ ...minimal, [field.split(".")[0] ?? field]: given }), reason, field)

const isAbsent = (option: string, given: unknown) => {
  const settings = made({ ...minimal, [option]: given })
  deepStrictEqual(settings, minimal)
  assertFalse(option in settings)
}

describe("PublishMessage.make", () => {
  it("needs a destination, and leaves all else to QStash's defaults", () => {
    deepStrictEqual(made(minimal), minimal)
    deepStrictEqual(Object.keys(made(minimal)), ["destination"])
  })

  it.each([
    "method",
    "headers",
    "body",
    "retries",
    "retryDelay",
    "timeout",
    "delay",
    "notBefore",
    "deduplicationId",
    "contentBasedDeduplication",
    "callback",
    "failureCallback",
    "queueName",
    "flowControl",
    "labels",
    "redact"
  ])("takes an undefined %s for an absent one", (option) => {
    isAbsent(option, undefined)
  })

  it("takes what says nothing for what is absent", () => {
    isAbsent("headers", {})
    isAbsent("body", "")
    isAbsent("body", new Uint8Array())
    isAbsent("labels", [])
    isAbsent("redact", { body: false })
    isAbsent("contentBasedDeduplication", false)
  })

  it("brings each option into its one form", () => {
    deepStrictEqual(
      made({
        destination: { urlGroup: UrlGroupName.make("billing") },
        method: "PUT",
        headers: { "x-two": ["1", " 2 "], "CONTENT-TYPE": "text/plain" },
        body: "ü",
        retries: 0,
        retryDelay: "1000",
        timeout: "1 minute",
        delay: 5_000,
        callback: "https://example.com/told",
        failureCallback: { url: new URL("https://example.com"), retries: 1 },
        queueName: QueueName.make("mails"),
        flowControl: { key: FlowControlKey.make("a"), rate: 1 },
        labels: [" a "],
        redact: { headers: ["authorization"] },
        contentBasedDeduplication: true
      }),
      {
        destination: { urlGroup: UrlGroupName.make("billing") },
        method: "PUT",
        headers: { "X-Two": ["1", "2"], "Content-Type": ["text/plain"] },
        body: bytes("ü"),
        retries: 0,
        retryDelay: RetryDelayExpression.make("1000"),
        timeout: Duration.minutes(1),
        delay: Duration.seconds(5),
        callback: { url: "https://example.com/told" } satisfies Callback,
        failureCallback: { url: "https://example.com/", retries: 1 },
        queueName: QueueName.make("mails"),
        flowControl: { key: FlowControlKey.make("a"), rate: 1 },
        labels: ["a"],
        redact: { body: false, headers: ["Authorization"] },
        contentBasedDeduplication: true
      }
    )
  })

  it.prop(
    "gives the same for what it gave",
    [messageInput],
    ([input]) => {
      const message = checked(PublishMessage.make(input))
      deepStrictEqual(checked(PublishMessage.make(message)), message)
    },
    { fastCheck: { numRuns: 200 }, timeout: 60_000 }
  )

  it.each([
    ["undefined", undefined],
    ["null", null],
    ["text", "https://user:s3cret@example.com"],
    ["an array", [minimal]],
    ["a value of type function", () => minimal]
  ])("wants an object: not %s", (shown, options) => {
    isRefused(makeFrom(options), `expected the options of a message, got ${shown}`)
  })

  it("names the first option that is wrong, and nothing was sent", () => {
    strictEqual(
      refusalOf(makeFrom({ ...minimal, retries: -1, queueName: "a b" })).message,
      "The request was not sent: retries: expected a whole number of at least 0, got -1"
    )
  })
})

describe("an option that is refused", () => {
  const count = (least: number, shown: string) => `expected a whole number of at least ${least}, got ${shown}`
  const name = (what: string, shown: string) =>
    `expected a ${what} of letters, digits, ".", "_" and "-", and not "." or "..", got ${shown}`

  it.each<[string, unknown, string]>([
    ["destination", undefined, "expected a URL or { urlGroup }, got undefined"],
    [
      "destination",
      "example.com",
      'expected a URL that starts with http:// or https://; a URL group is { urlGroup: "example.com" }'
    ],
    ["destination", { urlGroup: "a b" }, name("URL group name", '"a b"')],
    ["method", "HEAD", 'expected one of GET, POST, PUT, PATCH and DELETE, got "HEAD"'],
    ["headers", { "X A": "1" }, '"X A" is not a valid header name'],
    ["headers", { "X-A": 5 }, 'the value of "X-A" is not text'],
    [
      "body",
      { a: 1 },
      "expected text or bytes; use publishJson, enqueueJson or batchJson to send a value as JSON"
    ],
    ["retries", 1.5, count(0, "1.5")],
    ["timeout", 0, "expected a duration of whole seconds, at least 1, got 0"],
    ["delay", -1, 'expected a duration that is not negative, such as "5 minutes", got -1'],
    ["delay", 1_500, "expected a duration of whole seconds, at least 0, got 1s 500ms"],
    ["callback.url", { url: "ftp://a" }, "expected a URL that starts with http:// or https://"],
    ["failureCallback.retries", { url: "https://a.example", retries: -1 }, count(0, "-1")],
    ["queueName", "a b", name("queue name", '"a b"')],
    ["flowControl", { key: "a" }, "expected parallelism, rate, or both"],
    ["flowControl.rate", { key: "a", rate: 0 }, count(1, "0")],
    ["labels", ["a,b"], 'expected labels of printable Latin-1 without commas, got "a,b"'],
    ["redact", true, 'expected an object with "body" and "headers", got true'],
    ["notBefore", "tomorrow 5", 'expected an instant such as "2025-03-30T00:00:00Z", got "tomorrow 5"'],
    ["notBefore", Number.NaN, 'expected an instant such as "2025-03-30T00:00:00Z", got NaN'],
    [
      "notBefore",
      new Date(Number.NaN),
      'expected an instant such as "2025-03-30T00:00:00Z", got an invalid date'
    ],
    ["notBefore", 1_893_456_000, "expected milliseconds since 1970, got 1893456000: is it in seconds?"],
    ["notBefore", 1, "expected milliseconds since 1970, got 1: is it in seconds?"],
    ["notBefore", 99_999_999_999, "expected milliseconds since 1970, got 99999999999: is it in seconds?"],
    ["notBefore", -1_000, "expected an instant in 1970 or later"],
    [
      "deduplicationId",
      "a:b",
      'expected a deduplication id of printable ASCII without spaces or colons, got "a:b"'
    ],
    [
      "deduplicationId",
      "",
      'expected a deduplication id of printable ASCII without spaces or colons, got ""'
    ],
    ["contentBasedDeduplication", "true", 'expected true or false, got "true"']
  ])("is named: %s", (field, given, reason) => {
    refuses(field, given, reason)
  })

  it("names a retry delay that is none", () => {
    const error = refusalOf(makeFrom({ ...minimal, retryDelay: "boom(" }))
    strictEqual(error.field, "retryDelay")
  })

  it("repeats no header value, body or URL", () => {
    const secret = "s3cret-Zq7"
    for (const wrong of [
      { destination: `ftp://u:${secret}@example.com` },
      { headers: { "X-A": `${secret}\n` } },
      { body: { secret } },
      { callback: `ftp://u:${secret}@example.com/?${secret}` }
    ]) {
      const error = refusalOf(
        makeFrom({
          destination: `https://u:${secret}@example.com/?${secret}`,
          headers: { Authorization: secret },
          body: secret,
          ...wrong
        })
      )
      assertFalse(error.reason.startsWith("no error"), error.reason)
      assertFalse(inspect(error, { depth: null, showHidden: true }).includes(secret), inspect(error))
    }
  })
})

describe("the first delivery", () => {
  it("comes not before an instant, which is rounded up to the second", () => {
    accepts("notBefore", 1_754_565_618_001, at(1_754_565_619_000))
    accepts("notBefore", 1_754_565_618_000, at(1_754_565_618_000))
    accepts("notBefore", new Date(1_754_565_618_999), at(1_754_565_619_000))
    accepts("notBefore", "2026-08-01T00:00:00.001Z", at(Date.parse("2026-08-01T00:00:01Z")))
    accepts("notBefore", at(0), at(0))
    accepts("notBefore", 0, at(0))
    accepts("notBefore", 100_000_000_000, at(100_000_000_000))
    accepts("notBefore", new Date(1_000), at(1_000))
    accepts("notBefore", "1970-01-01T00:00:01Z", at(1_000))
    accepts("notBefore", -999, at(0))
    accepts("notBefore", 8_640_000_000_000_000, at(8_640_000_000_000_000))
    accepts(
      "notBefore",
      DateTime.unsafeMakeZoned("2026-08-01T00:00:00Z", { timeZone: "Europe/Berlin" }),
      at(Date.parse("2026-08-01T00:00:00Z"))
    )
  })

  it("does not come after a delay as well", () => {
    deepStrictEqual(
      refusalOf(makeFrom({ ...minimal, delay: "5 seconds", notBefore: 5_000 })),
      new QStashInvalidRequest({
        field: "notBefore",
        conflictsWith: "delay",
        reason: "cannot be combined with delay"
      })
    )
  })
})

describe("deduplication", () => {
  const deduplicationId = DeduplicationId.make("order-7")

  it("is by an id or by content", () => {
    accepts("deduplicationId", deduplicationId, deduplicationId)
    accepts("contentBasedDeduplication", true, true)
    deepStrictEqual(made({ ...minimal, deduplicationId, contentBasedDeduplication: false }), {
      ...minimal,
      deduplicationId
    })
  })

  it("is not by both", () => {
    deepStrictEqual(
      refusalOf(makeFrom({ ...minimal, deduplicationId, contentBasedDeduplication: true })),
      new QStashInvalidRequest({
        field: "contentBasedDeduplication",
        conflictsWith: "deduplicationId",
        reason: "cannot be combined with deduplicationId"
      })
    )
  })
})

describe("junk", () => {
  const options = [
    "destination",
    "method",
    "headers",
    "body",
    "retries",
    "retryDelay",
    "timeout",
    "delay",
    "notBefore",
    "deduplicationId",
    "contentBasedDeduplication",
    "callback",
    "failureCallback",
    "queueName",
    "flowControl",
    "labels",
    "redact"
  ]

  it.prop(
    "as one option is taken or refused by name",
    [FastCheck.constantFrom(...options), junk],
    ([option, given]) => {
      const result = makeFrom({ ...minimal, [option]: given })
      if (Either.isRight(result)) return
      assertInstanceOf(result.left, QStashInvalidRequest)
      assertTrue(result.left.field?.split(".")[0] === option, result.left.message)
      assertFalse(/\n/.test(result.left.message) || result.left.message.length > 500, result.left.message)
    },
    { fastCheck: { numRuns: 2_000 }, timeout: 60_000 }
  )

  it.prop("instead of options is refused", [junk], ([given]) => {
    const result = makeFrom(given)
    if (Either.isLeft(result)) assertInstanceOf(result.left, QStashInvalidRequest)
  })
})

type Answer = Published | ReadonlyArray<Published>

/** A service that accepts all, and what it was given. */
const recorder = () => {
  const sent: Array<{ readonly queueName?: QueueName; readonly message: PublishMessage.Input }> = []
  const accepted: Published = { messageId: MessageId.make("msg_1"), isDeduplicated: false }
  const answer = ({ destination: to }: { readonly destination: Destination.Input }): Answer =>
    typeof to === "string" || to instanceof URL ? accepted : [accepted]
  function publish<D extends Destination.Input>(
    message: PublishMessage.Input<D>
  ): Effect.Effect<Published.To<D>, QStashQuotaExceeded>
  function publish(message: PublishMessage.Input): Effect.Effect<Answer> {
    return Effect.sync(() => {
      sent.push({ message })
      return answer(message)
    })
  }
  function enqueue<D extends Destination.Input>(
    queueName: QueueName,
    message: PublishMessage.EnqueueInput<D>
  ): Effect.Effect<Published.To<D>, QStashQuotaExceeded>
  function enqueue(queueName: QueueName, message: PublishMessage.EnqueueInput): Effect.Effect<Answer> {
    return Effect.sync(() => {
      sent.push({ queueName, message })
      return answer(message)
    })
  }
  const service: QStashMessages.Service = {
    publish,
    enqueue,
    batch: () => Effect.dieMessage("not asked for"),
    get: () => Effect.dieMessage("not asked for"),
    cancel: () => Effect.dieMessage("not asked for"),
    cancelMany: () => Effect.dieMessage("not asked for")
  }
  return { sent, accepted, service }
}

const Order = Schema.Struct({ id: Schema.NonEmptyString, due: Schema.DateTimeUtc })
const order = { id: "o-7", due: DateTime.unsafeMake("2026-08-01T00:00:00Z") }
const orderJson = '{"id":"o-7","due":"2026-08-01T00:00:00.000Z"}'

describe("QStashMessages.publishJson", () => {
  it.effect("publishes a value as its Schema encodes it, as JSON", () =>
    Effect.gen(function* () {
      const { accepted, sent, service } = recorder()
      const published = yield* QStashMessages.publishJson(Order, {
        destination,
        body: order,
        retries: 1,
        headers: { "X-A": "1" }
      }).pipe(Effect.provideService(QStashMessages, service))
      deepStrictEqual(published, accepted)
      deepStrictEqual(sent, [
        {
          message: {
            destination,
            body: orderJson,
            retries: 1,
            headers: { "Content-Type": "application/json", "X-A": "1" }
          }
        }
      ])
    })
  )

  it.effect("keeps a type that the headers name, in whatever case", () =>
    Effect.gen(function* () {
      const { sent, service } = recorder()
      yield* QStashMessages.publishJson(Order, {
        destination,
        body: order,
        headers: { "content-TYPE": "application/vnd.order+json" }
      }).pipe(Effect.provideService(QStashMessages, service))
      deepStrictEqual(sent[0]?.message.headers, { "content-TYPE": "application/vnd.order+json" })
    })
  )

  it.effect("answers a list where it goes to a URL group", () =>
    Effect.gen(function* () {
      const { accepted, service } = recorder()
      const published = yield* QStashMessages.publishJson(Schema.Number, {
        destination: { urlGroup: UrlGroupName.make("billing") },
        body: 5
      }).pipe(Effect.provideService(QStashMessages, service))
      deepStrictEqual(published, [accepted])
    })
  )

  it.effect("sends nothing where the value does not encode, and tells where and nothing of it", () =>
    Effect.gen(function* () {
      const { sent, service } = recorder()
      const error = yield* QStashMessages.publishJson(Order, {
        destination,
        body: { ...order, id: "" }
      }).pipe(Effect.provideService(QStashMessages, service), Effect.flip)
      assertEquals(
        error,
        new QStashInvalidRequest({
          field: "body",
          reason: "cannot be encoded: id is not of the expected shape"
        })
      )
      deepStrictEqual(sent, [])
    })
  )
})

describe("QStashMessages.enqueueJson", () => {
  const queueName = QueueName.make("mails")

  it.effect("puts a value into a queue as its Schema encodes it, as JSON", () =>
    Effect.gen(function* () {
      const { accepted, sent, service } = recorder()
      const published = yield* QStashMessages.enqueueJson(Order, queueName, {
        destination,
        body: order,
        labels: ["a"]
      }).pipe(Effect.provideService(QStashMessages, service))
      deepStrictEqual(published, accepted)
      deepStrictEqual(sent, [
        {
          queueName,
          message: {
            destination,
            body: orderJson,
            labels: ["a"],
            headers: { "Content-Type": "application/json" }
          }
        }
      ])
    })
  )

  it.effect("sends nothing where the value does not encode", () =>
    Effect.gen(function* () {
      const { sent, service } = recorder()
      const error = yield* QStashMessages.enqueueJson(Order, queueName, {
        destination,
        body: { ...order, id: "" }
      }).pipe(Effect.provideService(QStashMessages, service), Effect.flip)
      strictEqual(error._tag, "QStashInvalidRequest")
      deepStrictEqual(sent, [])
    })
  )
})

describe("an option that there is not", () => {
  it("is refused by its name", () => {
    isRefused(makeFrom({ ...minimal, scheduleId: "a" }), "is not an option of a message", "scheduleId")
    isRefused(
      makeFrom({ ...minimal, callback: { url: "https://a.example", delay: 5 } }),
      "is not an option of a callback",
      "callback.delay"
    )
  })
})
