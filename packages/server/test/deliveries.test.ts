import { Courier } from "@effect-qstash/engine/Courier"
import { DevelopmentUsers, UndiciCourier } from "@effect-qstash/server"
import { QStashReceiver } from "@effect-qstash/receiver"
import { describe, it } from "@effect/vitest"
import { assertInclude, assertTrue, deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import { Context, Deferred, Effect, Exit, Fiber, Layer } from "effect"
import { execFileSync } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import * as Https from "node:https"
import * as Net from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { advance, call, create, field, headerOf, logsInto, publish, quiet, serve, worker } from "./support.ts"

const allBytes = Uint8Array.from({ length: 256 }, (_, index) => index)

describe("a delivery", () => {
  it.scopedLive("carries QStash's headers, those of the schedule, and the body's bytes", () =>
    Effect.gen(function* () {
      const { port } = yield* serve({ time: "virtual" })
      const { port: there, received } = yield* worker()
      const url = `http://127.0.0.1:${there}/jobs//a%2Fb?x=1?y&z=%20`
      const headers = {
        "Upstash-Schedule-Id": "nightly",
        "Upstash-Method": "PUT",
        "Content-Type": "application/x-bytes",
        "Upstash-Forward-x-TOKEN": "s\xe9cret",
        "Upstash-Forward-User-Agent": "mine",
        "Upstash-Forward-Host": "attacker.example",
        "Upstash-Label": "not sent",
        "Upstash-Telemetry-Sdk": "not sent"
      }
      yield* create(port, url, headers, allBytes)
      yield* advance(port, "1 minutes")
      const [delivery] = received
      assertTrue(delivery !== undefined)
      strictEqual(received.length, 1)
      strictEqual(delivery.method, "PUT")
      strictEqual(delivery.target, "/jobs//a%2Fb?x=1?y&z=%20")
      deepStrictEqual(Uint8Array.from(delivery.body), allBytes)
      deepStrictEqual(delivery.headers.map(([name]) => name).toSorted(), [
        "Content-Type",
        "Upstash-Caller-Ip",
        "Upstash-Message-Id",
        "Upstash-Region",
        "Upstash-Retried",
        "Upstash-Schedule-Id",
        "Upstash-Signature",
        "User-Agent",
        "X-Token",
        "connection",
        "content-length",
        "host"
      ])
      const expected: Readonly<Record<string, string>> = {
        "Content-Type": "application/x-bytes",
        "X-Token": "s\xe9cret",
        "User-Agent": "Upstash-QStash",
        "Upstash-Caller-Ip": "127.0.0.1",
        "Upstash-Region": "EU-CENTRAL-1",
        "Upstash-Retried": "0",
        "Upstash-Schedule-Id": "nightly",
        Host: `127.0.0.1:${there}`
      }
      for (const [name, value] of Object.entries(expected)) strictEqual(headerOf(delivery, name), value, name)
      const { json } = yield* call(port, "GET", "/v2/schedules/nightly")
      deepStrictEqual(field(json, "lastScheduleStates"), {
        [headerOf(delivery, "Upstash-Message-Id") ?? ""]: "SUCCESS"
      })
    }).pipe(Effect.provide(quiet))
  )

  it.scopedLive("is signed with the user's key, for the URL and the body", () =>
    Effect.gen(function* () {
      const { port } = yield* serve({ time: "virtual" })
      const { port: there, received } = yield* worker()
      const url = `http://127.0.0.1:${there}/jobs?x=1`
      yield* create(port, url, {}, "payload")
      yield* advance(port, "1 minutes")
      const [delivery] = received
      assertTrue(delivery !== undefined)
      const receiver = yield* QStashReceiver.make({
        currentSigningKey: DevelopmentUsers.defaultUser.currentSigningKey,
        nextSigningKey: DevelopmentUsers.defaultUser.nextSigningKey,
        clockTolerance: "60 seconds"
      })
      const verified = yield* receiver.verify({
        headers: Object.fromEntries(delivery.headers),
        url,
        body: delivery.body
      })
      strictEqual(verified.signed.subject, url)
    }).pipe(Effect.provide(quiet))
  )

  it.scopedLive("has its body under every method, and no trace of ours", () =>
    Effect.gen(function* () {
      const { port } = yield* serve({ time: "virtual" })
      const { port: there, received } = yield* worker()
      for (const method of ["GET", "POST", "PUT", "PATCH", "DELETE"]) {
        yield* create(port, `http://127.0.0.1:${there}/${method}`, { "Upstash-Method": method }, "body")
        yield* create(port, `http://127.0.0.1:${there}/${method}/none`, { "Upstash-Method": method })
      }
      yield* Effect.withSpan(advance(port, "1 minutes"), "outer")
      deepStrictEqual(
        received.map((one) => `${one.method} ${one.target} ${one.body.toString()}`).toSorted(),
        ["DELETE", "GET", "PATCH", "POST", "PUT"]
          .flatMap((method) => [`${method} /${method} body`, `${method} /${method}/none `])
          .toSorted()
      )
      for (const one of received) {
        strictEqual(headerOf(one, "traceparent") ?? headerOf(one, "b3"), undefined)
        strictEqual(headerOf(one, "content-type"), undefined)
      }
    }).pipe(Effect.provide(quiet))
  )

  it.scopedLive("is tried again as the answer asks, under the same message id, until it succeeds", () =>
    Effect.gen(function* () {
      const { port } = yield* serve({ time: "virtual" })
      const { port: there, received } = yield* worker((response, one) => {
        const status = headerOf(one, "Upstash-Retried") === "2" ? 204 : 500
        response.writeHead(status, { "Retry-After": "30" }).end("an answer that nobody reads")
      })
      yield* create(port, `http://127.0.0.1:${there}/`, {
        "Upstash-Cron": "0 0 1 1 *",
        "Upstash-Retries": "5"
      })
      yield* advance(port, "366 days")
      deepStrictEqual(
        received.map((one) => headerOf(one, "Upstash-Retried")),
        ["0", "1", "2"]
      )
      strictEqual(new Set(received.map((one) => headerOf(one, "Upstash-Message-Id"))).size, 1)
      strictEqual(new Set(received.map((one) => headerOf(one, "Upstash-Signature"))).size, 3)
    }).pipe(Effect.provide(quiet))
  )

  it.scopedLive("does not follow a redirect: it is a failure", () =>
    Effect.gen(function* () {
      const lines: Array<string> = []
      yield* Effect.gen(function* () {
        const { port } = yield* serve({ time: "virtual" })
        const { port: there, received } = yield* worker((response) => {
          response.writeHead(307, { Location: "/elsewhere" }).end()
        })
        yield* create(port, `http://127.0.0.1:${there}/here`, {
          "Upstash-Cron": "0 0 1 1 *",
          "Upstash-Retries": "0"
        })
        yield* advance(port, "366 days")
        deepStrictEqual(
          received.map((one) => one.target),
          ["/here"]
        )
      }).pipe(Effect.provide(logsInto(lines)))
      assertInclude(lines.join("\n"), "the destination responded with 307")
    })
  )

  it.scopedLive("is logged with its message and what that came from, a line for each attempt", () =>
    Effect.gen(function* () {
      const lines: Array<string> = []
      const ids = yield* Effect.gen(function* () {
        const { port } = yield* serve({ time: "virtual" })
        const { port: there, received } = yield* worker((response, { target }) => {
          response.writeHead(target.startsWith("/fails") ? 500 : 200).end()
        })
        const url = `http://127.0.0.1:${there}`
        const plain = yield* publish(port, `${url}/plain?secret`, {})
        const queued = yield* publish(port, `${url}/fails?secret`, {
          "Upstash-Queue-Name": "q",
          "Upstash-Method": "PUT",
          "Upstash-Retries": "1",
          "Upstash-Retry-Delay": "1000",
          "Upstash-Failure-Callback": `${url}/told`
        })
        yield* create(port, `${url}/nightly`, { "Upstash-Schedule-Id": "nightly" })
        yield* advance(port, "1 minutes")
        const idOf = (path: string) => {
          const found = received.find(({ target }) => target === path)
          return found === undefined ? undefined : headerOf(found, "Upstash-Message-Id")
        }
        return { plain, queued, told: idOf("/told"), scheduled: idOf("/nightly"), host: url }
      }).pipe(Effect.provide(logsInto(lines)))
      const deliveries = lines.filter((line) => line.startsWith("msg_"))
      const queued = `${ids.queued} (queue q): PUT ${ids.host}/fails`
      for (const expected of [
        `${ids.plain}: POST ${ids.host}/plain delivered, 200`,
        `${queued} failed: the destination responded with 500`,
        `${queued} failed, retry 1: the destination responded with 500`,
        `${queued} has failed for good`,
        `${ids.told} (callback of ${ids.queued}): POST ${ids.host}/told delivered, 200`,
        `${ids.scheduled} (schedule nightly): POST ${ids.host}/nightly delivered, 200`
      ]) {
        strictEqual(deliveries.filter((line) => line === expected).length, 1, expected)
      }
      strictEqual(deliveries.filter((line) => line.startsWith(`${queued} will be tried again at `)).length, 1)
      strictEqual(deliveries.length, 7)
    })
  )

  it.scopedLive("is given up when its time is over, and the connection is closed", () =>
    Effect.gen(function* () {
      const { port } = yield* serve({ time: "virtual", settle: "100 millis" })
      const closed = yield* Deferred.make<void>()
      const { port: there } = yield* worker((response) => {
        response.on("close", () => Deferred.unsafeDone(closed, Exit.void))
      })
      yield* create(port, `http://127.0.0.1:${there}/`, {
        "Upstash-Cron": "0 0 1 1 *",
        "Upstash-Timeout": "5s",
        "Upstash-Retries": "0",
        "Upstash-Schedule-Id": "slow"
      })
      yield* advance(port, "366 days")
      yield* Deferred.await(closed)
      const { json } = yield* call(port, "GET", "/v2/schedules/slow")
      deepStrictEqual(Object.values(field(json, "lastScheduleStates") ?? {}), ["FAIL"])
    }).pipe(Effect.provide(quiet))
  )
})

const courier = (options?: UndiciCourier.Options) =>
  Effect.map(Layer.build(UndiciCourier.layer(options)), Context.get(Courier))

const post = (url: string, headers: ReadonlyArray<readonly [string, string]> = [], body = "secret body") => ({
  method: "POST",
  url,
  headers: [["X-Secret", "secret header"] as const, ...headers],
  body: new TextEncoder().encode(body)
})

/** A server that says these bytes to whoever has sent something. */
const speaker = (bytes: string, { closes = true } = {}) =>
  Effect.acquireRelease(
    Effect.async<Net.Server>((resume) => {
      const server = Net.createServer((socket) => {
        socket.on("error", () => socket.destroy())
        socket.once("data", () => (closes ? socket.end(bytes, "latin1") : socket.write(bytes, "latin1")))
      })
      server.listen(0, "127.0.0.1", () => resume(Effect.succeed(server)))
    }),
    (server) => Effect.sync(() => server.close())
  ).pipe(
    Effect.map((server) => {
      const address = server.address()
      return typeof address === "object" && address !== null ? address.port : 0
    })
  )

describe("the courier", () => {
  it.scopedLive("turns a URL's credentials into a header, unless the message has that header", () =>
    Effect.gen(function* () {
      const { deliver } = yield* courier()
      const { port, received } = yield* worker()
      yield* deliver(post(`http://us%C3%A9r:p%40ss:%zz@127.0.0.1:${port}/a?b`))
      yield* deliver(post(`http://user:pass@127.0.0.1:${port}/`, [["authorization", "Bearer mine"]]))
      yield* deliver(post(`http://127.0.0.1:${port}/`))
      deepStrictEqual(
        received.map((one) =>
          one.headers.flatMap(([name, value]) => (/^authorization$/i.test(name) ? [value] : []))
        ),
        [[`Basic ${Buffer.from("usér:p@ss:%zz").toString("base64")}`], ["Bearer mine"], []]
      )
      strictEqual(received[0]?.target, "/a?b")
    })
  )

  it.scopedLive("sends path and query byte for byte, and no fragment", () =>
    Effect.gen(function* () {
      const { deliver } = yield* courier()
      const { port, received } = yield* worker()
      const targets = [
        "/",
        "//a//b/",
        "/a/../b/./c/%2e%2e",
        "/%2F%zz%",
        "/a?b=1?c&&=#nothing",
        "/a'\"|\\^`{}<>",
        "/a?",
        "?a=b",
        ""
      ]
      for (const target of targets) {
        const outcome = yield* deliver(post(`http://127.0.0.1:${port}${target}`))
        strictEqual(outcome._tag, "Answered")
      }
      deepStrictEqual(
        received.map((one) => one.target),
        targets
          .map((target) => target.replace(/#.*/, ""))
          .map((target) => (target.startsWith("/") ? target : `/${target}`))
      )
    })
  )

  it.scopedLive("sends header names in their case and every value of a name", () =>
    Effect.gen(function* () {
      const { deliver } = yield* courier()
      const { port, received } = yield* worker()
      yield* deliver(
        post(`http://127.0.0.1:${port}/`, [
          ["X-a-B", "1"],
          ["X-a-B", "2"],
          ["Empty", ""],
          ["Latin", "\xe9\xff\t~"]
        ])
      )
      deepStrictEqual(
        received[0]?.headers.filter(
          ([name]) => !["host", "connection", "content-length", "X-Secret"].includes(name)
        ),
        [
          ["X-a-B", "1"],
          ["X-a-B", "2"],
          ["Empty", ""],
          ["Latin", "\xe9\xff\t~"]
        ]
      )
    })
  )

  it.scopedLive("uses a connection again", () =>
    Effect.gen(function* () {
      const { deliver } = yield* courier()
      const sockets = new Set<unknown>()
      const { port } = yield* worker((response) => {
        sockets.add(response.socket?.remotePort)
        response.end("x".repeat(10_000))
      })
      for (let count = 0; count < 5; count++) yield* deliver(post(`http://127.0.0.1:${port}/`))
      assertTrue(sockets.size < 3)
    })
  )

  it.scopedLive("answers with the status and headers of an answer that never stops, and hangs up", () =>
    Effect.gen(function* () {
      const { deliver } = yield* courier()
      const hungUp = yield* Deferred.make<void>()
      const { port } = yield* worker((response) => {
        response.writeHead(200, { "X-Answer": "yes" })
        response.on("close", () => Deferred.unsafeDone(hungUp, Exit.void))
        const more = () => {
          while (response.writable && response.write(Buffer.alloc(0x10000)));
        }
        response.on("drain", more)
        more()
      })
      const outcome = yield* deliver(post(`http://127.0.0.1:${port}/`))
      strictEqual(outcome._tag, "Answered")
      if (outcome._tag === "Answered") {
        strictEqual(outcome.headers["x-answer"], "yes")
        strictEqual(outcome.body?.length, 1024 * 1024)
      }
      yield* Deferred.await(hungUp)
    })
  )

  it.scopedLive("keeps the bytes of an answer", () =>
    Effect.gen(function* () {
      const { deliver } = yield* courier()
      const long = Buffer.alloc(1024 * 1024, allBytes)
      const { port } = yield* worker((response, { target }) => {
        if (target === "/none") response.writeHead(204).end()
        else if (target === "/long") response.end(long)
        else {
          response.write(allBytes)
          response.end(allBytes)
        }
      })
      for (const [path, expected] of [
        ["none", new Uint8Array()],
        ["long", Uint8Array.from(long)],
        ["twice", Uint8Array.from([...allBytes, ...allBytes])]
      ] as const) {
        const outcome = yield* deliver(post(`http://127.0.0.1:${port}/${path}`))
        assertTrue(outcome._tag === "Answered")
        assertTrue(Buffer.from(expected).equals(outcome.body ?? Buffer.from("absent")), path)
      }
    })
  )

  it.scopedLive("hangs up when it is interrupted", () =>
    Effect.gen(function* () {
      const { deliver } = yield* courier()
      const arrived = yield* Deferred.make<void>()
      const hungUp = yield* Deferred.make<void>()
      const { port } = yield* worker((response) => {
        response.on("close", () => Deferred.unsafeDone(hungUp, Exit.void))
        Deferred.unsafeDone(arrived, Exit.void)
      })
      const fiber = yield* Effect.fork(deliver(post(`http://127.0.0.1:${port}/`)))
      yield* Deferred.await(arrived)
      yield* Fiber.interrupt(fiber)
      yield* Deferred.await(hungUp)
    })
  )

  it.scopedLive("says why there was no answer, and repeats nothing but the host", () =>
    Effect.gen(function* () {
      const { deliver } = yield* courier()
      const { port } = yield* worker()
      const url = (authority: string, scheme = "http") =>
        `${scheme}://user:secret-password@${authority}/secret-path?secret=query`
      const ok = "HTTP/1.1 200 OK\r\n"
      const cases: ReadonlyArray<readonly [string, ReturnType<typeof post>]> = [
        ["refused the connection", post(url("127.0.0.1:1"))],
        ["could not be resolved", post(url("nowhere.invalid"))],
        ["no secure connection", post(url(`127.0.0.1:${port}`, "https"))],
        ["closed the connection", post(url(`127.0.0.1:${yield* speaker("")}`))],
        [
          "closed the connection",
          post(url(`127.0.0.1:${yield* speaker(`${ok}Content-Length: 10\r\n\r\nhalf`)}`))
        ],
        ["is not valid HTTP", post(url(`127.0.0.1:${yield* speaker(`${ok}Content-Length: x\r\n\r\n`)}`))],
        [
          "is not valid HTTP",
          post(
            url(
              `127.0.0.1:${yield* speaker(`${ok}Transfer-Encoding: chunked\r\n\r\nzz\r\n`, { closes: false })}`
            )
          )
        ],
        [
          "more than 1048576 bytes of response headers, the limit of maxResponseHeaderBytes",
          post(
            url(
              `127.0.0.1:${yield* speaker(`${ok}X: ${"x".repeat(1024 * 1024)}\r\n\r\n`, { closes: false })}`
            )
          )
        ],
        ["cannot be sent", post(url(`127.0.0.1:${port}`), [["X-Bad", "secret\r\nvalue"]])],
        ["cannot be sent", post(url(`127.0.0.1:${port}`), [["secret name", "value"]])],
        ["cannot be sent", post(`http://127.0.0.1:${port}/secret space`)],
        ["cannot be sent", post("http://secret host/")]
      ]
      for (const [text, request] of cases) {
        const outcome = yield* deliver(request)
        assertTrue(outcome._tag === "Unanswered", `${text}: ${outcome._tag}`)
        assertInclude(outcome.reason, text)
        assertTrue(!outcome.reason.includes("secret"), outcome.reason)
        assertTrue(outcome.reason.length < 150)
      }
    })
  )

  it.scopedLive("says so if the status line of a response is invalid, and goes on delivering", () =>
    Effect.gen(function* () {
      const { deliver } = yield* courier()
      const { port } = yield* worker()
      for (const line of [
        "hello",
        "HTTP/1.1 099 Low",
        "HTTP/1.1 000 Zero",
        "HTTP/1.1 20 Short",
        "HTTP/1.1 1000 Long",
        "HTTP/1.1 abc Text",
        "HTTP/1.1 -1 Negative",
        "HTTP/3.7 200 OK",
        "HTTP/1.1",
        "HTTP/1.1 100 Continue",
        "HTTP/1.1 101 Switching Protocols"
      ]) {
        const outcome = yield* deliver(
          post(`http://127.0.0.1:${yield* speaker(`${line}\r\nContent-Length: 0\r\n\r\n`)}`)
        )
        assertTrue(outcome._tag === "Unanswered", line)
        assertInclude(outcome.reason, "sent an invalid HTTP status line")
      }
      strictEqual((yield* deliver(post(`http://127.0.0.1:${port}`)))._tag, "Answered")
    })
  )

  it.scopedLive("takes a megabyte of response headers, or as much as it is told to", () =>
    Effect.gen(function* () {
      const cookies = Array.from({ length: 9 }, (_, index) => `c${index}=${"x".repeat(2048)}`)
      const { port } = yield* worker((response, { target }) => {
        if (target === "/cookies") response.setHeader("Set-Cookie", cookies)
        else response.setHeader("X-Large", "x".repeat(1_000_000))
        response.end()
      })
      const tagAt = (path: string, options?: UndiciCourier.Options) =>
        Effect.flatMap(courier(options), ({ deliver }) => deliver(post(`http://127.0.0.1:${port}${path}`)))
      const outcome = yield* tagAt("/cookies")
      assertTrue(outcome._tag === "Answered")
      deepStrictEqual(outcome.headers["set-cookie"], cookies)
      strictEqual((yield* tagAt("/large"))._tag, "Answered")
      const small = yield* tagAt("/cookies", { maxResponseHeaderBytes: 16_384 })
      assertTrue(small._tag === "Unanswered")
      assertInclude(small.reason, "more than 16384 bytes of response headers")
      strictEqual((yield* tagAt("/large", { maxResponseHeaderBytes: 2_000_000 }))._tag, "Answered")
    })
  )

  const certificate = () => {
    const directory = mkdtempSync(join(tmpdir(), "effect-qstash-"))
    try {
      const [key, cert] = [join(directory, "key.pem"), join(directory, "cert.pem")]
      execFileSync(
        "openssl",
        [
          "req",
          "-x509",
          "-newkey",
          "ec",
          "-pkeyopt",
          "ec_paramgen_curve:prime256v1",
          "-nodes",
          "-days",
          "2",
          "-subj",
          "/CN=localhost",
          "-addext",
          "subjectAltName=DNS:localhost",
          "-keyout",
          key,
          "-out",
          cert
        ],
        { stdio: "ignore" }
      )
      return { key: readFileSync(key, "utf8"), cert: readFileSync(cert, "utf8") }
    } catch {
      return undefined
    } finally {
      rmSync(directory, { recursive: true })
    }
  }

  it.scopedLive("delivers over TLS where the certificate is trusted", (context) =>
    Effect.gen(function* () {
      const pem = certificate()
      if (pem === undefined) return context.skip("no openssl to make a certificate with")
      const server = yield* Effect.acquireRelease(
        Effect.async<Https.Server>((resume) => {
          const secured = Https.createServer(pem, (_, response) => response.writeHead(201).end())
          secured.listen(0, "127.0.0.1", () => resume(Effect.succeed(secured)))
        }),
        (secured) => Effect.sync(() => secured.close())
      )
      const address = server.address()
      const url = `https://localhost:${typeof address === "object" ? address?.port : 0}/`
      const distrusting = yield* (yield* courier()).deliver(post(url))
      assertTrue(distrusting._tag === "Unanswered" && distrusting.reason.includes("no secure connection"))
      const trusting = yield* (yield* courier({ ca: pem.cert })).deliver(post(url))
      strictEqual(trusting._tag === "Answered" && trusting.status, 201)
    })
  )
})
