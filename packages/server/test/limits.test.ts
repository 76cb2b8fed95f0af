import { describe, it } from "@effect/vitest"
import { assertInclude, assertTrue, deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import { Effect, Fiber, Schedule } from "effect"
import * as Net from "node:net"
import {
  bearer,
  call,
  create,
  exchange,
  field,
  group,
  itemsOf,
  logsInto,
  quiet,
  refusalOf,
  serve,
  token,
  worker
} from "./support.ts"

const again = { times: 300, schedule: Schedule.spaced("10 millis") }
const created = { ...bearer, "Upstash-Cron": "0 4 * * *" }
const line = "POST /v2/schedules/https://example.com HTTP/1.1\r\nHost: localhost\r\n"
const authorized = `Authorization: Bearer ${token}\r\nUpstash-Cron: 0 4 * * *\r\n`

describe("a message loop", () => {
  it.scopedLive("ends after so many hops, with a warning and the reason in the log", () => {
    const lines: Array<string> = []
    return Effect.gen(function* () {
      const { port } = yield* serve({ maxHops: 3 })
      const { port: workerPort, received } = yield* worker()
      yield* group(port, "g", [
        { url: `http://127.0.0.1:${port}/v2/publish/g?qstash_token=${token}` },
        { url: `http://127.0.0.1:${workerPort}/` }
      ])
      strictEqual((yield* call(port, "POST", "/v2/publish/g")).status, 200)
      const errors = yield* call(port, "GET", "/v2/events?state=ERROR").pipe(
        Effect.map(({ json }) => itemsOf(json, "events")),
        Effect.filterOrFail((events) => events.length > 0 && received.length === 4),
        Effect.retry(again)
      )
      const body = Buffer.from(String(field(errors[0], "responseBody")), "base64").toString()
      assertInclude(
        body,
        "message loop: a delivery has led back here more than 3 times in a row (limit maxHops)"
      )
      const warnings = lines.filter((text) => text.startsWith("Message loop: "))
      strictEqual(warnings.length, 1)
      strictEqual(received.length, 4)
    }).pipe(Effect.provide(logsInto(lines)))
  })
})

describe("a quota of URL groups", () => {
  it.scopedLive("has QStash's name on the wire", () =>
    Effect.gen(function* () {
      const { port } = yield* serve({ maxUrlGroups: 1, maxEndpointsPerUrlGroup: 1 })
      const add = (name: string, ...urls: ReadonlyArray<string>) =>
        call(port, "POST", `/v2/topics/${name}/endpoints`, {
          body: JSON.stringify({ endpoints: urls.map((url) => ({ url })) })
        })
      strictEqual((yield* add("g", "https://a.example.com")).status, 200)
      deepStrictEqual(refusalOf(yield* add("g", "https://b.example.com")), [
        412,
        "quota maxEndpointsPerTopic exceeded, current limit: 1"
      ])
      deepStrictEqual(refusalOf(yield* add("h", "https://a.example.com")), [
        412,
        "quota maxTopics exceeded, current limit: 1"
      ])
    }).pipe(Effect.provide(quiet))
  )
})

describe("a body", () => {
  it.scopedLive("may be as long as the limit, and no longer", () =>
    Effect.gen(function* () {
      const { port } = yield* serve({ maxBodyBytes: 1000 })
      const post = (body: string, headers: Readonly<Record<string, string>> = {}) =>
        call(port, "POST", "/v2/schedules/https://example.com", { headers: { ...created, ...headers }, body })
      strictEqual((yield* post("x".repeat(1000))).status, 200)
      for (const headers of [{}, { "Transfer-Encoding": "chunked" }]) {
        for (const length of [1001, 500_000]) {
          const { json, status } = yield* post("x".repeat(length), headers)
          strictEqual(status, 413)
          deepStrictEqual(json, { error: "quota maxMessageSize exceeded, current limit: 1000" })
        }
      }
      strictEqual((yield* post("x")).status, 200)
    }).pipe(Effect.provide(quiet))
  )

  it.scopedLive("of a batch has a limit of its own, and each message in it that of a message", () =>
    Effect.gen(function* () {
      const { port } = yield* serve({ time: "virtual", maxBodyBytes: 1000, maxBatchBytes: 5000 })
      const batch = (...bodies: ReadonlyArray<string>) =>
        call(port, "POST", "/v2/batch", {
          body: JSON.stringify(bodies.map((body) => ({ destination: "https://example.com", body })))
        })
      strictEqual((yield* batch("x".repeat(1000), "é".repeat(500), "x".repeat(1000))).status, 200)
      for (const body of ["x".repeat(1001), "é".repeat(501)]) {
        const { json, status } = yield* batch("x", body)
        strictEqual(status, 413)
        deepStrictEqual(json, { error: "quota maxMessageSize exceeded, current limit: 1000" })
      }
      const { json, status } = yield* batch(...Array.from({ length: 5 }, () => "x".repeat(1000)))
      strictEqual(status, 413)
      deepStrictEqual(json, { error: "quota maxBatchSize exceeded, current limit: 5000" })
      const events = yield* call(port, "GET", "/v2/events?state=CREATED")
      strictEqual(itemsOf(events.json, "events").length, 3)
    }).pipe(Effect.provide(quiet))
  )

  it.scopedLive("that arrives slowly gives way to fast ones when all of them together are too large", () =>
    Effect.gen(function* () {
      const { port } = yield* serve({ time: "virtual", maxBodyBytesInFlight: 100_000 })
      const held: Array<string> = []
      // Each promises a megabyte, and then sends 20 kB and no more.
      const sockets = yield* Effect.forEach([0, 1, 2, 3], (index) =>
        Effect.acquireRelease(
          Effect.async<Net.Socket>((resume) => {
            held[index] = ""
            const socket = Net.connect({ port, host: "127.0.0.1" }, () => {
              socket.write(`${line}${authorized}Content-Length: 1000000\r\n\r\n${"x".repeat(20_000)}`)
              resume(Effect.succeed(socket))
            })
            socket.on("data", (chunk: Buffer) => (held[index] += chunk.toString()))
            socket.on("error", () => socket.destroy())
          }),
          (socket) => Effect.sync(() => socket.destroy())
        )
      )
      yield* Effect.sleep("200 millis")
      deepStrictEqual(held, ["", "", "", ""])
      const post = (length: number) =>
        call(port, "POST", "/v2/publish/https://example.com", {
          headers: { ...bearer, "Upstash-Delay": "1d" },
          body: "x".repeat(length)
        })
      strictEqual((yield* post(15_000)).status, 200)
      deepStrictEqual(held, ["", "", "", ""])
      strictEqual((yield* post(50_000)).status, 200)
      yield* Effect.repeat(
        Effect.sync(() => held.filter((text) => text !== "").length),
        { ...again, until: (count) => count >= 2 }
      )
      for (const text of held.slice(0, 2)) {
        assertInclude(text, "HTTP/1.1 503 Service Unavailable")
        assertInclude(
          text,
          "too many bytes of request bodies at once, current limit: 100000 (maxBodyBytesInFlight)"
        )
      }
      deepStrictEqual(held.slice(2), ["", ""])
      // One that is larger than the limit by itself is refused too, and takes none of the limit afterwards.
      for (const socket of sockets) socket.destroy()
      strictEqual((yield* post(200_000)).status, 503)
      for (let count = 0; count < 10; count++) strictEqual((yield* post(90_000)).status, 200)
    }).pipe(Effect.provide(quiet))
  )

  it.scopedLive(
    "no longer counts once its connection has closed, though its response never had its turn",
    () =>
      Effect.gen(function* () {
        const { port } = yield* serve({ time: "virtual", maxBodyBytesInFlight: 3_000_000 })
        const { port: slow, received } = yield* worker(() => {})
        const publishHead = (length: number) =>
          `POST /v2/publish/https://example.com HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${token}\r\nUpstash-Delay: 1d\r\nContent-Length: ${length}\r\n\r\n`
        const move = '{"duration":"1 second"}'
        const advanceFirst = `POST /dev/clock/advance HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${token}\r\nContent-Length: ${move.length}\r\n\r\n${move}`
        const accepted = Effect.map(call(port, "GET", "/v2/events?state=CREATED"), ({ json }) =>
          itemsOf(json, "events")
        )
        for (const count of [1, 2]) {
          strictEqual((yield* call(port, "POST", `/v2/publish/http://127.0.0.1:${slow}/`)).status, 200)
          const leaving = yield* Effect.fork(
            exchange(port, advanceFirst + publishHead(1_000_000) + "x".repeat(1_000_000))
          )
          yield* Effect.repeat(accepted, { ...again, until: (events) => events.length === 2 * count })
          yield* Effect.repeat(
            Effect.sync(() => received.length),
            { ...again, until: (deliveries) => deliveries >= count }
          )
          yield* Fiber.interrupt(leaving)
        }
        yield* Effect.sleep("50 millis")
        const { status } = yield* call(port, "POST", "/v2/publish/https://example.com", {
          headers: { ...bearer, "Upstash-Delay": "1d" },
          body: "x".repeat(1_500_000)
        })
        strictEqual(status, 200)
      }).pipe(Effect.provide(quiet))
  )

  it.scopedLive("of a call that carries no message has that of a message too", () =>
    Effect.gen(function* () {
      const { port } = yield* serve({ time: "virtual", maxBodyBytes: 1000 })
      for (const [method, target] of [
        ["POST", "/v2/queues"],
        ["POST", "/v2/topics/g/endpoints"],
        ["DELETE", "/v2/topics/g/endpoints"],
        ["DELETE", "/v2/messages"],
        ["DELETE", "/v2/dlq"],
        ["POST", "/v2/dlq/retry"],
        ["POST", "/dev/clock/advance"]
      ] as const) {
        const { status } = yield* call(port, method, target, { body: " ".repeat(1001) })
        strictEqual(status, 413, `${method} ${target}`)
      }
    }).pipe(Effect.provide(quiet))
  )

  it.scopedLive("that never ends is cut off", () =>
    Effect.gen(function* () {
      const { port } = yield* serve({ maxBodyBytes: 1000 })
      const sent = yield* Effect.async<number>((resume) => {
        let length = 0
        const socket = Net.connect(port, "127.0.0.1", () => {
          socket.write(`${line}${authorized}Transfer-Encoding: chunked\r\n\r\n`)
          const more = () => {
            while (!socket.destroyed) {
              length += 0x4000
              if (!socket.write(`4000\r\n${"x".repeat(0x4000)}\r\n`)) return
            }
          }
          socket.on("drain", more)
          more()
        })
        socket.on("error", () => socket.destroy())
        socket.on("close", () => resume(Effect.succeed(length)))
      })
      assertTrue(sent < 50_000_000)
      strictEqual((yield* call(port, "GET", "/v2/keys")).status, 200)
    }).pipe(Effect.provide(quiet))
  )

  it.scopedLive("is not waited for before the token is known", () =>
    Effect.gen(function* () {
      const { port } = yield* serve()
      const reply = yield* exchange(port, `${line}Content-Length: 1000\r\nConnection: close\r\n\r\n`)
      assertInclude(reply, "HTTP/1.1 401 ")
    }).pipe(Effect.provide(quiet))
  )
})

describe("headers", () => {
  it.scopedLive("may be as large as the limit, and no larger", () =>
    Effect.gen(function* () {
      const { port } = yield* serve({ maxHeaderBytes: 20_000 })
      const get = (length: number) =>
        exchange(
          port,
          `GET /v2/keys HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n${authorized}X: ${"x".repeat(length)}\r\n\r\n`
        )
      assertInclude(yield* get(18_000), "HTTP/1.1 200 ")
      const refused = yield* get(21_000)
      assertInclude(refused, "HTTP/1.1 431 ")
      assertInclude(refused, '{"error":')
      assertInclude(
        yield* exchange(port, `GET /${"x".repeat(30_000)} HTTP/1.1\r\nHost: localhost\r\n\r\n`),
        "HTTP/1.1 431 "
      )
    }).pipe(Effect.provide(quiet))
  )

  it.scopedLive("are all kept, however many they are", () =>
    Effect.gen(function* () {
      const { port } = yield* serve()
      const names = Array.from({ length: 2500 }, (_, index) => `H${index}`)
      const headers = Object.fromEntries(names.map((name) => [`Upstash-Forward-${name}`, "1"]))
      const scheduleId = yield* create(port, "https://example.com", headers)
      const { json } = yield* call(port, "GET", `/v2/schedules/${scheduleId}`)
      deepStrictEqual(Object.keys(field(json, "header") ?? {}).toSorted(), names.toSorted())
    }).pipe(Effect.provide(quiet))
  )
})

describe("a slow sender", () => {
  it.scopedLive("is cut off, wherever it stops", () =>
    Effect.gen(function* () {
      const { port } = yield* serve({ requestTimeout: "300 millis" })
      const replies = yield* Effect.forEach(
        [
          "",
          "GET",
          "GET /v2/keys HTTP/1.1\r\nHost: loc",
          `${line}${authorized}Content-Length: 10\r\n\r\nhalf`,
          `${line}${authorized}Transfer-Encoding: chunked\r\n\r\n5\r\nhalf`
        ],
        (bytes) => exchange(port, bytes),
        { concurrency: "unbounded" }
      )
      for (const reply of replies.slice(1)) {
        assertInclude(reply, "HTTP/1.1 408 ")
        assertInclude(reply, '{"error":"the request did not arrive in time"}')
      }
      deepStrictEqual((yield* call(port, "GET", "/v2/schedules")).json, [])
    }).pipe(Effect.provide(quiet))
  )

  it.scopedLive("that closes its half within a request leaves nothing behind", () =>
    Effect.gen(function* () {
      const { port } = yield* serve()
      for (const bytes of [
        "",
        "GET /v2/keys HTTP/1.1\r\nHost: loc",
        `${line}${authorized}Content-Length: 10\r\n\r\nhalf`,
        `${line}${authorized}Transfer-Encoding: chunked\r\n\r\n5\r\nhalf`
      ]) {
        const reply = yield* exchange(port, bytes, { halfClose: true })
        assertTrue(reply === "" || reply.startsWith("HTTP/1.1 400 "), reply)
      }
      deepStrictEqual((yield* call(port, "GET", "/v2/schedules")).json, [])
    }).pipe(Effect.provide(quiet))
  )

  it.scopedLive(
    "that takes no answer is cut off",
    () =>
      Effect.gen(function* () {
        const { port } = yield* serve({ requestTimeout: "2 seconds" })
        yield* create(port, "https://example.com", {}, "x".repeat(9_000_000))
        const isCut = yield* Effect.async<boolean>((resume) => {
          const socket = Net.connect(port, "127.0.0.1", () => {
            socket.pause()
            socket.write(`GET /v2/schedules HTTP/1.1\r\nHost: localhost\r\n${authorized}\r\n`)
            // Nothing is read any more, so only a write can tell that the other side is gone.
            const ask = setInterval(() => socket.write("\r\n"), 100)
            socket.on("error", () => {
              clearInterval(ask)
              socket.destroy()
              resume(Effect.succeed(true))
            })
          })
        })
        assertTrue(isCut)
      }).pipe(Effect.provide(quiet)),
    15_000
  )
})

describe("connections", () => {
  it.scopedLive("over the limit are closed, and the others go on", () =>
    Effect.gen(function* () {
      const { port } = yield* serve({ maxConnections: 5, host: "127.0.0.1" })
      const open = Effect.acquireRelease(
        Effect.async<Net.Socket>((resume) => {
          const socket = Net.connect(port, "127.0.0.1", () => resume(Effect.succeed(socket)))
          socket.on("error", () => {})
        }),
        (socket) => Effect.sync(() => socket.destroy())
      )
      const ask = (socket: Net.Socket) =>
        Effect.async<boolean>((resume) => {
          socket.once("data", () => resume(Effect.succeed(true)))
          socket.once("close", () => resume(Effect.succeed(false)))
          if (socket.destroyed) resume(Effect.succeed(false))
          socket.write(`GET /v2/keys HTTP/1.1\r\nHost: localhost\r\n${authorized}\r\n`)
        })
      const sockets = yield* Effect.forEach(Array.from({ length: 8 }), () => open)
      const answers = yield* Effect.forEach(sockets, ask, { concurrency: "unbounded" })
      strictEqual(answers.filter((isAnswered) => isAnswered).length, 5)
      for (const socket of sockets) socket.destroy()
      strictEqual((yield* Effect.retry(call(port, "GET", "/v2/keys"), again)).status, 200)
    }).pipe(Effect.provide(quiet))
  )
})

describe("schedules", () => {
  it.scopedLive("over the limit are refused, and replacing one is not", () =>
    Effect.gen(function* () {
      const { port } = yield* serve({ maxSchedules: 2 })
      yield* create(port, "https://example.com/1", { "Upstash-Schedule-Id": "1" })
      yield* create(port, "https://example.com/2", { "Upstash-Schedule-Id": "2" })
      const third = yield* call(port, "POST", "/v2/schedules/https://example.com/3", { headers: created })
      strictEqual(third.status, 412)
      deepStrictEqual(third.json, { error: "quota maxSchedules exceeded, current limit: 2" })
      yield* create(port, "https://example.com/3", { "Upstash-Schedule-Id": "2" })
    }).pipe(Effect.provide(quiet))
  )
})
