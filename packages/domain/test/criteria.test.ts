import {
  DlqId,
  FlowControlKey,
  MessageId,
  QStashInvalidRequest,
  QueueName,
  ScheduleId,
  UrlGroupName
} from "@effect-qstash/domain"
import * as Criteria from "@effect-qstash/domain/input/Criteria"
import * as CriteriaParameters from "@effect-qstash/domain/wire/CriteriaParameters"
import { describe, it } from "@effect/vitest"
import { assertFalse, assertInstanceOf, assertTrue, deepStrictEqual } from "@effect/vitest/utils"
import { DateTime, Either, FastCheck } from "effect"
import { junk, junkField } from "./arbitraries.ts"
import { checked, isRefused } from "./support.ts"

const m1 = MessageId.make("msg_1")
const m2 = MessageId.make("msg_2")

type Checked = Either.Either<Criteria.Criteria, QStashInvalidRequest>

/** As JavaScript without types calls it. */
const from =
  (check: (input: never) => Checked) =>
  (input: unknown): Checked =>
    Reflect.apply(check, undefined, [input])

const fromMessageSelector = from(Criteria.fromMessageSelector)
const fromDlqSelector = from(Criteria.fromDlqSelector)
const fromDlqFilter = from(Criteria.fromDlqFilter)
const fromLogFilter = from(Criteria.fromLogFilter)

const kinds = ["message", "dlq", "log"] as const

describe("filters", () => {
  it("are checked into lists, instants into milliseconds", () => {
    deepStrictEqual(
      checked(
        Criteria.fromMessageSelector({
          urlGroup: UrlGroupName.make("billing"),
          queueName: [QueueName.make("mails"), QueueName.make("bills")],
          scheduleId: ScheduleId.make("nightly"),
          flowControlKey: FlowControlKey.make("tenant 7"),
          label: "a",
          url: "https://example.com/?a=1,2",
          host: "example.com",
          path: ["/a", "/b,c"],
          callerIp: "127.0.0.1",
          fromDate: DateTime.unsafeMake(5),
          toDate: new Date(7)
        })
      ),
      {
        urlGroup: ["billing"],
        queueName: ["mails", "bills"],
        scheduleId: ["nightly"],
        flowControlKey: ["tenant 7"],
        label: ["a"],
        url: ["https://example.com/?a=1,2"],
        host: ["example.com"],
        path: ["/a", "/b,c"],
        callerIp: ["127.0.0.1"],
        fromDate: 5,
        toDate: 7
      }
    )
    deepStrictEqual(
      checked(Criteria.fromDlqFilter({ messageId: m1, responseStatus: [500, 0], label: "a" })),
      { messageId: ["msg_1"], responseStatus: [500, 0], label: ["a"] }
    )
    deepStrictEqual(checked(Criteria.fromLogFilter({ messageId: [m1, m2], state: "IN_PROGRESS" })), {
      messageId: ["msg_1", "msg_2"],
      state: ["IN_PROGRESS"]
    })
  })

  it("may be none, where a page is asked for: it is of everything then", () => {
    deepStrictEqual(checked(Criteria.fromDlqFilter({})), {})
    deepStrictEqual(checked(Criteria.fromLogFilter({})), {})
    deepStrictEqual(checked(fromLogFilter({ label: undefined, fromDate: undefined })), {})
  })

  it.each([
    [fromDlqFilter, "host"],
    [fromDlqFilter, "path"],
    [fromDlqFilter, "state"],
    [fromDlqFilter, "messageIds"],
    [fromDlqFilter, "cursor"],
    [fromLogFilter, "responseStatus"],
    [fromLogFilter, "topicName"],
    [fromLogFilter, "constructor"],
    [fromMessageSelector, "messageId"],
    [fromMessageSelector, "state"],
    [fromMessageSelector, "dlqIds"],
    [fromDlqSelector, "messageIds"]
  ] as const)("of another call are refused: %o takes no %s", (check, name) => {
    isRefused(check({ label: "a", [name]: "a" }), "is not a filter of this call", name)
  })

  it.each(["urlGroup", "queueName", "scheduleId", "flowControlKey", "label", "url", "callerIp"])(
    "are text that is not empty, or a list of at least one: %s",
    (name) => {
      const reason = (shown: string) => `expected non-empty text, or a list of at least one, got ${shown}`
      for (const check of [fromMessageSelector, fromDlqSelector, fromDlqFilter, fromLogFilter]) {
        isRefused(check({ [name]: "" }), reason('""'), name)
        isRefused(check({ [name]: [] }), reason("an empty list"), name)
        isRefused(check({ [name]: ["a", ""] }), reason('""'), name)
        isRefused(check({ [name]: ["a", undefined] }), reason("undefined"), name)
        isRefused(check({ [name]: null }), reason("null"), name)
        isRefused(check({ [name]: 5 }), reason("5"), name)
      }
    }
  )

  it("have statuses that are numbers, and dates that are instants", () => {
    const status = (shown: string) => `expected a status, or a list of at least one, got ${shown}`
    isRefused(fromDlqFilter({ responseStatus: "500" }), status('"500"'), "responseStatus")
    isRefused(fromDlqFilter({ responseStatus: [500, -1] }), status("-1"), "responseStatus")
    isRefused(fromDlqFilter({ responseStatus: [] }), status("an empty list"), "responseStatus")
    for (const name of ["fromDate", "toDate"]) {
      const instant = 'expected an instant such as "2025-03-30T00:00:00Z"'
      isRefused(fromLogFilter({ [name]: "90" }), `${instant}, got "90"`, name)
      isRefused(fromLogFilter({ [name]: "2026-02-30" }), `${instant}, got "2026-02-30"`, name)
      isRefused(fromLogFilter({ [name]: Number.NaN }), `${instant}, got NaN`, name)
    }
  })

  it.each([
    [null, "null"],
    [[], "an empty list"],
    ["https://u:s3cret@example.com", "text"]
  ])("are an object: not %j", (given, shown) => {
    for (const check of [fromDlqFilter, fromLogFilter]) {
      isRefused(check(given), `expected filters, got ${shown}`)
    }
    for (const check of [fromMessageSelector, fromDlqSelector]) {
      isRefused(check(given), `expected a selector, got ${shown}`)
    }
  })
})

