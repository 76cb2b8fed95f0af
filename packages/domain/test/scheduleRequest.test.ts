import {
  CreateSchedule,
  CronExpression,
  FlowControlKey,
  QStashInvalidRequest,
  QueueName,
  RetryDelayExpression,
  ScheduleId,
  UrlGroupName
} from "@effect-qstash/domain"
import * as ScheduleRequest from "@effect-qstash/domain/wire/ScheduleRequest"
import { describe, it } from "@effect/vitest"
import { assertFalse, assertInstanceOf, assertTrue, deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import { Duration, Either, FastCheck } from "effect"
import { inspect } from "node:util"
import { headerName, headerText, input, oddUrl } from "./arbitraries.ts"

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

const request = (
  headers: ScheduleRequest.ScheduleRequest["headers"],
  target = "https://example.com",
  body = ""
): ScheduleRequest.ScheduleRequest => ({
  target,
  headers: { "Upstash-Cron": "* * * * *", ...headers },
  body: bytes(body)
})

const decoded = (given: ScheduleRequest.ScheduleRequest): CreateSchedule =>
  Either.getOrThrowWith(ScheduleRequest.decode(given), (error) => error)

const refusal = (given: ScheduleRequest.ScheduleRequest): QStashInvalidRequest =>
  Either.match(ScheduleRequest.decode(given), {
    onLeft: (error) => error,
    onRight: (value) => new QStashInvalidRequest({ reason: `no error, but ${inspect(value)}` })
  })

const cron = CronExpression.make("* * * * *")
const minimal = { cron, destination: "https://example.com" }

const isRead = (headers: ScheduleRequest.ScheduleRequest["headers"], settings: Partial<CreateSchedule>) =>
  deepStrictEqual(decoded(request(headers)), { ...minimal, ...settings })

describe("encode", () => {
  it("writes what was asked for and nothing else", () => {
    const schedule = Either.getOrThrow(
      CreateSchedule.make({ cron: " @daily ", destination: "https://example.com/jobs?a=%2F" })
    )
    deepStrictEqual(ScheduleRequest.encode(schedule), {
      target: "https://example.com/jobs?a=%2F",
      headers: { "Upstash-Cron": ["@daily"] },
      body: new Uint8Array()
    })
  })

  it("writes each setting as QStash documents it", () => {
    const callback = {
      url: "https://example.com/told?b=1",
      method: "PUT",
      timeout: "1 minute",
      retries: 0,
      retryDelay: "1000",
      headers: { "content-type": "text/plain", "X-Two": ["1", "2"] }
    } as const
    const schedule = Either.getOrThrow(
      CreateSchedule.make({
        scheduleId: ScheduleId.make("nightly"),
        cron: "CRON_TZ=Europe/Berlin 0 4 * * *",
        destination: { urlGroup: UrlGroupName.make("billing") },
        method: "PATCH",
        headers: { "content-type": "application/json", authorization: "Bearer abc", "x-two": ["1", "2"] },
        body: '{"a":1}',
        retries: 5,
        retryDelay: " pow(2, retried) ",
        timeout: "90 seconds",
        delay: "34 hours",
        callback,
        failureCallback: callback,
        queueName: QueueName.make("mails"),
        flowControl: { key: FlowControlKey.make("tenant 7"), parallelism: 3, rate: 5, period: "1 minute" },
        labels: ["a", "two words"],
        redact: { body: true, headers: ["authorization", "x-two"] }
      })
    )
    deepStrictEqual(ScheduleRequest.encode(schedule), {
      target: "billing",
      headers: {
        "Upstash-Cron": ["CRON_TZ=Europe/Berlin 0 4 * * *"],
        "Upstash-Schedule-Id": ["nightly"],
        "Upstash-Method": ["PATCH"],
        "Upstash-Timeout": ["1m30s"],
        "Upstash-Retries": ["5"],
        "Upstash-Retry-Delay": ["pow(2, retried)"],
        "Upstash-Delay": ["1d10h"],
        "Upstash-Queue-Name": ["mails"],
        "Upstash-Flow-Control-Key": ["tenant 7"],
        "Upstash-Flow-Control-Value": ["parallelism=3, rate=5, period=1m"],
        "Upstash-Label": ["a,two words"],
        "Upstash-Redact-Fields": ["body,header[Authorization],header[X-Two]"],
        "Upstash-Callback": ["https://example.com/told?b=1"],
        "Upstash-Callback-Method": ["PUT"],
        "Upstash-Callback-Timeout": ["1m"],
        "Upstash-Callback-Retries": ["0"],
        "Upstash-Callback-Retry-Delay": ["1000"],
        "Upstash-Callback-Forward-Content-Type": ["text/plain"],
        "Upstash-Callback-Forward-X-Two": ["1", "2"],
        "Upstash-Failure-Callback": ["https://example.com/told?b=1"],
        "Upstash-Failure-Callback-Method": ["PUT"],
        "Upstash-Failure-Callback-Timeout": ["1m"],
        "Upstash-Failure-Callback-Retries": ["0"],
        "Upstash-Failure-Callback-Retry-Delay": ["1000"],
        "Upstash-Failure-Callback-Forward-Content-Type": ["text/plain"],
        "Upstash-Failure-Callback-Forward-X-Two": ["1", "2"],
        "Content-Type": ["application/json"],
        "Upstash-Forward-Authorization": ["Bearer abc"],
        "Upstash-Forward-X-Two": ["1", "2"]
      },
      body: bytes('{"a":1}')
    })
  })

  it("asks for all headers to be redacted in the word of QStash's own clients", () => {
    const redactOf = (redact: CreateSchedule.Input["redact"]) =>
      ScheduleRequest.encode(Either.getOrThrow(CreateSchedule.make({ ...minimal, redact }))).headers[
        "Upstash-Redact-Fields"
      ]
    deepStrictEqual(redactOf({ headers: true }), ["header"])
    deepStrictEqual(redactOf({ body: true, headers: true }), ["body,header"])
    deepStrictEqual(redactOf({ body: true }), ["body"])
    deepStrictEqual(redactOf({ body: false }), undefined)
  })
})

describe("encode, then decode", () => {
  const schedule = input.map((options) => Either.getOrThrow(CreateSchedule.make(options)))

  it.prop(
    "give back every setting",
    [schedule],
    ([settings]) => {
      deepStrictEqual(decoded(ScheduleRequest.encode(settings)), settings)
    },
    { fastCheck: { numRuns: 300 }, timeout: 60_000 }
  )

  it.prop(
    "give it back from lower-case names, in any order, and values with blanks around",
    [schedule],
    ([settings]) => {
      const { body, headers, target } = ScheduleRequest.encode(settings)
      const sent = Object.entries(headers)
        .toReversed()
        .map(([name, values]) => [name.toLowerCase(), values.map((value) => ` \t${value}\t `)])
      deepStrictEqual(decoded({ target, headers: Object.fromEntries(sent), body }), settings)
    }
  )

  it.prop(
    "give it back past headers that QStash does not know",
    [schedule, headerText],
    ([settings, text]) => {
      const { body, headers, target } = ScheduleRequest.encode(settings)
      const unknown = {
        Host: "qstash.upstash.io",
        Authorization: "Bearer abc",
        "X-Plain": text,
        "Upstash-Telemetry-Sdk": "upstash-qstash-js@v2.12.0, a",
        "upstash-telemetry-runtime": text,
        "Upstash-New": text,
        "Upstash-Not-Before": text,
        "Upstash-Deduplication-Id": text,
        "Upstash-Header-Forward": "true",
        "Upstash-Callback-New": text,
        "Upstash-Forward-": text,
        Absent: undefined
      }
      deepStrictEqual(decoded({ target, headers: { ...unknown, ...headers, ...unknown }, body }), settings)
    }
  )

  it.prop("put into headers only what a header can carry", [schedule], ([settings]) => {
    for (const [name, values] of Object.entries(ScheduleRequest.encode(settings).headers)) {
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
          "upstash-cron": "*/5 * * * *",
          "upstash-delay": "1d10h30m",
          "upstash-failure-callback": "https://example.com/failed",
          "upstash-flow-control-key": "tenant-7",
          "upstash-flow-control-value": "parallelism=3, rate=5, period=60s",
          "upstash-forward-x-test": "a",
          "upstash-forward-authorization": "Bearer abc",
          "upstash-label": "a,b",
          "upstash-method": "PUT",
          "upstash-queue-name": "mails",
          "upstash-redact-fields": "body,header[Authorization]",
          "upstash-retries": "7",
          "upstash-retry-delay": "pow(2, retried) * 1000",
          "upstash-schedule-id": "scd-1",
          "upstash-telemetry-platform": "unknown",
          "upstash-telemetry-runtime": "node@v20.20.2",
          "upstash-telemetry-sdk": "upstash-qstash-js@v2.12.0",
          "upstash-timeout": "30s"
        },
        body: bytes('{"a":1}')
      }),
      Either.getOrThrow(
        CreateSchedule.make({
          scheduleId: ScheduleId.make("scd-1"),
          cron: "*/5 * * * *",
          destination: "https://example.com/jobs?a=1",
          method: "PUT",
          headers: { "Content-Type": "application/json", "X-Test": "a", Authorization: "Bearer abc" },
          body: '{"a":1}',
          retries: 7,
          retryDelay: RetryDelayExpression.make("pow(2, retried) * 1000"),
          timeout: "30 seconds",
          delay: "2070 minutes",
          callback: "https://example.com/told",
          failureCallback: "https://example.com/failed",
          queueName: QueueName.make("mails"),
          flowControl: {
            key: FlowControlKey.make("tenant-7"),
            parallelism: 3,
            rate: 5,
            period: "60 seconds"
          },
          labels: ["a", "b"],
          redact: { body: true, headers: ["Authorization"] }
        })
      )
    )
  })

  it("takes an empty header for an absent one", () => {
    const names = [
      "Schedule-Id",
      "Method",
      "Retries",
      "Retry-Delay",
      "Timeout",
      "Delay",
      "Callback",
      "Failure-Callback"
    ]
    const more = [
      "Queue-Name",
      "Flow-Control-Key",
      "Flow-Control-Value",
      "Label",
      "Redact-Fields",
      "Callback-Delay"
    ]
    isRead(Object.fromEntries([...names, ...more].map((name) => [`Upstash-${name}`, " "])), {})
  })

  it("reads a method in any case, as it does the names of headers", () => {
    isRead({ "UPSTASH-METHOD": "get" }, { method: "GET" })
  })

  it("reads durations with units, or of bare seconds", () => {
    isRead({ "Upstash-Delay": "30" }, { delay: Duration.seconds(30) })
    isRead({ "Upstash-Timeout": "1h30m3s" }, { timeout: Duration.seconds(5_403) })
    isRead({ "Upstash-Delay": "0s" }, { delay: Duration.zero })
  })

  it("reads numbers up to the greatest that keep their value", () => {
    isRead({ "Upstash-Retries": "0" }, { retries: 0 })
    isRead({ "Upstash-Retries": "007" }, { retries: 7 })
    isRead({ "Upstash-Retries": "9007199254740991" }, { retries: Number.MAX_SAFE_INTEGER })
  })

  it.each([
    ["parallelism=3", { parallelism: 3 }],
    ["rate=5", { rate: 5 }],
    ["period=1d , rate = 5,parallelism= 3", { parallelism: 3, rate: 5, period: Duration.days(1) }],
    [",rate=5,,", { rate: 5 }],
    ["rate=5,period=7", { rate: 5, period: Duration.seconds(7) }],
    ["parallelism=1,parallelism=2", { parallelism: 2 }]
  ])("reads the flow control %j", (value, limits) => {
    isRead(
      { "Upstash-Flow-Control-Value": value, "Upstash-Flow-Control-Key": "a b, c" },
      { flowControl: { key: FlowControlKey.make("a b, c"), ...limits } }
    )
  })

  it("reads labels between commas, without the blanks and the empty ones", () => {
    isRead({ "Upstash-Label": " a, two  words ,,b," }, { labels: ["a", "two  words", "b"] })
    isRead({ "Upstash-Label": ["a", "b"] }, { labels: ["a", "b"] })
    isRead({ "Upstash-Label": " , " }, {})
  })

  it.each([
    ["body", { body: true, headers: false }],
    ["header", { body: false, headers: true }],
    ["headers", { body: false, headers: true }],
    ["HEADERS , Body", { body: true, headers: true }],
    ["header[x-a],headers[X-B],header", { body: false, headers: true }],
    ["header[x-a], Headers[X-B]", { body: false, headers: ["X-A", "X-B"] }]
  ])("reads the redaction %j", (value, redact) => {
    isRead({ "Upstash-Redact-Fields": value }, { redact })
  })

  it("tells a callback's options from its headers, and a failure callback's from both", () => {
    isRead(
      {
        "Upstash-Callback-Forward-Method": "1",
        "Upstash-Callback-Forward-Forward-X": "2",
        "Upstash-Failure-Callback-Forward-Upstash-Callback-Method": "3",
        "Upstash-Callback-Method": "get",
        "Upstash-Failure-Callback-Retries": "0",
        "Upstash-Failure-Callback": "https://b.example",
        "Upstash-Callback": "https://a.example",
        "Upstash-Forward-Callback": "4",
        "Upstash-Forward-Upstash-Callback": "5"
      },
      {
        headers: { Callback: ["4"], "Upstash-Callback": ["5"] },
        callback: { url: "https://a.example", method: "GET", headers: { Method: ["1"], "Forward-X": ["2"] } },
        failureCallback: {
          url: "https://b.example",
          retries: 0,
          headers: { "Upstash-Callback-Method": ["3"] }
        }
      }
    )
  })

  it("passes over the options of a callback that there is none of", () => {
    isRead({ "Upstash-Callback-Method": "BREW", "Upstash-Failure-Callback-Forward-X-A": "1" }, {})
  })

  it("keeps every value of a header that occurs more than once", () => {
    isRead(
      { "Upstash-Forward-X-A": ["1", " 2 ", "3, 4"], "Content-Type": ["text/plain"] },
      { headers: { "Content-Type": ["text/plain"], "X-A": ["1", "2", "3, 4"] } }
    )
  })

  it("keeps the Content-Type of the request rather than a forwarded one", () => {
    for (const headers of [
      { "Upstash-Forward-Content-Type": "text/a", "Content-Type": "text/b" },
      { "Content-Type": "text/b", "Upstash-Forward-Content-Type": "text/a" }
    ]) {
      isRead(headers, { headers: { "Content-Type": ["text/b"] } })
    }
    isRead({ "Upstash-Forward-Content-Type": "text/a" }, { headers: { "Content-Type": ["text/a"] } })
  })

  it("keeps headers named as nothing in JavaScript should be", () => {
    const headers: Record<string, string> = JSON.parse(
      '{"__proto__":"1","constructor":"2","Upstash-Forward-__proto__":"3","upstash-callback-forward-__proto__":"4","Upstash-Callback":"https://a.example"}'
    )
    const settings = decoded(
      request(Object.fromEntries([...Object.entries(headers), ["Upstash-Cron", "* * * * *"]]))
    )
    deepStrictEqual(Object.entries(settings.headers ?? {}), [["__proto__", ["3"]]])
    deepStrictEqual(Object.entries(settings.callback?.headers ?? {}), [["__proto__", ["4"]]])
    strictEqual(Object.getPrototypeOf(settings.headers), Object.prototype)
  })

  it("keeps the body as it is, and an empty one not at all", () => {
    deepStrictEqual(
      decoded({ ...request({}), body: Uint8Array.of(0xff, 0, 0x7f) }).body,
      Uint8Array.of(0xff, 0, 0x7f)
    )
    assertFalse("body" in decoded(request({})))
  })
})

