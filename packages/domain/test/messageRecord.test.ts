import { type DlqMessage, type Page, type QStashMessage } from "@effect-qstash/domain"
import { DlqIdFromAnswer } from "@effect-qstash/domain/DlqId"
import { FlowControlKeyFromAnswer } from "@effect-qstash/domain/FlowControl"
import { MessageIdFromAnswer } from "@effect-qstash/domain/MessageId"
import { QueueNameFromAnswer } from "@effect-qstash/domain/QueueName"
import { ScheduleIdFromAnswer } from "@effect-qstash/domain/ScheduleId"
import { UrlGroupNameFromAnswer } from "@effect-qstash/domain/UrlGroupName"
import * as DlqRecord from "@effect-qstash/domain/wire/DlqRecord"
import * as MessageRecord from "@effect-qstash/domain/wire/MessageRecord"
import { describe, it } from "@effect/vitest"
import { assertTrue, deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import { Duration, Either, FastCheck, Schema } from "effect"
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
  messageId: "msg_1",
  url: "https://example.com",
  createdAt: 1_754_565_618_803
}

const minimal: QStashMessage = {
  messageId: Schema.decodeSync(MessageIdFromAnswer)("msg_1"),
  url: "https://example.com",
  method: "POST",
  headers: {},
  createdAt: at(1_754_565_618_803),
  notBefore: at(1_754_565_618_803),
  maxRetries: 0,
  labels: []
}

const fullJson = {
  messageId: "msg_7YoJ",
  url: "https://api.example.com/jobs?x=1",
  topicName: "billing",
  endpointName: "First endpoint",
  method: "PUT",
  header: { "Content-Type": ["application/json"], "X-Two": ["1", "2"] },
  body: '{"a":1}',
  createdAt: 1_754_565_618_803,
  notBefore: 1_754_565_628_803,
  maxRetries: 3,
  retryDelayExpression: "pow(2, retried)",
  timeout: 30,
  callback: "https://example.com/told",
  callbackHeader: { "X-A": ["1"] },
  failureCallback: "https://example.com/failed",
  failureCallbackHeader: { "X-B": ["2"] },
  queueName: "mails",
  scheduleId: "nightly",
  flowControlKey: "tenant 7",
  parallelism: 2,
  rate: 5,
  period: 60,
  label: "a",
  labels: ["a", "b"],
  callerIP: "127.0.0.1"
}

const full: QStashMessage = {
  messageId: Schema.decodeSync(MessageIdFromAnswer)("msg_7YoJ"),
  url: "https://api.example.com/jobs?x=1",
  urlGroup: Schema.decodeSync(UrlGroupNameFromAnswer)("billing"),
  endpointName: "First endpoint",
  method: "PUT",
  headers: { "Content-Type": ["application/json"], "X-Two": ["1", "2"] },
  body: '{"a":1}',
  createdAt: at(1_754_565_618_803),
  notBefore: at(1_754_565_628_803),
  maxRetries: 3,
  retryDelay: "pow(2, retried)",
  timeout: 30,
  callback: "https://example.com/told",
  callbackHeaders: { "X-A": ["1"] },
  failureCallback: "https://example.com/failed",
  failureCallbackHeaders: { "X-B": ["2"] },
  queueName: Schema.decodeSync(QueueNameFromAnswer)("mails"),
  scheduleId: Schema.decodeSync(ScheduleIdFromAnswer)("nightly"),
  flowControlKey: Schema.decodeSync(FlowControlKeyFromAnswer)("tenant 7"),
  parallelism: 2,
  rate: 5,
  period: Duration.seconds(60),
  labels: ["a", "b"],
  callerIp: "127.0.0.1"
}

const required = ["messageId", "url", "createdAt"]
const texts = [
  "topicName",
  "endpointName",
  "method",
  "body",
  "bodyBase64",
  "retryDelayExpression",
  "callback",
  "failureCallback",
  "queueName",
  "scheduleId",
  "flowControlKey",
  "label",
  "callerIP",
  "callerIp"
]
const others = [
  "header",
  "notBefore",
  "maxRetries",
  "timeout",
  "callbackHeader",
  "failureCallbackHeader",
  "parallelism",
  "rate",
  "period",
  "labels"
]

