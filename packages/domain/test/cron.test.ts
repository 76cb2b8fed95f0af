import { CronExpression, InvalidCronExpression, isCronExpression } from "@effect-qstash/domain/CronExpression"
import { describe, it } from "@effect/vitest"
import {
  assertEquals,
  assertFalse,
  assertLeft,
  assertNone,
  assertSome,
  assertTrue,
  deepStrictEqual,
  strictEqual,
  throws
} from "@effect/vitest/utils"
import { DateTime, Either, Equal, FastCheck, Hash, Option, ParseResult, Schema } from "effect"
import { readFileSync } from "node:fs"
import { inspect } from "node:util"

const Vectors = Schema.parseJson(
  Schema.Struct({
    fires: Schema.Array(
      Schema.Struct({
        expression: Schema.String,
        timeZone: Schema.String,
        after: Schema.String,
        next: Schema.Array(Schema.String)
      })
    ),
    rejected: Schema.Array(Schema.Struct({ expression: Schema.String, error: Schema.String })),
    accepted: Schema.Array(Schema.String)
  })
)

const vectors = Schema.decodeUnknownSync(Vectors)(
  readFileSync(new URL("cron-vectors.json", import.meta.url), "utf8")
)

const reasonOf = (text: string): string =>
  Either.match(CronExpression.parse(text), {
    onLeft: (error) => error.reason,
    onRight: (expression) => `no error, but ${expression.text}`
  })

/** To the minute, as the vectors write it. */
const minuteText = (instant: DateTime.Utc): string => DateTime.formatIso(instant).replace(":00.000Z", "Z")

const upcoming = (text: string, count: number, after: string): Array<string> =>
  CronExpression.make(text).upcoming(count, after).map(minuteText)

describe("CronExpression against robfig/cron's own answers", () => {
  it("holds all of them", () => {
    deepStrictEqual([vectors.fires.length, vectors.rejected.length, vectors.accepted.length], [500, 78, 19])
  })

  it("fires when robfig/cron fires", () => {
    for (const { after, expression, next, timeZone } of vectors.fires) {
      const text = `CRON_TZ=${timeZone} ${expression}`
      deepStrictEqual({ text, next: upcoming(text, next.length, after) }, { text, next: [...next] })
    }
  })

  it("was last due when robfig/cron fired", () => {
    for (const { expression, next, timeZone } of vectors.fires) {
      const text = `CRON_TZ=${timeZone} ${expression}`
      const cron = CronExpression.make(text)
      const last = (instant: DateTime.DateTime.Input) => Option.map(cron.previous(instant), minuteText)
      for (const [index, firing] of next.entries()) {
        deepStrictEqual([text, last(firing)], [text, Option.some(firing)])
        const before = next[index - 1]
        if (before !== undefined) {
          const secondBefore = DateTime.subtract(DateTime.unsafeMake(firing), { seconds: 1 })
          deepStrictEqual([text, last(secondBefore)], [text, Option.some(before)])
        }
      }
    }
  })

  it.each(vectors.rejected)("refuses $expression: $error", ({ error, expression }) => {
    strictEqual(reasonOf(expression), error)
  })

  it.each(vectors.accepted.map((expression) => [expression]))("accepts %s", (expression) => {
    strictEqual(CronExpression.make(expression).text, expression)
  })
})

