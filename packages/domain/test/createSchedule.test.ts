import {
  type Callback,
  CreateSchedule,
  CronExpression,
  FlowControlKey,
  QStashInvalidRequest,
  QStashSchedules,
  QueueName,
  RetryDelayExpression,
  ScheduleId,
  UrlGroupName
} from "@effect-qstash/domain"
import { describe, it } from "@effect/vitest"
import { assertFalse, assertInstanceOf, assertTrue, deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import { Duration, Effect, Either, FastCheck, Schema } from "effect"
import { inspect } from "node:util"
import { input, junk } from "./arbitraries.ts"

const cron = CronExpression.make("0 4 * * *")
const destination = "https://api.example.com/jobs/nightly"
const minimal = { cron, destination }

const unreachable: QStashSchedules.Service = {
  create: () => Effect.dieMessage("a wrong payload was sent"),
  get: () => Effect.dieMessage("not asked for"),
  list: Effect.dieMessage("not asked for"),
  delete: () => Effect.dieMessage("not asked for"),
  pause: () => Effect.dieMessage("not asked for"),
  resume: () => Effect.dieMessage("not asked for")
}

/** As JavaScript without types calls it. */
const makeFrom = (options: unknown): ReturnType<typeof CreateSchedule.make> =>
  Reflect.apply(CreateSchedule.make, CreateSchedule, [options])

const made = (options: unknown): CreateSchedule => Either.getOrThrowWith(makeFrom(options), (error) => error)

const refused = (options: unknown): QStashInvalidRequest =>
  Either.match(makeFrom(options), {
    onLeft: (error) => error,
    onRight: (value) => new QStashInvalidRequest({ reason: `no error, but ${inspect(value)}` })
  })

const accepts = (option: string, given: unknown, expected: unknown) =>
  deepStrictEqual<unknown>(made({ ...minimal, [option]: given }), { ...minimal, [option]: expected })

const refuses = (field: string, given: unknown, reason: string) =>
  deepStrictEqual(
    refused({ ...minimal, [field.split(".")[0] ?? field]: given }),
    new QStashInvalidRequest({ field, reason })
  )

const isAbsent = (option: string, given: unknown) => {
  const settings = made({ ...minimal, [option]: given })
  deepStrictEqual(settings, minimal)
  assertFalse(option in settings)
}

const bytes = (text: string) => new TextEncoder().encode(text)

describe("CreateSchedule.make", () => {
  it("needs a cron and a destination, and leaves all else to QStash's defaults", () => {
    deepStrictEqual(made(minimal), minimal)
    deepStrictEqual(Object.keys(made(minimal)), ["cron", "destination"])
  })

  it.each([
    "scheduleId",
    "method",
    "headers",
    "body",
    "retries",
    "retryDelay",
    "timeout",
    "delay",
    "callback",
    "failureCallback",
    "queueName",
    "flowControl",
    "labels",
    "redact"
  ])("takes an undefined %s for an absent one", (option) => {
    isAbsent(option, undefined)
  })

  it.each([
    ["undefined", undefined],
    ["null", null],
    ["text", "https://user:s3cret@example.com"],
    ["an array", [minimal]],
    ["a value of type function", () => minimal]
  ])("wants an object: not %s", (shown, options) => {
    deepStrictEqual(
      refused(options),
      new QStashInvalidRequest({ reason: `expected the options of a schedule, got ${shown}` })
    )
  })

  it("names the first option that is wrong, and nothing was sent", () => {
    strictEqual(
      refused({ ...minimal, retries: -1, queueName: "a b" }).message,
      "The request was not sent: retries: expected a whole number of at least 0, got -1"
    )
  })
})

describe("cron", () => {
  it("is an expression or its text", () => {
    accepts("cron", cron, cron)
    accepts(
      "cron",
      " CRON_TZ=Europe/Berlin 0 4 * * * ",
      CronExpression.make("CRON_TZ=Europe/Berlin 0 4 * * *")
    )
  })

  it.each([
    ["", "Invalid cron expression empty spec string"],
    ["60 * * * *", "Invalid cron expression end of range (60) above maximum (59): 60"],
    [undefined, "expected a cron expression, got undefined"],
    [null, "expected a cron expression, got null"],
    [{ text: "0 4 * * *" }, "expected a cron expression, got a value of type object"]
  ])("is not %j", (given, reason) => {
    refuses("cron", given, reason)
  })
})

describe("destination", () => {
  it("is a URL as text or object, or the name of a group", () => {
    accepts("destination", "http://localhost:3000/jobs?x=1", "http://localhost:3000/jobs?x=1")
    accepts("destination", new URL("https://example.com"), "https://example.com/")
    accepts("destination", { urlGroup: UrlGroupName.make("billing") }, { urlGroup: "billing" })
  })

  it("is brought into a form that survives a request path", () => {
    accepts("destination", "https://example.com/a/../b#c", "https://example.com/b")
  })

  it.each([
    [
      "billing",
      'expected a URL that starts with http:// or https://; a URL group is { urlGroup: "billing" }'
    ],
    ["", "expected a URL that starts with http:// or https://"],
    [undefined, "expected a URL or { urlGroup }, got undefined"],
    [null, "expected a URL or { urlGroup }, got null"],
    [5, "expected a URL or { urlGroup }, got 5"],
    [{ url: "https://example.com" }, "expected a URL or { urlGroup }, got a value of type object"],
    [
      { urlGroup: ".." },
      'expected a URL group name of letters, digits, ".", "_" and "-", and not "." or "..", got ".."'
    ]
  ])("is not %j", (given, reason) => {
    refuses("destination", given, reason)
  })
})

describe("scheduleId and queueName", () => {
  it("are ids", () => {
    accepts("scheduleId", ScheduleId.make("nightly"), "nightly")
    accepts("queueName", QueueName.make("mails"), "mails")
  })

  it.each([
    [
      "scheduleId",
      "a/b",
      'expected a schedule id of letters, digits, ".", "_" and "-", and not "." or "..", got "a/b"'
    ],
    [
      "scheduleId",
      null,
      'expected a schedule id of letters, digits, ".", "_" and "-", and not "." or "..", got null'
    ],
    [
      "queueName",
      "",
      'expected a queue name of letters, digits, ".", "_" and "-", and not "." or "..", got ""'
    ]
  ])("%s is not %j", (option, given, reason) => {
    refuses(option, given, reason)
  })
})

describe("method", () => {
  it.each(["GET", "POST", "PUT", "PATCH", "DELETE"])("is %s", (method) => {
    accepts("method", method, method)
  })

  it.each([
    ["get", '"get"'],
    ["HEAD", '"HEAD"'],
    [null, "null"],
    [{ GET: 1 }, "a value of type object"]
  ])("is not %j", (given, shown) => {
    refuses("method", given, `expected one of GET, POST, PUT, PATCH and DELETE, got ${shown}`)
  })
})

describe("headers", () => {
  it("have the names that Go's net/http would write, and every value of a name in order", () => {
    accepts(
      "headers",
      { "content-type": "application/json", "X-ab-CD": ["1", "2"], "x-AB-cd": "3" },
      { "Content-Type": ["application/json"], "X-Ab-Cd": ["1", "2", "3"] }
    )
  })

  it("lose the blanks around a value, which HTTP does not carry, and no other character", () => {
    accepts("headers", { "X-A": "\t a  b\u00a0 " }, { "X-A": ["a  b\u00a0"] })
    accepts("headers", { "X-A": "" }, { "X-A": [""] })
  })

  it("may be named as nothing in JavaScript should be", () => {
    const settings = made({ ...minimal, headers: JSON.parse('{"__proto__":"a","constructor":["b"]}') })
    deepStrictEqual(Object.entries(settings.headers ?? {}), [
      ["__proto__", ["a"]],
      ["Constructor", ["b"]]
    ])
    strictEqual(Object.getPrototypeOf(settings.headers), Object.prototype)
  })

  it("are absent where none has a value", () => {
    isAbsent("headers", {})
    isAbsent("headers", { "X-A": [] })
  })

  it.each([
    [null, "expected an object of header names and values, got null"],
    ["X-A: 1", 'expected an object of header names and values, got "X-A: 1"'],
    [
      [["X-A", "1"]],
      "expected an object of header names and values, got an array: write Object.fromEntries(headers)"
    ],
    [{ "": "1" }, '"" is not a valid header name'],
    [{ "X A": "1" }, '"X A" is not a valid header name'],
    [{ "X-A:": "1" }, '"X-A:" is not a valid header name'],
    [{ "X-Ä": "1" }, '"X-Ä" is not a valid header name'],
    [{ [`X${" ".repeat(500)}`]: "1" }, `"X${" ".repeat(99)}…" is not a valid header name`],
    [{ "X-A": 5 }, 'the value of "X-A" is not text'],
    [{ "X-A": ["1", null] }, 'the value of "X-A" is not text'],
    [{ "X-A": { toString: () => "1" } }, 'the value of "X-A" is not text'],
    ...["s3cret\r\nX-B: 1", "s3cret\n", "s3cret\u0000", "s3cret\u007f", "s3cret €"].map(
      (value): [unknown, string] => [
        { "X-A": value },
        'the value of "X-A" contains a character that a header cannot carry (only printable Latin-1 can be sent)'
      ]
    )
  ])("are not %j", (given, reason) => {
    refuses("headers", given, reason)
  })
})

describe("body", () => {
  it("is text, sent as UTF-8, or bytes, which are copied", () => {
    accepts("body", "ü", bytes("ü"))
    accepts("body", "\ufeff", Uint8Array.of(0xef, 0xbb, 0xbf))
    accepts("body", Uint8Array.of(0xff, 0), Uint8Array.of(0xff, 0))
    accepts("body", Buffer.from("abc"), bytes("abc"))
    const given = bytes("abc")
    const { body } = made({ ...minimal, body: given })
    given.fill(0)
    deepStrictEqual(body, bytes("abc"))
  })

  it("is absent where it is empty", () => {
    isAbsent("body", "")
    isAbsent("body", new Uint8Array())
  })

  it.each([[{ a: 1 }], [null], [48_151_623], [true], [[1, 2]], [new ArrayBuffer(2)]])(
    "is not %j",
    (given) => {
      refuses("body", given, "expected text or bytes; use createJson or upsertJson to send a value as JSON")
    }
  )
})

describe("retries", () => {
  it.each([0, 3, Number.MAX_SAFE_INTEGER])("is %d", (count) => {
    accepts("retries", count, count)
  })

  it.each([
    [-1, "-1"],
    [1.5, "1.5"],
    [Number.NaN, "NaN"],
    [Infinity, "Infinity"],
    [2 ** 53, "9007199254740992"],
    ["3", '"3"'],
    [3n, "3"],
    [null, "null"]
  ])("is not %s", (given, shown) => {
    refuses("retries", given, `expected a whole number of at least 0, got ${shown}`)
  })
})

describe("retryDelay", () => {
  it("is an expression or its text", () => {
    const expression = RetryDelayExpression.make("pow(2, retried)")
    accepts("retryDelay", expression, expression)
    accepts("retryDelay", " pow(2, retried) ", expression)
  })

  it("is not a number, nor text that is no expression", () => {
    refuses("retryDelay", 1000, "expected a retry delay expression, got 1000")
    const { field, reason } = refused({ ...minimal, retryDelay: "process.exit()" })
    strictEqual(field, "retryDelay")
    assertTrue(reason.startsWith("Invalid retry delay expression"), reason)
  })
})

describe.each(["timeout", "delay"])("%s", (option) => {
  it.each([
    ["90 seconds", 90],
    ["1 minute", 60],
    ["2 hours", 7_200],
    [5_000, 5],
    [5_000_000_000n, 5],
    [[5, 0], 5],
    [Duration.seconds(5), 5],
    [Duration.nanos(5_000_000_000n), 5],
    [Duration.millis(Number.MAX_SAFE_INTEGER - 991), 9_007_199_254_740],
    [Duration.nanos(1_891_804_204_179_000_000_000n), 1_891_804_204_179]
  ])("is %s", (given, seconds) => {
    accepts(option, given, Duration.seconds(seconds))
  })

  it.each([
    ["soon", '"soon"'],
    ["5s", '"5s"'],
    ["", '""'],
    [Number.NaN, "NaN"],
    [[Number.NaN, 0], "an array"],
    [[1, 2, 3], "an array"],
    [null, "null"],
    [{ seconds: 5 }, "a value of type object"]
  ])("is not %s", (given, shown) => {
    refuses(option, given, `expected a duration, got ${shown}`)
  })

  it.each([
    ["-5 seconds", '"-5 seconds"'],
    [-5_000, "-5000"],
    [-5n, "-5"],
    [[-5, 0], "an array"]
  ])("is not negative: %s", (given, shown) => {
    refuses(option, given, `expected a duration that is not negative, such as "5 minutes", got ${shown}`)
  })

  it.each([
    [1_500, "1s 500ms"],
    [Duration.nanos(5_000_000_001n), "5s 1ns"],
    [Duration.nanos(1_000_000_000_000_000_001n), "11574d 1h 46m 40s 1ns"],
    [Duration.infinity, "one that is too long"],
    [Infinity, "one that is too long"],
    [9_007_199_254_741_000, "one that is too long"]
  ])("is not rounded, nor longer than a duration can be: %s", (given, shown) => {
    refuses(
      option,
      given,
      `expected a duration of whole seconds, at least ${option === "delay" ? 0 : 1}, got ${shown}`
    )
  })
})

describe("a span of zero", () => {
  it("is a delay, but neither a timeout nor a period", () => {
    accepts("delay", 0, Duration.zero)
    refuses("timeout", 0, "expected a duration of whole seconds, at least 1, got 0")
    refuses(
      "flowControl.period",
      { key: "a", rate: 1, period: "0 seconds" },
      "expected a duration of whole seconds, at least 1, got 0"
    )
  })
})

describe.each(["callback", "failureCallback"])("%s", (option) => {
  it.each<[unknown, Callback]>([
    ["https://example.com", { url: "https://example.com" }],
    [new URL("https://example.com"), { url: "https://example.com/" }],
    ["https://example.com/ü?a= b#c", { url: "https://example.com/%C3%BC?a=%20b#c" }],
    ["https://example.com/a/../b?upstash-x=1", { url: "https://example.com/a/../b?upstash-x=1" }],
    [{ url: "http://localhost", headers: {} }, { url: "http://localhost" }],
    [
      {
        url: "https://example.com",
        method: "GET",
        timeout: "5 seconds",
        retries: 0,
        retryDelay: "1000",
        headers: { "x-a": "1" }
      },
      {
        url: "https://example.com",
        method: "GET",
        timeout: Duration.seconds(5),
        retries: 0,
        retryDelay: RetryDelayExpression.make("1000"),
        headers: { "X-A": ["1"] }
      }
    ]
  ])("is %s", (given, expected) => {
    accepts(option, given, expected)
  })

  it.each([
    ["", null, 'expected a URL or an object with "url", got null'],
    ["", 5, 'expected a URL or an object with "url", got 5'],
    ["", ["https://example.com"], 'expected a URL or an object with "url", got an array'],
    [".url", {}, "expected a URL that starts with http:// or https://"],
    [".url", "example.com", "expected a URL that starts with http:// or https://"],
    [".url", new URL("ftp://example.com"), "expected a URL that starts with http:// or https://"],
    [".url", "https://example.com\r\nX-B: 1", "the URL contains a control character"],
    [".url", "https:///example.com", "the URL has no host"],
    [".url", "https://exa mple.com", "the URL is invalid"],
    [
      ".method",
      { url: destination, method: "TRACE" },
      'expected one of GET, POST, PUT, PATCH and DELETE, got "TRACE"'
    ],
    [".timeout", { url: destination, timeout: 0 }, "expected a duration of whole seconds, at least 1, got 0"],
    [".retries", { url: destination, retries: -1 }, "expected a whole number of at least 0, got -1"],
    [".retryDelay", { url: destination, retryDelay: 5 }, "expected a retry delay expression, got 5"],
    [".headers", { url: destination, headers: { "X-A": 5 } }, 'the value of "X-A" is not text']
  ])("names what is wrong in it: %s of %j", (path, given, reason) => {
    refuses(option + path, given, reason)
  })
})

describe("flowControl", () => {
  const key = FlowControlKey.make("tenant 7")

  it.each([
    [
      { key, parallelism: 3 },
      { key, parallelism: 3 }
    ],
    [
      { key, rate: 5, parallelism: undefined, period: undefined },
      { key, rate: 5 }
    ],
    [
      { key, rate: 5, parallelism: 3, period: "7 days" },
      { key, rate: 5, parallelism: 3, period: Duration.seconds(7 * 86_400) }
    ]
  ])("is %j", (given, expected) => {
    accepts("flowControl", given, expected)
  })

  it.each([
    ["flowControl", null, "expected an object, got null"],
    ["flowControl", "tenant", 'expected an object, got "tenant"'],
    ["flowControl", [], "expected an object, got an empty list"],
    ["flowControl", { key }, "expected parallelism, rate, or both"],
    ["flowControl", { key, period: "1 second" }, "expected parallelism, rate, or both"],
    [
      "flowControl.key",
      { rate: 1 },
      'expected a flow-control key of printable Latin-1 without surrounding spaces, and not "." or "..", got undefined'
    ],
    [
      "flowControl.key",
      { key: { name: "a" }, rate: 1 },
      'expected a flow-control key of printable Latin-1 without surrounding spaces, and not "." or "..", got a value of type object'
    ],
    ["flowControl.parallelism", { key, parallelism: 0 }, "expected a whole number of at least 1, got 0"],
    ["flowControl.rate", { key, rate: 0.5 }, "expected a whole number of at least 1, got 0.5"],
    [
      "flowControl.period",
      { key, rate: 1, period: "8 days" },
      "expected a period of at most one week, got 8d"
    ],
    [
      "flowControl.period",
      { key, rate: 1, period: 604_801_000 },
      "expected a period of at most one week, got 7d 1s"
    ]
  ])("names what is wrong in it: %s of %j", (field, given, reason) => {
    refuses(field, given, reason)
  })
})

describe("labels", () => {
  it("are texts, without the blanks around them", () => {
    accepts("labels", ["billing", " two words "], ["billing", "two words"])
    isAbsent("labels", [])
  })

  it.each([
    ["billing", 'expected a list of labels, got "billing"'],
    [null, "expected a list of labels, got null"],
    [[""], 'expected labels of printable Latin-1 without commas, got ""'],
    [[" "], 'expected labels of printable Latin-1 without commas, got " "'],
    [["a", "b,c"], 'expected labels of printable Latin-1 without commas, got "b,c"'],
    [["a\nb"], 'expected labels of printable Latin-1 without commas, got "a\\nb"'],
    [["€"], 'expected labels of printable Latin-1 without commas, got "€"'],
    [[5], "expected labels of printable Latin-1 without commas, got 5"]
  ])("are not %j", (given, reason) => {
    refuses("labels", given, reason)
  })
})

describe("redact", () => {
  it("is the body, all headers, or some by name", () => {
    accepts("redact", { body: true }, { body: true, headers: false })
    accepts("redact", { headers: true }, { body: false, headers: true })
    accepts("redact", { body: true, headers: ["x-a"] }, { body: true, headers: ["X-A"] })
    isAbsent("redact", {})
    isAbsent("redact", { body: false, headers: [] })
    isAbsent("redact", { body: undefined, headers: undefined })
  })

  it.each([
    [null, 'expected an object with "body" and "headers", got null'],
    [true, 'expected an object with "body" and "headers", got true'],
    ["body", 'expected an object with "body" and "headers", got "body"'],
    [["body"], 'expected an object with "body" and "headers", got an array'],
    [{ body: "yes" }, 'expected "body" to be true or false, got "yes"'],
    [{ headers: "X-A" }, 'expected "headers" to be true, false or a list of header names, got "X-A"'],
    [{ headers: ["X-A", "X A"] }, '"X A" is not a valid header name'],
    [{ headers: [5] }, "5 is not a valid header name"]
  ])("is never quietly none: not %j", (given, reason) => {
    refuses("redact", given, reason)
  })
})

describe("any options", () => {
  it.prop("are taken in every way to say them", [input], ([options]) => {
    const settings = made(options)
    deepStrictEqual(
      Object.entries(settings).filter(([, value]) => value === undefined),
      []
    )
  })

  it.prop("are brought into one form, which stays as it is", [input], ([options]) => {
    const settings = made(options)
    deepStrictEqual(made(settings), settings)
  })

  it.prop("mean the same when they are given in another order", [input], ([options]) => {
    deepStrictEqual(made(Object.fromEntries(Object.entries(options).toReversed())), made(options))
  })
})

describe("junk", () => {
  const options = [
    "scheduleId",
    "cron",
    "destination",
    "method",
    "headers",
    "body",
    "retries",
    "retryDelay",
    "timeout",
    "delay",
    "callback",
    "failureCallback",
    "queueName",
    "flowControl",
    "labels",
    "redact"
  ]
  const inside = [
    ["callback", "url"],
    ["callback", "method"],
    ["callback", "timeout"],
    ["failureCallback", "retries"],
    ["failureCallback", "retryDelay"],
    ["failureCallback", "headers"],
    ["flowControl", "key"],
    ["flowControl", "parallelism"],
    ["flowControl", "rate"],
    ["flowControl", "period"],
    ["redact", "body"],
    ["redact", "headers"],
    ["destination", "urlGroup"],
    ["headers", "X-A"]
  ] as const
  const around: Readonly<Record<string, object>> = {
    callback: { url: destination },
    failureCallback: { url: destination },
    flowControl: { key: "a", rate: 1 }
  }

  const isMadeOrRefused = (given: unknown, field?: string) => {
    const result = makeFrom(given)
    if (Either.isRight(result)) return deepStrictEqual(made(result.right), result.right)
    assertInstanceOf(result.left, QStashInvalidRequest)
    if (field !== undefined) strictEqual(result.left.field?.split(".")[0], field)
    assertFalse(result.left.message.length > 1_000 || result.left.message.includes("\n"), result.left.message)
  }

  it.prop("as the options is refused", [junk], ([given]) => {
    assertInstanceOf(refused(given), QStashInvalidRequest)
  })

  it.prop(
    "as one option is taken or refused by name",
    [FastCheck.constantFrom(...options), junk],
    ([option, given]) => isMadeOrRefused({ ...minimal, [option]: given }, option),
    { fastCheck: { numRuns: 1_500 }, timeout: 60_000 }
  )

  it.prop(
    "as a part of one option is taken or refused by name",
    [FastCheck.constantFrom(...inside), junk],
    ([[option, part], given]) =>
      isMadeOrRefused({ ...minimal, [option]: { ...around[option], [part]: given } }, option),
    { fastCheck: { numRuns: 1_000 }, timeout: 60_000 }
  )

  it("that holds itself is refused", () => {
    const cycle: Array<unknown> = []
    cycle.push(cycle)
    for (const option of options) isMadeOrRefused({ ...minimal, [option]: cycle }, option)
  })
})

describe("a payload that does not encode", () => {
  const Payload = Schema.Struct({
    tenants: Schema.Array(Schema.Record({ key: Schema.String, value: Schema.NonEmptyString }))
  })

  it.effect.each([
    { key: "a", where: "tenants[0].a" },
    { key: 'two "words"\n', where: String.raw`tenants[0]["two \"words\"\n"]` },
    { key: "a".repeat(500), where: `tenants[0].${"a".repeat(89)}…` }
  ])("is told in one short line: %j", ({ key, where }) =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(
        QStashSchedules.createJson(Payload, { ...minimal, body: { tenants: [{ [key]: "" }] } })
      )
      assertInstanceOf(error, QStashInvalidRequest)
      strictEqual(error.field, "body")
      strictEqual(error.reason, `cannot be encoded: ${where} is not of the expected shape`)
    }).pipe(Effect.provideService(QStashSchedules, unreachable))
  )
})

