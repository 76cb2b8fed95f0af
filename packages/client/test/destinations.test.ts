import {
  CreateSchedule,
  Destination,
  DlqId,
  FlowControlKey,
  MessageId,
  QStashDlq,
  QStashFlowControl,
  QStashInvalidRequest,
  QStashMessages,
  QStashQueues,
  QStashSchedules,
  type QStashServices,
  QStashUrlGroups,
  QueueName,
  ScheduleId,
  UrlGroupName
} from "@effect-qstash/domain"
import * as ScheduleRequest from "@effect-qstash/domain/wire/ScheduleRequest"
import { describe, it } from "@effect/vitest"
import { assertInstanceOf, assertTrue, deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import { Effect, Either, FastCheck as fc, Logger, LogLevel } from "effect"
import { queueName, schedule } from "./calls.ts"
import { rawAnswer, rawServer, transports } from "./rawServer.ts"
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

/** The calls that have a destination in their path, and what stands before it. */
const senders: ReadonlyArray<
  readonly [
    route: string,
    sendTo: (destination: string | URL) => Effect.Effect<unknown, unknown, QStashServices>
  ]
> = [
  [
    "/v2/schedules/",
    (destination) =>
      Effect.flatMap(QStashSchedules, (service) => service.create({ ...schedule, destination }))
  ],
  [
    "/v2/publish/",
    (destination) => Effect.flatMap(QStashMessages, (service) => service.publish({ destination }))
  ],
  [
    "/v2/enqueue/reports/",
    (destination) => Effect.flatMap(QStashMessages, (service) => service.enqueue(queueName, { destination }))
  ]
]

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
    { destination: oddUrl, sender: fc.constantFrom(...senders) },
    ({ destination, sender: [route, sendTo] }) =>
      Effect.gen(function* () {
        const transport = stub((sent) => Effect.succeed(fine(sent)))
        const result = yield* Effect.either(sendTo(destination)).pipe(over(transport))
        deepStrictEqual(
          transport.sent.map(({ target, url }) => [url.origin, target]),
          Either.match(CreateSchedule.make({ ...schedule, destination }), {
            onLeft: () => [],
            onRight: (checked) => [
              ["https://qstash.upstash.io", route + Destination.toText(checked.destination)]
            ]
          })
        )
        strictEqual(Either.isRight(result), transport.sent.length === 1)
      }),
    { fastCheck: { numRuns: 100 } }
  )

  it.scopedLive.each(Object.entries(transports))(
    "stand on the wire byte for byte, over %s",
    ([, overSockets]) =>
      Effect.gen(function* () {
        const server = yield* rawServer((request) => request.socket.write(rawAnswer(request)))
        const given = fc
          .sample(oddUrl, 2000)
          .flatMap((destination) =>
            Either.match(CreateSchedule.make({ ...schedule, destination }), {
              onLeft: () => [],
              onRight: (checked) => [[destination, Destination.toText(checked.destination)] as const]
            })
          )
          .slice(0, 35)
        strictEqual(given.length, 35)
        yield* Effect.forEach(senders, ([, sendTo]) =>
          Effect.forEach(given, ([destination]) => sendTo(destination))
        ).pipe(overSockets(server))
        deepStrictEqual(
          server.requests.map(({ target }) => target),
          senders.flatMap(([route]) => given.map(([, text]) => route + text))
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
        for (const [route, sendTo] of senders) {
          const transport = stub((sent) => Effect.succeed(fine(sent)))
          yield* Effect.either(sendTo(destination)).pipe(over(transport))
          for (const { target } of transport.sent) {
            assertTrue(target.startsWith(route) && /^https?:\/\/[^/]/.test(target.slice(route.length)))
          }
        }
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
          for (const [, sendTo] of senders) yield* sendTo(destination)
          yield* Effect.flatMap(QStashMessages, (messages) => messages.batch([{ destination }]))
          return lines.length
        }).pipe(
          over(transport),
          Effect.provide(Logger.replace(Logger.defaultLogger, logger)),
          Logger.withMinimumLogLevel(LogLevel.Debug)
        )
      strictEqual(yield* logged("https://user:hunter22@x.y/a?key=hunter22"), 0)
      strictEqual(yield* logged(new URL("https://x.y/a?b")), 0)
      strictEqual(yield* logged("https://user:hunter22@x.y/a/../b?key=hunter22#f"), 4)
      for (const line of lines) {
        assertTrue(line.startsWith("DEBUG ") && line.includes("https://x.y/b") && !line.includes("hunter22"))
      }
    })
  )
})

interface Route {
  /** The field that an error names. */
  readonly field: string
  readonly before: ReadonlyArray<string>
  readonly after: ReadonlyArray<string>
  readonly call: (id: string) => Effect.Effect<unknown, unknown, QStashServices>
}

/** As an answer may carry it: any text. */
const unchecked = { disableValidation: true } as const

const schedules = ["get", "delete", "pause", "resume"] as const
const queues = schedules
const messages = ["get", "cancel"] as const
const groups = ["get", "delete", "upsertEndpoints", "removeEndpoints"] as const
const deadLetters = ["get", "delete", "retry"] as const
const flowControl = ["get", "pause", "resume", "resetRate"] as const

