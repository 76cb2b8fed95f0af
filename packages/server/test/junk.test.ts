import { it } from "@effect/vitest"
import { assertTrue, deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import { Effect, FastCheck } from "effect"
import { call, exchange, logsInto, serve, token } from "./support.ts"

/** Answers are HTTP, and each body is QStash's error or nothing. */
const isOrderly = (reply: string): boolean =>
  reply === "" || (/^HTTP\/1\.1 [2-4]\d\d /.test(reply) && !reply.includes("internal error"))

it.scopedLive("bytes at random are answered in order or closed, and the server goes on", () =>
  Effect.gen(function* () {
    const { port } = yield* serve({ requestTimeout: "500 millis" })
    for (const bytes of FastCheck.sample(FastCheck.uint8Array({ maxLength: 2000 }), {
      numRuns: 200,
      seed: 1
    })) {
      const reply = yield* exchange(port, bytes, { halfClose: true })
      assertTrue(isOrderly(reply), reply)
    }
    strictEqual((yield* call(port, "GET", "/v2/keys")).status, 200)
  }).pipe(Effect.provide(logsInto([])))
)

const piece = FastCheck.oneof(
  FastCheck.constantFrom(
    "GET ",
    "POST ",
    "/v2/schedules",
    "/v2/schedules/https://example.com",
    "/pause",
    "?qstash_token=",
    " HTTP/1.1",
    "\r\n",
    "\r\n\r\n",
    "\n",
    "Host: localhost",
    `Authorization: Bearer ${token}`,
    "Upstash-Cron: * * * * *",
    "Upstash-Forward-: x",
    "Upstash-Forward-__proto__: x",
    "Content-Length: 3",
    "Content-Length: -1",
    "Transfer-Encoding: chunked",
    "Expect: 100-continue",
    "Upgrade: websocket",
    "0\r\n\r\n",
    "%",
    "\0",
    "\xff"
  ),
  FastCheck.string({ maxLength: 5 })
)

it.scopedLive("malformed requests are answered in order or closed, and nothing breaks inside", () =>
  Effect.gen(function* () {
    const lines: Array<string> = []
    yield* Effect.gen(function* () {
      const { port } = yield* serve({ requestTimeout: "500 millis" })
      const requests = FastCheck.oneof(
        FastCheck.array(piece, { maxLength: 20 }).map((pieces) => pieces.join("")),
        FastCheck.array(piece, { maxLength: 8 }).map(
          (pieces) =>
            `POST /v2/schedules/https://example.com/${pieces.join("")} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${token}\r\n${pieces.join("\r\n")}\r\n\r\n`
        )
      )
      for (const request of FastCheck.sample(requests, { numRuns: 300, seed: 2 })) {
        const reply = yield* exchange(port, request, { halfClose: true })
        assertTrue(isOrderly(reply), `${request}\n---\n${reply}`)
      }
      strictEqual((yield* call(port, "GET", "/v2/schedules")).status, 200)
    }).pipe(Effect.provide(logsInto(lines)))
    deepStrictEqual(
      lines.filter((line) => line.includes("ended in") || line.includes(token)),
      []
    )
  })
)

it.scopedLive("headers and targets of any Latin-1 are refused or kept, never a fault", () =>
  Effect.gen(function* () {
    const { port } = yield* serve()
    const latin1 = FastCheck.array(FastCheck.integer({ min: 0x21, max: 0xff }), {
      minLength: 1,
      maxLength: 30
    }).map((codes) => String.fromCharCode(...codes.filter((code) => code !== 0x7f)))
    const pairs = FastCheck.sample(FastCheck.tuple(latin1, latin1), { numRuns: 300, seed: 3 })
    for (const [path, value] of pairs) {
      const names = [
        "Cron",
        "Schedule-Id",
        "Method",
        "Retries",
        "Retry-Delay",
        "Timeout",
        "Delay",
        "Label",
        "Forward-X"
      ]
      for (const name of names.slice(0, 1 + (path.length % names.length))) {
        const { status } = yield* call(port, "POST", `/v2/schedules/https://example.com/${path}`, {
          headers: {
            Authorization: `Bearer ${token}`,
            "Upstash-Cron": "* * * * *",
            [`Upstash-${name}`]: value
          }
        })
        assertTrue(
          status === 200 || status === 400 || status === 412,
          `${status} for ${path} ${name} ${value}`
        )
      }
    }
    strictEqual((yield* call(port, "GET", "/v2/schedules")).status, 200)
  }).pipe(Effect.provide(logsInto([])))
)