describe("secrets", () => {
  const secret = "s3cret-Zq7"
  const withSecrets = {
    cron: "0 4 * * *",
    destination: `https://user:${secret}@api.example.com/?key=${secret}`,
    headers: { Authorization: `Bearer ${secret}`, "X-Keys": [secret, secret] },
    body: secret,
    callback: {
      url: `https://user:${secret}@api.example.com/?key=${secret}`,
      headers: { Authorization: secret }
    },
    failureCallback: `https://api.example.com/?key=${secret}`
  }

  const isQuiet = (options: unknown) => {
    const error = refused(options)
    for (const shown of [
      error.message,
      String(error),
      JSON.stringify(error),
      error.stack ?? "",
      inspect(error, { depth: null, showHidden: true, getters: true })
    ]) {
      assertFalse(shown.includes(secret), shown)
      assertFalse(shown.startsWith("no error"), shown)
    }
  }

  it.each([
    ["scheduleId", "a b"],
    ["cron", "60 * * * *"],
    ["retries", -1],
    ["retryDelay", "x"],
    ["timeout", 0],
    ["delay", -1],
    ["queueName", "a b"],
    ["flowControl", {}],
    ["labels", [","]],
    ["redact", "body"],
    ["method", "TRACE"]
  ])("beside a wrong %s stay out of the error", (option, given) => {
    isQuiet({ ...withSecrets, [option]: given })
  })

  it.each([
    ["destination", `ftp://user:${secret}@api.example.com`],
    ["destination", `https://user:${secret}@`],
    ["destination", `https://user:${secret}@exa mple.com`],
    ["destination", `https://api.example.com/?key=${secret}\n`],
    ["destination", `https://api.example.com/?key=${secret}&upstash-delay=${secret}`],
    ["destination", `https://../?key=${secret}`],
    ["destination", new URL(`ftp://user:${secret}@api.example.com`)],
    ["destination", { url: secret }],
    ["headers", { Authorization: `Bearer ${secret}\n` }],
    ["headers", { Authorization: [secret, 5] }],
    ["headers", { Authorization: { secret } }],
    ["headers", [secret]],
    ["body", { secret }],
    ["body", [secret]],
    ["callback", `ftp://user:${secret}@api.example.com`],
    ["callback", `https://api.example.com/?key=${secret}\n`],
    ["callback", { url: `https:///?key=${secret}` }],
    ["callback", { url: destination, headers: { Authorization: `${secret}\r` } }],
    ["failureCallback", new URL(`ftp://user:${secret}@api.example.com`)],
    ["failureCallback", [secret]]
  ])("that make a wrong %s stay out of the error: %s", (option, given) => {
    isQuiet({ ...withSecrets, [option]: given })
  })

  it.prop(
    "stay out of the error wherever something else is wrong",
    [FastCheck.constantFrom("\n", "\u0000", "€")],
    ([bad]) => {
      for (const option of ["headers", "callback", "failureCallback", "destination"] as const) {
        isQuiet({
          ...withSecrets,
          [option]:
            option === "headers"
              ? { "X-A": secret + bad }
              : {
                  url: `https://x.y/${bad === "€" ? " " : bad}`,
                  urlGroup: 5,
                  headers: { "X-A": secret + bad }
                }
        })
      }
    }
  )
})

