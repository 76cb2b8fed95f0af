import {
  DeduplicationId,
  FlowControlKey,
  PublishMessage,
  QStashInvalidRequest,
  QueueName,
  RetryDelayExpression,
  UrlGroupName
} from "@effect-qstash/domain"
import * as MessageRequest from "@effect-qstash/domain/wire/MessageRequest"
import { describe, it } from "@effect/vitest"
import { assertFalse, assertInstanceOf, assertTrue, deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import { DateTime, Duration, Either, FastCheck } from "effect"
import { inspect } from "node:util"
import { headerName, headerText, junk, junkField, messageInput, oddUrl } from "./arbitraries.ts"

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const utf8 = new TextDecoder("utf-8", { ignoreBOM: true })

type Headers = MessageRequest.MessageRequest["headers"]

const request = (
  headers: Headers,
  target = "https://example.com",
  body = ""
): MessageRequest.MessageRequest => ({ target, headers, body: bytes(body) })

const decoded = (given: MessageRequest.MessageRequest): PublishMessage =>
  Either.getOrThrowWith(MessageRequest.decode(given), (error) => error)

const refusalOf = (result: Either.Either<unknown, QStashInvalidRequest>): QStashInvalidRequest =>
  Either.match(result, {
    onLeft: (error) => error,
    onRight: (value) => new QStashInvalidRequest({ reason: `no error, but ${inspect(value)}` })
  })

const refusal = (given: MessageRequest.MessageRequest) => refusalOf(MessageRequest.decode(given))

const minimal = { destination: "https://example.com" }

const isRead = (headers: Headers, settings: Partial<PublishMessage>) =>
  deepStrictEqual(decoded(request(headers)), { ...minimal, ...settings })

const made = (input: Parameters<typeof PublishMessage.make>[0]): PublishMessage =>
  Either.getOrThrowWith(PublishMessage.make(input), (error) => error)

const message = messageInput.map(made)

/** A queue stands in the path. */
const withoutQueue = (settings: PublishMessage): PublishMessage => {
  const { queueName, ...rest } = settings
  return queueName === undefined ? settings : rest
}

const full = made({
  destination: "https://example.com/jobs?a=%2F",
  method: "PATCH",
  headers: { "content-type": "application/json", authorization: "Bearer abc", "x-two": ["1", "2"] },
  body: '{"a":1}',
  retries: 5,
  retryDelay: "pow(2, retried)",
  timeout: "90 seconds",
  notBefore: 1_754_565_618_803,
  callback: "https://example.com/told",
  failureCallback: { url: "https://example.com/failed", retries: 0 },
  queueName: QueueName.make("mails"),
  flowControl: { key: FlowControlKey.make("tenant 7"), parallelism: 3, rate: 5, period: "1 minute" },
  labels: ["a", "two words"],
  redact: { body: true, headers: ["authorization"] },
  deduplicationId: DeduplicationId.make("order-7")
})

const fullHeaders = {
  "Upstash-Not-Before": ["1754565619"],
  "Upstash-Deduplication-Id": ["order-7"],
  "Upstash-Method": ["PATCH"],
  "Upstash-Timeout": ["1m30s"],
  "Upstash-Retries": ["5"],
  "Upstash-Retry-Delay": ["pow(2, retried)"],
  "Upstash-Flow-Control-Key": ["tenant 7"],
  "Upstash-Flow-Control-Value": ["parallelism=3, rate=5, period=1m"],
  "Upstash-Label": ["a,two words"],
  "Upstash-Redact-Fields": ["body,header[Authorization]"],
  "Upstash-Callback": ["https://example.com/told"],
  "Upstash-Failure-Callback": ["https://example.com/failed"],
  "Upstash-Failure-Callback-Retries": ["0"],
  "Content-Type": ["application/json"],
  "Upstash-Forward-Authorization": ["Bearer abc"],
  "Upstash-Forward-X-Two": ["1", "2"]
}

describe("encode", () => {
  it("writes what was asked for and nothing else", () => {
    deepStrictEqual(MessageRequest.encode(made({ destination: "https://example.com/jobs?a=%2F" })), {
      target: "https://example.com/jobs?a=%2F",
      headers: {},
      body: new Uint8Array()
    })
    strictEqual(
      MessageRequest.encode(made({ destination: { urlGroup: UrlGroupName.make("billing") } })).target,
      "billing"
    )
  })

  it("writes each setting as QStash documents it, but not the queue", () => {
    deepStrictEqual(MessageRequest.encode(full), {
      target: "https://example.com/jobs?a=%2F",
      headers: fullHeaders,
      body: bytes('{"a":1}')
    })
  })

  it("writes a delay, and deduplication by content", () => {
    deepStrictEqual(
      MessageRequest.encode(made({ ...minimal, delay: "34 hours", contentBasedDeduplication: true })).headers,
      { "Upstash-Delay": ["1d10h"], "Upstash-Content-Based-Deduplication": ["true"] }
    )
    deepStrictEqual(MessageRequest.encode(made({ ...minimal, contentBasedDeduplication: false })).headers, {})
  })
})

describe("encode, then decode", () => {
  it.prop(
    "give back every setting but the queue",
    [message],
    ([settings]) => {
      deepStrictEqual(decoded(MessageRequest.encode(settings)), withoutQueue(settings))
    },
    { fastCheck: { numRuns: 300 }, timeout: 60_000 }
  )

  it.prop(
    "give it back from lower-case names, in any order, and values with blanks around",
    [message],
    ([settings]) => {
      const { body, headers, target } = MessageRequest.encode(settings)
      const sent = Object.entries(headers)
        .toReversed()
        .map(([name, values]) => [name.toLowerCase(), values.map((value) => ` \t${value}\t `)])
      deepStrictEqual(decoded({ target, headers: Object.fromEntries(sent), body }), withoutQueue(settings))
    }
  )

  it.prop(
    "give it back past headers that QStash does not know",
    [message, headerText],
    ([settings, text]) => {
      const { body, headers, target } = MessageRequest.encode(settings)
      const unknown = {
        Host: "qstash.upstash.io",
        Authorization: "Bearer abc",
        "X-Plain": text,
        "Upstash-Telemetry-Sdk": "upstash-qstash-js@v2.12.0, a",
        "Upstash-New": text,
        "Upstash-Schedule-Id": text,
        "Upstash-Forward-": text,
        Absent: undefined
      }
      deepStrictEqual(
        decoded({ target, headers: { ...unknown, ...headers, ...unknown }, body }),
        withoutQueue(settings)
      )
    }
  )

  it.prop("put into headers only what a header can carry", [message], ([settings]) => {
    for (const [name, values] of Object.entries(MessageRequest.encode(settings).headers)) {
      assertTrue(/^[!#$%&'*+.^_`|~\w-]+$/.test(name), name)
      for (const value of values) assertTrue(/^[\t -~\u0080-\u00ff]*$/.test(value), value)
    }
  })
})

describe("decode", () => {
  it("reads what the official JavaScript client sends", () => {
    deepStrictEqual(
      decoded({
        target: "https://example.com/jobs?a=1",
        headers: {
          "content-type": "application/json",
          "upstash-callback": "https://example.com/told",
          "upstash-content-based-deduplication": "true",
          "upstash-delay": "30s",
          "upstash-failure-callback": "https://example.com/failed",
          "upstash-flow-control-key": "tenant-7",
          "upstash-flow-control-value": "parallelism=3, rate=5, period=60s",
          "upstash-forward-x-test": "a",
          "upstash-label": "a,b",
          "upstash-method": "POST",
          "upstash-retries": "7",
          "upstash-retry-delay": "1000",
          "upstash-telemetry-sdk": "upstash-qstash-js@v2.12.0",
          "upstash-timeout": "30s"
        },
        body: bytes('{"a":1}')
      }),
      made({
        destination: "https://example.com/jobs?a=1",
        method: "POST",
        headers: { "Content-Type": "application/json", "X-Test": "a" },
        body: '{"a":1}',
        retries: 7,
        retryDelay: RetryDelayExpression.make("1000"),
        timeout: "30 seconds",
        delay: "30 seconds",
        callback: "https://example.com/told",
        failureCallback: "https://example.com/failed",
        flowControl: { key: FlowControlKey.make("tenant-7"), parallelism: 3, rate: 5, period: "60 seconds" },
        labels: ["a", "b"],
        contentBasedDeduplication: true
      })
    )
  })

  it("reads the settings of a webhook from its query, where they count for less than headers", () => {
    deepStrictEqual(
      decoded({
        target:
          "https://example.com/p?a=1&upstash-not-before=1754565619&upstash-deduplication-id=x%2F1&qstash_token=t&upstash-retries=3",
        headers: { "Upstash-Retries": "1" },
        body: new Uint8Array()
      }),
      {
        destination: "https://example.com/p?a=1",
        notBefore: DateTime.unsafeMake(1_754_565_619_000),
        deduplicationId: DeduplicationId.make("x/1"),
        retries: 1
      }
    )
  })

  it("takes an empty header for an absent one", () => {
    const names = [
      "Not-Before",
      "Delay",
      "Deduplication-Id",
      "Content-Based-Deduplication",
      "Header-Forward",
      "Cron",
      "Queue-Name"
    ]
    isRead({ ...Object.fromEntries(names.map((name) => [`Upstash-${name}`, " "])), "X-A": "1" }, {})
  })

  it("delivers not before an instant of whole seconds, which goes before a delay", () => {
    isRead({ "Upstash-Not-Before": "0" }, { notBefore: DateTime.unsafeMake(0) })
    isRead(
      { "Upstash-Not-Before": "8640000000000" },
      { notBefore: DateTime.unsafeMake(8_640_000_000_000_000) }
    )
    isRead(
      { "Upstash-Delay": "5s", "Upstash-Not-Before": "1754565619" },
      { notBefore: DateTime.unsafeMake(1_754_565_619_000) }
    )
    isRead({ "Upstash-Delay": "5s", "Upstash-Not-Before": "" }, { delay: Duration.seconds(5) })
  })

  it("recognises by an id rather than by content", () => {
    isRead({ "Upstash-Content-Based-Deduplication": "True" }, { contentBasedDeduplication: true })
    isRead({ "Upstash-Content-Based-Deduplication": "false" }, {})
    isRead(
      { "Upstash-Content-Based-Deduplication": "true", "Upstash-Deduplication-Id": "a" },
      { deduplicationId: DeduplicationId.make("a") }
    )
  })

  it("takes a named queue for the one it goes through", () => {
    isRead({ "Upstash-Queue-Name": "mails" }, { queueName: QueueName.make("mails") })
  })

  it("keeps the body as it is, and an empty one not at all", () => {
    deepStrictEqual(
      decoded({ ...request({}), body: Uint8Array.of(0xff, 0, 0x7f) }).body,
      Uint8Array.of(0xff, 0, 0x7f)
    )
    assertFalse("body" in decoded(request({})))
  })
})

describe("Upstash-Header-Forward", () => {
  const own = {
    Host: "qstash.upstash.io",
    authorization: "Bearer s3cret",
    "Content-Length": "2",
    "content-type": "text/plain",
    Connection: ["keep-alive, X-Hop", "x-other-hop"],
    "Keep-Alive": "timeout=5",
    "x-hop": "1",
    "X-Other-Hop": "1",
    TE: "trailers",
    trailer: "X-T",
    "Transfer-Encoding": "chunked",
    Upgrade: "h2c",
    "Proxy-Authorization": "Basic s3cret",
    "proxy-authenticate": "Basic",
    "Proxy-Connection": "keep-alive",
    Expect: "100-continue",
    "Upstash-Retries": "1",
    "Upstash-Telemetry-Sdk": "a",
    "x-hub-signature": "sha1=1",
    "X-Two": ["1", "2"],
    "X-Named": "own",
    "Upstash-Forward-X-Named": "named"
  }
  const named = { "Content-Type": ["text/plain"], "X-Named": ["named"] }

  it("takes along all of the sender's headers but QStash's, those of the connection and the token", () => {
    for (const word of ["true", "TRUE", " true "]) {
      isRead(
        { ...own, "Upstash-Header-Forward": word },
        { retries: 1, headers: { "X-Hub-Signature": ["sha1=1"], "X-Two": ["1", "2"], ...named } }
      )
    }
  })

  it("may stand in the query, as a webhook has it", () => {
    deepStrictEqual(
      decoded(request({ "x-a": "1", host: "h" }, "https://example.com/?upstash-header-forward=true")),
      { destination: "https://example.com/", headers: { "X-A": ["1"] } }
    )
  })

  it("takes along none where it is absent or false", () => {
    isRead(own, { retries: 1, headers: named })
    isRead({ ...own, "Upstash-Header-Forward": "false" }, { retries: 1, headers: named })
  })

  it("keeps headers named as nothing in JavaScript should be", () => {
    const headers: Record<string, string> = JSON.parse(
      '{"__proto__":"1","constructor":"2","Upstash-Header-Forward":"true"}'
    )
    const read = decoded(request(headers)).headers ?? {}
    deepStrictEqual(Object.entries(read), [
      ["__proto__", ["1"]],
      ["Constructor", ["2"]]
    ])
    strictEqual(Object.getPrototypeOf(read), Object.prototype)
  })
})

describe("a request that is refused", () => {
  it.each<[Record<string, string>, string, string?]>([
    [
      { "Upstash-Cron": "* * * * *" },
      "does not create a schedule here: use POST /v2/schedules/{destination}",
      "Upstash-Cron"
    ],
    [{ "Upstash-Deduplication-Id": "a:b" }, "DeduplicationId cannot contain ':'"],
    [
      { "Upstash-Deduplication-Id": "a b" },
      'expected a deduplication id of printable ASCII without spaces or colons, got "a b"',
      "Upstash-Deduplication-Id"
    ],
    [
      { "Upstash-Content-Based-Deduplication": "yes" },
      'expected true or false, got "yes"',
      "Upstash-Content-Based-Deduplication"
    ],
    [{ "Upstash-Header-Forward": "1" }, 'expected true or false, got "1"', "Upstash-Header-Forward"],
    ...["-1", "1.5", "1e3", "soon", "2026-08-01T00:00:00Z", "8640000000001", "9".repeat(400)].map(
      (text): [Record<string, string>, string, string] => [
        { "Upstash-Not-Before": text },
        `expected whole seconds since 1970, got "${text.length > 100 ? `${text.slice(0, 100)}…` : text}"`,
        "Upstash-Not-Before"
      ]
    ),
    [
      { "Upstash-Delay": "5w" },
      '"5w" is not a duration: expected whole numbers with the units d, h, m or s, such as "1d10h30m"',
      "Upstash-Delay"
    ],
    [
      { "Upstash-Queue-Name": ".." },
      'expected a queue name of letters, digits, ".", "_" and "-", and not "." or "..", got ".."',
      "Upstash-Queue-Name"
    ],
    [
      { "Upstash-Flow-Control-Key": "a" },
      "Upstash-Flow-Control-Value should be either rate=X or parallelism=Y, or both as comma-separated values"
    ],
    [{ "Upstash-Callback-Delay": "5s" }, "a callback cannot be delayed", "Upstash-Callback-Delay"],
    [{ "Upstash-Retries": "x" }, 'expected a whole number of at least 0, got "x"', "Upstash-Retries"]
  ])("says why, and names the header: %j", (headers, reason, field) => {
    deepStrictEqual(
      refusal(request(headers)),
      new QStashInvalidRequest(field === undefined ? { reason } : { field, reason })
    )
  })

  it.each([
    ["", "a non-empty destination must be provided"],
    ["?upstash-retries=3", "a non-empty destination must be provided"],
    [
      "https%3A%2F%2Fexample.com",
      "invalid destination url: endpoint has invalid scheme, add http:// or https://"
    ],
    ["https://", "invalid destination url: the URL has no host"]
  ])("says of a wrong destination what QStash says: %j", (target, reason) => {
    deepStrictEqual(refusal(request({}, target)), new QStashInvalidRequest({ reason }))
  })

  it("repeats no header value, body or URL", () => {
    const secret = "s3cret-Zq7"
    for (const wrong of [
      { "Upstash-Cron": secret },
      { "Upstash-Forward-X-A": `${secret}\n` },
      { "X-A": `${secret}\n`, "Upstash-Header-Forward": "true" },
      { "Upstash-Callback": `ftp://u:${secret}@example.com/?${secret}` },
      { "Upstash-Retries": "x" }
    ]) {
      const error = refusal(
        request(
          {
            Authorization: `Bearer ${secret}`,
            "Upstash-Forward-Authorization": secret,
            "Upstash-Callback": `https://u:${secret}@example.com/?${secret}`,
            ...wrong
          },
          `https://u:${secret}@example.com/?a=${secret}&qstash_token=${secret}`,
          secret
        )
      )
      assertFalse(error.reason.startsWith("no error"), error.reason)
      assertFalse(inspect(error, { depth: null, showHidden: true }).includes(secret), inspect(error))
    }
  })
})

const parsed = (json: string): unknown => JSON.parse(json)

const batchOf = (json: unknown): ReadonlyArray<PublishMessage> =>
  Either.getOrThrowWith(MessageRequest.decodeBatch(json), (error) => error)

const itemIsRead = (item: object, settings: Partial<PublishMessage>) =>
  deepStrictEqual(batchOf([{ destination: "https://example.com", ...item }]), [{ ...minimal, ...settings }])

describe("a batch", () => {
  /** As it comes out of JSON: text instead of bytes, and one value instead of several. */
  const asText = (settings: PublishMessage): PublishMessage => ({
    ...settings,
    ...(settings.body === undefined ? {} : { body: bytes(utf8.decode(settings.body)) }),
    ...joined("headers", settings.headers),
    ...(settings.callback === undefined
      ? {}
      : { callback: { ...settings.callback, ...joined("headers", settings.callback.headers) } }),
    ...(settings.failureCallback === undefined
      ? {}
      : {
          failureCallback: {
            ...settings.failureCallback,
            ...joined("headers", settings.failureCallback.headers)
          }
        })
  })
  const joined = (name: "headers", headers: PublishMessage["headers"]) =>
    headers === undefined
      ? {}
      : {
          [name]: Object.fromEntries(
            Object.entries(headers).map(([key, values]) => [
              key,
              [values.join(", ").replace(/^[ \t]+|[ \t]+$/g, "")]
            ])
          )
        }

  it("reads a destination as a request can carry it: as it stands, or else normalised", () => {
    for (const [given, read] of [
      ["https://example.com/%61?a=%20'", "https://example.com/%61?a=%20'"],
      ["https://example.com/a b", "https://example.com/a%20b"],
      ["https://example.com/€?q=é", "https://example.com/%E2%82%AC?q=%C3%A9"]
    ] as const) {
      deepStrictEqual(
        batchOf([{ destination: given }]).map(({ destination }) => destination),
        [read]
      )
    }
  })

  it("is read no further than to its first wrong item", () => {
    const read: Array<number> = []
    const items = [{ destination: "https://example.com" }, {}, {}].map((item, index) => ({
      ...item,
      get body() {
        read.push(index)
        return ""
      }
    }))
    refusalOf(MessageRequest.decodeBatch(items))
    deepStrictEqual(read, [0, 1])
  })

  it.prop(
    "gives back every message, through JSON, with its queue",
    [FastCheck.array(message, { maxLength: 4 })],
    ([messages]) => {
      deepStrictEqual(
        batchOf(parsed(MessageRequest.encodeBatch(messages))),
        messages.map((settings) => asText(settings))
      )
    },
    { fastCheck: { numRuns: 200 }, timeout: 60_000 }
  )

  it("is written as QStash documents it", () => {
    deepStrictEqual(
      parsed(MessageRequest.encodeBatch([full, made({ destination: { urlGroup: UrlGroupName.make("g") } })])),
      [
        {
          destination: "https://example.com/jobs?a=%2F",
          headers: Object.fromEntries(
            Object.entries(fullHeaders).map(([name, values]) => [name, values.join(", ")])
          ),
          body: '{"a":1}',
          queue: "mails"
        },
        { destination: "g", headers: {} }
      ]
    )
    strictEqual(MessageRequest.encodeBatch([]), "[]")
  })

  it("keeps a byte order mark, and headers named as nothing in JavaScript should be", () => {
    const sent = made({
      ...minimal,
      body: "\ufeffa",
      headers: Object.fromEntries([["__proto__", "1"]])
    })
    const [read] = batchOf(parsed(MessageRequest.encodeBatch([sent])))
    deepStrictEqual(read?.body, bytes("\ufeffa"))
    deepStrictEqual(Object.entries(read?.headers ?? {}), [["__proto__", ["1"]]])
  })

  it("may be empty", () => {
    deepStrictEqual(batchOf([]), [])
  })

  it("has a queue or none, as its writers say it", () => {
    itemIsRead({ queue: "mails" }, { queueName: QueueName.make("mails") })
    itemIsRead({ queue: null }, {})
    itemIsRead({ queue: "" }, {})
    itemIsRead({ headers: { "Upstash-Queue-Name": "b" } }, { queueName: QueueName.make("b") })
    itemIsRead({ queue: "a", headers: { "Upstash-Queue-Name": "b" } }, { queueName: QueueName.make("a") })
  })

  it("has headers in any case, and a body or none", () => {
    itemIsRead(
      {
        headers: {
          "content-type": "text/plain",
          "UPSTASH-RETRIES": "2",
          "Upstash-Forward-X-A": "1",
          "X-B": "2"
        },
        body: "ü"
      },
      { retries: 2, headers: { "Content-Type": ["text/plain"], "X-A": ["1"] }, body: bytes("ü") }
    )
    itemIsRead({ headers: null, body: null }, {})
    itemIsRead({ headers: { "Upstash-Retries": null }, body: "" }, {})
    itemIsRead({ headers: { "Upstash-Forward-X-A": ["1", "2"] } }, { headers: { "X-A": ["1", "2"] } })
  })

  it("passes over what else an item has", () => {
    itemIsRead({ url: "https://other.example", retries: 5, constructor: 1 }, {})
  })

  it.each<[unknown, string]>([
    [{}, "expected a JSON array of messages"],
    [null, "expected a JSON array of messages"],
    ["[]", "expected a JSON array of messages"]
  ])("is an array: not %j", (json, reason) => {
    deepStrictEqual(refusalOf(MessageRequest.decodeBatch(json)), new QStashInvalidRequest({ reason }))
  })

  const item = { destination: "https://example.com" }

  it.each<[unknown, string, string]>([
    [null, "[2]", "expected an object"],
    ["https://example.com", "[2]", "expected an object"],
    [[item], "[2]", "expected an object"],
    [{}, "[2]", "a non-empty destination must be provided"],
    [{ destination: "" }, "[2]", "a non-empty destination must be provided"],
    [
      { destination: "example.com/a" },
      "[2]",
      "invalid destination url: endpoint has invalid scheme, add http:// or https://"
    ],
    [{ destination: 5 }, "[2].destination", "expected text"],
    [{ ...item, queue: 5 }, "[2].queue", "expected text"],
    [
      { ...item, queue: "a b" },
      "[2].queue",
      'expected a queue name of letters, digits, ".", "_" and "-", and not "." or "..", got "a b"'
    ],
    [{ ...item, body: { a: 1 } }, "[2].body", "expected text"],
    [{ ...item, headers: "a" }, "[2].headers", "expected an object of header names and values"],
    [{ ...item, headers: [] }, "[2].headers", "expected an object of header names and values"],
    [{ ...item, headers: { "X-A": 5 } }, "[2].headers", 'the value of "X-A" is not text'],
    [
      { ...item, headers: { "Upstash-Delay": "5w" } },
      "[2].Upstash-Delay",
      '"5w" is not a duration: expected whole numbers with the units d, h, m or s, such as "1d10h30m"'
    ],
    [
      { ...item, headers: { "Upstash-Queue-Name": "a b" } },
      "[2].Upstash-Queue-Name",
      'expected a queue name of letters, digits, ".", "_" and "-", and not "." or "..", got "a b"'
    ],
    [
      { ...item, headers: { "Upstash-Deduplication-Id": "a:b" } },
      "[2]",
      "DeduplicationId cannot contain ':'"
    ],
    [
      { ...item, headers: { "Upstash-Cron": "* * * * *" } },
      "[2].Upstash-Cron",
      "does not create a schedule here: use POST /v2/schedules/{destination}"
    ]
  ])("says which item is wrong, and where: %j", (wrong, field, reason) => {
    deepStrictEqual(
      refusalOf(MessageRequest.decodeBatch([item, item, wrong, null])),
      new QStashInvalidRequest({ field, reason })
    )
  })
})

describe("junk", () => {
  const known = FastCheck.tuple(
    FastCheck.constantFrom("Upstash-", "upstash-", "Upstash-Callback-", ""),
    FastCheck.constantFrom(
      "Cron",
      "Not-Before",
      "Deduplication-Id",
      "Content-Based-Deduplication",
      "Header-Forward",
      "Method",
      "Timeout",
      "Delay",
      "Queue-Name",
      "Label",
      "Flow-Control-Key",
      "Flow-Control-Value",
      "Callback",
      "Content-Type",
      "Connection",
      "Forward-X-A",
      "Forward-__proto__",
      "Telemetry-Sdk",
      ""
    )
  ).map(([prefix, name]) => prefix + name)
  const value = FastCheck.oneof(
    FastCheck.constantFrom(
      "1754565619",
      "true",
      "False",
      "30s",
      "GET",
      "a",
      "a:b",
      "https://example.com/?a=b",
      "rate=1",
      "",
      " ",
      "-1",
      "9".repeat(400),
      "\u0000",
      "€",
      "\r\nX: y"
    ),
    FastCheck.string({ unit: "binary", maxLength: 20 })
  )
  const headers = FastCheck.array(
    FastCheck.tuple(
      FastCheck.oneof({ weight: 3, arbitrary: known }, headerName, FastCheck.string({ unit: "binary" })),
      FastCheck.oneof(
        { weight: 4, arbitrary: value },
        FastCheck.array(value, { maxLength: 3 }),
        FastCheck.constant(undefined)
      )
    ),
    { maxLength: 10 }
  )
  const target = FastCheck.oneof(oddUrl, FastCheck.string({ unit: "binary" }))

  const isShort = (error: QStashInvalidRequest) => {
    assertInstanceOf(error, QStashInvalidRequest)
    assertFalse(/\n/.test(error.message) || error.message.length > 1_000, error.message)
  }

  it.prop(
    "is read or refused in one short line, and what was read can be sent again",
    [target, headers, FastCheck.uint8Array({ maxLength: 8 })],
    ([path, entries, body]) => {
      const result = MessageRequest.decode({ target: path, headers: Object.fromEntries(entries), body })
      if (Either.isLeft(result)) isShort(result.left)
      else deepStrictEqual(decoded(MessageRequest.encode(result.right)), withoutQueue(result.right))
    },
    { fastCheck: { numRuns: 1_000 }, timeout: 60_000 }
  )

  it.prop(
    "as a batch is read or refused in one short line",
    [
      FastCheck.oneof(
        junk,
        FastCheck.array(
          FastCheck.oneof(
            junkField,
            FastCheck.record(
              {
                destination: FastCheck.oneof({ weight: 3, arbitrary: target }, junkField),
                headers: FastCheck.oneof(
                  { weight: 3, arbitrary: headers.map((entries) => Object.fromEntries(entries)) },
                  junkField
                ),
                body: FastCheck.oneof(FastCheck.string({ unit: "binary" }), junkField),
                queue: FastCheck.oneof(FastCheck.constantFrom("a", null, ""), junkField)
              },
              { requiredKeys: [] }
            )
          ),
          { maxLength: 3 }
        )
      )
    ],
    ([json]) => {
      const result = MessageRequest.decodeBatch(json)
      if (Either.isLeft(result)) isShort(result.left)
      else
        assertTrue(
          Either.isRight(MessageRequest.decodeBatch(parsed(MessageRequest.encodeBatch(result.right))))
        )
    },
    { fastCheck: { numRuns: 1_000 }, timeout: 60_000 }
  )
})
