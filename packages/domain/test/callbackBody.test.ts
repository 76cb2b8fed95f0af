import { DlqId, MessageId, ScheduleId, UrlGroupName } from "@effect-qstash/domain"
import { DlqIdFromAnswer } from "@effect-qstash/domain/DlqId"
import * as CallbackBody from "@effect-qstash/domain/wire/CallbackBody"
import { describe, it } from "@effect/vitest"
import { assertTrue, deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import { Either, FastCheck, Schema } from "effect"
import {
  junkField,
  reportedCount,
  reportedInstant,
  reportedMessageId,
  reportedName,
  reportedScheduleId,
  reportedText,
  reportedUrlGroup
} from "./arbitraries.ts"
import { at, bytes, each, isQuiet, isUnreadable, overTheWire, valueOf } from "./support.ts"

const minimalJson = {
  sourceMessageId: "msg_1",
  url: "https://example.com",
  createdAt: 1_754_565_618_803
}

const minimal: CallbackBody.CallbackBody = {
  headers: {},
  body: new Uint8Array(),
  retried: 0,
  maxRetries: 0,
  sourceMessageId: MessageId.make("msg_1"),
  url: "https://example.com",
  method: "POST",
  sourceHeaders: {},
  sourceBody: new Uint8Array(),
  notBefore: at(1_754_565_618_803),
  createdAt: at(1_754_565_618_803)
}

const fullJson = {
  status: 500,
  header: { "Content-Type": ["text/plain"], "X-Two": ["1", "2"] },
  body: "bm8=",
  retried: 3,
  maxRetries: 3,
  dlqId: "1725323658779-0",
  sourceMessageId: "msg_1",
  topicName: "billing",
  endpointName: "First endpoint",
  url: "https://example.com/jobs?x=1",
  method: "PUT",
  sourceHeader: { "Content-Type": ["application/json"] },
  sourceBody: "eyJhIjoxfQ==",
  notBefore: 1_754_565_628_803,
  createdAt: 1_754_565_618_803,
  scheduleId: "nightly",
  callerIP: "127.0.0.1"
}

const full: CallbackBody.CallbackBody = {
  status: 500,
  headers: { "Content-Type": ["text/plain"], "X-Two": ["1", "2"] },
  body: bytes("no"),
  retried: 3,
  maxRetries: 3,
  dlqId: DlqId.make("1725323658779-0"),
  sourceMessageId: MessageId.make("msg_1"),
  urlGroup: UrlGroupName.make("billing"),
  endpointName: "First endpoint",
  url: "https://example.com/jobs?x=1",
  method: "PUT",
  sourceHeaders: { "Content-Type": ["application/json"] },
  sourceBody: bytes('{"a":1}'),
  notBefore: at(1_754_565_628_803),
  createdAt: at(1_754_565_618_803),
  scheduleId: ScheduleId.make("nightly"),
  callerIp: "127.0.0.1"
}

const texts = [
  "body",
  "dlqId",
  "topicName",
  "endpointName",
  "method",
  "sourceBody",
  "scheduleId",
  "callerIP",
  "callerIp"
]
const others = ["status", "header", "retried", "maxRetries", "sourceHeader", "notBefore"]
const fields = [...Object.keys(minimalJson), ...texts, ...others]

const isRead = (extra: object, expected: Partial<CallbackBody.CallbackBody>) =>
  deepStrictEqual(valueOf(CallbackBody.decode({ ...minimalJson, ...extra })), { ...minimal, ...expected })

describe("a callback", () => {
  it("is read and written as QStash sends it", () => {
    deepStrictEqual(valueOf(CallbackBody.decode(fullJson)), full)
    deepStrictEqual(CallbackBody.encode(full), fullJson)
  })

  it("has a status of 0 on the wire where no answer came", () => {
    isRead({ status: 0 }, {})
    deepStrictEqual(CallbackBody.encode(minimal), {
      status: 0,
      header: {},
      body: "",
      retried: 0,
      maxRetries: 0,
      sourceMessageId: "msg_1",
      url: "https://example.com",
      method: "POST",
      sourceHeader: {},
      sourceBody: "",
      notBefore: 1_754_565_618_803,
      createdAt: 1_754_565_618_803
    })
  })

  it("takes null, and empty text, for what is left out", () => {
    isRead({}, {})
    isRead(each([...texts, ...others], null), {})
    isRead(each(texts, ""), {})
  })

  it("is read with numbers as text, as QStash's examples show them", () => {
    isRead(
      {
        status: "200",
        retried: "1",
        maxRetries: "3",
        notBefore: "1754565628803",
        createdAt: "1754565618803"
      },
      { status: 200, retried: 1, maxRetries: 3, notBefore: at(1_754_565_628_803) }
    )
  })

  it("is read with the values of a header as text or as a list", () => {
    isRead(
      { header: { A: "1", B: ["2", "3"] }, sourceHeader: { C: "4", D: ["5"], E: [] } },
      { headers: { A: ["1"], B: ["2", "3"] }, sourceHeaders: { C: ["4"], D: ["5"], E: [] } }
    )
  })

  it("is read under both names of the caller's address", () => {
    isRead({ callerIp: "10.0.0.2" }, { callerIp: "10.0.0.2" })
    isRead({ callerIP: "10.0.0.1", callerIp: "10.0.0.2" }, { callerIp: "10.0.0.1" })
  })

  it("is read with names that mean something to JavaScript", () => {
    const json: object = JSON.parse('{"header":{"__proto__":["1"]},"sourceHeader":{"__proto__":"2"}}')
    const { headers, sourceHeaders } = valueOf(CallbackBody.decode({ ...minimalJson, ...json }))
    deepStrictEqual(Object.entries(headers), [["__proto__", ["1"]]])
    deepStrictEqual(Object.entries(sourceHeaders), [["__proto__", ["2"]]])
    strictEqual(Object.getPrototypeOf(headers), Object.prototype)
  })

  it("keeps bodies byte for byte", () => {
    isRead(
      { body: "/wA=", sourceBody: "77u/" },
      {
        body: Uint8Array.of(0xff, 0),
        sourceBody: Uint8Array.of(0xef, 0xbb, 0xbf)
      }
    )
  })

  it("passes over what it does not know", () => {
    isRead({ sourceMessasgeId: "msg_0", constructor: 1, hidden: { deep: [null] } }, {})
  })

  it.each(Object.keys(minimalJson))("misses %s", (name) => {
    isUnreadable(
      CallbackBody.decode(Object.fromEntries(Object.entries(minimalJson).filter(([key]) => key !== name))),
      `${name} is missing`
    )
  })

  it.each<[object, string]>([
    [{ sourceMessageId: "" }, "sourceMessageId is not of the expected shape"],
    [{ createdAt: "2026-08-01T00:00:00Z" }, "createdAt is not of the expected shape"],
    [{ createdAt: "" }, "createdAt is not of the expected shape"],
    [{ notBefore: 8_640_000_000_000_001 }, "notBefore is not of the expected shape"],
    [{ notBefore: "9999999999999999" }, "notBefore is not of the expected shape"],
    [{ status: "ok" }, "status is not of the expected shape"],
    [{ status: -1 }, "status is not of the expected shape"],
    [{ retried: "1e3" }, "retried is not of the expected shape"],
    [{ maxRetries: Infinity }, "maxRetries is not of the expected shape"],
    [{ header: { A: 5 } }, "header is not of the expected shape"],
    [{ sourceHeader: ["s3cret"] }, "sourceHeader is not of the expected shape"],
    [{ body: "s3cret!" }, "body is not base64"],
    [{ sourceBody: "s3cret!" }, "sourceBody is not base64"],
    [{ body: { s3cret: 1 } }, "body is not of the expected shape"]
  ])("is refused by the field's name: %j", (extra, reason) => {
    isUnreadable(CallbackBody.decode({ ...minimalJson, ...extra }), reason)
  })
})

const headers = FastCheck.array(
  FastCheck.tuple(reportedName, FastCheck.array(FastCheck.string({ unit: "binary" }), { maxLength: 3 })),
  { maxLength: 3 }
).map((entries): CallbackBody.CallbackBody["headers"] => Object.fromEntries(entries))

const callback: FastCheck.Arbitrary<CallbackBody.CallbackBody> = FastCheck.record(
  {
    status: reportedCount,
    headers,
    body: FastCheck.uint8Array(),
    retried: FastCheck.nat(),
    maxRetries: FastCheck.nat(),
    dlqId: reportedText.map(Schema.decodeSync(DlqIdFromAnswer)),
    sourceMessageId: reportedMessageId,
    urlGroup: reportedUrlGroup,
    endpointName: reportedText,
    url: FastCheck.string(),
    method: reportedText,
    sourceHeaders: headers,
    sourceBody: FastCheck.uint8Array(),
    notBefore: reportedInstant,
    createdAt: reportedInstant,
    scheduleId: reportedScheduleId,
    callerIp: reportedText
  },
  {
    requiredKeys: [
      "headers",
      "body",
      "retried",
      "maxRetries",
      "sourceMessageId",
      "url",
      "method",
      "sourceHeaders",
      "sourceBody",
      "notBefore",
      "createdAt"
    ]
  }
)

describe("encode, then decode", () => {
  it.prop(
    "give back every field, through JSON",
    [callback],
    ([given]) => {
      deepStrictEqual(valueOf(CallbackBody.decode(overTheWire(CallbackBody.encode(given)))), given)
    },
    { fastCheck: { numRuns: 200 }, timeout: 60_000 }
  )
})

describe("junk", () => {
  const callbackIsQuiet = isQuiet(CallbackBody.decode, CallbackBody.encode)

  it.prop(
    "in one field is read or refused by the field's name",
    [FastCheck.constantFrom(...fields), junkField],
    ([name, given]) => callbackIsQuiet({ ...minimalJson, [name]: given }),
    { fastCheck: { numRuns: 1_000 }, timeout: 60_000 }
  )

  it.prop(
    "in every field is read or refused by a field's name",
    [FastCheck.dictionary(FastCheck.constantFrom(...fields), junkField)],
    ([extra]) => callbackIsQuiet({ ...minimalJson, ...extra }),
    { fastCheck: { numRuns: 300 }, timeout: 60_000 }
  )

  it.prop("instead of a callback is refused", [junkField], ([given]) => {
    assertTrue(Either.isLeft(CallbackBody.decode(given)))
    callbackIsQuiet(given)
  })
})
