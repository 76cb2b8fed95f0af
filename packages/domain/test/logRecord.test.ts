import { type LogEntry, type Page } from "@effect-qstash/domain"
import { FlowControlKeyFromAnswer } from "@effect-qstash/domain/FlowControl"
import { MessageIdFromAnswer } from "@effect-qstash/domain/MessageId"
import { QueueNameFromAnswer } from "@effect-qstash/domain/QueueName"
import { ScheduleIdFromAnswer } from "@effect-qstash/domain/ScheduleId"
import { UrlGroupNameFromAnswer } from "@effect-qstash/domain/UrlGroupName"
import * as LogRecord from "@effect-qstash/domain/wire/LogRecord"
import { describe, it } from "@effect/vitest"
import { assertTrue, deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import { Duration, Either, Encoding, FastCheck, Schema } from "effect"
import {
  junkField,
  reportedBody,
  reportedCount,
  reportedInstant,
  reportedMessageId,
  reportedScheduleId,
  reportedSettings,
  reportedText,
  reportedUrlGroup,
  someReportedHeaders
} from "./arbitraries.ts"
import { at, each, hash, isQuiet, isUnreadable, overTheWire, redacted, valueOf } from "./support.ts"

const minimalJson = {
  time: 1_754_565_618_803,
  state: "CREATED",
  messageId: "msg_1",
  url: "https://example.com"
}

const minimal: LogEntry = {
  time: at(1_754_565_618_803),
  state: "CREATED",
  messageId: Schema.decodeSync(MessageIdFromAnswer)("msg_1"),
  url: "https://example.com",
  headers: {},
  labels: []
}

const base64 = (text: string): string => Encoding.encodeBase64(text)

const fullJson = {
  ...minimalJson,
  state: "ERROR",
  topicName: "billing",
  endpointName: "First endpoint",
  scheduleId: "nightly",
  queueName: "mails",
  method: "PUT",
  header: { "Content-Type": ["application/json"] },
  body: base64('{"a":1}'),
  error: "the destination responded with 500",
  nextDeliveryTime: 1_754_565_630_803,
  responseStatus: 500,
  responseHeaders: { Server: ["x"] },
  responseBody: base64("no"),
  maxRetries: 3,
  retryDelayExpression: "pow(2, retried)",
  timeout: 30_000,
  callback: "https://example.com/told",
  callbackHeaders: { "X-A": ["1"] },
  failureCallback: "https://example.com/failed",
  failureCallbackHeaders: { "X-B": ["2"] },
  flowControlKey: "tenant 7",
  parallelism: 2,
  rate: 5,
  period: 60,
  label: "a",
  labels: ["a", "b"]
}

const full: LogEntry = {
  ...minimal,
  state: "ERROR",
  urlGroup: Schema.decodeSync(UrlGroupNameFromAnswer)("billing"),
  endpointName: "First endpoint",
  scheduleId: Schema.decodeSync(ScheduleIdFromAnswer)("nightly"),
  queueName: Schema.decodeSync(QueueNameFromAnswer)("mails"),
  method: "PUT",
  headers: { "Content-Type": ["application/json"] },
  body: '{"a":1}',
  error: "the destination responded with 500",
  nextDeliveryTime: at(1_754_565_630_803),
  responseStatus: 500,
  responseHeaders: { Server: ["x"] },
  responseBody: "no",
  maxRetries: 3,
  retryDelay: "pow(2, retried)",
  timeout: Duration.seconds(30),
  callback: "https://example.com/told",
  callbackHeaders: { "X-A": ["1"] },
  failureCallback: "https://example.com/failed",
  failureCallbackHeaders: { "X-B": ["2"] },
  flowControlKey: Schema.decodeSync(FlowControlKeyFromAnswer)("tenant 7"),
  parallelism: 2,
  rate: 5,
  period: Duration.seconds(60),
  labels: ["a", "b"]
}

const required = ["time", "state", "messageId", "url"]
const texts = [
  "topicName",
  "endpointName",
  "scheduleId",
  "queueName",
  "method",
  "body",
  "error",
  "responseBody",
  "retryDelayExpression",
  "retryDelayExpr",
  "callback",
  "failureCallback",
  "flowControlKey",
  "label"
]
const others = [
  "header",
  "nextDeliveryTime",
  "responseStatus",
  "responseHeader",
  "responseHeaders",
  "maxRetries",
  "timeout",
  "callbackHeaders",
  "failureCallbackHeaders",
  "parallelism",
  "rate",
  "period",
  "labels"
]
const fields = [...required, ...texts, ...others]

const isRead = (extra: object, settings: Partial<LogEntry>) =>
  deepStrictEqual(valueOf(LogRecord.decode({ ...minimalJson, ...extra })), { ...minimal, ...settings })

describe("an entry", () => {
  it("needs a time, a state, an id and a URL, and takes the rest for absent", () => {
    isRead({}, {})
  })

  it("is read with every field that QStash is known to answer", () => {
    deepStrictEqual(valueOf(LogRecord.decode(fullJson)), full)
  })

  it("takes null, and empty text, for what is left out", () => {
    isRead(each([...texts, ...others], null), {})
    isRead(each(texts, ""), {})
  })

  it("keeps zero where it is a value, and not where it stands for none", () => {
    isRead({ maxRetries: 0, nextDeliveryTime: 0 }, { maxRetries: 0, nextDeliveryTime: at(0) })
    isRead({ responseStatus: 0, timeout: 0, parallelism: 0, rate: 0, period: 0 }, {})
  })

  it("is read under both names where QStash has two", () => {
    isRead({ retryDelayExpr: "1" }, { retryDelay: "1" })
    isRead({ retryDelayExpr: "1", retryDelayExpression: "2" }, { retryDelay: "2" })
    isRead({ retryDelayExpr: "1", retryDelayExpression: "" }, { retryDelay: "1" })
    isRead({ responseHeader: { A: "1" } }, { responseHeaders: { A: ["1"] } })
    isRead({ responseHeaders: { A: "2" }, responseHeader: { A: "1" } }, { responseHeaders: { A: ["2"] } })
    isRead({ responseHeaders: {}, responseHeader: { A: "1" } }, { responseHeaders: { A: ["1"] } })
  })

  it("is canceled, with one L or two, and in states that nobody knows yet", () => {
    isRead({ state: "CANCELED" }, { state: "CANCELED" })
    isRead({ state: "CANCELLED" }, { state: "CANCELED" })
    isRead({ state: "SOMETHING NEW" }, { state: "SOMETHING NEW" })
    deepStrictEqual(LogRecord.encode({ ...minimal, state: "CANCELED" }), {
      ...minimalJson,
      state: "CANCELED"
    })
  })

  it("has bodies in base64: text, bytes, or what was redacted", () => {
    isRead({ body: base64("ü"), responseBody: base64("ü") }, { body: "ü", responseBody: "ü" })
    isRead({ body: base64("\ufeffa") }, { body: "\ufeffa" })
    isRead({ body: "/wA=" }, { body: Uint8Array.of(0xff, 0) })
    isRead({ body: `REDACTED:${hash}` }, { body: redacted })
    isRead({ body: base64(`REDACTED:${hash}`) }, { body: redacted })
  })

  it("is read with names that mean something to JavaScript", () => {
    const json: object = JSON.parse('{"header":{"__proto__":["1"]},"responseHeader":{"__proto__":"2"}}')
    const { headers, responseHeaders } = valueOf(LogRecord.decode({ ...minimalJson, ...json }))
    deepStrictEqual(Object.entries(headers), [["__proto__", ["1"]]])
    deepStrictEqual(Object.entries(responseHeaders ?? {}), [["__proto__", ["2"]]])
    strictEqual(Object.getPrototypeOf(headers), Object.prototype)
  })

  it("passes over what it does not know", () => {
    isRead({ serviceLevel: "a", callerIP: "127.0.0.1", constructor: 1 }, {})
  })

  it.each(required)("misses %s", (name) => {
    isUnreadable(
      LogRecord.decode(Object.fromEntries(Object.entries(minimalJson).filter(([key]) => key !== name))),
      `${name} is missing`
    )
  })

  it.each<[object, string]>([
    [{ time: "now" }, "time is not of the expected shape"],
    [{ state: 5 }, "state is not of the expected shape"],
    [{ messageId: "" }, "messageId is not of the expected shape"],
    [{ body: "s3cret!" }, "body is not base64"],
    [{ responseBody: "s3cret!" }, "responseBody is not base64"],
    [{ header: { A: 5 } }, "header is not of the expected shape"],
    [{ timeout: -1 }, "timeout is not of the expected shape"],
    [{ timeout: Infinity }, "timeout is not of the expected shape"],
    [{ nextDeliveryTime: 8_640_000_000_000_001 }, "nextDeliveryTime is not of the expected shape"]
  ])("is refused by the field's name: %j", (extra, reason) => {
    isUnreadable(LogRecord.decode({ ...minimalJson, ...extra }), reason)
  })

  it("is written as QStash answers it, under both names where its documents disagree", () => {
    deepStrictEqual(LogRecord.encode(full), {
      ...fullJson,
      responseHeader: fullJson.responseHeaders,
      retryDelayExpr: fullJson.retryDelayExpression
    })
    deepStrictEqual(LogRecord.encode(minimal), minimalJson)
    deepStrictEqual(LogRecord.encode({ ...minimal, body: redacted, responseBody: Uint8Array.of(0xff) }), {
      ...minimalJson,
      body: `REDACTED:${hash}`,
      responseBody: "/w=="
    })
  })
})

const entry: FastCheck.Arbitrary<LogEntry> = FastCheck.record(
  {
    ...reportedSettings,
    time: reportedInstant,
    state: FastCheck.oneof(
      FastCheck.constantFrom("CREATED", "CANCELED", "IN_PROGRESS"),
      FastCheck.string().filter((state) => state !== "CANCELLED")
    ),
    messageId: reportedMessageId,
    url: FastCheck.string(),
    urlGroup: reportedUrlGroup,
    endpointName: reportedText,
    scheduleId: reportedScheduleId,
    method: reportedText,
    error: reportedText,
    nextDeliveryTime: reportedInstant,
    responseStatus: reportedCount,
    responseHeaders: someReportedHeaders,
    responseBody: reportedBody,
    maxRetries: FastCheck.nat(),
    timeout: reportedCount.map((millis) => Duration.millis(millis))
  },
  { requiredKeys: ["time", "state", "messageId", "url", "headers", "labels"] }
)

const page: FastCheck.Arbitrary<Page<LogEntry>> = FastCheck.record(
  { items: FastCheck.array(entry, { maxLength: 3 }), cursor: reportedText },
  { requiredKeys: ["items"] }
)

describe("encode, then decode", () => {
  it.prop(
    "give back every field, through JSON",
    [entry],
    ([given]) => {
      deepStrictEqual(valueOf(LogRecord.decode(overTheWire(LogRecord.encode(given)))), given)
    },
    { fastCheck: { numRuns: 300 }, timeout: 60_000 }
  )

  it.prop("give back a page, through JSON", [page], ([given]) => {
    deepStrictEqual(valueOf(LogRecord.decodePage(overTheWire(LogRecord.encodePage(given)))), given)
  })
})

describe("a page", () => {
  const isPage = (json: unknown, expected: Page<LogEntry>) =>
    deepStrictEqual(valueOf(LogRecord.decodePage(json)), expected)

  it("has its entries under either name", () => {
    isPage({ events: [minimalJson] }, { items: [minimal] })
    isPage({ logs: [minimalJson] }, { items: [minimal] })
    isPage({ events: [minimalJson], logs: [] }, { items: [minimal] })
    isPage({ events: null, logs: [minimalJson] }, { items: [minimal] })
    isPage({ events: null }, { items: [] })
    isPage({ logs: null }, { items: [] })
    deepStrictEqual(LogRecord.encodePage({ items: [minimal], cursor: "1-2" }), {
      logs: [minimalJson],
      cursor: "1-2"
    })
  })

  it("has no cursor when it is the last, however that is said", () => {
    isPage({ events: [], cursor: null }, { items: [] })
    isPage({ events: [], cursor: "" }, { items: [] })
    isPage({ events: [], cursor: "1686652644442-12" }, { items: [], cursor: "1686652644442-12" })
    deepStrictEqual(LogRecord.encodePage({ items: [] }), { logs: [] })
  })

  it.each<[unknown, string]>([
    [[], "the JSON is not of the expected shape"],
    [{}, "events is missing"],
    [{ messages: [] }, "events is missing"],
    [{ events: {} }, "events is not of the expected shape"],
    [{ logs: "s3cret" }, "logs is not of the expected shape"],
    [{ events: [minimalJson, {}] }, "events[1].time is missing"],
    [{ logs: [minimalJson, null] }, "logs[1] is not of the expected shape"],
    [{ events: [], cursor: 5 }, "cursor is not of the expected shape"]
  ])("is refused by the field's name: %j", (json, reason) => {
    isUnreadable(LogRecord.decodePage(json), reason)
  })
})

describe("junk", () => {
  const entryIsQuiet = isQuiet(LogRecord.decode, LogRecord.encode)
  const pageIsQuiet = isQuiet(LogRecord.decodePage, LogRecord.encodePage)

  it.prop(
    "in one field is read or refused by the field's name",
    [FastCheck.constantFrom(...fields), junkField],
    ([name, given]) => entryIsQuiet({ ...minimalJson, [name]: given }),
    { fastCheck: { numRuns: 1_000 }, timeout: 60_000 }
  )

  it.prop(
    "in every field is read or refused by a field's name",
    [FastCheck.dictionary(FastCheck.constantFrom(...fields), junkField)],
    ([extra]) => entryIsQuiet({ ...minimalJson, ...extra }),
    { fastCheck: { numRuns: 300 }, timeout: 60_000 }
  )

  it.prop(
    "in a page is read or refused by the field's name",
    [
      FastCheck.dictionary(
        FastCheck.constantFrom("events", "logs", "cursor"),
        FastCheck.oneof(
          junkField,
          FastCheck.array(FastCheck.oneof(FastCheck.constant(minimalJson), junkField))
        )
      )
    ],
    ([json]) => pageIsQuiet(json),
    { fastCheck: { numRuns: 300 }, timeout: 60_000 }
  )

  it.prop("instead of an entry is refused", [junkField], ([given]) => {
    assertTrue(Either.isLeft(LogRecord.decode(given)))
    entryIsQuiet(given)
    pageIsQuiet(given)
  })
})
