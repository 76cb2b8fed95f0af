import { QStashInvalidRequest, type UrlGroup, UrlGroupName } from "@effect-qstash/domain"
import { UrlGroupNameFromAnswer } from "@effect-qstash/domain/UrlGroupName"
import * as UrlGroupInput from "@effect-qstash/domain/input/UrlGroupInput"
import * as UrlGroupRecord from "@effect-qstash/domain/wire/UrlGroupRecord"
import { describe, it } from "@effect/vitest"
import { assertFalse, assertInstanceOf, deepStrictEqual } from "@effect/vitest/utils"
import { Either, FastCheck, Schema } from "effect"
import { inspect } from "node:util"
import {
  junk,
  junkField,
  oddUrl,
  reportedInstant,
  reportedText,
  reportedUrlGroup,
  usableUrl
} from "./arbitraries.ts"
import { at, checked, isQuiet, isRefused, isUnreadable, overTheWire, refusalOf, valueOf } from "./support.ts"

const json = {
  name: "billing",
  createdAt: 1_754_565_618_803,
  updatedAt: 1_754_565_618_804,
  endpoints: [{ url: "https://a.example", name: "First endpoint" }, { url: "https://b.example" }]
}

const group: UrlGroup = {
  name: UrlGroupName.make("billing"),
  createdAt: at(1_754_565_618_803),
  updatedAt: at(1_754_565_618_804),
  endpoints: [{ url: "https://a.example", name: "First endpoint" }, { url: "https://b.example" }]
}

const isRead = (fields: object, expected: Partial<UrlGroup>) =>
  deepStrictEqual(valueOf(UrlGroupRecord.decode({ ...json, ...fields })), { ...group, ...expected })

const endpoint = FastCheck.record({ url: FastCheck.string(), name: reportedText }, { requiredKeys: ["url"] })

describe("a URL group", () => {
  it("is read and written as QStash answers it, its endpoints in their order", () => {
    isRead({}, {})
    deepStrictEqual(UrlGroupRecord.encode(group), json)
    isRead({ more: 1, constructor: 1 }, {})
  })

  it("takes null and empty text for what is left out", () => {
    isRead({ updatedAt: null, endpoints: null }, { updatedAt: group.createdAt, endpoints: [] })
    isRead(
      {
        endpoints: [
          { url: "https://a.example", name: "" },
          { url: "https://b.example", name: null }
        ]
      },
      { endpoints: [{ url: "https://a.example" }, { url: "https://b.example" }] }
    )
    deepStrictEqual(
      valueOf(UrlGroupRecord.decode({ name: "billing", createdAt: 1_754_565_618_803 })).endpoints,
      []
    )
  })

  it("is read under a name, and with URLs, that this library would not send", () => {
    isRead({ name: "an old/group" }, { name: Schema.decodeSync(UrlGroupNameFromAnswer)("an old/group") })
    isRead({ endpoints: [{ url: "exa mple" }] }, { endpoints: [{ url: "exa mple" }] })
  })

  it.prop(
    "comes back as it was written, through JSON",
    [
      FastCheck.record({
        name: reportedUrlGroup,
        createdAt: reportedInstant,
        updatedAt: reportedInstant,
        endpoints: FastCheck.array(endpoint, { maxLength: 3 })
      })
    ],
    ([given]) => {
      deepStrictEqual(valueOf(UrlGroupRecord.decode(overTheWire(UrlGroupRecord.encode(given)))), given)
    }
  )

  it.each<[object, string]>([
    [{ name: "" }, "name is not of the expected shape"],
    [{ createdAt: "now" }, "createdAt is not of the expected shape"],
    [{ endpoints: {} }, "endpoints is not of the expected shape"],
    [{ endpoints: [{}] }, "endpoints[0].url is missing"],
    [{ endpoints: [{ url: "a" }, { url: 5 }] }, "endpoints[1].url is not of the expected shape"],
    [{ endpoints: [{ url: "a", name: { s3cret: 1 } }] }, "endpoints[0].name is not of the expected shape"]
  ])("is refused by the field's name: %j", (fields, reason) => {
    isUnreadable(UrlGroupRecord.decode({ ...json, ...fields }), reason)
  })

  it.prop(
    "of junk is read or refused by a field's name",
    [
      FastCheck.oneof(
        FastCheck.dictionary(
          FastCheck.constantFrom("name", "createdAt", "updatedAt", "endpoints"),
          FastCheck.oneof(
            FastCheck.array(
              FastCheck.oneof(
                FastCheck.dictionary(FastCheck.constantFrom("url", "name"), junkField),
                junkField
              )
            ),
            junkField
          )
        ),
        junkField
      )
    ],
    ([given]) => {
      const groupIsQuiet = isQuiet(UrlGroupRecord.decode, UrlGroupRecord.encode)
      groupIsQuiet(given)
      if (typeof given === "object") groupIsQuiet({ ...json, ...given })
    },
    { fastCheck: { numRuns: 300 }, timeout: 60_000 }
  )
})

