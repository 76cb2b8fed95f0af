import {
  CreateSchedule,
  Destination,
  QStashInvalidRequest,
  QStashSchedules,
  ScheduleId
} from "@effect-qstash/domain"
import * as ScheduleRequest from "@effect-qstash/domain/wire/ScheduleRequest"
import { describe, it } from "@effect/vitest"
import { assertInstanceOf, assertTrue, deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import { Effect, Either, FastCheck as fc, Logger, LogLevel } from "effect"
import { named, type nightly, schedule } from "./calls.ts"
import { overFetch, rawServer, reply } from "./rawServer.ts"
import { fine, over, stub } from "./stub.ts"

const oddUrl = fc
  .tuple(
    fc.constantFrom("http://", "https://", "HTTPS://", "https:/", "https:", "//", ""),
    fc.array(
      fc.oneof(
        fc.constantFrom(
          "x.y",
          "a",
          "..",
          ".",
          "%2e%2e",
          "%2E",
          "%2f",
          "%",
          "%zz",
          "\\",
          "//",
          "/",
          "/../",
          "/./"
        ),
        fc.constantFrom(
          "?",
          "??",
          "#",
          "#f",
          "?a=b&c",
          "&",
          "=",
          "'",
          '"',
          "<",
          "`",
          "{",
          "|",
          "^",
          ":",
          "@",
          ";"
        ),
        fc.constantFrom(
          " ",
          "\t",
          "\n",
          "\0",
          "é",
          "世",
          "💥",
          "\ud800",
          "user:pw@",
          ":80",
          ":443",
          "[::1]",
          "xn--"
        ),
        fc.constantFrom(
          "keys/rotate",
          "v2/schedules",
          "localhost",
          "0x7f.1",
          "qstash_token=1",
          "upstash-method=GET"
        ),
        fc.string({ maxLength: 6, unit: "grapheme" })
      ),
      { maxLength: 9 }
    )
  )
  .map(([scheme, parts]) => scheme + parts.join(""))

const sendTo = (destination: string | URL) =>
  Effect.flatMap(QStashSchedules, (schedules) => schedules.create({ ...schedule, destination }))

describe("destinations", () => {
  const path = "/v2/schedules/"

  it.prop(
    "go where they were meant to go, or nowhere",
    { destination: oddUrl },
    ({ destination }) => {
      const checked = CreateSchedule.make({ ...schedule, destination })
      if (Either.isLeft(checked)) return strictEqual(checked.left.field, "destination")
      const { target } = ScheduleRequest.encode(checked.right)
      const url = new URL(`https://qstash.upstash.io${path}${target}`)
      strictEqual(url.origin, "https://qstash.upstash.io")
      strictEqual(url.pathname + url.search + url.hash, path + target)
      // What is sent means the same as what was given.
      const meant = new URL(destination)
      meant.hash = ""
      strictEqual(new URL(target).href.replace(/\?$/, ""), meant.href.replace(/\?$/, ""))
    },
    { fastCheck: { numRuns: 1000 } }
  )

  it.effect.prop(
    "leave the client as they were checked, or not at all",
    { destination: oddUrl },
    ({ destination }) =>
      Effect.gen(function* () {
        const transport = stub((sent) => Effect.succeed(fine(sent)))
        const result = yield* Effect.either(sendTo(destination)).pipe(over(transport))
        deepStrictEqual(
          transport.sent.map(({ target, url }) => [url.origin, target]),
          Either.match(CreateSchedule.make({ ...schedule, destination }), {
            onLeft: () => [],
            onRight: (checked) => [
              ["https://qstash.upstash.io", path + Destination.toText(checked.destination)]
            ]
          })
        )
        strictEqual(Either.isRight(result), transport.sent.length === 1)
      }),
    { fastCheck: { numRuns: 100 } }
  )

  it.scopedLive("stand on the wire byte for byte", () =>
    Effect.gen(function* () {
      const server = yield* rawServer(({ headers, socket }) =>
        socket.write(reply(200, JSON.stringify({ scheduleId: headers["upstash-schedule-id"] })))
      )
      const given = fc
        .sample(oddUrl, 2000)
        .flatMap((destination) =>
          Either.match(CreateSchedule.make({ ...schedule, destination }), {
            onLeft: () => [],
            onRight: (checked) => [[destination, Destination.toText(checked.destination)] as const]
          })
        )
        .slice(0, 100)
      strictEqual(given.length, 100)
      yield* Effect.forEach(given, ([destination]) => sendTo(destination)).pipe(overFetch(server))
      deepStrictEqual(
        server.requests.map(({ target }) => target),
        given.map(([, text]) => `/v2/schedules/${text}`)
      )
    })
  )

  it.effect("that name other routes of QStash reach none", () =>
    Effect.gen(function* () {
      for (const destination of [
        "https://x.y/../../../../keys/rotate",
        "https://x.y/%2e%2e/%2E%2E/.%2e/../keys/rotate",
        "https://x.y\\..\\..\\..\\..\\keys\\rotate",
        "https:/../../keys/rotate",
        "https://../../keys/rotate",
        "../keys/rotate",
        "",
        "?",
        "."
      ]) {
        const transport = stub((sent) => Effect.succeed(fine(sent)))
        yield* Effect.either(sendTo(destination)).pipe(over(transport))
        assertTrue(transport.sent.every(({ target }) => /^\/v2\/schedules\/https?:\/\/[^/]/.test(target)))
      }
    })
  )

  it.effect("that were normalised are told at debug level, without credentials and query", () =>
    Effect.gen(function* () {
      const lines: Array<string> = []
      const logger = Logger.make(({ annotations, logLevel, message }) => {
        lines.push(`${logLevel.label} ${String(message)} ${JSON.stringify([...annotations])}`)
      })
      const transport = stub((sent) => Effect.succeed(fine(sent)))
      const logged = (destination: string | URL) =>
        Effect.gen(function* () {
          lines.length = 0
          yield* Effect.flatMap(QStashSchedules, (schedules) =>
            schedules.create({ ...schedule, destination })
          )
          return lines.length
        }).pipe(
          over(transport),
          Effect.provide(Logger.replace(Logger.defaultLogger, logger)),
          Logger.withMinimumLogLevel(LogLevel.Debug)
        )
      strictEqual(yield* logged("https://user:hunter22@x.y/a?key=hunter22"), 0)
      strictEqual(yield* logged(new URL("https://x.y/a?b")), 0)
      strictEqual(yield* logged("https://user:hunter22@x.y/a/../b?key=hunter22#f"), 1)
      const [line = ""] = lines
      assertTrue(line.startsWith("DEBUG ") && line.includes("https://x.y/b") && !line.includes("hunter22"))
    })
  )
})

describe("schedule ids", () => {
  /** As an answer may carry them: any text. */
  const unchecked = (text: string) => ScheduleId.make(text, { disableValidation: true })

  const oddId = fc.oneof(
    fc.constantFrom(
      "",
      ".",
      "..",
      " ",
      "\t",
      "%2e",
      "%2e%2e",
      "../x",
      "a/../..",
      "a/b",
      "?x",
      "#x",
      "a\\..",
      "\ud800"
    ),
    fc.string({ unit: "binary", maxLength: 12 }),
    fc
      .array(fc.constantFrom(".", "..", "/", "\\", "%2e", "%2f", "?", "#", " ", "a"), { maxLength: 6 })
      .map((parts) => parts.join(""))
  )

  it.effect.prop(
    "are one segment of the path, or refused by name before anything is sent",
    { id: oddId, method: fc.constantFrom(...named) },
    ({ id, method }) =>
      Effect.gen(function* () {
        const transport = stub((sent) => Effect.succeed(fine(sent)))
        const result = yield* Effect.flatMap(QStashSchedules, (schedules) =>
          schedules[method](unchecked(id))
        ).pipe(Effect.either, over(transport))
        const [sent] = transport.sent
        if (sent === undefined) {
          const failure = yield* Effect.flip(result)
          assertInstanceOf(failure, QStashInvalidRequest)
          strictEqual(failure.field, "scheduleId")
          assertTrue(id.trim() === "" || id === "." || id === ".." || /\p{Surrogate}/u.test(id))
        } else {
          const suffix = method === "pause" || method === "resume" ? [method] : []
          const [, v2, schedules, segment, ...rest] = sent.target.split("/")
          deepStrictEqual([v2, schedules, rest], ["v2", "schedules", suffix])
          strictEqual(decodeURIComponent(segment ?? ""), id)
          deepStrictEqual([sent.url.search, sent.url.hash], ["", ""])
        }
      }),
    { fastCheck: { numRuns: 150 } }
  )

  it.effect("that are no text, as JavaScript may pass them, are refused", () =>
    Effect.gen(function* () {
      const transport = stub(() => Effect.dieMessage("nothing is to be sent"))
      const absent: { readonly id?: typeof nightly } = {}
      for (const method of named) {
        const failure = yield* Effect.flatMap(QStashSchedules, (schedules) =>
          // @ts-expect-error an id is needed
          schedules[method](absent.id)
        ).pipe(Effect.flip, over(transport))
        assertInstanceOf(failure, QStashInvalidRequest)
      }
    })
  )
})