describe("the target", () => {
  it.each([
    "https://example.com",
    "https://example.com/a//b?x=%2F&y=%zz&&z&=1&",
    "https://example.com/a?b?c",
    "https://example.com/../a/./b",
    "HTTP://EXAMPLE.com:80/?",
    "https://user:pass@example.com/a?b=c+d",
    "http://localhost:3000",
    "https://example.com/?a=upstash-retries&xupstash-a=1&qstash_tokens=2",
    "https://example.com/??upstash-retries=3",
    "https://example.com/?a&?qstash_token=3"
  ])("is the destination byte for byte: %s", (target) => {
    strictEqual(decoded(request({}, target)).destination, target)
  })

  it.each([
    ["https://example.com/?upstash-retries=5", "https://example.com/"],
    ["https://example.com?qstash_token=abc", "https://example.com"],
    [
      "https://example.com/p?a=1&upstash-retries=5&b=%2F&&c=+&qstash_token=t&a=1",
      "https://example.com/p?a=1&b=%2F&&c=+&a=1"
    ],
    ["https://example.com/p?%75pstash-retries=5&a", "https://example.com/p?a"],
    ["https://example.com/p?UPSTASH-RETRIES=5&QSTASH_TOKEN=t", "https://example.com/p"],
    ["https://example.com/p?a=%zz&upstash-retries=5", "https://example.com/p?a=%zz"]
  ])("loses what is QStash's own: %s", (target, destination) => {
    strictEqual(decoded(request({}, target)).destination, destination)
  })

  it("may carry settings, for senders that cannot set headers", () => {
    const settings = decoded({
      target:
        "https://example.com/?upstash-cron=0+4+*+*+MON&upstash-delay=100s&upstash-method=get&upstash-forward-x-a=%C3%BC&upstash-label=a%2Cb&upstash-callback=https%3A%2F%2Fa.example%2F%3Fb%3D1",
      headers: {},
      body: new Uint8Array()
    })
    deepStrictEqual(settings, {
      cron: CronExpression.make("0 4 * * MON"),
      destination: "https://example.com/",
      method: "GET",
      delay: Duration.seconds(100),
      headers: { "X-A": ["ü"] },
      labels: ["a", "b"],
      callback: { url: "https://a.example/?b=1" }
    })
  })

  it("counts for less than a header", () => {
    const target = "https://example.com/?upstash-retries=5&upstash-forward-x-a=1&upstash-delay=1s"
    deepStrictEqual(
      decoded(request({ "upstash-retries": "2", "UPSTASH-FORWARD-X-A": "2", "Upstash-Delay": "" }, target)),
      { ...minimal, destination: "https://example.com/", retries: 2, headers: { "X-A": ["2"] } }
    )
  })

  it("may have lost a slash to a proxy", () => {
    strictEqual(decoded(request({}, "https:/example.com/a//b")).destination, "https://example.com/a//b")
    strictEqual(decoded(request({}, "http:/localhost")).destination, "http://localhost")
  })

  it.each(["billing", "a.b_c-D9", "billing?a=b", "billing?upstash-retries=3", "billing?https://example.com"])(
    "is a URL group where it is a name: %s",
    (target) => {
      deepStrictEqual(decoded(request({}, target)).destination, {
        urlGroup: UrlGroupName.make(target.replace(/\?.*/, ""))
      })
    }
  )

  it.each([
    ["", "a non-empty destination must be provided"],
    ["?", "a non-empty destination must be provided"],
    ["?upstash-retries=3", "a non-empty destination must be provided"],
    ...[
      "https%3A%2F%2Fexample.com",
      "example.com/jobs",
      "ftp://example.com",
      "https:",
      "..",
      "a b",
      "ä",
      "//example.com"
    ].map((target): [string, string] => [
      target,
      "invalid destination url: endpoint has invalid scheme, add http:// or https://"
    ]),
    ["https://", "invalid destination url: the URL has no host"],
    ["https:///example.com", "invalid destination url: the URL has no host"],
    ["https:/", "invalid destination url: the URL has no host"],
    ["https://exa mple.com", "invalid destination url: the URL is invalid"],
    ["https://example.com/\n", "invalid destination url: the URL contains a control character"]
  ])("is refused in the words of QStash: %j", (target, reason) => {
    deepStrictEqual(refusal(request({}, target)), new QStashInvalidRequest({ reason }))
  })
})