/** As JavaScript without types calls it. */
const from =
  <A>(check: (input: never) => Either.Either<A, QStashInvalidRequest>) =>
  (input: unknown): Either.Either<A, QStashInvalidRequest> =>
    Reflect.apply(check, undefined, [input])

const checkEndpoints = from(UrlGroupInput.checkEndpoints)
const checkSelectors = from(UrlGroupInput.checkEndpointSelectors)

describe("the endpoints that are added", () => {
  it("keep a URL that travels as it is, and have another one normalised", () => {
    deepStrictEqual(
      checked(
        UrlGroupInput.checkEndpoints([
          { url: "https://A.example/../a?b#c", name: " any name, with 'blanks' " },
          { url: new URL("https://b.example") },
          { url: "https://ü.example/ä b", name: undefined },
          { url: "http://localhost:3000" }
        ])
      ),
      [
        { url: "https://A.example/../a?b#c", name: " any name, with 'blanks' " },
        { url: "https://b.example/" },
        { url: "https://xn--tda.example/%C3%A4%20b" },
        { url: "http://localhost:3000" }
      ]
    )
  })

  it.prop(
    "come back as they were written, through JSON, and are the same when they are checked again",
    [
      FastCheck.array(FastCheck.record({ url: usableUrl, name: reportedText }, { requiredKeys: ["url"] }), {
        minLength: 1,
        maxLength: 3
      })
    ],
    ([input]) => {
      const endpoints = checked(checkEndpoints(input))
      deepStrictEqual(
        checked(UrlGroupRecord.decodeEndpoints(overTheWire(UrlGroupRecord.encodeEndpoints(endpoints)))),
        endpoints
      )
      deepStrictEqual(checked(UrlGroupInput.checkEndpoints(endpoints)), endpoints)
    }
  )

  it("travel as QStash documents it, with null and empty text for no name", () => {
    deepStrictEqual(UrlGroupRecord.encodeEndpoints([{ url: "https://a.example", name: "a" }]), {
      endpoints: [{ url: "https://a.example", name: "a" }]
    })
    deepStrictEqual(
      checked(
        UrlGroupRecord.decodeEndpoints({
          endpoints: [
            { url: "https://a.example", name: null },
            { url: "https://b.example", name: "", more: 1 }
          ],
          more: 1
        })
      ),
      [{ url: "https://a.example" }, { url: "https://b.example" }]
    )
  })

  it.each<[unknown, string, string]>([
    [undefined, "endpoints", "expected a list of at least one endpoint, got undefined"],
    [[], "endpoints", "expected a list of at least one endpoint, got an empty list"],
    ["https://u:s3cret@a.example", "endpoints", "expected a list of at least one endpoint, got text"],
    [["https://u:s3cret@a.example"], "endpoints[0]", 'expected an object with "url" or "name", got text'],
    [
      [{ url: "https://a.example" }, null],
      "endpoints[1]",
      'expected an object with "url" or "name", got null'
    ],
    [[{}], "endpoints[0].url", "is missing"],
    [[{ name: "a" }], "endpoints[0].url", "is missing"],
    [[{ url: "" }], "endpoints[0].url", "expected a URL that starts with http:// or https://"],
    [
      [{ url: "ftp://u:s3cret@a.example" }],
      "endpoints[0].url",
      "expected a URL that starts with http:// or https://"
    ],
    [[{ url: 5 }], "endpoints[0].url", "expected a URL, got 5"],
    [[{ url: "https://a.example", name: "" }], "endpoints[0].name", 'expected non-empty text, got ""'],
    [[{ url: "https://a.example", name: 5 }], "endpoints[0].name", "expected non-empty text, got 5"]
  ])("are refused before they are sent: %j", (input, field, reason) => {
    isRefused(checkEndpoints(input), reason, field)
  })

  it.each<[unknown, string, string]>([
    [null, "endpoints", "expected a list of at least one endpoint, got undefined"],
    [{ endpoints: [] }, "endpoints", "expected a list of at least one endpoint, got an empty list"],
    [{ endpoints: [{ url: "" }] }, "endpoints[0].url", "is missing"],
    [{ endpoints: [{ url: null, name: "a" }] }, "endpoints[0].url", "is missing"],
    [
      { endpoints: ["https://u:s3cret@a"] },
      "endpoints[0]",
      'expected an object with "url" or "name", got text'
    ]
  ])("are refused where they arrive: %j", (input, field, reason) => {
    isRefused(UrlGroupRecord.decodeEndpoints(input), reason, field)
  })
})