describe("CronExpression.parse", () => {
  it.each([
    ["", "empty spec string"],
    [" \t\n\u00a0", "empty spec string"],
    ["* * * *", "expected exactly 5 fields, found 4: [* * * *]"],
    ["0 *\t* *  * *", "expected exactly 5 fields, found 6: [0 * * * * *]"],
    ["a * * * *", 'failed to parse int from a: strconv.Atoi: parsing "a": invalid syntax'],
    ["1.5 * * * *", 'failed to parse int from 1.5: strconv.Atoi: parsing "1.5": invalid syntax'],
    ["0 0 * * MON#2", 'failed to parse int from MON#2: strconv.Atoi: parsing "MON#2": invalid syntax'],
    ["0 JAN * * *", 'failed to parse int from JAN: strconv.Atoi: parsing "JAN": invalid syntax'],
    ["0 0 * */JAN *", 'failed to parse int from JAN: strconv.Atoi: parsing "JAN": invalid syntax'],
    [
      "0 0 * constructor *",
      'failed to parse int from constructor: strconv.Atoi: parsing "constructor": invalid syntax'
    ],
    ['"\\ * * * *', 'failed to parse int from "\\: strconv.Atoi: parsing "\\"\\\\": invalid syntax'],
    [
      "\u0000é\u200b😀 * * * *",
      'failed to parse int from \u0000é\u200b😀: strconv.Atoi: parsing "\\x00é\\u200b😀": invalid syntax'
    ],
    ["-5 * * * *", 'failed to parse int from : strconv.Atoi: parsing "": invalid syntax'],
    ["*/ * * * *", 'failed to parse int from : strconv.Atoi: parsing "": invalid syntax'],
    [
      "9223372036854775808 * * * *",
      'failed to parse int from 9223372036854775808: strconv.Atoi: parsing "9223372036854775808": value out of range'
    ],
    [
      "9223372036854775807 * * * *",
      "end of range (9223372036854775807) above maximum (59): 9223372036854775807"
    ],
    ["60 * * * *", "end of range (60) above maximum (59): 60"],
    ["0 24 * * *", "end of range (24) above maximum (23): 24"],
    ["0 0 32 * *", "end of range (32) above maximum (31): 32"],
    ["0 0 1 13 *", "end of range (13) above maximum (12): 13"],
    ["0 0 * * 7", "end of range (7) above maximum (6): 7"],
    ["0 0 0 * *", "beginning of range (0) below minimum (1): 0"],
    ["0 0 * 0-3 *", "beginning of range (0) below minimum (1): 0-3"],
    ["*/-1 * * * *", "negative number (-1) not allowed: -1"],
    ["5-1 * * * *", "beginning of range (5) beyond end of range (1): 5-1"],
    ["0 22-2 * * *", "beginning of range (22) beyond end of range (2): 22-2"],
    ["0 0 * * FRI-MON", "beginning of range (5) beyond end of range (1): FRI-MON"],
    ["*/0 * * * *", "step of range should be a positive number: */0"],
    ["1-2-3 * * * *", "too many hyphens: 1-2-3"],
    ["1/2/3 * * * *", "too many slashes: 1/2/3"],
    ["@x", "unrecognized descriptor: @x"],
    ["@Daily", "unrecognized descriptor: @Daily"],
    ["@every 5m", "unrecognized descriptor: @every 5m"],
    ["CRON_TZ=UTC @every 1h", "unrecognized descriptor: @every 1h"],
    ["CRON_TZ=Mars/Olympus * * * * *", "provided bad location Mars/Olympus: unknown time zone Mars/Olympus"],
    ["CRON_TZ=../etc/passwd * * * * *", "provided bad location ../etc/passwd: time: invalid location name"],
    ["TZ=/UTC * * * * *", "provided bad location /UTC: time: invalid location name"],
    ["TZ=UTC\t* * * * *", "provided bad location UTC\t*: unknown time zone UTC\t*"],
    ["CRON_TZ=UTC", "expected exactly 5 fields, found 0: []"],
    ["CRON_TZ=Nowhere", "provided bad location Nowhere: unknown time zone Nowhere"],
    ["TZ=", "provided bad location : unknown time zone "],
    ["TZ=UTC TZ=UTC * * * * *", "expected exactly 5 fields, found 6: [TZ=UTC * * * * *]"],
    ["tz=UTC * * * * *", "expected exactly 5 fields, found 6: [tz=UTC * * * * *]"]
  ])("refuses %j", (text, reason) => {
    strictEqual(reasonOf(text), reason)
  })

  it.each([
    "",
    "Local",
    "local",
    "localtime",
    "+01:00",
    "-0530",
    "GMT+1",
    "UTC+1",
    "BST",
    "PST",
    "SystemV/EST5",
    "utc",
    "europe/berlin",
    "EUROPE/BERLIN"
  ])("refuses the zone %j, which is not the same everywhere", (zone) => {
    strictEqual(
      reasonOf(`CRON_TZ=${zone} * * * * *`),
      `provided bad location ${zone}: unknown time zone ${zone}`
    )
  })

  it.each([
    "UTC",
    "GMT",
    "EST",
    "EST5EDT",
    "GB",
    "NZ-CHAT",
    "US/Eastern",
    "Etc/GMT+5",
    "Asia/Kolkata",
    "Asia/Calcutta",
    "Europe/Kyiv",
    "America/Argentina/Buenos_Aires",
    "America/Port-au-Prince"
  ])("knows the zone %s and keeps its name", (zone) => {
    strictEqual(CronExpression.make(`TZ=${zone} * * * * *`).timeZone, zone)
  })

  it("takes the text as it is but for white space around it", () => {
    const expression = CronExpression.make("\t CRON_TZ=Europe/Berlin   0  4 * * mon-Fri \n")
    strictEqual(expression.text, "CRON_TZ=Europe/Berlin   0  4 * * mon-Fri")
    strictEqual(expression.timeZone, "Europe/Berlin")
    strictEqual(CronExpression.make("0 4 * * *").timeZone, "UTC")
  })

  it.each([
    ["@yearly", "0 0 1 1 *"],
    ["@annually", "0 0 1 1 *"],
    ["@monthly", "0 0 1 * *"],
    ["@weekly", "0 0 * * 0"],
    ["@daily", "0 0 * * *"],
    ["@midnight", "0 0 * * *"],
    ["@hourly", "0 * * * *"],
    ["TZ=UTC @daily", "0 0 * * *"],
    ["+5 * * * *", "5 * * * *"],
    ["1,,2, * * * *", "1,2 * * * *"],
    ["0 0 *-5 * 1", "0 0 * * 1"],
    ["50/3 * * * *", "50-59/3 * * * *"],
    ["0 0 * feb/5 Wed,sAT", "0 0 * 2,7,12 3,6"]
  ])("reads %s as %s", (text, same) => {
    deepStrictEqual(upcoming(text, 20, "2026-01-01T00:00:00Z"), upcoming(same, 20, "2026-01-01T00:00:00Z"))
  })

  it.each([
    "x",
    "1",
    "/",
    "-",
    ",",
    "*",
    " ",
    "@",
    "\n",
    "0",
    '"',
    "\ud83d\ude00",
    "* ",
    "1-",
    "*/",
    "TZ=",
    "CRON_TZ=A",
    "a * * * * "
  ])("refuses 100,000 times %j with a short reason", (piece) => {
    const junk = piece.repeat(100_000)
    for (const text of [
      junk,
      `@${junk}`,
      `TZ=${junk} * * * * *`,
      `${junk} * * * *`,
      `*/${junk} * * * *`,
      `1-${junk} * * * *`
    ]) {
      const reason = reasonOf(`${text}?`)
      assertTrue(reason.length < 300)
      assertFalse(/[\ud800-\udbff](?![\udc00-\udfff])/.test(reason))
    }
  })

  it.prop(
    "repeats at most 100 characters of a text",
    [
      FastCheck.nat(300),
      FastCheck.constantFrom("", "-", "/", ",", "1-", "/1/"),
      FastCheck.nat(300),
      FastCheck.constantFrom("", "@", "TZ=", "CRON_TZ=", "1-", "*/", "ξ ξ ")
    ],
    ([left, separator, right, start]) => {
      const reason = reasonOf(`${start}${"ξ".repeat(left)}${separator}${"ξ".repeat(right)} ξ ξ ξ ξ`)
      assertTrue(reason.replaceAll(/[^ξ]/gu, "").length <= 100)
    }
  )

  it.prop(
    "answers any text with an expression or a reason",
    [FastCheck.string({ unit: "grapheme" })],
    ([text]) => {
      const parsed = CronExpression.parse(text)
      assertTrue(Either.isRight(parsed) || parsed.left.reason.length > 0)
    }
  )
})