describe("a filter", () => {
  it.each([
    [
      "https://api.example.com/report?for=José García",
      "https://api.example.com/report?for=Jos%C3%A9%20Garc%C3%ADa"
    ],
    ["https://example.com/a/../b", "https://example.com/b"],
    ["https://example.com/p#top", "https://example.com/p"],
    ["https://EXAMPLE.com/A", "https://EXAMPLE.com/A"],
    ["https://EXAMPLE.com/A", "https://example.com/A"],
    ["https://example.com:443/", "https://example.com:443/"],
    ["https://example.com", "https://example.com"],
    ["https://example.com", "https://example.com/"],
    ["https://example.com/%c3%a9", "https://example.com/%c3%a9"],
    ["https://bücher.example/", "https://xn--bcher-kva.example/"]
  ])("of the URL %s finds %s", (given, stored) => {
    const url: ReadonlyArray<string> = checked(Criteria.fromMessageSelector({ url: given })).url ?? []
    assertTrue(url.includes(stored))
    const onTheWire = checked(CriteriaParameters.decode("message", [["url", given]]))
    deepStrictEqual(onTheWire.url, url)
    deepStrictEqual(checked(Criteria.fromLogFilter({ url: [given] })).url, url)
    deepStrictEqual(checked(Criteria.fromDlqFilter({ url: given })).url, url)
  })

  it("takes a URL object", () => {
    deepStrictEqual(checked(Criteria.fromLogFilter({ url: new URL("https://example.com/ä") })).url, [
      "https://example.com/%C3%A4"
    ])
  })

  it("of a host or a path is normalised as a URL is", () => {
    deepStrictEqual(
      checked(
        Criteria.fromLogFilter({
          host: ["API.Example.com:80", "bücher.example"],
          path: ["/a b", "/a/../c#top"]
        })
      ),
      {
        host: ["API.Example.com:80", "api.example.com:80", "bücher.example", "xn--bcher-kva.example"],
        path: ["/a b", "/a%20b", "/a/../c#top", "/c"]
      }
    )
  })

  it.each([
    ["url", "example.com/a", "expected a URL that starts with http:// or https://"],
    ["path", "a", 'expected a path that starts with "/"'],
    ["path", "/a?b=1", "expected a path without a query"],
    ["label", " ", "is blank"],
    ["label", "a,b", "contains a comma; write several labels as a list"],
    ["queueName", "a,b", "contains a comma; write several values as a list"],
    ["flowControlKey", "\t", "expected non-empty text"]
  ])("that would find nothing, or more than is meant, is refused: %s %j", (name, value, reason) => {
    isRefused(fromLogFilter({ [name]: value }), reason, name)
    isRefused(fromMessageSelector({ [name]: [value] }), reason, name)
  })

  it("of a label has the form in which labels are stored", () => {
    deepStrictEqual(checked(Criteria.fromLogFilter({ label: [" a ", "\tb", "\u00a0c"] })).label, [
      "a",
      "b",
      "\u00a0c"
    ])
    isRead("log", "label=%20a%20,%09b", { label: ["a", "b"] })
  })

  it.each<[object]>([[new Map([["label", "a"]])], [new URLSearchParams("label=a")], [new Date(0)]])(
    "is not read from an object that keeps its values elsewhere: %s",
    (given) => {
      for (const check of [fromDlqFilter, fromLogFilter]) {
        isRefused(check(given), `expected filters, got a ${given.constructor.name}`)
      }
    }
  )
})