describe("the endpoints that are removed", () => {
  it("are named by URL or by name, the URL as it was when it was added", () => {
    deepStrictEqual(
      checked(
        UrlGroupInput.checkEndpointSelectors([
          { url: "https://ü.example/ä b" },
          { url: new URL("https://b.example") },
          { name: "First endpoint" }
        ])
      ),
      [
        { url: "https://xn--tda.example/%C3%A4%20b" },
        { url: "https://b.example/" },
        { name: "First endpoint" }
      ]
    )
  })

  it("are named by URL where both are given", () => {
    deepStrictEqual(
      checked(
        UrlGroupRecord.decodeEndpointSelectors({
          endpoints: [
            { url: "https://a.example", name: "a" },
            { url: "https://a.example", name: "" },
            { url: null, name: "a" }
          ]
        })
      ),
      [{ url: "https://a.example" }, { url: "https://a.example" }, { name: "a" }]
    )
  })

  it.prop(
    "come back as they were written, through JSON, and are the same when they are checked again",
    [
      FastCheck.array(
        FastCheck.oneof(FastCheck.record({ url: usableUrl }), FastCheck.record({ name: reportedText })),
        { minLength: 1, maxLength: 3 }
      )
    ],
    ([input]) => {
      const selectors = checked(checkSelectors(input))
      deepStrictEqual(
        checked(
          UrlGroupRecord.decodeEndpointSelectors(
            overTheWire(UrlGroupRecord.encodeEndpointSelectors(selectors))
          )
        ),
        selectors
      )
      deepStrictEqual(checked(UrlGroupInput.checkEndpointSelectors(selectors)), selectors)
    }
  )

  it.each<[unknown, string, string]>([
    [[], "endpoints", "expected a list of at least one endpoint, got an empty list"],
    [[{}], "endpoints[0]", "expected a URL or a name"],
    [[{ name: "a" }, { name: "" }], "endpoints[1].name", 'expected non-empty text, got ""'],
    [[{ url: "a.example" }], "endpoints[0].url", "expected a URL that starts with http:// or https://"]
  ])("are refused before they are sent: %j", (input, field, reason) => {
    isRefused(checkSelectors(input), reason, field)
  })

  it.each<[unknown, string, string]>([
    [[], "endpoints", "expected a list of at least one endpoint, got undefined"],
    [{ endpoints: [{ name: "" }] }, "endpoints[0]", "expected a URL or a name"]
  ])("are refused where they arrive: %j", (input, field, reason) => {
    isRefused(UrlGroupRecord.decodeEndpointSelectors(input), reason, field)
  })
})

describe("junk", () => {
  const item = FastCheck.oneof(
    FastCheck.dictionary(FastCheck.constantFrom("url", "name"), FastCheck.oneof(oddUrl, junkField)),
    junkField
  )
  const list = FastCheck.oneof(FastCheck.array(item, { maxLength: 3 }), junk)

  it.prop(
    "as endpoints is read or refused in one short line",
    [list],
    ([given]) => {
      for (const result of [
        checkEndpoints(given),
        checkSelectors(given),
        UrlGroupRecord.decodeEndpoints(given),
        UrlGroupRecord.decodeEndpoints({ endpoints: given }),
        UrlGroupRecord.decodeEndpointSelectors(given),
        UrlGroupRecord.decodeEndpointSelectors({ endpoints: given })
      ]) {
        if (Either.isRight(result)) continue
        assertInstanceOf(result.left, QStashInvalidRequest)
        assertFalse(/\n/.test(result.left.message) || result.left.message.length > 500, result.left.message)
      }
    },
    { fastCheck: { numRuns: 500 }, timeout: 60_000 }
  )

  it("is refused without a word of the URL", () => {
    for (const url of ["https://u:s3cret@", "https://s3cret b.example", "s3cret", "https:///s3cret"]) {
      assertFalse(inspect(refusalOf(checkEndpoints([{ url }]))).includes("s3cret"))
    }
  })
})