describe("CronExpression as a value", () => {
  it("make throws the error itself", () => {
    throws(
      () => CronExpression.make("60 * * * *"),
      new InvalidCronExpression({ reason: "end of range (60) above maximum (59): 60" })
    )
    assertLeft(
      Either.mapLeft(CronExpression.parse(""), (error) => error.message),
      "Invalid cron expression empty spec string"
    )
  })

  it("is equal by its text and prints as it", () => {
    const expression = CronExpression.make("CRON_TZ=Europe/Berlin 0 4 * * *")
    assertEquals(expression, CronExpression.make(" CRON_TZ=Europe/Berlin 0 4 * * * "))
    strictEqual(Hash.hash(expression), Hash.hash(CronExpression.make(expression.text)))
    assertFalse(Equal.equals(expression, CronExpression.make("0 4 * * *")))
    strictEqual(expression.toString(), expression.text)
    strictEqual(JSON.stringify({ cron: expression }), '{"cron":"CRON_TZ=Europe/Berlin 0 4 * * *"}')
    strictEqual(inspect(expression), 'CronExpression("CRON_TZ=Europe/Berlin 0 4 * * *")')
    assertTrue(isCronExpression(expression))
    assertFalse(isCronExpression(expression.text))
    assertFalse(isCronExpression(null))
  })

  it.prop("goes through its schema and back", [CronExpression.FromString], ([expression]) => {
    const text = Schema.encodeSync(CronExpression.FromString)(expression)
    strictEqual(text, expression.text)
    assertEquals(Schema.decodeSync(CronExpression.FromString)(text), expression)
  })

  it.each([
    ["0 0 * * 7", "Invalid cron expression end of range (7) above maximum (6): 7"],
    [5, "Expected a cron expression, got 5"],
    [null, "Expected a cron expression, got null"]
  ])("its schema refuses %j in one line", (input, message) => {
    const decoded = Schema.decodeUnknownEither(CronExpression.FromString)(input)
    assertLeft(Either.mapLeft(decoded, ParseResult.TreeFormatter.formatErrorSync), message)
  })
})

