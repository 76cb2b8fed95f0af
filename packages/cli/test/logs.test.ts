import { type LogEntry, MessageId, type QStashLogs } from "@effect-qstash/domain"
import { describe, it } from "@effect/vitest"
import { assertInclude, assertMatch, deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import { DateTime, Effect, FastCheck, Fiber, TestClock } from "effect"
import * as LogTail from "../src/commands/LogTail.ts"
import {
  answering,
  cells,
  cli,
  json,
  jsonObject,
  jsonObjects,
  nowhere,
  serveVirtual,
  start
} from "./support.ts"

/** One message that was delivered, and one that has failed. */
const serveTwo = Effect.gen(function* () {
  const server = yield* serveVirtual
  const { advance, messages } = server
  const worker = yield* answering(200, "hidden")
  const delivered = yield* messages.publish({
    destination: `${worker}/ok?key=hidden`,
    labels: ["nightly"],
    headers: { Authorization: "hidden" },
    body: "hidden"
  })
  yield* advance("1 second")
  const failed = yield* messages.publish({ destination: nowhere, retries: 1, retryDelay: "1000" })
  yield* advance("2 seconds")
  return { ...server, delivered: delivered.messageId, failed: failed.messageId }
})

const statesOf = (records: ReadonlyArray<Readonly<Record<string, unknown>>>) =>
  records.map(({ state }) => state)

describe("logs", () => {
  it.scopedLive("shows the entries, the newest last, and nothing secret of them", () =>
    Effect.gen(function* () {
      const { delivered, env, failed } = yield* serveTwo
      const ended = yield* cli("logs", { env })
      strictEqual(ended.stderr, "")
      strictEqual(ended.code, 0)
      const [titles, ...rows] = cells(ended)
      deepStrictEqual(titles, ["TIME (Europe/London)", "STATE", "STATUS", "MESSAGE", "DESTINATION", "REASON"])
      deepStrictEqual(
        rows.map((row) => row.slice(1).filter((cell) => cell.startsWith("msg_") || /^[A-Z]+$/.test(cell))),
        [
          ["CREATED", delivered],
          ["ACTIVE", delivered],
          ["DELIVERED", delivered],
          ["CREATED", failed],
          ["ACTIVE", failed],
          ["ERROR", failed],
          ["RETRY", failed],
          ["ACTIVE", failed],
          ["ERROR", failed],
          ["FAILED", failed]
        ]
      )
      for (const [time = ""] of rows) assertMatch(time, /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}$/)
      strictEqual(rows[2]?.[2], "200")
      assertInclude(rows[2]?.[4] ?? "", "/ok?…")
      assertInclude(rows[5]?.at(-1) ?? "", "refused the connection")
      assertMatch(rows[6]?.at(-1) ?? "", /^due \d{4}-/)
      strictEqual(ended.stdout.includes("hidden"), false)
    })
  )

  it.scopedLive("is narrowed by message, state, label, time and count", () =>
    Effect.gen(function* () {
      const { delivered, env, failed } = yield* serveTwo
      const all = ["CREATED", "ACTIVE", "DELIVERED"]
      const asked: ReadonlyArray<readonly [options: string, states: Array<unknown>]> = [
        [`--message ${delivered}`, all],
        [`--message ${delivered} --state ACTIVE`, ["ACTIVE"]],
        [`--message ${failed} --state IN_PROGRESS`, ["ACTIVE", "ERROR", "RETRY", "ACTIVE", "ERROR"]],
        ["--state FAILED", ["FAILED"]],
        ["--label nightly", all],
        ["--queue absent", []],
        ["--schedule absent", []],
        ["--url-group absent", []],
        ["--since 2999-01-01", []],
        ["--since 1h --label nightly", all],
        ["--count 2", ["ERROR", "FAILED"]]
      ]
      for (const [options, states] of asked) {
        const found = jsonObjects(json(yield* cli(`logs ${options} --json`, { env })))
        deepStrictEqual(statesOf(found), states, options)
      }
    })
  )

  it.scopedLive("takes as many pages as it needs", () =>
    Effect.gen(function* () {
      const { env, messages } = yield* serveVirtual
      yield* messages.batch(
        Array.from({ length: 250 }, (_, index) => ({
          destination: "https://example.com",
          body: String(index)
        }))
      )
      for (const count of [100, 240, 300]) {
        const found = jsonObjects(json(yield* cli(`logs --count ${count} --json`, { env })))
        strictEqual(found.length, Math.min(count, 250))
        strictEqual(new Set(found.map(({ messageId }) => messageId)).size, found.length)
      }
    })
  )

  it.scopedLive("says that there are none", () =>
    Effect.gen(function* () {
      const { env, url } = yield* serveVirtual
      const { code, stdout } = yield* cli("logs", { env })
      strictEqual(code, 0)
      strictEqual(stdout, `The log at ${url} has no matching entries.\n`)
      deepStrictEqual(json(yield* cli("logs --json", { env })), [])
    })
  )

  it.scopedLive(
    "goes on with --follow, until it is stopped",
    () =>
      Effect.gen(function* () {
        const { advance, env, messages } = yield* serveTwo
        const text = yield* start("logs --follow --count 1", env)
        const lines = yield* start("logs -f --json --count 1 --state DELIVERED", env)
        yield* text.printed("FAILED")
        yield* lines.printed("DELIVERED")
        const worker = yield* answering(200, "")
        const { messageId } = yield* messages.publish({ destination: worker })
        yield* text.printed(messageId)
        yield* advance("1 second")
        const printed = yield* text.printed("DELIVERED")
        deepStrictEqual(
          printed.split("\n").flatMap((line) => /[A-Z]{5,}/.exec(line.slice(23)) ?? []),
          ["STATE", "FAILED", "CREATED", "ACTIVE", "DELIVERED"]
        )
        text.child.kill("SIGINT")
        const stopped = yield* text.ended
        strictEqual(stopped.code, 130)
        strictEqual(stopped.stderr, "")
        const objects = yield* lines.printed(messageId)
        deepStrictEqual(
          objects
            .trimEnd()
            .split("\n")
            .map((line) => jsonObject(JSON.parse(line))["state"]),
          ["DELIVERED", "DELIVERED"]
        )
        lines.child.kill("SIGTERM")
        strictEqual((yield* lines.ended).code, 130)
      }),
    60_000
  )
})