const isRead = (fields: object, settings: Partial<QStashMessage>) =>
  deepStrictEqual(valueOf(MessageRecord.decode({ ...minimalJson, ...fields })), { ...minimal, ...settings })

describe("a pending message", () => {
  it("needs an id, a URL and an instant, and takes the rest for its default", () => {
    isRead({}, {})
  })

  it("is read with every field that QStash is known to answer", () => {
    deepStrictEqual(valueOf(MessageRecord.decode(fullJson)), full)
  })

  it("takes null, and empty text, for what is left out", () => {
    isRead(each([...texts, ...others], null), {})
    isRead(each(texts, ""), {})
  })

  it("keeps zero where it is a value, and not where it stands for none", () => {
    isRead({ maxRetries: 0, timeout: 0, notBefore: 0 }, { timeout: 0, notBefore: at(0) })
    isRead({ parallelism: 0, rate: 0, period: 0 }, {})
  })

  it("is read under both names where QStash has two", () => {
    isRead({ callerIp: "10.0.0.2" }, { callerIp: "10.0.0.2" })
    isRead({ callerIP: "10.0.0.1", callerIp: "10.0.0.2" }, { callerIp: "10.0.0.1" })
    isRead({ label: "a" }, { labels: ["a"] })
    isRead({ label: "a", labels: ["b", "c"] }, { labels: ["b", "c"] })
  })

  it("has a body as text, as bytes, or as what was redacted", () => {
    isRead({ body: "ü" }, { body: "ü" })
    isRead({ bodyBase64: "/wA=" }, { body: Uint8Array.of(0xff, 0) })
    isRead({ bodyBase64: "w7w=" }, { body: "ü" })
    isRead({ body: `REDACTED:${hash}` }, { body: redacted })
    isRead({ header: { A: [`REDACTED:${hash}`, "b"] } }, { headers: { A: [redacted, "b"] } })
  })

  it("is read with names that mean something to JavaScript", () => {
    const json: object = JSON.parse('{"header":{"__proto__":["1"]},"callbackHeader":{"__proto__":"2"}}')
    const { callbackHeaders, headers } = valueOf(MessageRecord.decode({ ...minimalJson, ...json }))
    deepStrictEqual(Object.entries(headers), [["__proto__", ["1"]]])
    deepStrictEqual(Object.entries(callbackHeaders ?? {}), [["__proto__", ["2"]]])
    strictEqual(Object.getPrototypeOf(headers), Object.prototype)
  })

  it("passes over what it does not know", () => {
    isRead({ api: "llm", constructor: 1, hidden: { deep: [null] } }, {})
  })

  it.each(required)("misses %s", (name) => {
    isUnreadable(
      MessageRecord.decode(Object.fromEntries(Object.entries(minimalJson).filter(([key]) => key !== name))),
      `${name} is missing`
    )
    isUnreadable(
      MessageRecord.decode({ ...minimalJson, [name]: { s3cret: "s3cret" } }),
      `${name} is not of the expected shape`
    )
  })

  it("is written as QStash answers it, under both names where its documents disagree", () => {
    deepStrictEqual(MessageRecord.encode(full), { ...fullJson, callerIp: "127.0.0.1" })
    deepStrictEqual(MessageRecord.encode({ ...minimal, body: Uint8Array.of(0xff, 0) }), {
      ...minimalJson,
      method: "POST",
      notBefore: 1_754_565_618_803,
      maxRetries: 0,
      bodyBase64: "/wA="
    })
  })
})

const message = {
  ...reportedSettings,
  messageId: reportedMessageId,
  url: FastCheck.string(),
  urlGroup: reportedUrlGroup,
  endpointName: reportedText,
  method: reportedText,
  createdAt: reportedInstant,
  notBefore: reportedInstant,
  maxRetries: FastCheck.nat(),
  timeout: FastCheck.nat(),
  scheduleId: reportedScheduleId,
  callerIp: reportedText
}
const always = [
  "messageId",
  "url",
  "method",
  "headers",
  "createdAt",
  "notBefore",
  "maxRetries",
  "labels"
] as const

const pending: FastCheck.Arbitrary<QStashMessage> = FastCheck.record(message, { requiredKeys: [...always] })

