import {
  QStashInvalidRequest,
  QStashResponseTooLarge,
  QStashSchedules,
  QStashUnavailable
} from "@effect-qstash/domain"
import { UndiciHttpClient } from "@effect-qstash/client/node"
import { HttpClient, HttpClientRequest } from "@effect/platform"
import { describe, it } from "@effect/vitest"
import { assertInstanceOf, assertTrue, deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import { Chunk, Deferred, Duration, Effect, Fiber, Stream } from "effect"
import { gzipSync } from "node:zlib"
import { calls, nightly } from "./calls.ts"
import { overUndici, rawAnswer, type RawRequest, rawServer, reply } from "./rawServer.ts"
import { over, record } from "./stub.ts"

const get = calls["QStashSchedules.get"]

/** Counts what would keep a process from ending. */
const count = (kind: string): number =>
  process.getActiveResourcesInfo().filter((name) => name === kind).length

describe("UndiciHttpClient", () => {
  it.scopedLive(
    "leaks no connection and no timer over 10,000 calls",
    () =>
      Effect.gen(function* () {
        const server = yield* rawServer((request) => request.socket.write(rawAnswer(request)))
        const before = count("Timeout")
        yield* Effect.gen(function* () {
          const schedules = yield* QStashSchedules
          const one = Effect.all([schedules.get(nightly), schedules.resume(nightly)], { discard: true })
          yield* Effect.replicateEffect(one, 5000, { concurrency: 16, discard: true })
          // undici keeps one timer for all of its connections.
          assertTrue(count("Timeout") <= before + 2)
        }).pipe(overUndici(server, { requestTimeout: "1 minute" }))
        strictEqual(server.requests.length, 10_000)
        // undici uses a connection again only in the next round of the event loop.
        assertTrue(server.opened() <= 32)
      }),
    60_000
  )

  it.scopedLive("closes its connections with its layer", () =>
    Effect.gen(function* () {
      const server = yield* rawServer((request) => request.socket.write(rawAnswer(request)))
      yield* Effect.replicateEffect(get, 3).pipe(over(UndiciHttpClient, { url: server.url }))
      assertTrue(server.opened() <= 2)
      // Sooner than undici closes a connection that nobody uses.
      for (const request of server.requests) yield* Effect.timeout(request.closed, "2 seconds")
    })
  )

  it.scopedLive("gives up a request that still waits for its connection", () =>
    Effect.gen(function* () {
      const server = yield* rawServer((request) => request.socket.write(rawAnswer(request)))
      yield* Effect.gen(function* () {
        // Interrupted at once, before there is a connection.
        yield* Effect.flatMap(Effect.fork(get), (fiber) =>
          Effect.zipRight(Effect.yieldNow(), Fiber.interrupt(fiber))
        )
        yield* get
      }).pipe(overUndici(server))
      strictEqual(server.requests.length, 1)
    })
  )

  it.scopedLive("has a timeout of any length", () =>
    Effect.gen(function* () {
      const server = yield* rawServer((request) => request.socket.write(rawAnswer(request)))
      for (const requestTimeout of ["40 days", Infinity] as const)
        yield* get.pipe(overUndici(server, { requestTimeout, retryBudget: 0 }))
    })
  )

  it.scopedLive("gives each of several calls its own time", () =>
    Effect.gen(function* () {
      const server = yield* rawServer(() => {})
      const late = Effect.timed(
        Effect.flip(get.pipe(overUndici(server, { requestTimeout: "100 millis", retryBudget: 0 })))
      )
      const delays = ["0 millis", "30 millis", "60 millis"] as const
      const spent = yield* Effect.forEach(delays, (delay) => Effect.delay(late, delay), {
        concurrency: "unbounded"
      })
      for (const [duration] of spent) assertTrue(Duration.toMillis(duration) >= 99)
      for (const request of server.requests) yield* request.closed
    })
  )

  it.scopedLive("reads the response that follows early hints", () =>
    Effect.gen(function* () {
      const server = yield* rawServer((request) => {
        request.socket.write("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n")
        setTimeout(() => request.socket.write(rawAnswer(request)), 20)
      })
      yield* get.pipe(overUndici(server, { retryBudget: 0 }))
    })
  )

  it.scopedLive("reads a body in gzip, and names of headers in any case", () =>
    Effect.gen(function* () {
      const bytes = gzipSync(JSON.stringify(record))
      const server = yield* rawServer(({ socket }) => {
        socket.write(`HTTP/1.1 200 OK\r\nCONTENT-ENCODING: gzip\r\ncontent-LENGTH: ${bytes.length}\r\n\r\n`)
        socket.write(bytes)
      })
      strictEqual(
        (yield* Effect.flatMap(QStashSchedules, (schedules) => schedules.get(nightly)).pipe(
          overUndici(server)
        )).scheduleId,
        nightly
      )
    })
  )
})

describe("UndiciHttpClient cuts off", () => {
  const answers = {
    "before the reply": "",
    "within the body": 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n{"sc\r\n'
  }
  const brief = { requestTimeout: "50 millis", retryBudget: 0 } as const
  for (const [when, answer] of Object.entries(answers)) {
    it.scopedLive(`an interrupted call ${when}`, () =>
      Effect.gen(function* () {
        const reached = yield* Deferred.make<RawRequest>()
        const server = yield* rawServer((request) =>
          request.socket.write(answer, () => Deferred.unsafeDone(reached, Effect.succeed(request)))
        )
        const fiber = yield* Effect.fork(get.pipe(overUndici(server)))
        const request = yield* Deferred.await(reached)
        // The fiber needs a moment to begin with the body.
        yield* Effect.sleep("20 millis")
        yield* Fiber.interrupt(fiber)
        yield* request.closed
      })
    )

    it.scopedLive(`a call whose time is up ${when}`, () =>
      Effect.gen(function* () {
        const server = yield* rawServer(({ socket }) => socket.write(answer))
        const failure = yield* Effect.flip(get.pipe(overUndici(server, brief)))
        assertInstanceOf(failure, QStashUnavailable)
        strictEqual(failure.reason, `no reply from ${server.url} within 50ms`)
        for (const request of server.requests) yield* request.closed
      })
    )
  }

  const spaces = gzipSync(" ".repeat(10_000))
  for (const [what, head, body] of [
    ["that is long", "", " ".repeat(10_000)],
    ["that becomes long", "\r\nContent-Encoding: gzip", spaces]
  ] as const) {
    it.scopedLive(`a response ${what}`, () =>
      Effect.gen(function* () {
        const server = yield* rawServer(({ socket }) => {
          socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}${head}\r\n\r\n`)
          socket.write(body)
        })
        const failure = yield* Effect.flip(get.pipe(overUndici(server, { maxResponseBytes: 5000 })))
        assertInstanceOf(failure, QStashResponseTooLarge)
      })
    )
  }
})

describe("a transformed UndiciHttpClient", () => {
  it.scopedLive("closes the connection of a response that it holds back when the call is interrupted", () =>
    Effect.gen(function* () {
      const held = yield* Deferred.make<void>()
      const server = yield* rawServer(({ socket }) =>
        socket.write("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n")
      )
      const transformClient = HttpClient.transformResponse(
        Effect.tap(() => Effect.zipRight(Deferred.succeed(held, undefined), Effect.never))
      )
      const fiber = yield* Effect.fork(get.pipe(overUndici(server, { transformClient })))
      yield* Deferred.await(held)
      yield* Fiber.interrupt(fiber)
      for (const request of server.requests) yield* request.closed
    })
  )

  it.scopedLive("sees the response as any other client does", () =>
    Effect.gen(function* () {
      const server = yield* rawServer(({ socket }) =>
        socket.write(reply(200, `{"a":"1"}`, ["Set-Cookie: b=2", "Set-Cookie: c=3"]))
      )
      const seen: Array<unknown> = []
      const transformClient = HttpClient.tap((response) =>
        Effect.gen(function* () {
          seen.push(
            yield* response.text,
            yield* response.json,
            new TextDecoder().decode(yield* response.arrayBuffer),
            Chunk.toReadonlyArray(yield* Stream.runCollect(Stream.decodeText(response.stream))).join(""),
            yield* response.urlParamsBody,
            Object.keys(response.cookies.cookies),
            JSON.parse(JSON.stringify(response)).status
          )
        })
      )
      yield* Effect.either(get.pipe(overUndici(server, { transformClient, retryBudget: 0 })))
      const text = `{"a":"1"}`
      deepStrictEqual(seen, [text, { a: "1" }, text, text, [[text, ""]], ["b", "c"], 200])
    })
  )

  it.scopedLive("sends the parameters that it adds, and refuses a body that is not bytes", () =>
    Effect.gen(function* () {
      const server = yield* rawServer((request) => request.socket.write(rawAnswer(request)))
      const changing = (
        change: (request: HttpClientRequest.HttpClientRequest) => HttpClientRequest.HttpClientRequest
      ) => Effect.either(get.pipe(overUndici(server, { transformClient: HttpClient.mapRequest(change) })))
      yield* changing(HttpClientRequest.setUrlParam("a", "1"))
      deepStrictEqual(
        server.requests.map(({ target }) => target),
        [`/v2/schedules/${nightly}?a=1`]
      )
      for (const change of [
        HttpClientRequest.bodyStream(Stream.never),
        HttpClientRequest.setUrl("nowhere")
      ]) {
        const refused = yield* Effect.flip(yield* changing(change))
        assertInstanceOf(refused, QStashInvalidRequest)
      }
      strictEqual(server.requests.length, 1)
    })
  )

  it.scopedLive("keeps the time of an attempt and the size of a response", () =>
    Effect.gen(function* () {
      const reached: Array<RawRequest> = []
      const server = yield* rawServer((request) => reached.push(request))
      const options = {
        transformClient: HttpClient.tap(() => Effect.void),
        requestTimeout: "50 millis",
        retryBudget: 0
      } as const
      assertInstanceOf(yield* Effect.flip(get.pipe(overUndici(server, options))), QStashUnavailable)
      for (const request of reached) yield* request.closed
    })
  )
})