describe("following", () => {
  const entry = (millis: number, state: string): LogEntry => ({
    time: DateTime.unsafeMake(millis),
    state,
    messageId: MessageId.make("msg_1"),
    url: "https://example.com",
    headers: {},
    labels: []
  })

  /** A log that a test may add to: its pages hold three entries. */
  const logOf = (entries: ReadonlyArray<LogEntry>): QStashLogs.Service["list"] => {
    const pageSize = 3
    return ({ cursor = "0", fromDate = 0 } = {}) =>
      Effect.sync(() => {
        const from = DateTime.toEpochMillis(DateTime.unsafeMake(fromDate))
        const found = entries.filter(({ time }) => time.epochMillis >= from)
        const end = Number(cursor) + pageSize
        const items = found.slice(Number(cursor), end)
        return end < found.length ? { items, cursor: String(end) } : { items }
      })
  }

  // Few instants and few states, so that many entries share an instant and some are alike.
  const steps = FastCheck.array(
    FastCheck.array(
      FastCheck.record({
        later: FastCheck.integer({ min: 0, max: 2 }),
        state: FastCheck.constantFrom("ACTIVE", "ERROR", "RETRY")
      }),
      { maxLength: 8 }
    ),
    { minLength: 1, maxLength: 6 }
  )

  it.effect.prop(
    "prints every entry once and in order, whatever share an instant",
    [steps],
    ([batches]) =>
      Effect.gen(function* () {
        const log: Array<LogEntry> = []
        let now = 0
        const append = (batch: (typeof batches)[number]) => {
          for (const { later, state } of batch) log.push(entry((now += later), state))
        }
        const [first = [], ...rest] = batches
        append(first)
        const before = log.length
        const printed: Array<LogEntry> = []
        const fiber = yield* Effect.fork(
          LogTail.follow({
            list: logOf(log),
            filter: {},
            position: LogTail.after(log.toReversed()),
            print: (entries) => Effect.sync(() => void printed.push(...entries))
          })
        )
        for (const batch of rest) {
          append(batch)
          yield* TestClock.adjust("1 second")
        }
        yield* Fiber.interrupt(fiber)
        deepStrictEqual(printed, log.slice(before))
      }),
    { fastCheck: { numRuns: 50 } }
  )

  it("knows whether entries go back to before the instant of the newest", () => {
    strictEqual(LogTail.reachesBack([]), false)
    strictEqual(LogTail.reachesBack([entry(2, "ACTIVE"), entry(2, "CREATED")]), false)
    strictEqual(LogTail.reachesBack([entry(2, "ACTIVE"), entry(1, "CREATED")]), true)
  })
})