const deadLetter: FastCheck.Arbitrary<DlqMessage> = FastCheck.record(
  {
    ...message,
    dlqId: reportedText.map(Schema.decodeSync(DlqIdFromAnswer)),
    responseStatus: reportedCount,
    responseHeaders: someReportedHeaders,
    responseBody: reportedBody
  },
  { requiredKeys: [...always, "dlqId"] }
)

const deadLetters: FastCheck.Arbitrary<Page<DlqMessage>> = FastCheck.record(
  { items: FastCheck.array(deadLetter, { maxLength: 3 }), cursor: reportedText },
  { requiredKeys: ["items"] }
)

const fields = [...required, ...texts, ...others]
const field = FastCheck.constantFrom(...fields)

describe("encode, then decode", () => {
  it.prop(
    "give back every field of a message, through JSON",
    [pending],
    ([given]) => {
      deepStrictEqual(valueOf(MessageRecord.decode(overTheWire(MessageRecord.encode(given)))), given)
    },
    { fastCheck: { numRuns: 200 }, timeout: 60_000 }
  )

  it.prop(
    "give back every field of a dead letter, through JSON",
    [deadLetter],
    ([given]) => {
      deepStrictEqual(valueOf(DlqRecord.decode(overTheWire(DlqRecord.encode(given)))), given)
    },
    { fastCheck: { numRuns: 200 }, timeout: 60_000 }
  )

  it.prop("give back a page of dead letters, through JSON", [deadLetters], ([given]) => {
    deepStrictEqual(valueOf(DlqRecord.decodePage(overTheWire(DlqRecord.encodePage(given)))), given)
  })
})

const letterJson = { ...minimalJson, dlqId: "1725323658779-0" }
const letter: DlqMessage = { ...minimal, dlqId: Schema.decodeSync(DlqIdFromAnswer)("1725323658779-0") }

const letterIsRead = (extra: object, settings: Partial<DlqMessage>) =>
  deepStrictEqual(valueOf(DlqRecord.decode({ ...letterJson, ...extra })), { ...letter, ...settings })

const responseFields = [
  "responseStatus",
  "responseHeader",
  "responseHeaders",
  "responseBody",
  "responseBodyBase64"
]

describe("a dead letter", () => {
  it("is a message with an id of its own and the last answer", () => {
    letterIsRead({}, {})
    letterIsRead(
      { responseStatus: 500, responseHeader: { "Content-Type": ["text/plain"] }, responseBody: "no" },
      { responseStatus: 500, responseHeaders: { "Content-Type": ["text/plain"] }, responseBody: "no" }
    )
    deepStrictEqual(valueOf(DlqRecord.decode({ ...fullJson, dlqId: letter.dlqId })), {
      ...full,
      dlqId: letter.dlqId
    })
  })

  it("has no status where no answer came", () => {
    letterIsRead({ responseStatus: 0, responseBody: "", responseHeader: {} }, {})
    letterIsRead(each(responseFields, null), {})
  })

  it("has an answer of text, of bytes, or one that was redacted, under either name of its headers", () => {
    letterIsRead({ responseBodyBase64: "/wA=" }, { responseBody: Uint8Array.of(0xff, 0) })
    letterIsRead({ responseBody: `REDACTED:${hash}` }, { responseBody: redacted })
    letterIsRead({ responseHeaders: { A: "1" } }, { responseHeaders: { A: ["1"] } })
    letterIsRead(
      { responseHeader: { A: "1" }, responseHeaders: { A: "2" } },
      { responseHeaders: { A: ["1"] } }
    )
    letterIsRead({ responseHeader: {}, responseHeaders: { A: "2" } }, { responseHeaders: { A: ["2"] } })
  })

  it("is written as QStash answers it", () => {
    deepStrictEqual(
      DlqRecord.encode({
        ...letter,
        responseStatus: 503,
        responseHeaders: { A: ["1"] },
        responseBody: Uint8Array.of(0xff)
      }),
      {
        ...letterJson,
        method: "POST",
        notBefore: 1_754_565_618_803,
        maxRetries: 0,
        responseStatus: 503,
        responseHeader: { A: ["1"] },
        responseBodyBase64: "/w=="
      }
    )
  })

  it("is written with a status of 0 if there was no response", () => {
    deepStrictEqual(DlqRecord.encode(letter), {
      ...letterJson,
      method: "POST",
      notBefore: 1_754_565_618_803,
      maxRetries: 0,
      responseStatus: 0
    })
  })

  it.each<[object, string]>([
    [{ dlqId: undefined }, "dlqId is not of the expected shape"],
    [{ dlqId: "" }, "dlqId is not of the expected shape"],
    [{ dlqId: 5 }, "dlqId is not of the expected shape"],
    [{ messageId: "" }, "messageId is not of the expected shape"],
    [{ responseStatus: -1 }, "responseStatus is not of the expected shape"],
    [{ responseHeader: "s3cret" }, "responseHeader is not of the expected shape"],
    [{ responseBody: { s3cret: 1 } }, "responseBody is not of the expected shape"],
    [{ responseBodyBase64: "s3cret!" }, "responseBodyBase64 is not base64"],
    [{ bodyBase64: "s3cret!" }, "bodyBase64 is not base64"]
  ])("is refused by the field's name: %j", (extra, reason) => {
    isUnreadable(DlqRecord.decode({ ...letterJson, ...extra }), reason)
  })

  it("is refused without an id", () => {
    isUnreadable(DlqRecord.decode(minimalJson), "dlqId is missing")
  })
})