describe("a selector", () => {
  it("is of ids, of filters, or of all", () => {
    deepStrictEqual(checked(Criteria.fromMessageSelector({ messageIds: [m1, m2] })), {
      messageIds: ["msg_1", "msg_2"]
    })
    deepStrictEqual(checked(Criteria.fromMessageSelector({ label: "a" })), { label: ["a"] })
    deepStrictEqual(checked(Criteria.fromMessageSelector({ all: true })), {})
    deepStrictEqual(checked(Criteria.fromDlqSelector({ dlqIds: [DlqId.make("1-0")] })), { dlqIds: ["1-0"] })
    deepStrictEqual(checked(Criteria.fromDlqSelector({ responseStatus: 500 })), { responseStatus: [500] })
    deepStrictEqual(checked(Criteria.fromDlqSelector({ all: true })), {})
  })

  it("is never of everything by accident", () => {
    for (const [check, ids] of [
      [fromMessageSelector, "messageIds"],
      [fromDlqSelector, "dlqIds"]
    ] as const) {
      const empty = `an empty selector would select everything: pass ${ids}, filters, or { all: true }`
      isRefused(check({}), empty)
      isRefused(check({ label: undefined, [ids]: undefined, all: undefined }), empty)
      isRefused(
        check({ [ids]: [] }),
        "expected non-empty text, or a list of at least one, got an empty list",
        ids
      )
    }
  })

  it("does not grow by a filter that is undefined", () => {
    for (const [check, ids] of [
      [fromMessageSelector, "messageIds"],
      [fromDlqSelector, "dlqIds"]
    ] as const) {
      for (const name of ["scheduleId", "fromDate", ids]) {
        isRefused(
          check({ [name]: undefined, label: "a" }),
          "is undefined, which would select more: leave it out if you want that",
          name
        )
      }
      deepStrictEqual(checked(check({ all: undefined, label: "a" })), { label: ["a"] })
    }
  })

  it.each([
    { all: false },
    { all: "yes" },
    { all: null },
    { all: true, label: "a" },
    { all: true, messageIds: ["msg_1"] },
    { all: true, dlqIds: ["1-0"] }
  ])("says all by itself and in one way: not %j", (given) => {
    for (const check of [fromMessageSelector, fromDlqSelector]) {
      isRefused(check(given), "expected true and no other filter", "all")
    }
  })

  it("does not mix ids with filters", () => {
    isRefused(
      fromMessageSelector({ messageIds: ["msg_1"], label: "a" }),
      "cannot be combined with other filters",
      "messageIds"
    )
    isRefused(
      fromDlqSelector({ dlqIds: ["1-0"], fromDate: 5 }),
      "cannot be combined with other filters",
      "dlqIds"
    )
    deepStrictEqual(checked(fromMessageSelector({ messageIds: ["msg_1"], label: undefined })), {
      messageIds: ["msg_1"]
    })
  })
})

