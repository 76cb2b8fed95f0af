import { DeduplicationId, DlqId, IdGenerator, MessageId } from "@effect-qstash/domain"
import { DlqIdFromAnswer } from "@effect-qstash/domain/DlqId"
import { MessageIdFromAnswer } from "@effect-qstash/domain/MessageId"
import { describe, it } from "@effect/vitest"
import { assertEquals, assertFalse, assertTrue, deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import { Effect, Either, FastCheck, type ParseResult, Random, Schema } from "effect"

const shape = /^msg_[1-9A-HJ-NP-Za-km-z]{28}$/

const mint = (prefix: string) => Effect.flatMap(IdGenerator, (ids) => ids.next(prefix))

describe("IdGenerator", () => {
  it.effect("needs no layer, and mints ids in the shape of QStash's", () =>
    Effect.gen(function* () {
      const id = yield* mint("msg")
      assertTrue(shape.test(id), id)
      const { unsafeNext } = yield* IdGenerator
      assertTrue(shape.test(unsafeNext("msg")))
      assertTrue((yield* mint("scd")).startsWith("scd_"))
    })
  )

  it.effect("does not repeat itself, nor follow Effect's Random, of which a test may fix the seed", () =>
    Effect.gen(function* () {
      const ids = new Set<string>()
      for (let count = 0; count < 5_000; count++) {
        ids.add(yield* Effect.withRandom(mint("msg"), Random.make("a seed")))
      }
      strictEqual(ids.size, 5_000)
    })
  )

  it.effect("draws each of its letters as often as any other", () =>
    Effect.gen(function* () {
      const { unsafeNext } = yield* IdGenerator
      const counts = new Map<string, number>()
      const drawn = 20_000 * 28
      for (let count = 0; count < 20_000; count++) {
        for (const letter of unsafeNext("").slice(1)) counts.set(letter, (counts.get(letter) ?? 0) + 1)
      }
      strictEqual(counts.size, 58)
      // Six standard deviations of a fair draw; bytes taken modulo 58 would put the first letters 9 % above.
      const fair = drawn / 58
      const unfair = [...counts].filter(([, count]) => Math.abs(count - fair) > 6 * Math.sqrt(fair))
      deepStrictEqual(unfair, [])
    })
  )
})

describe("IdGenerator.layerCounter", () => {
  const four = Effect.all([mint("msg"), mint("scd"), mint("msg"), mint("")])
  const first = ["msg_1", "scd_1", "msg_2", "_1"]

  it.effect("counts from 1 for each prefix", () =>
    Effect.gen(function* () {
      deepStrictEqual(yield* four, first)
      const { unsafeNext } = yield* IdGenerator
      strictEqual(unsafeNext("msg"), "msg_3")
    }).pipe(Effect.provide(IdGenerator.layerCounter))
  )

  it.effect("begins anew each time the layer is built", () =>
    Effect.gen(function* () {
      deepStrictEqual(yield* Effect.provide(four, IdGenerator.layerCounter), first)
      deepStrictEqual(yield* Effect.provide(four, IdGenerator.layerCounter), first)
    })
  )

  it.effect("takes prefixes by any name", () =>
    Effect.gen(function* () {
      strictEqual(yield* mint("__proto__"), "__proto___1")
      strictEqual(yield* mint("constructor"), "constructor_1")
    }).pipe(Effect.provide(IdGenerator.layerCounter))
  )
})

type Decode = (input: unknown) => Either.Either<string, ParseResult.ParseError>

const messageOf = (result: Either.Either<unknown, ParseResult.ParseError>): string =>
  Either.match(result, {
    onLeft: (error) => error.message,
    onRight: (value) => `no error, but ${JSON.stringify(value)}`
  })

const notText: ReadonlyArray<readonly [unknown, string]> = [
  [undefined, "undefined"],
  [null, "null"],
  [5, "5"],
  [{ id: "s3cret" }, "a value of type object"],
  [["a"], "an array"],
  [Symbol("a"), "a value of type symbol"]
]

const isShort = (message: string) => assertFalse(message.includes("\n") || message.length > 300, message)

describe.each<[string, Decode]>([
  ["message id", Schema.decodeUnknownEither(MessageId)],
  ["dead letter id", Schema.decodeUnknownEither(DlqId)]
])("a %s", (what, decode) => {
  const refusal = (shown: string) => `Expected a ${what} that is not empty, "." or "..", got ${shown}`

  it.each([
    "msg_5RLBWxdLydTNr99CiaTBCRb6UtrU",
    "1725323658779-0",
    "an odd/old id",
    "...",
    "__proto__",
    "ü",
    "😀"
  ])("is QStash's own, so it may be %j", (text) => {
    assertEquals(decode(text), Either.right(text))
  })

  it.each(["", " ", "\n", ".", "..", "\ud800", "a\udc00"])("is not %j, which no path can carry", (text) => {
    strictEqual(messageOf(decode(text)), refusal(JSON.stringify(text)))
  })

  it.each(notText)("is nothing but text: not %o", (value, shown) => {
    strictEqual(messageOf(decode(value)), refusal(shown))
  })

  it.prop("is text that a path can carry, and no other", [FastCheck.string({ unit: "binary" })], ([text]) => {
    const isId = text.trim() !== "" && text !== "." && text !== ".." && !/\p{Cs}/u.test(text)
    assertEquals(Either.isRight(decode(text)), isId)
    if (isId) strictEqual(decodeURIComponent(encodeURIComponent(text)), text)
  })

  it.prop("meets junk with an error of one short line", [FastCheck.anything()], ([value]) => {
    if (typeof value !== "string") isShort(messageOf(decode(value)))
  })
})

describe("an id in an answer of QStash", () => {
  it.each<[string, Decode]>([
    ["message id", Schema.decodeUnknownEither(MessageIdFromAnswer)],
    ["dead letter id", Schema.decodeUnknownEither(DlqIdFromAnswer)]
  ])("may be any text but the empty one: %s", (_what, decode) => {
    for (const text of ["msg_1", "..", "an odd/old id", "\n", "\ud800"]) {
      assertEquals(decode(text), Either.right(text))
    }
    assertTrue(Either.isLeft(decode("")))
    assertTrue(Either.isLeft(decode(null)))
  })
})

describe("a deduplication id", () => {
  const decode: Decode = Schema.decodeUnknownEither(DeduplicationId)
  const refusal = (shown: string) =>
    `Expected a deduplication id of printable ASCII without spaces or colons, got ${shown}`

  it.each(["order-7", "a/b?c#d", "!", "~", ".", "..", "a".repeat(5_000)])("may be %j", (text) => {
    assertEquals(decode(text), Either.right(text))
  })

  it.each(["", ":", "a:b", " ", "a b", " a", "a\n", "a\tb", "ä", "\u007f", "😀"])("is not %j", (text) => {
    strictEqual(messageOf(decode(text)), refusal(JSON.stringify(text)))
  })

  it.each(notText)("is nothing but text: not %o", (value, shown) => {
    strictEqual(messageOf(decode(value)), refusal(shown))
  })

  it("quotes at most 100 characters of what it refuses", () => {
    strictEqual(messageOf(decode(`${"a".repeat(200)}:`)), refusal(`"${"a".repeat(100)}…"`))
  })

  it.prop(
    "is text without what QStash forbids, and no other",
    [FastCheck.string({ unit: "binary" })],
    ([text]) => {
      assertEquals(Either.isRight(decode(text)), /^[!-9;-~]+$/.test(text))
    }
  )

  it.prop("is never met by what a schema generates but by what it accepts", [DeduplicationId], ([id]) => {
    strictEqual(DeduplicationId.make(id), id)
  })
})
