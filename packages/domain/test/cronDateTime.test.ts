import { CronExpression } from "@effect-qstash/domain"
import { describe, it } from "@effect/vitest"
import { assertEquals, assertTrue, deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import { DateTime, Equal, Hash, Option, Schema } from "effect"
import { inspect } from "node:util"

const cron = CronExpression.make("0 4 * * *")
const start = "2026-03-28T12:00:00Z"

/** A firing is not made by a constructor of DateTime; these tell whether another version of Effect makes them otherwise. */
describe("the DateTime of a firing", () => {
  const made = () => DateTime.unsafeMake("2026-03-29T04:00:00Z")
  const firings = () => [Option.getOrThrow(cron.next(start)), ...cron.upcoming(1, start)]

  it("is deeply equal to one that a constructor made", () => {
    for (const firing of firings()) {
      deepStrictEqual(firing, made())
      assertEquals(firing, made())
      assertTrue(Equal.equals(made(), firing))
      strictEqual(Hash.hash(firing), Hash.hash(made()))
      strictEqual(firing.epochMillis, made().epochMillis)
    }
  })

  it("is told, shown and written as one", () => {
    for (const firing of firings()) {
      assertTrue(DateTime.isDateTime(firing) && DateTime.isUtc(firing))
      assertTrue(Schema.is(Schema.DateTimeUtcFromSelf)(firing))
      strictEqual(DateTime.formatIso(firing), DateTime.formatIso(made()))
      strictEqual(String(firing), String(made()))
      strictEqual(inspect(firing), inspect(made()))
      strictEqual(JSON.stringify(firing), JSON.stringify(made()))
    }
  })

  it("calculates as one", () => {
    const [firing = made(), other = made()] = firings()
    deepStrictEqual(DateTime.toParts(firing), DateTime.toParts(made()))
    deepStrictEqual(DateTime.toPartsUtc(DateTime.add(firing, { days: 1 })).day, 30)
    strictEqual(DateTime.getPartUtc(Option.getOrThrow(cron.next(firing)), "day"), 30)
    strictEqual(DateTime.getPartUtc(firing, "day"), 29)
    assertEquals(firing, other)
    strictEqual(
      DateTime.formatIsoZoned(DateTime.unsafeSetZoneNamed(firing, "Europe/Berlin")),
      DateTime.formatIsoZoned(DateTime.unsafeSetZoneNamed(made(), "Europe/Berlin"))
    )
  })
})