describe("CronExpression where robfig/cron stumbles", () => {
  it.each([
    [
      "misses the first half of an hour after half an hour was taken back",
      "CRON_TZ=Australia/Lord_Howe */11,30 2 * * *",
      "2025-04-05T01:24:00Z",
      "2025-04-05T16:00Z"
    ],
    [
      "misses a day that has no midnight",
      "CRON_TZ=Africa/Cairo * ? * * 5",
      "2026-04-23T14:39:00Z",
      "2026-04-30T21:00Z"
    ],
    [
      "fires on the day without midnight in place of the day before",
      "CRON_TZ=Asia/Beirut 47 18,14,8,12 23-30/6 * *",
      "2025-03-29T16:47:00Z",
      "2025-03-30T05:47Z"
    ],
    [
      "leaves a month out whose first has no midnight",
      "CRON_TZ=America/Asuncion 0 12 5 10 *",
      "2017-09-20T00:00:00Z",
      "2018-10-05T16:00Z"
    ],
    [
      "goes on where robfig/cron would go back in time",
      "CRON_TZ=Pacific/Chatham 7,38 3,9 ? ? ?",
      "2005-03-19T14:00:00Z",
      "2005-03-19T14:22Z"
    ],
    [
      "goes on where robfig/cron would never end",
      "CRON_TZ=Pacific/Apia 0 0 15 1 *",
      "2011-12-01T00:00:00Z",
      "2012-01-14T10:00Z"
    ]
  ])("%s", (_, text, after, next) => {
    deepStrictEqual(upcoming(text, 1, after), [next])
  })
})

