import {
  QStashRateLimited,
  QStashResponseTooLarge,
  QStashSchedules,
  QStashUnavailable,
  QStashUnexpectedResponse
} from "@effect-qstash/domain"
import { HttpClient } from "@effect/platform"
import { describe, it } from "@effect/vitest"
import { assertInstanceOf, assertTrue, deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import { Cause, Deferred, Effect, Exit, Fiber } from "effect"
import { bodiless as allBodiless, calls, nightly, schedule, some } from "./calls.ts"
import { rawAnswer, type RawRequest, rawServer, reply, transports } from "./rawServer.ts"
import { record } from "./stub.ts"
import { gzipSync } from "node:zlib"
import { errors } from "undici"

const once = { retryBudget: 0 }

const bodiless = some.filter((method) => allBodiless.some((other) => other === method))
const reading = some.filter((method) => !bodiless.includes(method))

/** Sends until nobody listens any more. */
const forEver = ({ socket }: RawRequest, head: string, piece: string): void => {
  const more = () => {
    while (socket.writable && socket.write(piece)) {
      // The buffer takes more.
    }
  }
  socket.on("drain", more)
  socket.write(head)
  more()
}

const chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"

for (const [transport, overSockets] of Object.entries(transports)) {
  describe(`over ${transport}`, () => {
    describe.concurrent("replies", () => {
      it.scopedLive("are read to their end, and their connections used again", () =>
        Effect.gen(function* () {
          const server = yield* rawServer((request) => request.socket.write(rawAnswer(request)))
          yield* Effect.gen(function* () {
            for (let round = 0; round < 3; round++) for (const method of some) yield* calls[method]
          }).pipe(overSockets(server))
          strictEqual(server.requests.length, 3 * some.length)
          assertTrue(server.opened() <= 3)
        })
      )

      it.scopedLive("of refusals are read to their end as well", () =>
        Effect.gen(function* () {
          const server = yield* rawServer(({ socket }) => socket.write(reply(400, `{"error":"no"}`)))
          yield* Effect.gen(function* () {
            for (let round = 0; round < 3; round++) {
              for (const method of some) yield* Effect.flip(calls[method])
            }
          }).pipe(overSockets(server))
          assertTrue(server.opened() <= 3)
        })
      )

      const wrong: Readonly<Record<string, string>> = {
        empty: reply(200, ""),
        "without content": "HTTP/1.1 204 No Content\r\n\r\n",
        HTML: reply(200, "<!doctype html><title>Welcome</title>", ["Content-Type: text/html"]),
        "of the wrong shape": reply(200, `{"scheduleId":{}}`),
        "cut within the JSON": reply(200, `{"scheduleId":"nig`)
      }
      for (const [what, answer] of Object.entries(wrong)) {
        it.scopedLive(
          `${what}: QStashUnexpectedResponse where it is read, success where only the status counts`,
          () =>
            Effect.gen(function* () {
              const server = yield* rawServer(({ socket }) => socket.write(answer))
              for (const method of reading) {
                assertInstanceOf(
                  yield* Effect.flip(calls[method].pipe(overSockets(server, once))),
                  QStashUnexpectedResponse
                )
              }
              for (const method of bodiless) yield* calls[method].pipe(overSockets(server, once))
            })
        )
      }

      const broken: Readonly<Record<string, string>> = {
        "truncated by length": `HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"sch`,
        "truncated between chunks": `${chunked}4\r\n{"sc\r\n`
      }
      for (const [what, answer] of Object.entries(broken)) {
        it.scopedLive(
          `${what}: QStashUnavailable where it is read, success where only the status counts`,
          () =>
            Effect.gen(function* () {
              const server = yield* rawServer(({ socket }) => socket.end(answer))
              for (const method of reading) {
                const exit = yield* Effect.exit(calls[method].pipe(overSockets(server, once)))
                assertTrue(Exit.isFailure(exit) && Cause.isFailType(exit.cause))
                const failure = yield* Effect.flip(exit)
                assertInstanceOf(failure, QStashUnavailable)
                assertInstanceOf(failure.cause, transport === "fetch" ? TypeError : errors.SocketError)
              }
              for (const method of bodiless) yield* calls[method].pipe(overSockets(server, once))
            })
        )
      }

      const unreadable: Readonly<Record<string, (head: string) => string>> = {
        "breaks off": (head) => `${head}\r\nContent-Length: 100\r\n\r\n{"err`,
        "breaks off between chunks": (head) => `${head}\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n{"er\r\n`,
        "is no gzip": (head) => `${head}\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nnope`,
        "does not end": (head) => `${head}\r\nContent-Length: 100\r\n\r\n{"err`,
        "does not end, in chunks": (head) => `${head}\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n{"er\r\n`
      }
      for (const [what, answer] of Object.entries(unreadable)) {
        const isStalled = what.startsWith("does not end")
        const options = {
          requestTimeout: isStalled ? "2 seconds" : "5 seconds",
          retryBudget: "10 seconds"
        } as const
        const serving = (head: string) =>
          rawServer(({ socket }) => (isStalled ? socket.write(answer(head)) : socket.end(answer(head))))

        it.scopedLive(
          `of a refusal whose text ${what} count by their status, and are not asked for again`,
          () =>
            Effect.forEach(
              [
                [400, "QStashInvalidRequest"],
                [401, "QStashUnauthorized"],
                [404, "ScheduleNotFound"]
              ] as const,
              ([status, tag]) =>
                Effect.forEach(
                  ["QStashSchedules.get", "QStashSchedules.pause"] as const,
                  (method) =>
                    Effect.gen(function* () {
                      const server = yield* serving(`HTTP/1.1 ${status} Whatever`)
                      const failure: { readonly _tag: string; readonly message: string } = yield* Effect.flip(
                        calls[method].pipe(overSockets(server, options))
                      )
                      strictEqual(failure._tag, tag)
                      if (status !== 404) assertTrue(failure.message.includes("no reason was given"))
                      strictEqual(server.requests.length, 1)
                    }),
                  { concurrency: "unbounded" }
                ),
              { concurrency: "unbounded" }
            )
        )

        it.scopedLive(`of a rate limit whose text ${what} say when to come back as any other`, () =>
          Effect.gen(function* () {
            const server = yield* serving("HTTP/1.1 429 Whatever\r\nRetry-After: 3600")
            const failure = yield* Effect.flip(
              calls["QStashSchedules.get"].pipe(overSockets(server, options))
            )
            assertInstanceOf(failure, QStashRateLimited)
            assertTrue(failure.resetAt !== undefined)
            strictEqual(server.requests.length, 1)
          })
        )
      }

      it.scopedLive("of another server's 404 whose text breaks off are no word of QStash's", () =>
        Effect.gen(function* () {
          const server = yield* rawServer(({ socket }) =>
            socket.end("HTTP/1.1 404 Whatever\r\nContent-Type: text/html\r\nContent-Length: 100\r\n\r\n<!doc")
          )
          assertInstanceOf(
            yield* Effect.flip(calls["QStashSchedules.get"].pipe(overSockets(server, once))),
            QStashUnexpectedResponse
          )
        })
      )

      it.scopedLive("that are no HTTP are QStashUnavailable, without what they said", () =>
        Effect.gen(function* () {
          const server = yield* rawServer(({ socket }) =>
            socket.end("220 mail.example.com ESMTP hunter22\r\n")
          )
          for (const method of some) {
            const failure = yield* Effect.flip(calls[method].pipe(overSockets(server, once)))
            assertInstanceOf(failure, QStashUnavailable)
            strictEqual(failure.cause, undefined)
          }
        })
      )

      for (const [what, head, piece] of [
        ["chunked for ever", chunked, `400\r\n${" ".repeat(0x400)}\r\n`],
        ["larger than the limit", "HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n", " ".repeat(1000)]
      ] as const) {
        it.scopedLive(`${what}: cut off at the limit, with the connection`, () =>
          Effect.gen(function* () {
            const server = yield* rawServer((request) => forEver(request, head, piece))
            for (const method of reading) {
              const failure = yield* Effect.flip(
                calls[method].pipe(overSockets(server, { maxResponseBytes: 5000 }))
              )
              assertInstanceOf(failure, QStashResponseTooLarge)
              strictEqual(failure.limit, 5000)
            }
            for (const method of bodiless)
              yield* calls[method].pipe(overSockets(server, { maxResponseBytes: 5000 }))
            for (const request of server.requests) yield* request.closed
          })
        )
      }

      it.scopedLive("of few bytes that become many: cut off at the limit", () =>
        Effect.gen(function* () {
          const bytes = gzipSync(" ".repeat(1_000_000))
          const server = yield* rawServer(({ socket }) => {
            socket.write(
              `HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: ${bytes.length}\r\n\r\n`
            )
            socket.write(bytes)
          })
          for (const method of reading) {
            const failure = yield* Effect.flip(
              calls[method].pipe(overSockets(server, { maxResponseBytes: 5000 }))
            )
            assertInstanceOf(failure, QStashResponseTooLarge)
            strictEqual(failure.limit, 5000)
          }
        })
      )

      it.scopedLive("as long as the limit are read", () =>
        Effect.gen(function* () {
          const body = JSON.stringify([record])
          const server = yield* rawServer(({ socket }) => socket.write(reply(200, body)))
          yield* calls["QStashSchedules.list"].pipe(overSockets(server, { maxResponseBytes: body.length }))
          assertInstanceOf(
            yield* Effect.flip(
              calls["QStashSchedules.list"].pipe(overSockets(server, { maxResponseBytes: body.length - 1 }))
            ),
            QStashResponseTooLarge
          )
        })
      )

      it.scopedLive("split within a character are put together again", () =>
        Effect.gen(function* () {
          const bytes = Buffer.from(JSON.stringify({ ...record, body: "Grüße, 世界" }))
          const server = yield* rawServer(({ socket }) => {
            socket.write(chunked)
            for (const byte of bytes) socket.write(Buffer.from([0x31, 13, 10, byte, 13, 10]))
            socket.write("0\r\n\r\n")
          })
          const found = yield* Effect.flatMap(QStashSchedules, (schedules) => schedules.get(nightly)).pipe(
            overSockets(server, once)
          )
          strictEqual(found.body, "Grüße, 世界")
        })
      )
    })

    describe.concurrent("redirects", () => {
      it.scopedLive("are not followed, so the token goes nowhere else", () =>
        Effect.gen(function* () {
          const elsewhere = yield* rawServer(({ socket }) => socket.write(reply(200, "[]")))
          for (const status of [301, 302, 303, 307, 308]) {
            const server = yield* rawServer(({ socket }) =>
              socket.write(reply(status, "moved", [`Location: ${elsewhere.url}/v2/schedules`]))
            )
            for (const method of some) {
              const failure = yield* Effect.flip(calls[method].pipe(overSockets(server)))
              assertInstanceOf(failure, QStashUnexpectedResponse)
              strictEqual(failure.status, status)
            }
            strictEqual(server.requests.length, some.length)
          }
          strictEqual(elsewhere.requests.length, 0)
        })
      )
    })

    describe.concurrent("interruption", () => {
      for (const [when, answer] of [
        ["before the reply", ""],
        ["within the headers", "HTTP/1.1 200 OK\r\nContent-"],
        ["within the body", `${chunked}4\r\n{"sc\r\n`],
        ["within a body of known length", `HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"sch`]
      ] as const) {
        it.scopedLive(`${when} closes the connection`, () =>
          Effect.gen(function* () {
            for (const method of some) {
              const reached = yield* Deferred.make<RawRequest>()
              const server = yield* rawServer((request) =>
                request.socket.write(answer, () => Deferred.unsafeDone(reached, Effect.succeed(request)))
              )
              const fiber = yield* Effect.fork(calls[method].pipe(overSockets(server)))
              const request = yield* Deferred.await(reached)
              // A fiber that reads a body needs a moment to get there.
              yield* Effect.sleep("20 millis")
              yield* Fiber.interrupt(fiber)
              yield* request.closed
              strictEqual(server.requests.length, 1)
            }
          })
        )
      }

      it.scopedLive("while a client of the user's holds the response back closes the connection", () =>
        Effect.gen(function* () {
          const server = yield* rawServer(({ socket }) => socket.write(`${chunked}4\r\n{"sc\r\n`))
          const options = {
            requestTimeout: "50 millis",
            retryBudget: 0,
            transformClient: HttpClient.transformResponse(Effect.zipLeft(Effect.never))
          } as const
          for (const method of some) {
            assertInstanceOf(
              yield* Effect.flip(calls[method].pipe(overSockets(server, options))),
              QStashUnavailable
            )
          }
          for (const request of server.requests) yield* request.closed
        })
      )

      it.scopedLive("by the timeout of an attempt closes its connection, too", () =>
        Effect.gen(function* () {
          const server = yield* rawServer(({ socket }) => socket.write(`${chunked}4\r\n{"sc\r\n`))
          const options = { requestTimeout: "50 millis", retryBudget: 0 } as const
          for (const method of reading) {
            assertInstanceOf(
              yield* Effect.flip(calls[method].pipe(overSockets(server, options))),
              QStashUnavailable
            )
          }
          for (const request of server.requests) yield* request.closed
        })
      )
    })

    describe.concurrent("a call that must not be interrupted", () => {
      for (const [what, answer] of [
        ["no reply", ""],
        ["a body that does not end", `${chunked}4\r\n{"sc\r\n`]
      ] as const) {
        it.scopedLive(`ends with its timeout all the same: ${what}`, () =>
          Effect.gen(function* () {
            const server = yield* rawServer(({ socket }) => socket.write(answer))
            const options = { requestTimeout: "50 millis", retryBudget: 0 } as const
            for (const method of answer === "" ? some : reading) {
              const failure = yield* calls[method].pipe(
                Effect.uninterruptible,
                Effect.flip,
                overSockets(server, options)
              )
              assertInstanceOf(failure, QStashUnavailable)
              strictEqual(failure.reason, `no reply from ${server.url} within 50ms`)
            }
            for (const request of server.requests) yield* request.closed
          })
        )
      }

      it.scopedLive("does not wait for the rest of a reply of which only the status counts", () =>
        Effect.gen(function* () {
          const server = yield* rawServer(({ socket }) =>
            socket.write(`HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"sch`)
          )
          for (const method of bodiless)
            yield* calls[method].pipe(Effect.uninterruptible, overSockets(server, once))
          for (const request of server.requests) yield* request.closed
        })
      )

      it.scopedLive("is seen through when its fiber is interrupted", () =>
        Effect.gen(function* () {
          const reached = yield* Deferred.make<RawRequest>()
          const server = yield* rawServer((request) => Deferred.unsafeDone(reached, Effect.succeed(request)))
          const seenThrough = yield* Deferred.make<void>()
          const fiber = yield* calls["QStashSchedules.resume"].pipe(
            Effect.zipRight(Deferred.succeed(seenThrough, undefined)),
            Effect.uninterruptible,
            overSockets(server),
            Effect.fork
          )
          const request = yield* Deferred.await(reached)
          const interrupting = yield* Effect.fork(Fiber.interrupt(fiber))
          yield* Effect.yieldNow()
          request.socket.write(reply(200, ""))
          yield* Deferred.await(seenThrough)
          yield* Fiber.join(interrupting)
          strictEqual(server.requests.length, 1)
        })
      )
    })

    describe.concurrent("the body of a request", () => {
      it.scopedLive("arrives as it is, without a content type that nobody gave", () =>
        Effect.gen(function* () {
          const server = yield* rawServer((request) => request.socket.write(rawAnswer(request)))
          yield* Effect.gen(function* () {
            const schedules = yield* QStashSchedules
            yield* schedules.create({ ...schedule, body: Uint8Array.from([0, 255, 10]) })
            yield* schedules.create({
              ...schedule,
              body: "{}",
              headers: { "Content-Type": "application/json" }
            })
            yield* schedules.create(schedule)
          }).pipe(overSockets(server))
          deepStrictEqual(
            server.requests.map(({ body, headers }) => [
              body,
              headers["content-type"],
              headers["content-length"]
            ]),
            [
              ["\u0000ÿ\n", undefined, "3"],
              ["{}", "application/json", "2"],
              ["", undefined, "0"]
            ]
          )
        })
      )

      it.scopedLive("comes with no header but QStash's, the token, and those of the transport itself", () =>
        Effect.gen(function* () {
          const server = yield* rawServer((request) => request.socket.write(rawAnswer(request)))
          yield* Effect.withSpan(
            calls["QStashSchedules.create"].pipe(overSockets(server)),
            "a span of the application"
          )
          deepStrictEqual(Object.keys(server.requests[0]?.headers ?? {}).toSorted(), [
            "accept",
            "accept-encoding",
            ...(transport === "fetch" ? ["accept-language"] : []),
            "authorization",
            "connection",
            "content-length",
            "host",
            ...(transport === "fetch" ? ["sec-fetch-mode"] : []),
            "upstash-cron",
            "upstash-schedule-id",
            "user-agent"
          ])
        })
      )
    })
  })
}