describe("a request that is refused", () => {
  const flowControl =
    "Upstash-Flow-Control-Value should be either rate=X or parallelism=Y, or both as comma-separated values"
  const name = (what: string, shown: string) =>
    `expected a ${what} of letters, digits, ".", "_" and "-", and not "." or "..", got ${shown}`
  const duration = (text: string) =>
    `"${text}" is not a duration: expected whole numbers with the units d, h, m or s, such as "1d10h30m"`

  it.each<[Record<string, string>, string, string?]>([
    [{ "Upstash-Cron": "" }, "Invalid cron expression empty spec string"],
    [{ "Upstash-Cron": "60 * * * *" }, "Invalid cron expression end of range (60) above maximum (59): 60"],
    [{ "Upstash-Schedule-Id": "a b" }, name("schedule id", '"a b"'), "Upstash-Schedule-Id"],
    [{ "Upstash-Queue-Name": ".." }, name("queue name", '".."'), "Upstash-Queue-Name"],
    [
      { "Upstash-Method": "brew" },
      'expected one of GET, POST, PUT, PATCH and DELETE, got "BREW"',
      "Upstash-Method"
    ],
    ...["-1", "1.5", "+1", "1e3", "three", "0x1", "1 2"].map(
      (text): [Record<string, string>, string, string] => [
        { "Upstash-Retries": text },
        `expected a whole number of at least 0, got "${text}"`,
        "Upstash-Retries"
      ]
    ),
    [
      { "Upstash-Retries": "9007199254740992" },
      "expected a whole number of at least 0, got 9007199254740992",
      "Upstash-Retries"
    ],
    [{ "Upstash-Delay": "1.5s" }, duration("1.5s"), "Upstash-Delay"],
    [{ "Upstash-Timeout": "5w" }, duration("5w"), "Upstash-Timeout"],
    [
      { "Upstash-Timeout": "0s" },
      "expected a duration of whole seconds, at least 1, got 0",
      "Upstash-Timeout"
    ],
    [
      { "Upstash-Callback": "example.com" },
      "expected a URL that starts with http:// or https://",
      "Upstash-Callback"
    ],
    [
      { "Upstash-Failure-Callback": "ftp://example.com" },
      "expected a URL that starts with http:// or https://",
      "Upstash-Failure-Callback"
    ],
    [
      { "Upstash-Callback": "https://example.com", "Upstash-Callback-Method": "brew" },
      'expected one of GET, POST, PUT, PATCH and DELETE, got "BREW"',
      "Upstash-Callback-Method"
    ],
    [
      { "Upstash-Callback": "https://example.com", "Upstash-Callback-Timeout": "1.5s" },
      duration("1.5s"),
      "Upstash-Callback-Timeout"
    ],
    [
      { "Upstash-Callback": "https://example.com", "Upstash-Callback-Timeout": "0" },
      "expected a duration of whole seconds, at least 1, got 0",
      "Upstash-Callback-Timeout"
    ],
    [
      { "Upstash-Failure-Callback": "https://example.com", "Upstash-Failure-Callback-Retries": "x" },
      'expected a whole number of at least 0, got "x"',
      "Upstash-Failure-Callback-Retries"
    ],
    [
      {
        "Upstash-Failure-Callback": "https://example.com",
        "Upstash-Failure-Callback-Retries": "9".repeat(20)
      },
      "expected a whole number of at least 0, got 100000000000000000000",
      "Upstash-Failure-Callback-Retries"
    ],
    [{ "Upstash-Callback-Delay": "5s" }, "a callback cannot be delayed", "Upstash-Callback-Delay"],
    [
      { "Upstash-Failure-Callback-Delay": "5s" },
      "a callback cannot be delayed",
      "Upstash-Failure-Callback-Delay"
    ],
    [
      { "Upstash-Redact-Fields": "body,url" },
      'expected body, header or header[Name], got "url"',
      "Upstash-Redact-Fields"
    ],
    [
      { "Upstash-Redact-Fields": "header[]" },
      'expected body, header or header[Name], got "header[]"',
      "Upstash-Redact-Fields"
    ],
    [{ "Upstash-Redact-Fields": "header[a b]" }, '"a b" is not a valid header name', "Upstash-Redact-Fields"],
    [{ "Upstash-Forward-X A": "1" }, '"X a" is not a valid header name', "Upstash-Forward-*"],
    [
      { "Upstash-Forward-X-A": "s3cret\n€" },
      'the value of "X-A" contains a character that a header cannot carry (only printable Latin-1 can be sent)',
      "Upstash-Forward-*"
    ],
    [
      { "Upstash-Callback": "https://example.com", "Upstash-Callback-Forward-X A": "1" },
      '"X a" is not a valid header name',
      "Upstash-Callback-Forward-*"
    ],
    [
      { "Upstash-Label": "a\nb" },
      'expected labels of printable Latin-1 without commas, got "a\\nb"',
      "Upstash-Label"
    ],
    [
      { "Upstash-Flow-Control-Value": "rate=1" },
      "is required with Upstash-Flow-Control-Value",
      "Upstash-Flow-Control-Key"
    ],
    ...[
      "",
      "period=1s",
      "rate",
      "rate=",
      "rate=0",
      "rate=01",
      "rate=-1",
      "rate=1.5",
      "rate=a",
      "speed=1",
      "rate=1;parallelism=2",
      "Rate=1"
    ].map((value): [Record<string, string>, string] => [
      { "Upstash-Flow-Control-Key": "a", "Upstash-Flow-Control-Value": value },
      flowControl
    ]),
    [
      { "Upstash-Flow-Control-Key": "a", "Upstash-Flow-Control-Value": "rate=9007199254740992" },
      "expected a whole number of at least 1, got 9007199254740992",
      "Upstash-Flow-Control-Value"
    ],
    [
      { "Upstash-Flow-Control-Key": "a", "Upstash-Flow-Control-Value": `parallelism=${"9".repeat(20)}` },
      "expected a whole number of at least 1, got 100000000000000000000",
      "Upstash-Flow-Control-Value"
    ],
    [
      { "Upstash-Flow-Control-Key": "a", "Upstash-Flow-Control-Value": "rate=1,period=1.5s" },
      duration("1.5s"),
      "Upstash-Flow-Control-Value"
    ],
    [
      { "Upstash-Flow-Control-Key": "a", "Upstash-Flow-Control-Value": "rate=1,period=8d" },
      "expected a period of at most one week, got 8d",
      "Upstash-Flow-Control-Value"
    ],
    [
      { "Upstash-Flow-Control-Key": "€", "Upstash-Flow-Control-Value": "rate=1" },
      'expected a flow-control key of printable Latin-1 without surrounding spaces, and not "." or "..", got "€"',
      "Upstash-Flow-Control-Key"
    ]
  ])("says why, and names the header: %j", (headers, reason, field) => {
    deepStrictEqual(
      refusal(request(headers)),
      new QStashInvalidRequest(field === undefined ? { reason } : { field, reason })
    )
  })

  it("has no cron where nobody gave one", () => {
    deepStrictEqual(
      refusal({ target: "https://example.com", headers: {}, body: new Uint8Array() }),
      new QStashInvalidRequest({ reason: "Invalid cron expression empty spec string" })
    )
  })

  it("names the retry delay", () => {
    const error = refusal(request({ "Upstash-Retry-Delay": "boom(" }))
    strictEqual(error.field, "Upstash-Retry-Delay")
    assertTrue(error.reason.startsWith("Invalid retry delay expression: "), error.reason)
  })

  it("repeats no header value, body or URL", () => {
    const secret = "s3cret-Zq7"
    for (const wrong of [
      { "Upstash-Cron": "" },
      { "Upstash-Forward-X-A": `${secret}\n` },
      { "Upstash-Forward-X-A": [secret, `${secret}€`] },
      { "Upstash-Callback": `ftp://u:${secret}@example.com/?${secret}` },
      { "Upstash-Callback-Forward-X-A": `${secret}\n` },
      { "Upstash-Retries": "x" }
    ]) {
      const error = refusal(
        request(
          {
            Authorization: `Bearer ${secret}`,
            "Upstash-Forward-Authorization": secret,
            "Upstash-Callback": `https://u:${secret}@example.com/?${secret}`,
            "Upstash-Callback-Forward-Authorization": secret,
            ...wrong
          },
          `https://u:${secret}@example.com/?a=${secret}&qstash_token=${secret}`,
          secret
        )
      )
      assertFalse(error.reason.startsWith("no error"), error.reason)
      assertFalse(inspect(error, { depth: null, showHidden: true }).includes(secret), inspect(error))
    }
    for (const target of [
      `https://u:${secret}@`,
      `https://${secret} a.example`,
      `https:///${secret}`,
      `${secret}/a`
    ]) {
      assertFalse(inspect(refusal(request({}, target))).includes(secret))
    }
  })
})