describe("a CronExpression", () => {
  it("asks for instants, and refuses what is none by its name", () => {
    const expression = CronExpression.make("0 4 * * *")
    const refusal = (name: string) =>
      new RangeError(`${name}: expected an instant such as "2025-03-30T00:00:00Z", got "90"`)
    throws(() => expression.next("90"), refusal("after"))
    throws(() => expression.upcoming(1, "90"), refusal("after"))
    throws(() => expression.previous("90"), refusal("atOrBefore"))
    throws(() => expression.clockChanges("90", "2026-01-01"), refusal("from"))
    throws(() => expression.clockChanges("2026-01-01", "90"), refusal("until"))
  })
})

describe("CronExpression.next", () => {
  it("is strictly later, on a full minute", () => {
    const expression = CronExpression.make("*/5 * * * *")
    assertSome(expression.next("2026-01-01T00:05:00Z"), DateTime.unsafeMake("2026-01-01T00:10:00Z"))
    assertSome(
      expression.next(Date.UTC(2026, 0, 1, 0, 4, 59, 999)),
      DateTime.unsafeMake("2026-01-01T00:05:00Z")
    )
    assertSome(
      expression.next(DateTime.unsafeMakeZoned("2026-01-01T00:00:00Z", { timeZone: "Asia/Tokyo" })),
      DateTime.unsafeMake("2026-01-01T00:05:00Z")
    )
  })

  it.each([
    ["0 0 31 2 *", "2026-01-01T00:00:00Z"],
    ["CRON_TZ=America/Havana 0 0 30 2 *", "2026-01-01T00:00:00Z"],
    [", * * * *", "2026-01-01T00:00:00Z"],
    ["* , * * *", "2026-01-01T00:00:00Z"],
    ["CRON_TZ=Asia/Gaza * * , * ?", "2026-01-01T00:00:00Z"],
    ["0 0 29 2 *", "2096-03-01T00:00:00Z"],
    ["0 0 29 2 *", "2098-12-31T23:59:58.999Z"]
  ])("is none for %s after %s", (text, after) => {
    assertNone(CronExpression.make(text).next(after))
    deepStrictEqual(upcoming(text, 3, after), [])
  })

  it("looks as far as the end of the fifth calendar year after the next second", () => {
    deepStrictEqual(upcoming("0 0 29 2 *", 1, "2098-12-31T23:59:59Z"), ["2104-02-29T00:00Z"])
    deepStrictEqual(upcoming("TZ=Asia/Tokyo 0 0 29 2 *", 1, "2098-12-31T14:59:59Z"), ["2104-02-28T15:00Z"])
  })

  it("skips a local time that does not exist and fires twice at one that comes twice", () => {
    deepStrictEqual(upcoming("CRON_TZ=Europe/Berlin 30 2 * * *", 2, "2026-03-28T00:00:00Z"), [
      "2026-03-28T01:30Z",
      "2026-03-30T00:30Z"
    ])
    deepStrictEqual(upcoming("CRON_TZ=Europe/Berlin 30 2 * * *", 3, "2026-10-25T00:00:00Z"), [
      "2026-10-25T00:30Z",
      "2026-10-25T01:30Z",
      "2026-10-26T01:30Z"
    ])
  })

  it("needs both day fields if one is a star, and either if both restrict", () => {
    deepStrictEqual(upcoming("0 0 13 * FRI", 3, "2026-02-01T00:00:00Z"), [
      "2026-02-06T00:00Z",
      "2026-02-13T00:00Z",
      "2026-02-20T00:00Z"
    ])
    deepStrictEqual(upcoming("0 0 */1 * FRI", 2, "2026-02-01T00:00:00Z"), [
      "2026-02-06T00:00Z",
      "2026-02-13T00:00Z"
    ])
    deepStrictEqual(upcoming("0 0 */30 * FRI", 2, "2026-02-01T00:00:00Z"), [
      "2026-02-06T00:00Z",
      "2026-02-13T00:00Z"
    ])
    deepStrictEqual(upcoming("0 0 1-31 * FRI", 2, "2026-02-01T00:00:00Z"), [
      "2026-02-02T00:00Z",
      "2026-02-03T00:00Z"
    ])
  })

  it("knows no time outside of what a Date holds", () => {
    const expression = CronExpression.make("* * * * *")
    strictEqual(expression.nextMillis(8.64e15), undefined)
    strictEqual(expression.nextMillis(8.64e15 - 1), 8.64e15)
    strictEqual(expression.nextMillis(Number.NaN), undefined)
    strictEqual(expression.nextMillis(Infinity), undefined)
  })

  it("upcoming gives as many as asked", () => {
    const expression = CronExpression.make("@yearly")
    deepStrictEqual(expression.upcoming(0, 0), [])
    deepStrictEqual(expression.upcoming(-1, 0), [])
    strictEqual(expression.upcoming(100, "2026-01-01T00:00:00Z").length, 100)
    assertEquals(Option.fromNullable(expression.upcoming(1, 0)[0]), expression.next(0))
  })
})

