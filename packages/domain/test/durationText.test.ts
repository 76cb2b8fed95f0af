import { DurationText } from "@effect-qstash/domain/wire/DurationText"
import { describe, it } from "@effect/vitest"
import { assertEquals, assertFalse, assertLeft, assertTrue, strictEqual } from "@effect/vitest/utils"
import { Duration, Either, FastCheck, type ParseResult, Schema } from "effect"

const decode = Schema.decodeUnknownEither(DurationText)
const encode = Schema.encodeEither(DurationText)
const messageOf = (result: Either.Either<unknown, ParseResult.ParseError>): string =>
  Either.match(result, {
    onLeft: (error) => error.message,
    onRight: (value) => `no error, but ${String(value)}`
  })

describe("DurationText", () => {
  it.each([
    ["50s", 50],
    ["1d10h30m", 124_200],
    ["1h30m3s", 5_403],
    ["10d", 864_000],
    ["1d1h30m", 91_800],
    ["0s", 0],
    ["007s", 7],
    ["90m", 5_400],
    ["3s1h", 3_603],
    ["1h1h", 7_200],
    ["9007199254740s", 9_007_199_254_740]
  ])("reads %s as %d seconds", (text, seconds) => {
    assertEquals(decode(text), Either.right(Duration.seconds(seconds)))
  })

  it.each([
    ["30", 30],
    ["0", 0]
  ])("reads the bare integer %s as seconds", (text, seconds) => {
    assertEquals(decode(text), Either.right(Duration.seconds(seconds)))
  })

  it.each([
    "",
    " ",
    "s",
    "1.5h",
    ".5s",
    "-5s",
    "+5s",
    "5S",
    "5w",
    "5ms",
    "5 s",
    " 5s",
    "5s ",
    "5s\n",
    "1h30",
    "h1",
    "1e3s",
    "0x10",
    "Infinity",
    "NaN",
    "٣s",
    "1d,2h"
  ])("refuses %j and names it", (text) => {
    strictEqual(
      messageOf(decode(text)),
      `${JSON.stringify(text)} is not a duration: expected whole numbers with the units d, h, m or s, such as "1d10h30m"`
    )
  })

  it.each(["9007199254741s", "9007199254741", "104249991375d", "1".repeat(400) + "s"])(
    "refuses more than milliseconds can count exactly: %s",
    (text) => {
      assertTrue(
        messageOf(decode(text)).endsWith("is longer than a duration can be: at most 9007199254740 seconds")
      )
    }
  )

  it.each([null, undefined, 5, {}, ["5s"]])("refuses what is not text: %j", (value) => {
    assertTrue(messageOf(decode(value)).startsWith('Expected a duration such as "1d10h30m", got '))
  })

  it("quotes at most 100 characters, in one line", () => {
    const message = messageOf(decode("\n7".repeat(5_000)))
    assertTrue(message.length < 400, message)
    assertFalse(message.includes("\n"), message)
  })

  it.each([
    [Duration.zero, "0s"],
    [Duration.seconds(59), "59s"],
    [Duration.seconds(60), "1m"],
    [Duration.hours(24), "1d"],
    [Duration.days(10), "10d"],
    [Duration.seconds(124_200), "1d10h30m"],
    [Duration.seconds(86_401), "1d1s"],
    [Duration.nanos(5_000_000_000n), "5s"]
  ])("writes %s as %s", (duration, text) => {
    assertEquals(encode(duration), Either.right(text))
  })

  it.each([
    [Duration.millis(1_500), "1s 500ms"],
    [Duration.nanos(1n), "1ns"],
    [Duration.infinity, "Infinity"]
  ])("does not write %s, and says why", (duration, shown) => {
    strictEqual(
      messageOf(encode(duration)),
      `A duration of ${shown} cannot be sent: expected whole seconds, from 0 to 9007199254740`
    )
  })

  it("keeps its message inside a struct", () => {
    const decodeDelay = Schema.decodeUnknownEither(Schema.Struct({ delay: DurationText }))
    assertTrue(messageOf(decodeDelay({ delay: "soon" })).includes('"soon" is not a duration'))
  })

  it.prop("decodes what it encoded", [DurationText], ([duration]) => {
    assertEquals(Either.flatMap(encode(duration), decode), Either.right(duration))
  })

  it.prop("encodes in one canonical way", [DurationText], ([duration]) => {
    const text = Either.getOrThrow(encode(duration))
    assertTrue(/^(?=.)(\d+d)?(\d+h)?(\d+m)?(\d+s)?$/.test(text), text)
    assertFalse(/(?:^|[dhm])0[dhm]/.test(text), text)
    assertEquals(Either.flatMap(decode(text), encode), Either.right(text))
  })

  it.prop("answers any text with a duration or an error", [FastCheck.string()], ([text]) => {
    assertEquals(Either.isRight(decode(text)), /^(\d+|(\d+[dhms])+)$/.test(text))
  })

  it.each(["9".repeat(10_000), "1s".repeat(5_000) + "x", "d".repeat(10_000)])(
    "refuses ten kilobytes of junk",
    (text) => {
      assertTrue(Either.isLeft(decode(text)))
    }
  )

  it("reports a Left for the unknown, never a defect", () => {
    assertLeft(
      Either.mapLeft(decode(Symbol("5s")), () => "refused"),
      "refused"
    )
  })
})
