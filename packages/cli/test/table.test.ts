import { type QStashSchedule, ScheduleId, UrlGroupName } from "@effect-qstash/domain"
import { describe, it } from "@effect/vitest"
import { assertInclude, deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import { DateTime, FastCheck } from "effect"
import { byNextFiring, scheduleCard, scheduleTable } from "../src/render/schedules.ts"
import { cut, printable, unstyled, widthOf } from "../src/render/text.ts"

const zone = DateTime.zoneUnsafeMakeNamed("Europe/London")

const schedule = (id: string, more: Partial<QStashSchedule> = {}): QStashSchedule => ({
  scheduleId: ScheduleId.make(id, { disableValidation: true }),
  cron: "CRON_TZ=Europe/Berlin 0 4 * * *",
  destination: "https://example.com/jobs/nightly/with/a/path/that/is/too/long/for/a/narrow/terminal",
  createdAt: DateTime.unsafeMake("2026-01-01T00:00:00Z"),
  method: "POST",
  isPaused: false,
  headers: {},
  labels: [],
  nextScheduleTime: DateTime.unsafeMake("2026-11-24T03:00:00Z"),
  lastScheduleStates: {},
  ...more
})

const plain = (lines: ReadonlyArray<string>) => lines.map((line) => unstyled(line).trimEnd())

describe("the table of schedules", () => {
  it("takes two lines a schedule on 80 columns", () => {
    const schedules = [schedule("nightly"), schedule("paused-one", { isPaused: true })]
    deepStrictEqual(plain(scheduleTable(schedules, { zone, columns: 80 })), [
      "ID          STATE   DESTINATION",
      "  CRON       FIRES NEXT                          HERE (Europe/London)",
      "nightly     active  https://example.com/jobs/nightly/with/a/path/that/is/too/lo…",
      "  0 4 * * *  Tue 2026-11-24 04:00 Europe/Berlin  Tue 2026-11-24 03:00",
      "paused-one  paused  https://example.com/jobs/nightly/with/a/path/that/is/too/lo…",
      "  0 4 * * *  Tue 2026-11-24 04:00 Europe/Berlin  Tue 2026-11-24 03:00"
    ])
  })

  it("takes one line where there is room, and cuts the destination to what is left", () => {
    const lines = plain(scheduleTable([schedule("nightly")], { zone, columns: 120 }))
    strictEqual(lines.length, 2)
    strictEqual(widthOf(lines[1] ?? ""), 120)
    assertInclude(lines[1] ?? "", "…")
  })

  it("cuts nothing where there is no terminal", () => {
    const lines = plain(scheduleTable([schedule("nightly")], { zone, columns: 0 }))
    strictEqual(lines.length, 2)
    assertInclude(lines[1] ?? "", "narrow/terminal")
  })

  it("is never wider than the terminal, if that has 80 columns or more", () => {
    FastCheck.assert(
      FastCheck.property(
        FastCheck.integer({ min: 80, max: 250 }),
        FastCheck.array(FastCheck.webUrl({ withQueryParameters: true }), { minLength: 1, maxLength: 5 }),
        FastCheck.string({ maxLength: 32, minLength: 1, unit: FastCheck.constantFrom("a", "-", "7") }),
        (columns, urls, id) => {
          const schedules = urls.map((destination) => schedule(id, { destination }))
          for (const line of plain(scheduleTable(schedules, { zone, columns }))) {
            if (widthOf(line) > columns) return false
          }
          return true
        }
      )
    )
  })

  it("shows a schedule that never fires, an unknown cron dialect and a URL group", () => {
    const { nextScheduleTime: _, ...never } = schedule("never", { cron: "every full moon" })
    const [, line = ""] = plain(
      scheduleTable([{ ...never, destination: { urlGroup: UrlGroupName.make("group") } }], {
        zone,
        columns: 0
      })
    )
    deepStrictEqual(line.split(/ {2,}/), ["never", "active", "every full moon", "never", "never", "group"])
  })

  it("puts the next to fire first, and what never fires last", () => {
    const { nextScheduleTime: _, ...never } = schedule("a")
    const later = schedule("b", { nextScheduleTime: DateTime.unsafeMake("2027-01-01T00:00:00Z") })
    const schedules = [never, later, schedule("d"), schedule("c")].toSorted(byNextFiring)
    deepStrictEqual(
      schedules.map(({ scheduleId }) => scheduleId),
      ["c", "d", "b", "a"]
    )
  })
})

describe("what comes from a server", () => {
  const hostile = schedule("id\u001b[2J", {
    cron: "\u009b2J",
    destination: { urlGroup: UrlGroupName.make("\u202egroup\r", { disableValidation: true }) },
    error: "line\nline",
    labels: ["\u0007"]
  })
  // oxlint-disable-next-line no-control-regex -- these are what must not be printed
  const control = /[\u0000-\u001f\u007f-\u009f\u202e]/

  it("cannot move the cursor or turn the text", () => {
    const lines = [
      ...scheduleTable([hostile], { zone, columns: 80 }),
      ...scheduleTable([hostile], { zone, columns: 0 }),
      ...scheduleCard(hostile, { zone, columns: 80 })
    ]
    for (const line of lines) strictEqual(control.test(unstyled(line)), false, JSON.stringify(line))
  })

  it("stays as it is where it is harmless", () => {
    strictEqual(printable("größe → 東京 🙂"), "größe → 東京 🙂")
    strictEqual(printable("a\u001b[31mb"), "a\\u{1b}[31mb")
  })
})

describe("cut", () => {
  it("keeps what fits and marks what does not", () => {
    FastCheck.assert(
      FastCheck.property(
        FastCheck.string({ unit: "grapheme" }),
        FastCheck.integer({ min: 1, max: 30 }),
        (text, columns) => {
          const short = cut(text, columns)
          return widthOf(text) <= columns
            ? short === text
            : widthOf(short) === columns && short.endsWith("…") && text.startsWith(short.slice(0, -1))
        }
      )
    )
  })
})
