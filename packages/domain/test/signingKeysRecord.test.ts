import * as SigningKeysRecord from "@effect-qstash/domain/wire/SigningKeysRecord"
import { describe, it } from "@effect/vitest"
import { assertFalse, assertTrue, deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import { Either, FastCheck, Redacted } from "effect"
import { inspect } from "node:util"
import { junkField } from "./arbitraries.ts"
import { isQuiet, isUnreadable, overTheWire, valueOf } from "./support.ts"

const json = { current: "sig_7kYj-s3cret", next: "sig_5ZB6-s3cret" }

describe("the signing keys", () => {
  it("are hidden as soon as they are read", () => {
    const keys = valueOf(SigningKeysRecord.decode(json))
    strictEqual(Redacted.value(keys.current), json.current)
    strictEqual(Redacted.value(keys.next), json.next)
    assertFalse(inspect(keys, { depth: null, showHidden: true }).includes("s3cret"), inspect(keys))
    assertFalse(JSON.stringify(keys).includes("s3cret"))
  })

  it.prop(
    "come back as they were written, through JSON",
    [FastCheck.string({ minLength: 1 }), FastCheck.string({ minLength: 1 })],
    ([current, next]) => {
      const keys = { current: Redacted.make(current), next: Redacted.make(next) }
      deepStrictEqual(SigningKeysRecord.encode(keys), { current, next })
      const read = valueOf(SigningKeysRecord.decode(overTheWire(SigningKeysRecord.encode(keys))))
      deepStrictEqual([Redacted.value(read.current), Redacted.value(read.next)], [current, next])
    }
  )

  it("may have more beside them", () => {
    assertTrue(Either.isRight(SigningKeysRecord.decode({ ...json, previous: "a" })))
  })

  it.each<[unknown, string]>([
    [null, "the JSON is not of the expected shape"],
    [[json], "the JSON is not of the expected shape"],
    [{ next: json.next }, "current is missing"],
    [{ current: json.current }, "next is missing"],
    [{ ...json, next: "" }, "next is not of the expected shape"],
    [{ ...json, current: [json.current] }, "current is not of the expected shape"]
  ])("are refused by the field's name: %j", (given, reason) => {
    isUnreadable(SigningKeysRecord.decode(given), reason)
  })

  it.prop("of junk are read or refused by a field's name", [junkField, junkField], ([one, two]) => {
    const keysAreQuiet = isQuiet(SigningKeysRecord.decode, SigningKeysRecord.encode)
    keysAreQuiet(one)
    keysAreQuiet({ current: one, next: two })
    keysAreQuiet({ ...json, next: one })
  })
})
