import { describe, it } from "@effect/vitest"
import { assertInclude, deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import { Effect, Schema, TestClock } from "effect"
import { cli, json } from "./support.ts"

const decodeFirings = Schema.decodeUnknownSync(Schema.Struct({ firings: Schema.Array(Schema.String) }))

describe("schedules next", () => {
  it.effect("shows firings in the zone of the expression and in the reader's", () =>
    Effect.gen(function* () {
      const { code, stderr, stdout } = yield* cli(
        "schedules next 'CRON_TZ=America/New_York 30 4 * * *' --count 2 --after 2026-03-27"
      )
      strictEqual(stderr, "")
      strictEqual(code, 0)
      strictEqual(
        stdout,
        [
          "America/New_York             HERE (Europe/London)",
          "Fri 2026-03-27 04:30 -04:00  Fri 2026-03-27 08:30 +00:00",
          "Sat 2026-03-28 04:30 -04:00  Sat 2026-03-28 08:30 +00:00",
          ""
        ].join("\n")
      )
    })
  )

  it.effect("warns of a time that the clocks skip, and of one that they repeat", () =>
    Effect.gen(function* () {
      const { stdout } = yield* cli("schedules next 'CRON_TZ=Europe/Berlin 30 2 * * *' --after 2026-01-01")
      assertInclude(
        stdout,
        "! On 2026-03-29 it does not fire at 02:30: the clocks in Europe/Berlin skip that time."
      )
      assertInclude(
        stdout,
        "! On 2026-10-25 it fires twice at 02:30: the clocks in Europe/Berlin show that time twice."
      )
    })
  )

  it.effect("gives one warning for each change, however many times of day it touches", () =>
    Effect.gen(function* () {
      const { stdout } = yield* cli(
        "schedules next 'CRON_TZ=Europe/Berlin */20 2 * * *' --after 2026-01-01 --count=1"
      )
      assertInclude(stdout, "at 02:00 to 02:40 (3 times)")
      strictEqual(stdout.split("\n").filter((line) => line.startsWith("!")).length, 2)
    })
  )

  it.effect("warns of a firing that QStash misses after a change of the clocks", () =>
    Effect.gen(function* () {
      const { stdout } = yield* cli("schedules next 'CRON_TZ=Asia/Beirut 0 9 * * SUN' --after 2026-03-20")
      assertInclude(stdout, "Sun 2026-03-22 09:00 +02:00")
      assertInclude(stdout, "Sun 2026-04-05 09:00 +03:00")
      assertInclude(
        stdout,
        "! On 2026-03-29 it does not fire at 09:00: QStash misses that time after the clocks in Asia/Beirut change."
      )
      const halfHour = yield* cli(
        "schedules next 'CRON_TZ=Australia/Lord_Howe 15,45 1 * * *' --after 2026-04-01"
      )
      assertInclude(halfHour.stdout, "! On 2026-04-05 it fires twice at 01:45")
      assertInclude(halfHour.stdout, "! On 2026-10-05 it does not fire at 01:15")
    })
  )

  it.effect("names both days when what is missed lasts longer than one", () =>
    Effect.gen(function* () {
      const { stdout } = yield* cli(
        "schedules next 'CRON_TZ=America/Asuncion 0 12 5-7 10 *' --after 2017-09-20 --count 1"
      )
      assertInclude(stdout, "! On 2017-10-05 it does not fire at 12:00 to 2017-10-07 12:00 (3 times)")
    })
  )

  it.effect("gives no warning where the clocks change nothing", () =>
    Effect.gen(function* () {
      const { stdout } = yield* cli("schedules next '30 2 * * *'")
      strictEqual(stdout.includes("!"), false)
    })
  )

  it.effect("tells the two hours apart that a change repeats", () =>
    Effect.gen(function* () {
      const { stdout } = yield* cli(
        "schedules next 'CRON_TZ=Europe/Berlin 30 2 * * *' --count 2 --after 2026-10-24T12:00:00Z"
      )
      assertInclude(stdout, "Sun 2026-10-25 02:30 +02:00")
      assertInclude(stdout, "Sun 2026-10-25 02:30 +01:00")
    })
  )

  it.effect("begins now and shows five", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(Date.UTC(2026, 0, 1))
      const { firings } = decodeFirings(json(yield* cli("schedules next @hourly --json")))
      deepStrictEqual(firings.slice(0, 2), ["2026-01-01T01:00:00.000Z", "2026-01-01T02:00:00.000Z"])
      strictEqual(firings.length, 5)
    })
  )

  it.effect("prints the changes of clocks as JSON", () =>
    Effect.gen(function* () {
      const ended = yield* cli(
        "schedules next 'CRON_TZ=Europe/Berlin 30 2 * * *' --json --count 1 --after 2026-10-01"
      )
      deepStrictEqual(json(ended), {
        cron: "CRON_TZ=Europe/Berlin 30 2 * * *",
        timeZone: "Europe/Berlin",
        firings: ["2026-10-01T00:30:00.000Z"],
        clockChanges: [
          {
            kind: "repeated",
            localTime: "2026-10-25T02:30",
            changeAt: "2026-10-25T01:00:00.000Z",
            instants: ["2026-10-25T00:30:00.000Z", "2026-10-25T01:30:00.000Z"]
          },
          {
            kind: "skipped",
            localTime: "2027-03-28T02:30",
            changeAt: "2027-03-28T01:00:00.000Z",
            instants: []
          }
        ]
      })
    })
  )

  it.effect("says so of an expression that never fires", () =>
    Effect.gen(function* () {
      const { code, stdout } = yield* cli("schedules next '0 0 31 2 *'")
      assertInclude(stdout, "never fires")
      strictEqual(code, 0)
    })
  )

  it.effect("ends with 2 and QStash's reason for what is no cron expression", () =>
    Effect.gen(function* () {
      const { code, stderr, stdout } = yield* cli("schedules next '0 4 * *'")
      strictEqual(code, 2)
      strictEqual(stdout, "")
      assertInclude(stderr, "Invalid cron expression expected exactly 5 fields, found 4")
      assertInclude(stderr, "in quotes")
    })
  )

  it.effect("recalls the quotes where they are missing", () =>
    Effect.gen(function* () {
      const { code, stderr } = yield* cli("schedules next 0 4 '*' '*' '*'")
      strictEqual(code, 2)
      assertInclude(stderr, "A cron expression goes in quotes.")
    })
  )
})