describe("CronExpression.previous", () => {
  const previous = (text: string, atOrBefore: DateTime.DateTime.Input) =>
    Option.getOrUndefined(Option.map(CronExpression.make(text).previous(atOrBefore), minuteText))

  it("is at or before the instant, on a full minute", () => {
    strictEqual(previous("*/5 * * * *", "2026-01-01T00:05:00Z"), "2026-01-01T00:05Z")
    strictEqual(previous("*/5 * * * *", "2026-01-01T00:04:59.999Z"), "2026-01-01T00:00Z")
    strictEqual(previous("30 22 31 12 *", "2026-01-01T00:00:00Z"), "2025-12-31T22:30Z")
    strictEqual(previous("59 23 * * *", "1970-01-01T00:00:00Z"), "1969-12-31T23:59Z")
    strictEqual(
      previous("*/5 * * * *", DateTime.unsafeMakeZoned("2026-01-01T00:06:00Z", { timeZone: "Asia/Tokyo" })),
      "2026-01-01T00:05Z"
    )
  })

  it.each([
    ["0 0 31 2 *", "2026-01-01T00:00:00Z"],
    ["CRON_TZ=America/Havana 0 0 30 2 *", "2026-01-01T00:00:00Z"],
    [", * * * *", "2026-01-01T00:00:00Z"],
    ["* , * * *", "2026-01-01T00:00:00Z"],
    ["CRON_TZ=Asia/Gaza * * , * ?", "2026-01-01T00:00:00Z"],
    ["0 0 29 2 *", "2102-01-01T00:00:00Z"]
  ])("is none for %s up to %s", (text, atOrBefore) => {
    assertNone(CronExpression.make(text).previous(atOrBefore))
  })

  it("looks back to the start of the fifth calendar year before, in the expression's zone", () => {
    strictEqual(previous("0 0 29 2 *", "2101-12-31T23:59:59.999Z"), "2096-02-29T00:00Z")
    strictEqual(previous("TZ=Asia/Tokyo 0 0 29 2 *", "2101-12-31T14:59:59.999Z"), "2096-02-28T15:00Z")
    assertNone(CronExpression.make("TZ=Asia/Tokyo 0 0 29 2 *").previous("2101-12-31T15:00:00Z"))
  })

  it("skips a local time that does not exist and finds both of one that comes twice", () => {
    strictEqual(previous("CRON_TZ=Europe/Berlin 30 2 * * *", "2026-03-29T20:00:00Z"), "2026-03-28T01:30Z")
    strictEqual(previous("CRON_TZ=Europe/Berlin 30 2 * * *", "2026-10-25T20:00:00Z"), "2026-10-25T01:30Z")
    strictEqual(previous("CRON_TZ=Europe/Berlin 30 2 * * *", "2026-10-25T01:29:59Z"), "2026-10-25T00:30Z")
  })

  it("counts a firing that a schedule misses, and one that robfig/cron makes on the wrong day", () => {
    strictEqual(previous("CRON_TZ=Asia/Beirut 0 9 * * SUN", "2026-03-30T00:00:00Z"), "2026-03-29T06:00Z")
    strictEqual(
      previous("CRON_TZ=Asia/Beirut 47 18,14,8,12 23-30/6 * *", "2025-03-30T06:00:00Z"),
      "2025-03-30T05:47Z"
    )
  })

  it("knows no time outside of what a Date holds", () => {
    strictEqual(previous("* * * * *", 8.64e15), "+275760-09-13T00:00Z")
    strictEqual(previous("* * * * *", -8.64e15), "-271821-04-20T00:00Z")
    strictEqual(previous("1 0 20 4 *", -8.64e15), undefined)
  })
})