describe("an option that there is not", () => {
  it.each<readonly [field: string, options: Readonly<Record<string, unknown>>, what: string]>([
    ["scheduleID", { scheduleID: "nightly" }, "a schedule"],
    ["notBefore", { notBefore: "2026-08-01T00:00:00Z" }, "a schedule"],
    ["deduplicationId", { deduplicationId: "a" }, "a schedule"],
    ['"\\n"', { "\n": 1 }, "a schedule"],
    ["callback.delay", { callback: { url: destination, delay: 5 } }, "a callback"],
    ["failureCallback.header", { failureCallback: { url: destination, header: {} } }, "a callback"],
    ["flowControl.ratePerSecond", { flowControl: { key: "a", ratePerSecond: 1 } }, "flow control"],
    ["redact.header", { redact: { body: true, header: true } }, "redact"]
  ])("is refused by its name: %s", (field, options, what) => {
    const result = makeFrom({ cron: "@daily", destination, ...options })
    assertTrue(Either.isLeft(result))
    strictEqual(result.left.field, field)
    strictEqual(result.left.reason, `is not an option of ${what}`)
  })

  it("is told before what misses for it", () => {
    const result = makeFrom({ cron: "@daily", destinaton: destination })
    assertTrue(Either.isLeft(result))
    strictEqual(result.left.field, "destinaton")
  })

  it("is not given where it is undefined", () => {
    const result = makeFrom({
      cron: "@daily",
      destination,
      notBefore: undefined,
      callback: { url: destination, delay: undefined },
      flowControl: { key: "a", rate: 1, per: undefined },
      redact: { body: true, header: undefined }
    })
    assertTrue(Either.isRight(result))
    deepStrictEqual(Object.keys(result.right.callback ?? {}), ["url"])
  })
})
