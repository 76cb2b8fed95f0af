import { FlowControlKey, QueueName, ScheduleId, ScheduleNotFound, UrlGroupName } from "@effect-qstash/domain"
import { FlowControlKeyFromAnswer } from "@effect-qstash/domain/FlowControl"
import { QueueNameFromAnswer } from "@effect-qstash/domain/QueueName"
import { ScheduleIdFromAnswer } from "@effect-qstash/domain/ScheduleId"
import { UrlGroupNameFromAnswer } from "@effect-qstash/domain/UrlGroupName"
import { describe, it } from "@effect/vitest"
import { assertEquals, assertFalse, assertTrue, strictEqual, throws } from "@effect/vitest/utils"
import { Either, FastCheck, ParseResult, Schema } from "effect"

type Decode = (input: unknown) => Either.Either<string, ParseResult.ParseError>

const names: ReadonlyArray<readonly [what: string, decode: Decode]> = [
  ["schedule id", Schema.decodeUnknownEither(ScheduleId)],
  ["queue name", Schema.decodeUnknownEither(QueueName)],
  ["URL group name", Schema.decodeUnknownEither(UrlGroupName)]
]

const refusal = (what: string, shown: string): string =>
  `Expected a ${what} of letters, digits, ".", "_" and "-", and not "." or "..", got ${shown}`

const messageOf = (result: Either.Either<unknown, ParseResult.ParseError>): string =>
  Either.match(result, {
    onLeft: (error) => error.message,
    onRight: (value) => `no error, but ${JSON.stringify(value)}`
  })

describe.each(names)("a %s", (what, decode) => {
  it.each(["a", "nightly-report", "A.b_c-1", "...", ".a", "-", "_", "__proto__", "0", "a".repeat(5_000)])(
    "may be %j",
    (text) => {
      assertEquals(decode(text), Either.right(text))
    }
  )

  it.each([
    "",
    ".",
    "..",
    " ",
    " a",
    "a ",
    "a\n",
    "\na",
    "a/b",
    "../keys",
    "a?b",
    "a#b",
    "a%2e",
    "a\\b",
    "a:b",
    "ä",
    "ａ",
    "a\u0000",
    "😀"
  ])("is not %j, and says why", (text) => {
    strictEqual(messageOf(decode(text)), refusal(what, JSON.stringify(text)))
  })

  it.each([
    [undefined, "undefined"],
    [null, "null"],
    [5, "5"],
    [5n, "5"],
    [true, "true"],
    [{ id: "a" }, "a value of type object"],
    [["a"], "an array"],
    [Symbol("a"), "a value of type symbol"],
    [() => "a", "a value of type function"]
  ])("is nothing but text: not %s", (value, shown) => {
    strictEqual(messageOf(decode(value)), refusal(what, shown))
  })

  it("quotes at most 100 characters of what it refuses", () => {
    strictEqual(messageOf(decode(`${"a".repeat(100)}!`)), refusal(what, `"${"a".repeat(100)}…"`))
    strictEqual(messageOf(decode(`${"a".repeat(99)}!`)), refusal(what, `"${"a".repeat(99)}!"`))
    strictEqual(messageOf(decode("!".repeat(1_000_000))), refusal(what, `"${"!".repeat(100)}…"`))
    strictEqual(messageOf(decode(10n ** 200n)), refusal(what, `1${"0".repeat(99)}…`))
  })

  it.prop(
    "is any text in the characters of QStash, and no other",
    [FastCheck.string({ unit: "binary" })],
    ([text]) => {
      assertEquals(
        Either.isRight(decode(text)),
        /^[A-Za-z0-9._-]+$/.test(text) && text !== "." && text !== ".."
      )
    }
  )

  it.prop("meets junk with an error of one short line", [FastCheck.anything()], ([value]) => {
    const message = messageOf(decode(value))
    if (typeof value !== "string") {
      assertTrue(message.startsWith(refusal(what, "")), message)
      assertFalse(message.includes("\n") || message.length > 300, message)
    }
  })
})

describe("make", () => {
  it("throws what decoding fails with", () => {
    strictEqual(ScheduleId.make("nightly"), "nightly")
    throws(
      () => ScheduleId.make(".."),
      (error) => {
        assertTrue(ParseResult.isParseError(error) && error.message === refusal("schedule id", '".."'))
        return undefined
      }
    )
  })

  it.prop(
    "is never met by what a schema generates but by what it accepts",
    [ScheduleId, QueueName],
    ([id, name]) => {
      strictEqual(ScheduleId.make(id), id)
      strictEqual(QueueName.make(name), name)
    }
  )
})

describe("a flow-control key", () => {
  const decode: Decode = Schema.decodeUnknownEither(FlowControlKey)

  it.each(["a", "tenant 7", "a,b", "ä", "a/b?c#d", "a\tb"])("may be %j", (text) => {
    assertEquals(decode(text), Either.right(text))
  })

  it.each([
    ["", '""'],
    [" a", '" a"'],
    ["a\u00a0", '"a\u00a0"'],
    ["a\r\nX: y", String.raw`"a\r\nX: y"`],
    ["€", '"€"'],
    [5, "5"],
    [{ secret: "s3cret" }, "a value of type object"]
  ])("is not %j", (value, shown) => {
    strictEqual(
      messageOf(decode(value)),
      `Expected a flow-control key of printable Latin-1 without surrounding spaces, and not "." or "..", got ${shown}`
    )
  })
})

describe("an id in an answer of QStash", () => {
  it.each<[string, Decode]>([
    ["schedule id", Schema.decodeUnknownEither(ScheduleIdFromAnswer)],
    ["queue name", Schema.decodeUnknownEither(QueueNameFromAnswer)],
    ["URL group name", Schema.decodeUnknownEither(UrlGroupNameFromAnswer)],
    ["flow-control key", Schema.decodeUnknownEither(FlowControlKeyFromAnswer)]
  ])("may be any text but the empty one: %s", (_what, decode) => {
    for (const text of ["nightly", "..", "an odd/old id", "\n", "€"]) {
      assertEquals(decode(text), Either.right(text))
    }
    assertTrue(Either.isLeft(decode("")))
    assertTrue(Either.isLeft(decode(null)))
  })

  it("is cut in the error that names it", () => {
    const scheduleId = Either.getOrThrow(Schema.decodeEither(ScheduleIdFromAnswer)("\n".repeat(1_000)))
    strictEqual(
      new ScheduleNotFound({ scheduleId }).message,
      `No schedule has the id "${String.raw`\n`.repeat(100)}…"`
    )
  })
})
