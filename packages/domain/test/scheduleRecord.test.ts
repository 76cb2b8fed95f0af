import { type QStashSchedule, RedactedValue, type ScheduleId, UrlGroupName } from "@effect-qstash/domain"
import { FlowControlKeyFromAnswer } from "@effect-qstash/domain/FlowControl"
import { QueueNameFromAnswer } from "@effect-qstash/domain/QueueName"
import { ScheduleIdFromAnswer } from "@effect-qstash/domain/ScheduleId"
import * as ScheduleRecord from "@effect-qstash/domain/wire/ScheduleRecord"
import { describe, it } from "@effect/vitest"
import { assertEquals, assertFalse, assertTrue, deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import { DateTime, Duration, Either, FastCheck, Schema } from "effect"
import {
  junkField,
  reportedInstant,
  reportedName,
  reportedScheduleId,
  reportedSettings,
  reportedSpan,
  reportedText,
  usableUrl
} from "./arbitraries.ts"

const minimalJson = {
  scheduleId: "scd_1",
  cron: "*/5 * * * *",
  destination: "https://example.com",
  createdAt: 1_754_565_618_803
}

const id = (text: string): ScheduleId => Schema.decodeSync(ScheduleIdFromAnswer)(text)
const at = (millis: number): DateTime.Utc => DateTime.unsafeMake(millis)
const hash = "0123456789abcdef".repeat(4)
const redacted = new RedactedValue({ sha256: hash })

const minimal: QStashSchedule = {
  scheduleId: id("scd_1"),
  cron: "*/5 * * * *",
  destination: "https://example.com",
  createdAt: at(1_754_565_618_803),
  method: "POST",
  isPaused: false,
  headers: {},
  labels: [],
  lastScheduleStates: {}
}

const decoded = (json: unknown): QStashSchedule =>
  Either.getOrThrowWith(ScheduleRecord.decode(json), (reason) => new Error(reason))

const isRead = (fields: object, settings: Partial<QStashSchedule>) =>
  deepStrictEqual(decoded({ ...minimalJson, ...fields }), { ...minimal, ...settings })

const isRefused = (json: unknown, reason: string) =>
  assertEquals(ScheduleRecord.decode(json), Either.left(reason))

describe("decode", () => {
  it("needs an id, a cron, a destination and an instant, and takes the rest for its default", () => {
    deepStrictEqual(decoded(minimalJson), minimal)
  })

  it("reads every field that QStash is known to answer", () => {
    deepStrictEqual(
      decoded({
        scheduleId: "scd_abc",
        cron: "CRON_TZ=America/New_York 0 4 * * *",
        destination: "https://api.example.com/jobs?x=1",
        createdAt: 1_754_565_618_803,
        method: "PUT",
        isPaused: true,
        header: { "Content-Type": ["application/json"], "X-Two": ["1", "2"] },
        body: '{"a":1}',
        retries: 3,
        retryDelayExpression: "pow(2, retried)",
        delay: 25,
        timeout: 30,
        callback: "https://example.com/told",
        callbackHeader: { "X-A": ["1"] },
        failureCallback: "https://example.com/failed",
        failureCallbackHeader: { "X-B": ["2"] },
        queueName: "mails",
        flowControlKey: "tenant 7",
        parallelism: 2,
        rate: 5,
        period: 60,
        label: "a",
        labels: ["a", "b"],
        callerIP: "127.0.0.1",
        lastScheduleTime: 1_754_640_000_020,
        nextScheduleTime: 1_754_726_400_000,
        lastScheduleStates: { msg_1: "SUCCESS", msg_2: "A NEW STATE" },
        error: "topic billing not found"
      }),
      {
        scheduleId: id("scd_abc"),
        cron: "CRON_TZ=America/New_York 0 4 * * *",
        destination: "https://api.example.com/jobs?x=1",
        createdAt: at(1_754_565_618_803),
        method: "PUT",
        isPaused: true,
        headers: { "Content-Type": ["application/json"], "X-Two": ["1", "2"] },
        body: '{"a":1}',
        retries: 3,
        retryDelay: "pow(2, retried)",
        delay: Duration.seconds(25),
        timeout: 30,
        callback: "https://example.com/told",
        callbackHeaders: { "X-A": ["1"] },
        failureCallback: "https://example.com/failed",
        failureCallbackHeaders: { "X-B": ["2"] },
        queueName: Schema.decodeSync(QueueNameFromAnswer)("mails"),
        flowControlKey: Schema.decodeSync(FlowControlKeyFromAnswer)("tenant 7"),
        parallelism: 2,
        rate: 5,
        period: Duration.seconds(60),
        labels: ["a", "b"],
        callerIp: "127.0.0.1",
        lastScheduleTime: at(1_754_640_000_020),
        nextScheduleTime: at(1_754_726_400_000),
        lastScheduleStates: { msg_1: "SUCCESS", msg_2: "A NEW STATE" },
        error: "topic billing not found"
      }
    )
  })

  it("takes null for what is left out", () => {
    const absent = Object.fromEntries(
      [
        "method",
        "isPaused",
        "header",
        "body",
        "bodyBase64",
        "retries",
        "retryDelayExpression",
        "delay",
        "timeout",
        "callback",
        "callbackHeader",
        "failureCallback",
        "failureCallbackHeader",
        "queueName",
        "flowControlKey",
        "parallelism",
        "rate",
        "period",
        "label",
        "labels",
        "callerIP",
        "callerIp",
        "lastScheduleTime",
        "nextScheduleTime",
        "lastScheduleStates",
        "error"
      ].map((name) => [name, null])
    )
    isRead(absent, {})
  })

  it("takes empty text for what is left out", () => {
    const names = ["method", "body", "bodyBase64", "retryDelayExpression", "callback", "failureCallback"]
    const more = ["queueName", "flowControlKey", "label", "callerIP", "callerIp", "error"]
    isRead(Object.fromEntries([...names, ...more].map((name) => [name, ""])), {})
  })

  it("keeps zero where it is a value, and not where it stands for none", () => {
    isRead({ retries: 0, delay: 0, timeout: 0 }, { retries: 0, delay: Duration.zero, timeout: 0 })
    isRead({ parallelism: 0, rate: 0, period: 0 }, {})
  })

  it("reads the caller's address under both its names", () => {
    isRead({ callerIP: "10.0.0.1" }, { callerIp: "10.0.0.1" })
    isRead({ callerIp: "10.0.0.2" }, { callerIp: "10.0.0.2" })
    isRead({ callerIP: "10.0.0.1", callerIp: "10.0.0.2" }, { callerIp: "10.0.0.1" })
    isRead({ callerIP: "", callerIp: "10.0.0.2" }, { callerIp: "10.0.0.2" })
  })

  it("reads labels, and one label of an older answer", () => {
    isRead({ label: "a" }, { labels: ["a"] })
    isRead({ labels: ["b", "c"] }, { labels: ["b", "c"] })
    isRead({ label: "a", labels: ["b"] }, { labels: ["b"] })
  })

  it("reads headers of several values and of one", () => {
    isRead(
      { header: { "X-A": ["1", "2"], "X-B": "3", "X-C": [] } },
      { headers: { "X-A": ["1", "2"], "X-B": ["3"], "X-C": [] } }
    )
  })

  it("reads names that mean something to JavaScript", () => {
    const json: object = JSON.parse(
      '{"header":{"__proto__":["1"]},"lastScheduleStates":{"__proto__":"FAIL"}}'
    )
    const { headers, lastScheduleStates } = decoded({ ...minimalJson, ...json })
    deepStrictEqual(Object.entries(headers), [["__proto__", ["1"]]])
    deepStrictEqual(Object.entries(lastScheduleStates), [["__proto__", "FAIL"]])
    strictEqual(Object.getPrototypeOf(headers), Object.prototype)
  })

  it("reads a body as text, as bytes, and as what was redacted", () => {
    isRead({ body: "ü" }, { body: "ü" })
    isRead({ bodyBase64: "/wA=" }, { body: Uint8Array.of(0xff, 0) })
    isRead({ bodyBase64: "w7w=" }, { body: "ü" })
    isRead({ body: "a", bodyBase64: "/wA=" }, { body: "a" })
    isRead({ body: `REDACTED:${hash}` }, { body: redacted })
    isRead({ bodyBase64: `REDACTED:${hash}` }, { body: redacted })
  })

  it("reads redacted header values among others", () => {
    isRead(
      { header: { Authorization: [`REDACTED:${hash}`, "b"], "X-A": `REDACTED:${hash}` } },
      { headers: { Authorization: [redacted, "b"], "X-A": [redacted] } }
    )
  })

  it("takes for redacted only what QStash writes so", () => {
    for (const text of [
      "REDACTED:",
      `REDACTED:${hash}0`,
      `REDACTED:${hash.toUpperCase()}`,
      ` REDACTED:${hash}`,
      `REDACTED:${hash}\n`
    ]) {
      isRead({ body: text }, { body: text })
    }
  })

  it("reads ids, crons and destinations that this library would not send", () => {
    isRead({ scheduleId: "an old/id" }, { scheduleId: id("an old/id") })
    isRead({ cron: "@every 5s" }, { cron: "@every 5s" })
    isRead({ destination: "https://exa mple" }, { destination: "https://exa mple" })
    isRead(
      { destination: "an old/group" },
      { destination: { urlGroup: UrlGroupName.make("an old/group", { disableValidation: true }) } }
    )
    isRead({ method: "HEAD" }, { method: "HEAD" })
  })

  it("passes over what it does not know", () => {
    isRead({ retryCount: 5, constructor: 1, hidden: { deep: [null] } }, {})
    deepStrictEqual(
      decoded(JSON.parse(JSON.stringify({ ...minimalJson, x: 1 }).replace('"x"', '"__proto__"'))),
      minimal
    )
  })

  it("takes an instant that Go has not set for what is left out", () => {
    for (const millis of [0, -1, -62_135_596_800_000, Number.MIN_SAFE_INTEGER]) {
      isRead({ lastScheduleTime: millis, nextScheduleTime: millis }, {})
    }
  })

  it("reads instants up to the last day of JavaScript", () => {
    isRead({ nextScheduleTime: 8_640_000_000_000_000 }, { nextScheduleTime: at(8_640_000_000_000_000) })
  })
})

describe("an answer that is no schedule", () => {
  it.each([
    ["null", null],
    ["an array", []],
    ["text", "scd_1"],
    ["a number", 5],
    ["nothing", undefined]
  ])("is refused: %s", (_what, json) => {
    isRefused(json, "the JSON is not of the expected shape")
  })

  it.each(["scheduleId", "cron", "destination", "createdAt"])("misses %s", (name) => {
    isRefused(
      Object.fromEntries(Object.entries(minimalJson).filter(([key]) => key !== name)),
      `${name} is missing`
    )
    isRefused({ ...minimalJson, [name]: null }, `${name} is not of the expected shape`)
    isRefused({ ...minimalJson, [name]: { s3cret: "s3cret" } }, `${name} is not of the expected shape`)
  })

  it("has an empty id", () => {
    isRefused({ ...minimalJson, scheduleId: "" }, "scheduleId is not of the expected shape")
  })

  it.each([
    ["createdAt", -1],
    ...[
      8_640_000_000_000_001,
      1e308,
      Number.NaN,
      Infinity,
      -Infinity,
      "1754565618803",
      "2026-08-01T00:00:00Z"
    ].flatMap((millis): Array<[string, unknown]> => [
      ["createdAt", millis],
      ["lastScheduleTime", millis],
      ["nextScheduleTime", millis]
    ]),
    ...[-1, 1e308, 9_007_199_254_741, Number.NaN, Infinity, "5s"].flatMap(
      (seconds): Array<[string, unknown]> => [
        ["delay", seconds],
        ["period", seconds]
      ]
    ),
    ...[-1, Number.NaN, Infinity, "3"].flatMap((count): Array<[string, unknown]> => [
      ["retries", count],
      ["parallelism", count],
      ["rate", count],
      ["timeout", count]
    ]),
    ["isPaused", "true"],
    ["header", ["s3cret"]],
    ["header", "s3cret"],
    ["header", { "X-A": 5 }],
    ["header", { "X-A": ["s3cret", 5] }],
    ["callbackHeader", { "X-A": { s3cret: "s3cret" } }],
    ["failureCallbackHeader", 5],
    ["body", { s3cret: "s3cret" }],
    ["bodyBase64", 5],
    ["labels", "a"],
    ["labels", [5]],
    ["label", ["a"]],
    ["lastScheduleStates", { msg_1: 5 }],
    ["lastScheduleStates", ["SUCCESS"]]
  ])("has a %s of %j, which the refusal names and does not repeat", (name, value) => {
    const reason = Either.match(ScheduleRecord.decode({ ...minimalJson, [name]: value }), {
      onLeft: (left) => left,
      onRight: () => "no refusal"
    })
    assertTrue(reason.startsWith(name), reason)
    assertTrue(/^\w+(\[0\])? is not of the expected shape$/.test(reason), reason)
  })

  it("has a body that is not base64", () => {
    isRefused({ ...minimalJson, bodyBase64: "s3cret!" }, "bodyBase64 is not base64")
    isRefused({ ...minimalJson, bodyBase64: "abc" }, "bodyBase64 is not base64")
  })
})

describe("junk", () => {
  const names = [
    "scheduleId",
    "cron",
    "destination",
    "createdAt",
    "method",
    "isPaused",
    "header",
    "body",
    "bodyBase64",
    "retries",
    "retryDelayExpression",
    "delay",
    "timeout",
    "callback",
    "callbackHeader",
    "failureCallback",
    "failureCallbackHeader",
    "queueName",
    "flowControlKey",
    "parallelism",
    "rate",
    "period",
    "label",
    "labels",
    "callerIP",
    "callerIp",
    "lastScheduleTime",
    "nextScheduleTime",
    "lastScheduleStates",
    "error"
  ]
  const isQuiet = (json: unknown) => {
    const result = ScheduleRecord.decode(json)
    if (Either.isRight(result)) {
      assertTrue(Either.isRight(ScheduleRecord.decode(ScheduleRecord.encode(result.right))))
    } else {
      assertTrue(
        /^(the JSON|\w+(\[\d+\])?) is (missing|not of the expected shape|not base64)$/.test(result.left),
        result.left
      )
    }
  }

  it.prop(
    "in one field is read or refused by the field's name",
    [FastCheck.constantFrom(...names), junkField],
    ([name, given]) => isQuiet({ ...minimalJson, [name]: given }),
    { fastCheck: { numRuns: 1_500 }, timeout: 60_000 }
  )

  it.prop(
    "in every field is read or refused",
    [FastCheck.dictionary(FastCheck.constantFrom(...names), junkField)],
    ([fields]) => isQuiet({ ...minimalJson, ...fields }),
    { fastCheck: { numRuns: 300 }, timeout: 60_000 }
  )

  it.prop("instead of a schedule is refused", [junkField], ([given]) => {
    assertTrue(Either.isLeft(ScheduleRecord.decode(given)))
    isQuiet(given)
  })
})

const schedule: FastCheck.Arbitrary<QStashSchedule> = FastCheck.record(
  {
    ...reportedSettings,
    scheduleId: reportedScheduleId,
    cron: FastCheck.string(),
    destination: FastCheck.oneof(
      usableUrl,
      reportedText
        .filter((value) => !/^https?:\/\//i.test(value))
        .map((urlGroup) => ({ urlGroup: UrlGroupName.make(urlGroup, { disableValidation: true }) }))
    ),
    createdAt: reportedInstant,
    method: reportedText,
    isPaused: FastCheck.boolean(),
    retries: FastCheck.nat(),
    delay: FastCheck.oneof(reportedSpan, FastCheck.constant(Duration.zero)),
    timeout: FastCheck.nat(),
    callerIp: reportedText,
    lastScheduleTime: reportedInstant,
    nextScheduleTime: reportedInstant,
    lastScheduleStates: FastCheck.array(FastCheck.tuple(reportedName, FastCheck.string()), {
      maxLength: 3
    }).map((entries) => Object.fromEntries(entries)),
    error: reportedText
  },
  {
    requiredKeys: [
      "scheduleId",
      "cron",
      "destination",
      "createdAt",
      "method",
      "isPaused",
      "headers",
      "labels",
      "lastScheduleStates"
    ]
  }
)

describe("encode, then decode", () => {
  it.prop(
    "give back every field, through JSON",
    [schedule],
    ([record]) => {
      deepStrictEqual(decoded(JSON.parse(JSON.stringify(ScheduleRecord.encode(record)))), record)
    },
    { fastCheck: { numRuns: 300 }, timeout: 60_000 }
  )

  it("write what QStash writes, under both names where its documents disagree", () => {
    deepStrictEqual(
      ScheduleRecord.encode({
        ...minimal,
        headers: { "X-A": ["1", redacted] },
        body: "a",
        delay: Duration.minutes(2),
        period: Duration.days(1),
        labels: ["a", "b"],
        callerIp: "127.0.0.1",
        retryDelay: "1000",
        nextScheduleTime: at(1_754_726_400_000),
        lastScheduleStates: { msg_1: "SUCCESS" }
      }),
      {
        ...minimalJson,
        method: "POST",
        isPaused: false,
        header: { "X-A": ["1", `REDACTED:${hash}`] },
        body: "a",
        delay: 120,
        period: 86_400,
        label: "a",
        labels: ["a", "b"],
        callerIP: "127.0.0.1",
        callerIp: "127.0.0.1",
        retryDelayExpression: "1000",
        nextScheduleTime: 1_754_726_400_000,
        lastScheduleStates: { msg_1: "SUCCESS" }
      }
    )
  })

  it("leave out what is absent or empty, as Go does", () => {
    deepStrictEqual(ScheduleRecord.encode({ ...minimal, callbackHeaders: {} }), {
      ...minimalJson,
      method: "POST",
      isPaused: false
    })
  })

  it("write bytes as text where they are UTF-8, else as base64", () => {
    deepStrictEqual(
      ScheduleRecord.encode({ ...minimal, body: new TextEncoder().encode("\ufeffü") }).body,
      "\ufeffü"
    )
    const written = ScheduleRecord.encode({ ...minimal, body: Uint8Array.of(0xff, 0) })
    strictEqual(written.bodyBase64, "/wA=")
    assertFalse("body" in written)
    strictEqual(ScheduleRecord.encode({ ...minimal, body: redacted }).body, `REDACTED:${hash}`)
  })
})

describe("RedactedValue", () => {
  it("is read from what QStash writes, and written as it was", () => {
    assertEquals(decoded({ ...minimalJson, body: `REDACTED:${hash}` }).body, redacted)
    strictEqual(String(redacted), `REDACTED:${hash}`)
  })
})
