import * as InstantInput from "@effect-qstash/domain/input/InstantInput"
import { describe, it } from "@effect/vitest"
import { assertNone, assertSome, strictEqual, throws } from "@effect/vitest/utils"
import { DateTime, FastCheck } from "effect"

const millis = FastCheck.integer({ min: -8_600_000_000_000_000, max: 8_600_000_000_000_000 })

const reads = (input: DateTime.DateTime.Input, iso: string): void => {
  assertSome(InstantInput.parse(input), DateTime.unsafeMake(iso))
}

describe("an instant as a user gives it", () => {
  it("is what DateTime.make takes, and what DateTime.formatIso prints", () => {
    FastCheck.assert(
      FastCheck.property(millis, (time) => {
        const instant = DateTime.unsafeMake(time)
        const inputs: ReadonlyArray<DateTime.DateTime.Input> = [
          time,
          new Date(time),
          instant,
          DateTime.formatIso(instant),
          DateTime.toPartsUtc(instant)
        ]
        for (const input of inputs) {
          assertSome(InstantInput.parse(input), instant)
          strictEqual(InstantInput.millisOf("start", input), time)
        }
      })
    )
  })

  it("is in UTC whatever its zone was", () => {
    const instant = DateTime.unsafeMake("2026-03-28T12:00:00Z")
    assertSome(InstantInput.parse(DateTime.unsafeSetZoneNamed(instant, "Asia/Tokyo")), instant)
  })

  it("is a date, or a date with a time, in UTC where it names no offset", () => {
    reads("2026-03-28", "2026-03-28T00:00:00.000Z")
    reads("2024-02-29", "2024-02-29T00:00:00.000Z")
    reads("2026-03-28T12:30", "2026-03-28T12:30:00.000Z")
    reads("2026-03-28 12:30:05", "2026-03-28T12:30:05.000Z")
    reads("2026-03-28T12:30:05.25Z", "2026-03-28T12:30:05.250Z")
    reads("2026-03-28T12:30+01:00", "2026-03-28T11:30:00.000Z")
    reads("2026-03-28T23:30:00-0230", "2026-03-29T02:00:00.000Z")
  })

  for (const text of [
    "",
    "5",
    "90",
    "2026",
    "2026-03",
    "20260328",
    "soon",
    "tomorrow 5",
    "hello 45",
    "28 Mar 2026",
    "03/28/2026",
    "Sat, 28 Mar 2026 12:00:00 GMT",
    "1774699200000",
    " 2026-03-28",
    "2026-03-28\n",
    "2026-3-28",
    "2026-00-10",
    "2026-13-01",
    "2026-02-29",
    "2026-02-30T00:00:00Z",
    "2026-04-31",
    "2026-03-28T25:00:00Z",
    "2026-03-28T12:60:00Z",
    "2026-03-28T12",
    "2026-03-28T12:00:00+99:00",
    "2026-03-28T12:00:00[Europe/Berlin]",
    "+999999-01-01T00:00:00Z"
  ]) {
    it(`is not ${JSON.stringify(text)}`, () => {
      assertNone(InstantInput.parse(text))
    })
  }

  it("is refused under the name of what it was given for", () => {
    throws(
      () => InstantInput.millisOf("after", "hello 45"),
      new RangeError('after: expected an instant such as "2025-03-30T00:00:00Z", got "hello 45"')
    )
    throws(
      () => InstantInput.millisOf("after", Number.NaN),
      new RangeError('after: expected an instant such as "2025-03-30T00:00:00Z", got NaN')
    )
  })
})
