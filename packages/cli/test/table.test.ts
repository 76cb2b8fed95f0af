import {
  DlqId,
  type DlqMessage,
  FlowControlKey,
  type FlowControlState,
  type LogEntry,
  MessageId,
  type QStashQueue,
  type QStashSchedule,
  QueueName,
  ScheduleId,
  type UrlGroup,
  UrlGroupName
} from "@effect-qstash/domain"
import { describe, it } from "@effect/vitest"
import { assertInclude, deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import { DateTime, Duration, FastCheck } from "effect"
import { flowControlCard, flowControlTable } from "../src/render/flowControl.ts"
import { logTable } from "../src/render/logs.ts"
import { deadLetterCard, deadLetterTable, messageCard, messageTable } from "../src/render/messages.ts"
import { queueCard, queueTable } from "../src/render/queues.ts"
import { byNextFiring, scheduleCard, scheduleTable } from "../src/render/schedules.ts"
import { cut, printable, unstyled, widthOf } from "../src/render/text.ts"
import { safeText, safeUrl } from "../src/render/url.ts"
import { urlGroupCard, urlGroupTable } from "../src/render/urlGroups.ts"

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

const now = DateTime.unsafeMake("2026-11-24T04:00:05.123Z")

const entry = (more: Partial<LogEntry> = {}): LogEntry => ({
  time: now,
  state: "ERROR",
  messageId: MessageId.make("msg_5RLBWxdLydTNr99CiaTBCRb6UtrU"),
  url: "https://example.com/jobs/nightly/with/a/path/that/is/too/long/for/a/narrow/terminal",
  headers: {},
  responseStatus: 500,
  error: "the destination responded with 500",
  labels: [],
  ...more
})

const letter = (more: Partial<DlqMessage> = {}): DlqMessage => ({
  dlqId: DlqId.make("1725323658779-0"),
  messageId: MessageId.make("msg_5RLBWxdLydTNr99CiaTBCRb6UtrU"),
  url: "https://example.com/jobs/nightly/with/a/path/that/is/too/long/for/a/narrow/terminal",
  method: "POST",
  headers: {},
  createdAt: now,
  notBefore: now,
  maxRetries: 3,
  labels: [],
  ...more
})

const group = (more: Partial<UrlGroup> = {}): UrlGroup => ({
  name: UrlGroupName.make("alerts"),
  createdAt: now,
  updatedAt: now,
  endpoints: [
    { url: "https://example.com/a" },
    { url: "https://example.com/with/a/path/that/is/too/long/for/a/narrow/terminal", name: "b" }
  ],
  ...more
})

const queue = (more: Partial<QStashQueue> = {}): QStashQueue => ({
  name: QueueName.make("orders"),
  createdAt: now,
  updatedAt: now,
  parallelism: 1,
  isPaused: false,
  lag: 0,
  ...more
})

const key = (more: Partial<FlowControlState> = {}): FlowControlState => ({
  flowControlKey: FlowControlKey.make("mails"),
  waitListSize: 7,
  parallelismMax: 3,
  parallelismCount: 2,
  rateMax: 10,
  rateCount: 5,
  ratePeriod: Duration.minutes(1),
  isPaused: false,
  isPinnedParallelism: true,
  isPinnedRate: true,
  ...more
})

const linesOf = (
  entries: ReadonlyArray<LogEntry>,
  reader: { readonly columns: number; readonly zone: DateTime.TimeZone }
) => {
  const { lines, titles } = logTable(entries, reader)
  return [...titles, ...lines]
}

describe("the tables of messages, dead letters, logs, queues, URL groups and keys", () => {
  it("take two lines where the destination would tell nothing beside the rest", () => {
    deepStrictEqual(plain(messageTable([entry()], { zone, columns: 80 })), [
      "ID                                STATE  SINCE (Europe/London)",
      "  DESTINATION",
      "msg_5RLBWxdLydTNr99CiaTBCRb6UtrU  ERROR  2026-11-24 04:00:05.123",
      "  https://example.com/jobs/nightly/with/a/path/that/is/too/long/for/a/narrow/te…"
    ])
    deepStrictEqual(plain(deadLetterTable([letter()], { zone, columns: 80 })), [
      "ID               STATUS       CREATED (Europe/London)  DESTINATION",
      "1725323658779-0  no response  2026-11-24 04:00:05.123  https://example.com/jobs…"
    ])
    deepStrictEqual(plain(urlGroupTable([group()], { zone, columns: 80 })), [
      "NAME    ENDPOINTS  CHANGED (Europe/London)  URLS",
      "alerts  2          Tue 2026-11-24 04:00     https://example.com/a, https://exam…"
    ])
  })

  it("show why an entry of the log is an error on a line of its own", () => {
    deepStrictEqual(plain(linesOf([entry({ state: "ACTIVE" }), entry()], { zone, columns: 80 })).slice(2), [
      "2026-11-24 04:00:05.123  ACTIVE     500     msg_5RLBWxdLydTNr99CiaTBCRb6UtrU",
      "  https://example.com/jobs/nightly/with/a/path/that/is/too/long/for/a/narrow/te…",
      "  the destination responded with 500",
      "2026-11-24 04:00:05.123  ERROR      500     msg_5RLBWxdLydTNr99CiaTBCRb6UtrU",
      "  https://example.com/jobs/nightly/with/a/path/that/is/too/long/for/a/narrow/te…",
      "  the destination responded with 500"
    ])
    const { error: _, ...quiet } = entry({ state: "DELIVERED", responseStatus: 200 })
    strictEqual(linesOf([quiet], { zone, columns: 80 }).length, 4)
  })

  it("put later entries of the log below the first ones", () => {
    const [short = ""] = logTable([entry({ state: "ACTIVE" })], { zone, columns: 0 }).lines
    const [long = ""] = logTable([entry({ state: "DELIVERED" })], { zone, columns: 0 }).lines
    strictEqual(unstyled(short).indexOf("msg_"), unstyled(long).indexOf("msg_"))
    strictEqual(unstyled(short).indexOf("https"), unstyled(long).indexOf("https"))
  })

  it("say what is pinned", () => {
    const [, line = ""] = plain(flowControlTable([key()], { zone, columns: 0 }))
    deepStrictEqual(line.split(/ {2,}/), [
      "mails",
      "active",
      "7",
      "parallelism 2 of 3, pinned; rate 5 of 10 in 1m, pinned"
    ])
    const { parallelismMax: _, rateMax: __, ...free } = key()
    strictEqual(plain(flowControlTable([free], { zone, columns: 0 }))[1]?.endsWith("none"), true)
  })

  it("are never wider than the terminal, if that has 80 columns or more", () => {
    FastCheck.assert(
      FastCheck.property(
        FastCheck.integer({ min: 80, max: 250 }),
        FastCheck.webUrl({ withQueryParameters: true }),
        FastCheck.string({ maxLength: 200 }),
        (columns, url, error) => {
          const reader = { zone, columns }
          const tables = [
            messageTable([entry({ url })], reader),
            deadLetterTable([letter({ url })], reader),
            linesOf([entry({ url, error })], reader),
            urlGroupTable([group({ endpoints: [{ url }, { url }] })], reader),
            queueTable([queue()], reader),
            flowControlTable([key()], reader)
          ]
          return tables.flat().every((line) => widthOf(unstyled(line).trimEnd()) <= columns)
        }
      )
    )
  })
})

describe("a URL", () => {
  it("loses its credentials and its query, also within other text", () => {
    strictEqual(safeUrl("https://user:hidden@example.com/a?key=hidden#hidden"), "https://example.com/a?…")
    strictEqual(
      safeText(
        'Get "https://u:hidden@example.com/a?key=hidden": no such host, see http://b.example/?hidden.'
      ),
      'Get "https://example.com/a?…": no such host, see http://b.example/?….'
    )
    strictEqual(safeUrl("https://é.example/ü"), "https://xn--9ca.example/%C3%BC")
    strictEqual(safeUrl("nonsense?hidden"), "an invalid URL")
  })
})

describe("what comes from a server", () => {
  const hostile = schedule("id\u001b[2J", {
    cron: "\u009b2J",
    destination: { urlGroup: UrlGroupName.make("\u202egroup\r", { disableValidation: true }) },
    error: "line\nline",
    labels: ["\u0007"]
  })
  const evil = "\u001b[2J\u202e\r\n"
  const id = <A>(schema: {
    readonly make: (text: string, options: { readonly disableValidation: true }) => A
  }): A => schema.make(evil, { disableValidation: true })

  const hostileLines = (reader: { readonly zone: DateTime.TimeZone; readonly columns: number }) => {
    const oneEntry = entry({ messageId: id(MessageId), state: evil, url: evil, error: evil })
    const oneLetter = letter({
      dlqId: id(DlqId),
      messageId: id(MessageId),
      url: evil,
      method: evil,
      headers: { [evil]: [evil] },
      urlGroup: id(UrlGroupName),
      endpointName: evil,
      labels: [evil]
    })
    const oneGroup = group({ name: id(UrlGroupName), endpoints: [{ url: evil, name: evil }] })
    const oneQueue = queue({ name: id(QueueName) })
    const oneKey = key({ flowControlKey: id(FlowControlKey) })
    return [
      ...messageTable([oneEntry], reader),
      ...linesOf([oneEntry], reader),
      ...deadLetterTable([oneLetter], reader),
      ...deadLetterCard(oneLetter, reader),
      ...messageCard(oneLetter, reader),
      ...urlGroupTable([oneGroup], reader),
      ...urlGroupCard(oneGroup, reader),
      ...queueTable([oneQueue], reader),
      ...queueCard(oneQueue, reader),
      ...flowControlTable([oneKey], reader),
      ...flowControlCard(oneKey, reader)
    ]
  }

  // oxlint-disable-next-line no-control-regex -- these are what must not be printed
  const control = /[\u0000-\u001f\u007f-\u009f\u202e]/

  it("cannot move the cursor or turn the text", () => {
    const lines = [
      ...scheduleTable([hostile], { zone, columns: 80 }),
      ...scheduleTable([hostile], { zone, columns: 0 }),
      ...scheduleCard(hostile, { zone, columns: 80 }),
      ...[80, 0].flatMap((columns) => hostileLines({ zone, columns }))
    ]
    for (const line of lines) strictEqual(control.test(unstyled(line)), false, JSON.stringify(line))
  })

  it("stays as it is where it is harmless", () => {
    strictEqual(printable("größe → 東京 🙂"), "größe → 東京 🙂")
    strictEqual(printable("a\u001b[31mb"), "a\\u{1b}[31mb")
  })
})

describe("a table of 130,000 rows", () => {
  it("has a line for each of them", () => {
    const states = Array.from({ length: 130_000 }, (_, index) =>
      key({ flowControlKey: FlowControlKey.make(`k${index}`) })
    )
    strictEqual(flowControlTable(states, { zone, columns: 0 }).length, 130_001)
    strictEqual(flowControlTable(states, { zone, columns: 20 }).length, 260_002)
    const endpoints = states.map(({ flowControlKey }) => ({ url: `https://example.com/${flowControlKey}` }))
    strictEqual(urlGroupCard(group({ endpoints }), { zone, columns: 0 }).length, 130_003)
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
