import { type FlowControlState, type GlobalParallelism, QStashInvalidRequest } from "@effect-qstash/domain"
import { FlowControlKeyFromAnswer } from "@effect-qstash/domain/FlowControl"
import * as FlowControlInput from "@effect-qstash/domain/input/FlowControlInput"
import * as FlowControlRecord from "@effect-qstash/domain/wire/FlowControlRecord"
import { describe, it } from "@effect/vitest"
import { assertFalse, assertInstanceOf, deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import { Duration, Either, FastCheck, Schema } from "effect"
import { junk, junkField, reportedCount, reportedFlowControlKey, reportedSpan } from "./arbitraries.ts"
import { at, checked, each, isQuiet, isRefused, isUnreadable, overTheWire, valueOf } from "./support.ts"

const json = {
  flowControlKey: "tenant 7",
  waitListSize: 4,
  parallelismMax: 3,
  parallelismCount: 2,
  rateMax: 5,
  rateCount: 1,
  ratePeriod: 60,
  ratePeriodStart: 1_754_565_618,
  isPaused: true,
  isPinnedParallelism: true,
  isPinnedRate: true
}

const state: FlowControlState = {
  flowControlKey: Schema.decodeSync(FlowControlKeyFromAnswer)("tenant 7"),
  waitListSize: 4,
  parallelismMax: 3,
  parallelismCount: 2,
  rateMax: 5,
  rateCount: 1,
  ratePeriod: Duration.seconds(60),
  ratePeriodStart: at(1_754_565_618_000),
  isPaused: true,
  isPinnedParallelism: true,
  isPinnedRate: true
}

const idle: FlowControlState = {
  flowControlKey: state.flowControlKey,
  waitListSize: 0,
  parallelismCount: 0,
  rateCount: 0,
  isPaused: false,
  isPinnedParallelism: false,
  isPinnedRate: false
}

const { flowControlKey: _, ...rest } = json
const others = Object.keys(rest)

const isRead = (fields: object, expected: Partial<FlowControlState>) =>
  deepStrictEqual(valueOf(FlowControlRecord.decode({ flowControlKey: "tenant 7", ...fields })), {
    ...idle,
    ...expected
  })

describe("a flow-control key", () => {
  it("is read and written as QStash answers it", () => {
    deepStrictEqual(valueOf(FlowControlRecord.decode(json)), state)
    deepStrictEqual(FlowControlRecord.encode(state), json)
    isRead({ more: 1, constructor: 1 }, {})
  })

  it("is written in full, with 0 where there is no limit", () => {
    deepStrictEqual(FlowControlRecord.encode(idle), {
      flowControlKey: "tenant 7",
      ...each(others.slice(0, 7), 0),
      ...each(others.slice(7), false)
    })
  })

  it("has no limit where 0 stands for none, and takes what Go leaves out for its zero", () => {
    isRead({}, {})
    isRead(each(others, null), {})
    isRead({ ...each(others.slice(0, 7), 0), ...each(others.slice(7), false) }, {})
  })

  it("begins its period at a second, though the instant be finer", () => {
    deepStrictEqual(FlowControlRecord.encode({ ...state, ratePeriodStart: at(1_754_565_618_999) }), json)
  })

  it.prop(
    "comes back as it was written, through JSON",
    [
      FastCheck.record(
        {
          flowControlKey: reportedFlowControlKey,
          waitListSize: FastCheck.nat(),
          parallelismMax: reportedCount,
          parallelismCount: FastCheck.nat(),
          rateMax: reportedCount,
          rateCount: FastCheck.nat(),
          ratePeriod: reportedSpan,
          ratePeriodStart: FastCheck.integer({ min: 1, max: 8_640_000_000_000 }).map((second) =>
            at(second * 1000)
          ),
          isPaused: FastCheck.boolean(),
          isPinnedParallelism: FastCheck.boolean(),
          isPinnedRate: FastCheck.boolean()
        },
        {
          requiredKeys: [
            "flowControlKey",
            "waitListSize",
            "parallelismCount",
            "rateCount",
            "isPaused",
            "isPinnedParallelism",
            "isPinnedRate"
          ]
        }
      )
    ],
    ([given]) => {
      deepStrictEqual(valueOf(FlowControlRecord.decode(overTheWire(FlowControlRecord.encode(given)))), given)
    },
    { fastCheck: { numRuns: 200 } }
  )

  it.each<[object, string]>([
    [{ flowControlKey: "" }, "flowControlKey is not of the expected shape"],
    [{ waitListSize: -1 }, "waitListSize is not of the expected shape"],
    [{ parallelismMax: "3" }, "parallelismMax is not of the expected shape"],
    [{ ratePeriod: 1e308 }, "ratePeriod is not of the expected shape"],
    [{ ratePeriodStart: 8_640_000_000_001 }, "ratePeriodStart is not of the expected shape"],
    [{ isPaused: "true" }, "isPaused is not of the expected shape"]
  ])("is refused by the field's name: %j", (fields, reason) => {
    isUnreadable(FlowControlRecord.decode({ ...json, ...fields }), reason)
  })

  it.prop(
    "of junk is read or refused by a field's name",
    [
      FastCheck.oneof(
        FastCheck.dictionary(FastCheck.constantFrom(...Object.keys(json)), junkField),
        junkField
      )
    ],
    ([given]) => {
      const keyIsQuiet = isQuiet(FlowControlRecord.decode, FlowControlRecord.encode)
      keyIsQuiet(given)
      if (typeof given === "object") keyIsQuiet({ ...json, ...given })
    },
    { fastCheck: { numRuns: 500 }, timeout: 60_000 }
  )
})

describe("the limit of the account", () => {
  const isGlobal = (given: unknown, expected: GlobalParallelism) =>
    deepStrictEqual(valueOf(FlowControlRecord.decodeGlobal(given)), expected)

  it("is 0 where QStash leaves it out", () => {
    isGlobal({ parallelismMax: 100, parallelismCount: 7 }, { parallelismMax: 100, parallelismCount: 7 })
    isGlobal({}, { parallelismMax: 0, parallelismCount: 0 })
    isGlobal(
      { parallelismMax: null, parallelismCount: null, waitListSize: 5 },
      { parallelismMax: 0, parallelismCount: 0 }
    )
    deepStrictEqual(FlowControlRecord.encodeGlobal({ parallelismMax: 100, parallelismCount: 0 }), {
      parallelismMax: 100,
      parallelismCount: 0
    })
  })

  it("is refused by the field's name", () => {
    isUnreadable(FlowControlRecord.decodeGlobal(null), "the JSON is not of the expected shape")
    isUnreadable(
      FlowControlRecord.decodeGlobal({ parallelismMax: -1 }),
      "parallelismMax is not of the expected shape"
    )
  })

  it.prop("of junk is read or refused by a field's name", [junkField, junkField], ([one, two]) => {
    const limitIsQuiet = isQuiet(FlowControlRecord.decodeGlobal, FlowControlRecord.encodeGlobal)
    limitIsQuiet(one)
    limitIsQuiet({ parallelismMax: one, parallelismCount: two })
  })
})

type Checker<A> = (input: never) => Either.Either<A, QStashInvalidRequest>

/** As JavaScript without types calls it. */
const from =
  <A>(check: Checker<A>) =>
  (input: unknown): Either.Either<A, QStashInvalidRequest> =>
    Reflect.apply(check, undefined, [input])

const checkPin = from(FlowControlInput.checkPin)
const checkUnpin = from(FlowControlInput.checkUnpin)

const period = FastCheck.integer({ min: 1, max: 7 * 86_400 }).map((seconds) => Duration.seconds(seconds))
const pin = FastCheck.oneof(
  FastCheck.record({ parallelism: reportedCount }),
  FastCheck.record({ rate: reportedCount, parallelism: reportedCount, period }, { requiredKeys: ["rate"] })
)

describe("a pin", () => {
  it("has parallelism, rate, or both, and a period beside a rate", () => {
    deepStrictEqual(checked(FlowControlInput.checkPin({ parallelism: 3 })), { parallelism: 3 })
    deepStrictEqual(checked(FlowControlInput.checkPin({ rate: 5, period: "1 minute" })), {
      rate: 5,
      period: Duration.seconds(60)
    })
    deepStrictEqual(checked(FlowControlInput.checkPin({ parallelism: 3, rate: 5, period: undefined })), {
      parallelism: 3,
      rate: 5
    })
  })

  it.prop("comes back as it was written, and is the same when it is checked again", [pin], ([given]) => {
    const pinned = checked(checkPin(given))
    deepStrictEqual(pinned, given)
    deepStrictEqual(
      checked(FlowControlRecord.pinFromParameters(FlowControlRecord.pinToParameters(pinned))),
      pinned
    )
    deepStrictEqual(checked(FlowControlInput.checkPin(pinned)), pinned)
  })

  it("travels as query parameters, the period in seconds", () => {
    deepStrictEqual(
      new Map(FlowControlRecord.pinToParameters({ parallelism: 3, rate: 5, period: Duration.minutes(2) })),
      new Map([
        ["parallelism", "3"],
        ["rate", "5"],
        ["period", "120"]
      ])
    )
    const read = (query: string) => checked(FlowControlRecord.pinFromParameters(new URLSearchParams(query)))
    deepStrictEqual(read("rate=5&period=1m&parallelism=&more=1"), { rate: 5, period: Duration.seconds(60) })
    deepStrictEqual(read("rate=5&rate=6&period=7"), { rate: 6, period: Duration.seconds(7) })
  })

  const count = (shown: string) => `expected a whole number of at least 1, got ${shown}`

  it.each<[unknown, string, string?]>([
    [null, "expected limits, got null"],
    ["3", "expected limits, got text"],
    [{}, "expected parallelism, rate, or both"],
    [{ parallelism: undefined }, "expected parallelism, rate, or both"],
    [{ parallelism: 0 }, count("0"), "parallelism"],
    [{ parallelism: 1.5 }, count("1.5"), "parallelism"],
    [{ rate: "5" }, count('"5"'), "rate"],
    [{ rate: Number.NaN }, count("NaN"), "rate"],
    [{ period: "1 minute" }, "requires a rate", "period"],
    [{ parallelism: 1, period: "1 minute" }, "requires a rate", "period"],
    [{ rate: 1, period: "soon" }, 'expected a duration, got "soon"', "period"],
    [{ rate: 1, period: 500 }, "expected a duration of whole seconds, at least 1, got 500ms", "period"],
    [{ rate: 1, period: 0 }, "expected a duration of whole seconds, at least 1, got 0", "period"],
    [{ rate: 1, period: "8 days" }, "expected a period of at most one week, got 8d", "period"]
  ])("is refused before it is sent: %j", (input, reason, field) => {
    isRefused(checkPin(input), reason, field)
  })

  it.each<[string, string, string?]>([
    ["", "expected parallelism, rate, or both"],
    ["parallelism=0", count("0"), "parallelism"],
    ["parallelism=1.5", count('"1.5"'), "parallelism"],
    ["rate=-1", count('"-1"'), "rate"],
    ["rate=1e3", count('"1e3"'), "rate"],
    [`rate=${"9".repeat(20)}`, count("100000000000000000000"), "rate"],
    ["period=60", "requires a rate", "period"],
    [
      "rate=1&period=1.5",
      '"1.5" is not a duration: expected whole numbers with the units d, h, m or s, such as "1d10h30m"',
      "period"
    ],
    ["rate=1&period=0", "expected a duration of whole seconds, at least 1, got 0", "period"],
    ["rate=1&period=604801", "expected a period of at most one week, got 7d 1s", "period"]
  ])("is refused where it arrives: %s", (query, reason, field) => {
    isRefused(FlowControlRecord.pinFromParameters(new URLSearchParams(query)), reason, field)
  })
})

describe("the end of a pin", () => {
  const unpin = FastCheck.oneof(
    FastCheck.record({ parallelism: FastCheck.constant(true), rate: FastCheck.boolean() }),
    FastCheck.record({ parallelism: FastCheck.boolean(), rate: FastCheck.constant(true) })
  )

  it.prop("comes back as it was written, and is the same when it is checked again", [unpin], ([given]) => {
    const unpinned = checked(checkUnpin(given))
    deepStrictEqual<unknown>(unpinned, given)
    deepStrictEqual(
      checked(FlowControlRecord.unpinFromParameters(FlowControlRecord.unpinToParameters(unpinned))),
      unpinned
    )
    deepStrictEqual(checked(FlowControlInput.checkUnpin(unpinned)), unpinned)
  })

  it("names only what is unpinned", () => {
    deepStrictEqual(checked(FlowControlInput.checkUnpin({ rate: true })), { parallelism: false, rate: true })
    deepStrictEqual(FlowControlRecord.unpinToParameters({ parallelism: false, rate: true }), [
      ["rate", "true"]
    ])
    const read = (query: string) => checked(FlowControlRecord.unpinFromParameters(new URLSearchParams(query)))
    deepStrictEqual(read("parallelism=True&rate=false&more=1"), { parallelism: true, rate: false })
    deepStrictEqual(read("parallelism=&rate=true"), { parallelism: false, rate: true })
    for (const query of ["", "parallelism=false", "parallelism=false&rate=FALSE"]) {
      strictEqual(read(query), undefined, query)
    }
  })

  it.each<[unknown, string, string?]>([
    [undefined, "expected limits, got undefined"],
    [{}, "expected parallelism, rate, or both to be true"],
    [{ parallelism: false, rate: false }, "expected parallelism, rate, or both to be true"],
    [{ rate: 1 }, "expected true or false, got 1", "rate"]
  ])("is refused before it is sent: %j", (input, reason, field) => {
    isRefused(checkUnpin(input), reason, field)
  })

  it.each<[string, string, string?]>([
    ["rate=yes", 'expected true or false, got "yes"', "rate"],
    ["parallelism=1", 'expected true or false, got "1"', "parallelism"]
  ])("is refused where it arrives: %s", (query, reason, field) => {
    isRefused(FlowControlRecord.unpinFromParameters(new URLSearchParams(query)), reason, field)
  })
})

describe("junk", () => {
  const isShort = (result: Either.Either<unknown, QStashInvalidRequest>) => {
    if (Either.isRight(result)) return
    assertInstanceOf(result.left, QStashInvalidRequest)
    assertFalse(/\n/.test(result.left.message) || result.left.message.length > 500, result.left.message)
  }
  const name = FastCheck.constantFrom("parallelism", "rate", "period")

  it.prop(
    "as limits is read or refused in one short line",
    [FastCheck.oneof(FastCheck.dictionary(name, junkField), junk)],
    ([given]) => {
      isShort(checkPin(given))
      isShort(checkUnpin(given))
    },
    { fastCheck: { numRuns: 500 }, timeout: 60_000 }
  )

  it.prop(
    "as parameters is read or refused in one short line",
    [
      FastCheck.array(
        FastCheck.tuple(
          FastCheck.oneof(name, FastCheck.string()),
          FastCheck.oneof(
            FastCheck.constantFrom("1", "0", "true", "1m", ""),
            FastCheck.string({ unit: "binary" })
          )
        ),
        { maxLength: 4 }
      )
    ],
    ([parameters]) => {
      isShort(FlowControlRecord.pinFromParameters(parameters))
      isShort(FlowControlRecord.unpinFromParameters(parameters))
    }
  )
})
