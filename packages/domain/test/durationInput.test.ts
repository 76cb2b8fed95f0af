import * as DurationInput from "@effect-qstash/domain/input/DurationInput"
import { describe, it } from "@effect/vitest"
import { assertEquals, assertNone } from "@effect/vitest/utils"
import { Duration, FastCheck, Option } from "effect"

const unit = FastCheck.constantFrom("nano", "micro", "milli", "second", "minute", "hour", "day", "week")

const text = FastCheck.tuple(
  FastCheck.oneof(
    FastCheck.nat().map(String),
    FastCheck.double({ min: 0, max: 1e6, noNaN: true }).map((count) => count.toFixed(3))
  ),
  FastCheck.constantFrom(" ", "  ", "\t"),
  unit,
  FastCheck.constantFrom("", "s")
).map((parts) => parts.join(""))

const amount = FastCheck.oneof(FastCheck.double({ min: 0, max: 1e15, noNaN: true }), FastCheck.nat())

const span = FastCheck.oneof(
  text,
  amount,
  FastCheck.bigInt({ min: 0n }),
  FastCheck.tuple(amount, amount),
  FastCheck.constant(Duration.seconds(5))
)

describe("a duration", () => {
  it.prop("is read as Effect reads it", [FastCheck.oneof(span, FastCheck.anything())], ([input]) => {
    const isOurs =
      JSON.stringify(Duration.decodeUnknown(input)) === JSON.stringify(DurationInput.parse(input))
    if (isOurs) return
    // The exceptions are none for us.
    assertNone(DurationInput.parse(input))
  })

  it.prop("is read at all", [span], ([input]) => {
    assertEquals(DurationInput.parse(input), Duration.decodeUnknown(input))
  })

  it.each<[string, unknown]>([
    ["a negative number", -1],
    ["a negative bigint", -1n],
    ["negative text", "-1 seconds"],
    ["a negative part", [1, -1]],
    ["NaN", Number.NaN],
    ["a part that is not a number", [Number.NaN, 0]],
    ["a list of one", [1]],
    ["very long text", `${"1".repeat(200)} seconds`],
    ["a number without a unit", "5"],
    ["an unknown unit", "5 fortnights"],
    ["null", null]
  ])("is not %s", (_, input) => {
    assertNone(DurationInput.parse(input))
  })

  it("may be infinite", () => {
    assertEquals(DurationInput.parse(Infinity), Option.some(Duration.infinity))
    assertEquals(DurationInput.parse([0, Infinity]), Option.some(Duration.infinity))
  })
})