describe("junk", () => {
  const known = FastCheck.tuple(
    FastCheck.constantFrom("Upstash-", "upstash-", "Upstash-Callback-", "Upstash-Failure-Callback-", ""),
    FastCheck.constantFrom(
      "Cron",
      "Schedule-Id",
      "Method",
      "Timeout",
      "Retries",
      "Retry-Delay",
      "Delay",
      "Queue-Name",
      "Label",
      "Flow-Control-Key",
      "Flow-Control-Value",
      "Redact-Fields",
      "Callback",
      "Failure-Callback",
      "Content-Type",
      "Forward-X-A",
      "Forward-",
      "Forward-__proto__",
      "Forward-X A",
      "Forward-Content-Type",
      "Telemetry-Sdk",
      ""
    )
  ).map(([prefix, name]) => prefix + name)
  const value = FastCheck.oneof(
    FastCheck.constantFrom(
      "* * * * *",
      "@daily",
      "5",
      "30s",
      "GET",
      "a",
      "a,b",
      "body,header[X-A]",
      "https://example.com/?a=b",
      "1000",
      "rate=1",
      "parallelism=3, rate=5, period=1m",
      "",
      " ",
      "-1",
      "1e400",
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
  const target = FastCheck.oneof(
    oddUrl,
    FastCheck.tuple(
      FastCheck.constantFrom("https://example.com/?", "billing?"),
      FastCheck.array(FastCheck.tuple(known, value), { maxLength: 4 })
    ).map(
      ([start, options]) =>
        start + options.map(([name, text]) => `${name}=${encodeURIComponent(text)}`).join("&")
    ),
    FastCheck.string({ unit: "binary" })
  )

  it.prop(
    "is read or refused in one short line, and what was read can be sent again",
    [target, headers, FastCheck.uint8Array({ maxLength: 8 }), FastCheck.boolean()],
    ([path, entries, body, withCron]) => {
      const result = ScheduleRequest.decode({
        target: path,
        headers: Object.fromEntries(withCron ? [["Upstash-Cron", "* * * * *"], ...entries] : entries),
        body
      })
      if (Either.isRight(result)) {
        deepStrictEqual(decoded(ScheduleRequest.encode(result.right)), result.right)
      } else {
        assertInstanceOf(result.left, QStashInvalidRequest)
        assertFalse(/\n/.test(result.left.message) || result.left.message.length > 1_000, result.left.message)
      }
    },
    { fastCheck: { numRuns: 1_000 }, timeout: 60_000 }
  )
})