describe("CronExpression.clockChanges", () => {
  interface Change {
    readonly kind: string
    readonly localTime: string
    readonly changeAt: string
    readonly instants: ReadonlyArray<string>
  }

  const changes = (text: string, from: string, until: string): Array<Change> =>
    CronExpression.make(text)
      .clockChanges(from, until)
      .map(({ changeAt, instants, kind, localTime }) => ({
        kind,
        localTime,
        changeAt: minuteText(changeAt),
        instants: instants.map(minuteText)
      }))

  const skipped: Change = {
    kind: "skipped",
    localTime: "2026-03-29T02:30",
    changeAt: "2026-03-29T01:00Z",
    instants: []
  }
  const repeated: Change = {
    kind: "repeated",
    localTime: "2026-10-25T02:30",
    changeAt: "2026-10-25T01:00Z",
    instants: ["2026-10-25T00:30Z", "2026-10-25T01:30Z"]
  }

  it("tells what is skipped and what is repeated", () => {
    deepStrictEqual(
      changes("CRON_TZ=Europe/Berlin 30 2 * * *", "2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z"),
      [skipped, repeated]
    )
  })

  it("takes the window's start in and leaves its end out", () => {
    const text = "CRON_TZ=Europe/Berlin 30 2 * * *"
    deepStrictEqual(changes(text, "2026-03-29T01:00:00Z", "2026-10-25T01:00:00Z"), [skipped])
    deepStrictEqual(changes(text, "2026-03-29T01:00:00.001Z", "2026-10-25T01:00:00.001Z"), [repeated])
    deepStrictEqual(changes(text, "2026-10-25T01:00:00Z", "2026-03-29T01:00:00Z"), [])
  })

  it("names each local time, and only on days that match", () => {
    deepStrictEqual(
      changes("CRON_TZ=Europe/Berlin */20 1-3 * MAR SUN", "2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z").map(
        ({ localTime }) => localTime
      ),
      ["2026-03-29T02:00", "2026-03-29T02:20", "2026-03-29T02:40"]
    )
    deepStrictEqual(
      changes("CRON_TZ=Europe/Berlin 30 2 1 * *", "2026-01-01T00:00:00Z", "2030-01-01T00:00:00Z"),
      []
    )
    deepStrictEqual(
      changes("CRON_TZ=Europe/Berlin 30 3 * * *", "2026-01-01T00:00:00Z", "2030-01-01T00:00:00Z"),
      []
    )
  })

  it("names a skipped day and half an hour", () => {
    deepStrictEqual(
      changes("CRON_TZ=Pacific/Apia 0 9 * * *", "2011-12-01T00:00:00Z", "2012-01-01T00:00:00Z").map(
        ({ localTime }) => localTime
      ),
      ["2011-12-30T09:00"]
    )
    deepStrictEqual(
      changes(
        "CRON_TZ=Australia/Lord_Howe 15,45 1 * * *",
        "2026-04-01T00:00:00Z",
        "2026-05-01T00:00:00Z"
      ).map(({ kind, localTime }) => `${kind} ${localTime}`),
      ["repeated 2026-04-05T01:45"]
    )
  })

  it.each([
    ["Asia/Beirut 0 9 * * SUN", "2026", ["2026-03-29T09:00 to 2026-03-28T22:00Z"]],
    ["Asia/Beirut 0 9 * * *", "2026", []],
    ["Africa/Cairo 0 9 * * FRI", "2026", ["2026-04-24T09:00 to 2026-04-23T22:00Z"]],
    [
      "Africa/Cairo 0 9 * * FRI",
      "2010",
      ["2010-04-30T09:00 to 2010-04-29T22:00Z", "2010-09-10T09:00 to 2010-09-09T22:00Z"]
    ],
    ["Asia/Tehran 0 9 22 3 *", "2021", ["2021-03-22T09:00 to 2021-03-21T20:30Z"]],
    ["America/Asuncion 0 12 5 10 *", "2017", ["2017-10-05T12:00 to 2017-10-01T04:00Z"]],
    ["Asia/Pyongyang 0 9 * * *", "2018", ["2018-05-05T09:00 to 2018-05-04T15:00Z"]],
    [
      "Australia/Lord_Howe 0 9 * * *",
      "2026",
      ["2026-04-05T09:00 to 2026-04-04T15:00Z", "2026-10-04T09:00 to 2026-10-03T15:30Z"]
    ],
    ["Australia/Lord_Howe 15,45 1 * * *", "2026", ["2026-10-05T01:15 to 2026-10-03T15:30Z"]],
    ["Australia/Lord_Howe */30 * * * *", "2026", []],
    ["America/Sao_Paulo 0 9 * * SUN", "2018", []],
    ["America/Havana 0 9 * * SUN", "2026", []],
    ["Pacific/Apia 0 9 * * SAT", "2011", []],
    ["Antarctica/Troll 0 9 * * SUN", "2026", []],
    ["Europe/Berlin 0 9 * * SUN", "2026", []]
  ])("lists what %s misses in %s", (cron, year, missed) => {
    const listed = changes(`CRON_TZ=${cron}`, `${year}-01-01T00:00:00Z`, `${year}-12-31T00:00:00Z`)
    deepStrictEqual(
      listed
        .filter(({ kind }) => kind === "missed")
        .map(({ changeAt, localTime }) => `${localTime} to ${changeAt}`),
      missed
    )
  })

  it("says when a missed firing should have been", () => {
    deepStrictEqual(
      changes("CRON_TZ=Asia/Beirut 0 9 * * SUN", "2026-03-01T00:00:00Z", "2026-04-01T00:00:00Z"),
      [
        {
          kind: "missed",
          localTime: "2026-03-29T09:00",
          changeAt: "2026-03-28T22:00Z",
          instants: ["2026-03-29T06:00Z"]
        }
      ]
    )
    deepStrictEqual(
      changes("CRON_TZ=Asia/Beirut 0 9 * * SUN", "2026-03-28T22:00:00.001Z", "2026-05-01T00:00:00Z"),
      []
    )
  })

  it("is silent on expressions that follow real time, and in UTC", () => {
    for (const text of [
      "CRON_TZ=Europe/Berlin */15 * * * *",
      "CRON_TZ=Europe/Berlin 30 0-23 29 3 *",
      "30 2 * * *"
    ]) {
      deepStrictEqual(changes(text, "2026-01-01T00:00:00Z", "2030-01-01T00:00:00Z"), [])
    }
  })
})