const suffix = (method: string): ReadonlyArray<string> =>
  method.endsWith("Endpoints")
    ? ["endpoints"]
    : ["pause", "resume", "resetRate"].includes(method)
      ? [method]
      : []

/** The calls that have an id or a name in their path. */
const routes: ReadonlyArray<Route> = [
  ...schedules.map((method) => ({
    field: "scheduleId",
    before: ["v2", "schedules"],
    after: suffix(method),
    call: (id: string) =>
      Effect.flatMap(QStashSchedules, (service): Effect.Effect<unknown, unknown> =>
        service[method](ScheduleId.make(id, unchecked))
      )
  })),
  ...queues.map((method) => ({
    field: "queueName",
    before: ["v2", "queues"],
    after: suffix(method),
    call: (id: string) =>
      Effect.flatMap(QStashQueues, (service): Effect.Effect<unknown, unknown> =>
        service[method](QueueName.make(id, unchecked))
      )
  })),
  ...messages.map((method) => ({
    field: "messageId",
    before: ["v2", "messages"],
    after: [],
    call: (id: string) =>
      Effect.flatMap(QStashMessages, (service): Effect.Effect<unknown, unknown> =>
        service[method](MessageId.make(id, unchecked))
      )
  })),
  ...groups.map((method) => ({
    field: "urlGroup",
    before: ["v2", "topics"],
    after: suffix(method),
    call: (id: string) =>
      Effect.flatMap(QStashUrlGroups, (service): Effect.Effect<unknown, unknown> =>
        service[method](UrlGroupName.make(id, unchecked), [{ url: "https://x.y" }])
      )
  })),
  ...deadLetters.map((method) => ({
    field: "dlqId",
    before: method === "retry" ? ["v2", "dlq", "retry"] : ["v2", "dlq"],
    after: [],
    call: (id: string) =>
      Effect.flatMap(QStashDlq, (service): Effect.Effect<unknown, unknown> =>
        service[method](DlqId.make(id, unchecked))
      )
  })),
  ...flowControl.map((method) => ({
    field: "flowControlKey",
    before: ["v2", "flowControl"],
    after: suffix(method),
    call: (id: string) =>
      Effect.flatMap(QStashFlowControl, (service): Effect.Effect<unknown, unknown> =>
        service[method](FlowControlKey.make(id, unchecked))
      )
  }))
]

describe("ids and names", () => {
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
    { id: oddId, route: fc.constantFrom(...routes) },
    ({ id, route }) =>
      Effect.gen(function* () {
        const transport = stub((sent) => Effect.succeed(fine(sent)))
        const result = yield* route.call(id).pipe(Effect.either, over(transport))
        const [sent] = transport.sent
        if (sent === undefined) {
          const failure = yield* Effect.flip(result)
          assertInstanceOf(failure, QStashInvalidRequest)
          strictEqual(failure.field, route.field)
          assertTrue(id.trim() === "" || id === "." || id === ".." || /\p{Surrogate}/u.test(id))
        } else {
          const segments = sent.target.split("/").slice(1)
          const segment = segments[route.before.length]
          deepStrictEqual(segments, [...route.before, segment, ...route.after])
          strictEqual(decodeURIComponent(segment ?? ""), id)
          deepStrictEqual([sent.url.search, sent.url.hash], ["", ""])
        }
      }),
    { fastCheck: { numRuns: 150 } }
  )

  it.effect("that would make a call one for everything are refused in every call", () =>
    Effect.gen(function* () {
      const transport = stub(() => Effect.dieMessage("nothing is to be sent"))
      for (const route of routes) {
        for (const id of ["", " ", ".", ".."]) {
          const failure = yield* Effect.flip(route.call(id).pipe(over(transport)))
          assertInstanceOf(failure, QStashInvalidRequest)
          strictEqual(failure.field, route.field)
        }
      }
    })
  )

  it.effect("that are no text, as JavaScript may pass them, are refused", () =>
    Effect.gen(function* () {
      const transport = stub(() => Effect.dieMessage("nothing is to be sent"))
      for (const call of [
        // @ts-expect-error an id is needed
        Effect.flatMap(QStashSchedules, (service) => service.get()),
        // @ts-expect-error an id is needed
        Effect.flatMap(QStashMessages, (service) => service.cancel()),
        // @ts-expect-error a name is needed
        Effect.flatMap(QStashQueues, (service) => service.delete()),
        // @ts-expect-error a name is needed
        Effect.flatMap(QStashUrlGroups, (service) => service.delete()),
        // @ts-expect-error an id is needed
        Effect.flatMap(QStashDlq, (service) => service.retry()),
        // @ts-expect-error a key is needed
        Effect.flatMap(QStashFlowControl, (service) => service.pause())
      ] as const) {
        const failure = yield* Effect.flip(over(transport)<unknown, unknown>(call))
        assertInstanceOf(failure, QStashInvalidRequest)
      }
    })
  )
})
