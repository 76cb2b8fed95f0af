import { QStashInvalidRequest } from "@effect-qstash/domain"
import { canonical } from "@effect-qstash/domain/wire/HeaderName"
import * as PageInput from "@effect-qstash/domain/input/PageInput"
import { describe, it } from "@effect/vitest"
import { assertInstanceOf, assertTrue, deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import { Either, FastCheck } from "effect"
import { junkField } from "./arbitraries.ts"
import { checked, isRefused } from "./support.ts"

/** As JavaScript without types calls it. */
const checkFrom = (input: unknown, most: number): ReturnType<typeof PageInput.check> =>
  Reflect.apply(PageInput.check, undefined, [input, most])

describe("the page that a call asks for", () => {
  it("has a cursor and a count, or neither", () => {
    deepStrictEqual(checked(PageInput.check({}, 100)), { cursor: undefined, count: undefined })
    deepStrictEqual(checked(PageInput.check({ cursor: "1-2", count: 1 }, 100)), { cursor: "1-2", count: 1 })
    strictEqual(checked(PageInput.check({ count: 100 }, 100)).count, 100)
    strictEqual(checked(PageInput.check({ count: 1_000 }, PageInput.maxLogEntries)).count, 1_000)
  })

  it.each<[unknown, string, string]>([
    [{ count: 0 }, "expected a whole number from 1 to 100, got 0", "count"],
    [{ count: 101 }, "expected a whole number from 1 to 100, got 101", "count"],
    [{ count: 1.5 }, "expected a whole number from 1 to 100, got 1.5", "count"],
    [{ count: "5" }, 'expected a whole number from 1 to 100, got "5"', "count"],
    [{ cursor: "" }, "expected the cursor of another page", "cursor"],
    [{ cursor: 5 }, "expected the cursor of another page", "cursor"]
  ])("is refused by the option's name: %j", (input, reason, field) => {
    isRefused(checkFrom(input, PageInput.maxDeadLetters), reason, field)
  })

  it.prop("of junk is taken or refused", [junkField, junkField], ([cursor, count]) => {
    const result = checkFrom({ cursor, count }, 100)
    if (Either.isLeft(result)) assertInstanceOf(result.left, QStashInvalidRequest)
  })
})

describe("the name of a header", () => {
  it("is written as Go writes it", () => {
    strictEqual(canonical("content-type"), "Content-Type")
    strictEqual(canonical("X-REQUEST-id"), "X-Request-Id")
    strictEqual(canonical("__proto__"), "__proto__")
  })

  it.prop("stays once it is so", [FastCheck.string()], ([name]) => {
    strictEqual(canonical(canonical(name)), canonical(name))
    assertTrue(canonical(name).length > 0 || name === "")
  })
})