/** As a name may be in a list between commas. */
const plain = FastCheck.string({ unit: "grapheme", minLength: 1, maxLength: 8 }).filter(
  (text) => text === text.trim() && !text.includes(",") && text !== "CANCELLED" && /\S/.test(text)
)
const any = FastCheck.string({ unit: "grapheme", minLength: 1, maxLength: 8 })
const oneOrMore = <A>(value: FastCheck.Arbitrary<A>) =>
  FastCheck.oneof(value, FastCheck.array(value, { minLength: 1, maxLength: 3 }))
const instant = FastCheck.integer({ min: -8_640_000_000_000_000, max: 8_640_000_000_000_000 }).map((millis) =>
  DateTime.unsafeMake(millis)
)

const url = FastCheck.tuple(
  FastCheck.webUrl({ withQueryParameters: true, withFragments: true }),
  FastCheck.constantFrom("", "/../é b", ",https://example.com/a,b", "?", ",2")
).map((parts) => parts.join(""))
const path = FastCheck.tuple(FastCheck.webPath(), FastCheck.constantFrom("", "/../é b", ",/b,c", "#top")).map(
  (parts) => `/${parts.join("")}`
)

const common = {
  urlGroup: oneOrMore(plain),
  queueName: oneOrMore(plain),
  scheduleId: oneOrMore(plain),
  flowControlKey: oneOrMore(any.filter((text) => text.trim() !== "")),
  label: oneOrMore(plain),
  url: oneOrMore(url),
  callerIp: oneOrMore(plain),
  fromDate: instant,
  toDate: instant
}
const place = { host: oneOrMore(plain.filter((text) => !/[/\\?#@\s]/.test(text))), path: oneOrMore(path) }

const filters = {
  message: FastCheck.record({ ...common, ...place }, { requiredKeys: [] }),
  dlq: FastCheck.record(
    { ...common, messageId: plain, responseStatus: oneOrMore(FastCheck.nat()) },
    { requiredKeys: [] }
  ),
  log: FastCheck.record(
    {
      ...common,
      ...place,
      messageId: oneOrMore(plain),
      state: FastCheck.oneof(FastCheck.constantFrom("CANCELED", "IN_PROGRESS"), plain)
    },
    { requiredKeys: [] }
  )
}

/** Spellings have no order. */
const sorted = (criteria: Criteria.Criteria) => ({
  ...criteria,
  url: criteria.url?.toSorted((a, b) => (a < b ? -1 : 1)),
  path: criteria.path?.toSorted((a, b) => (a < b ? -1 : 1))
})

const isSame = (kind: "message" | "dlq" | "log", criteria: Criteria.Criteria) =>
  deepStrictEqual(
    sorted(checked(CriteriaParameters.decode(kind, CriteriaParameters.encode(criteria)))),
    sorted(criteria)
  )

describe("criteria", () => {
  it.prop("of messages come back from the query", [filters.message], ([filter]) => {
    if (Object.keys(filter).length > 0) isSame("message", checked(fromMessageSelector(filter)))
  })

  it.prop("of dead letters come back from the query", [filters.dlq], ([filter]) => {
    isSame("dlq", checked(fromDlqFilter(filter)))
  })

  it.prop("of the log come back from the query", [filters.log], ([filter]) => {
    isSame("log", checked(fromLogFilter(filter)))
  })

  it.prop(
    "of ids come back from the query",
    [FastCheck.array(plain, { minLength: 1, maxLength: 4 })],
    ([ids]) => {
      isSame("message", checked(fromMessageSelector({ messageIds: ids })))
      isSame("dlq", checked(fromDlqSelector({ dlqIds: ids })))
    }
  )

  it("are written as QStash documents them", () => {
    deepStrictEqual(
      CriteriaParameters.encode({
        urlGroup: ["billing"],
        label: ["a", "b"],
        responseStatus: [500, 502],
        fromDate: 5,
        toDate: 7
      }),
      [
        ["topicName", "billing"],
        ["label", "a"],
        ["label", "b"],
        ["responseStatus", "500"],
        ["responseStatus", "502"],
        ["fromDate", "5"],
        ["toDate", "7"]
      ]
    )
    deepStrictEqual(CriteriaParameters.encode({ state: ["CANCELED", "FAILED"] }), [
      ["state", "CANCELLED"],
      ["state", "FAILED"]
    ])
    deepStrictEqual(CriteriaParameters.encode({ messageId: ["msg_1"] }), [["messageId", "msg_1"]])
    deepStrictEqual(CriteriaParameters.encode({ messageId: ["msg_1", "msg_2"] }), [
      ["messageIds", "msg_1"],
      ["messageIds", "msg_2"]
    ])
    deepStrictEqual(CriteriaParameters.encode({}), [])
  })
})

const read = (kind: "message" | "dlq" | "log", query: string) =>
  CriteriaParameters.decode(kind, new URLSearchParams(query))

const isRead = (kind: "message" | "dlq" | "log", query: string, criteria: Criteria.Criteria) =>
  deepStrictEqual(checked(read(kind, query)), criteria)

describe("parameters", () => {
  it("may be repeated, and may hold several values between commas", () => {
    isRead("message", "label=a&label=b, c,&label=", { label: ["a", "b", "c"] })
    isRead("message", "messageIds=msg_1,msg_2&messageIds=msg_3", {
      messageIds: ["msg_1", "msg_2", "msg_3"]
    })
    isRead("dlq", "responseStatus=500,502&responseStatus=0", { responseStatus: [500, 502, 0] })
  })

  it("match as a whole or by their parts where a comma may be part of a value", () => {
    isRead("message", "url=https://a.example,https://b.example/c&path=/404,/503&flowControlKey=fa,fb", {
      url: [
        "https://a.example,https://b.example/c",
        "https://a.example,https//b.example/c",
        "https://a.example",
        "https://a.example/",
        "https://b.example/c"
      ],
      path: ["/404,/503", "/404", "/503"],
      flowControlKey: ["fa,fb", "fa", "fb"]
    })
    isRead("log", "host=a.example,B.example&state=ACTIVE, ERROR&messageIds=m1,m2", {
      host: ["a.example", "B.example", "b.example"],
      state: ["ACTIVE", "ERROR"],
      messageId: ["m1", "m2"]
    })
  })

  it("keep the commas of a URL, a path and a flow-control key", () => {
    isRead("message", "url=https://example.com/?a=1,2&path=/a,b&flowControlKey=a, b", {
      url: ["https://example.com/?a=1,2"],
      path: ["/a,b"],
      flowControlKey: ["a, b", "a", "b"]
    })
  })

  it("have the names of the wire, and both spellings where there are two", () => {
    for (const kind of kinds) {
      isRead(kind, "topicName=billing", { urlGroup: ["billing"] })
      isRead(kind, "callerIP=127.0.0.1&callerIp=10.0.0.1", { callerIp: ["127.0.0.1", "10.0.0.1"] })
    }
    isRead("log", "state=CANCELLED&state=CANCELED", { state: ["CANCELED", "CANCELED"] })
  })

  it("name messages of the log by one id or by several, beside other filters", () => {
    isRead("log", "messageId=msg_1&messageIds=msg_2,msg_3&state=FAILED", {
      messageId: ["msg_1", "msg_2", "msg_3"],
      state: ["FAILED"]
    })
  })

  it("select everything where there are none, or empty ones alone, as in QStash", () => {
    for (const kind of kinds) {
      isRead(kind, "", {})
      isRead(kind, "label=&fromDate=&topicName=,", {})
    }
    isRead("message", "messageIds=", {})
  })

  it("have dates in milliseconds", () => {
    isRead("log", "fromDate=0&toDate=1754565618803", { fromDate: 0, toDate: 1_754_565_618_803 })
  })

  it.each([
    ["fromDate=soon", 'expected milliseconds since 1970, got "soon"', "fromDate"],
    ["toDate=1.5", 'expected milliseconds since 1970, got "1.5"', "toDate"],
    ["toDate=1e3", 'expected milliseconds since 1970, got "1e3"', "toDate"],
    ["toDate=1&toDate=2", 'expected milliseconds since 1970, got "1,2"', "toDate"],
    [
      "fromDate=99999999999999999999",
      'expected milliseconds since 1970, got "99999999999999999999"',
      "fromDate"
    ],
    ["responseStatus=ok", 'expected a status, got "ok"', "responseStatus"],
    ["responseStatus=500,-1", 'expected a status, got "500,-1"', "responseStatus"],
    ["responseStatus=0x1f4", 'expected a status, got "0x1f4"', "responseStatus"]
  ])("are refused by their name: %s", (query, reason, field) => {
    isRefused(read("dlq", query), reason, field)
  })

  it.each([
    ["message", "urlGroup"],
    ["message", "messageId"],
    ["message", "dlqIds"],
    ["message", "state"],
    ["message", "__proto__"],
    ["dlq", "host"],
    ["dlq", "path"],
    ["dlq", "state"],
    ["dlq", "messageIds"],
    ["log", "responseStatus"],
    ["log", "dlqIds"],
    ["log", "Label"],
    ["log", "count"]
  ] as const)("of %s with an unknown name are refused: %s", (kind, name) => {
    isRefused(read(kind, `${name}=a`), `"${name}" is not a filter of this call`)
    isRefused(read(kind, `${name}=`), `"${name}" is not a filter of this call`)
  })
})

describe("junk", () => {
  const isShort = (result: Checked) => {
    if (Either.isRight(result)) return
    assertInstanceOf(result.left, QStashInvalidRequest)
    assertFalse(/\n/.test(result.left.message) || result.left.message.length > 500, result.left.message)
  }
  const name = FastCheck.oneof(
    FastCheck.constantFrom(...Object.keys({ ...common, ...place })),
    FastCheck.constantFrom(
      "messageId",
      "messageIds",
      "dlqIds",
      "responseStatus",
      "state",
      "all",
      "topicName"
    ),
    FastCheck.string({ unit: "binary" })
  )

  it.prop(
    "as a selector or filters is read or refused in one short line",
    [FastCheck.oneof(FastCheck.dictionary(name, junkField, { maxKeys: 2 }), junk)],
    ([given]) => {
      for (const check of [fromMessageSelector, fromDlqSelector, fromDlqFilter, fromLogFilter]) {
        isShort(check(given))
      }
      for (const check of [fromMessageSelector, fromDlqSelector]) {
        const isEmpty = Either.match(check(given), {
          onLeft: () => false,
          onRight: (criteria) => Object.keys(criteria).length === 0
        })
        assertTrue(
          !isEmpty || (typeof given === "object" && given !== null && Reflect.get(given, "all") === true)
        )
      }
    },
    { fastCheck: { numRuns: 1_000 }, timeout: 60_000 }
  )

  it.prop(
    "as parameters is read or refused in one short line",
    [FastCheck.array(FastCheck.tuple(name, FastCheck.string({ unit: "binary" })), { maxLength: 4 })],
    ([parameters]) => {
      for (const kind of kinds) isShort(CriteriaParameters.decode(kind, parameters))
    },
    { fastCheck: { numRuns: 300 } }
  )
})