describe("a page of dead letters", () => {
  const isPage = (json: unknown, expected: Page<DlqMessage>) =>
    deepStrictEqual(valueOf(DlqRecord.decodePage(json)), expected)

  it("has no cursor when it is the last, however that is said", () => {
    isPage({ messages: [letterJson] }, { items: [letter] })
    isPage({ messages: [letterJson], cursor: null }, { items: [letter] })
    isPage({ messages: [letterJson], cursor: "" }, { items: [letter] })
    isPage({ messages: [], cursor: "1686652644442-12" }, { items: [], cursor: "1686652644442-12" })
    isPage({ messages: null }, { items: [] })
    deepStrictEqual(DlqRecord.encodePage({ items: [] }), { messages: [] })
  })

  it.each<[unknown, string]>([
    [[], "the JSON is not of the expected shape"],
    [{}, "messages is missing"],
    [{ messages: {} }, "messages is not of the expected shape"],
    [{ messages: [letterJson, minimalJson] }, "messages[1].dlqId is missing"],
    [{ messages: [letterJson, null] }, "messages[1] is not of the expected shape"],
    [{ messages: [], cursor: 5 }, "cursor is not of the expected shape"]
  ])("is refused by the field's name: %j", (json, reason) => {
    isUnreadable(DlqRecord.decodePage(json), reason)
  })
})

describe("junk", () => {
  const messageIsQuiet = isQuiet(MessageRecord.decode, MessageRecord.encode)
  const letterIsQuiet = isQuiet(DlqRecord.decode, DlqRecord.encode)
  const pageIsQuiet = isQuiet(DlqRecord.decodePage, DlqRecord.encodePage)

  it.prop(
    "in one field of a message is read or refused by the field's name",
    [field, junkField],
    ([name, given]) => messageIsQuiet({ ...minimalJson, [name]: given }),
    { fastCheck: { numRuns: 1_000 }, timeout: 60_000 }
  )

  it.prop(
    "in the fields of a dead letter is read or refused by the field's name",
    [
      FastCheck.dictionary(FastCheck.constantFrom(...fields, ...responseFields, "dlqId"), junkField, {
        maxKeys: 3
      })
    ],
    ([extra]) => letterIsQuiet({ ...letterJson, ...extra }),
    { fastCheck: { numRuns: 500 }, timeout: 60_000 }
  )

  it.prop(
    "in a page is read or refused by the field's name",
    [
      FastCheck.dictionary(
        FastCheck.constantFrom("messages", "cursor"),
        FastCheck.oneof(
          junkField,
          FastCheck.array(FastCheck.oneof(FastCheck.constant(letterJson), junkField))
        )
      )
    ],
    ([json]) => pageIsQuiet(json),
    { fastCheck: { numRuns: 300 }, timeout: 60_000 }
  )

  it.prop("instead of a message is refused", [junkField], ([given]) => {
    assertTrue(Either.isLeft(MessageRecord.decode(given)))
    messageIsQuiet(given)
    letterIsQuiet(given)
    pageIsQuiet(given)
  })
})
