import { it } from "@effect/vitest"
import { assertTrue, deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import { Effect, FastCheck } from "effect"
import { call, exchange, field, logsInto, serve, token } from "./support.ts"

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
    "DELETE ",
    "/v2/schedules",
    "/v2/schedules/https://example.com",
    "/v2/publish/https://example.com",
    "/v2/enqueue/q/",
    "/v2/messages",
    "/v2/dlq/retry",
    "/v2/flowControl/k/pin",
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
      const { port } = yield* serve({ time: "virtual", requestTimeout: "500 millis" })
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
      lines.filter((line) => line.includes("failed unexpectedly") || line.includes(token)),
      []
    )
  })
)

it.scopedLive(
  "headers and targets of any Latin-1 are refused or kept, never a fault",
  () =>
    Effect.gen(function* () {
      const { port } = yield* serve({ time: "virtual" })
      const latin1 = FastCheck.array(FastCheck.integer({ min: 0x21, max: 0xff }), {
        minLength: 1,
        maxLength: 30
      }).map((codes) => String.fromCharCode(...codes.filter((code) => code !== 0x7f)))
      const pairs = FastCheck.sample(FastCheck.tuple(latin1, latin1), { numRuns: 200, seed: 3 })
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
          "Forward-X",
          "Queue-Name",
          "Callback",
          "Redact-Fields",
          "Flow-Control-Key",
          "Flow-Control-Value",
          "Not-Before",
          "Deduplication-Id",
          "Content-Based-Deduplication",
          "Header-Forward"
        ]
        for (const [index, name] of names.slice(0, 1 + (path.length % names.length)).entries()) {
          const isSchedule = index % 2 === 0
          const prefix = isSchedule ? "/v2/schedules" : "/v2/publish"
          const { status } = yield* call(port, "POST", `${prefix}/https://example.com/${path}`, {
            headers: {
              Authorization: `Bearer ${token}`,
              ...(isSchedule ? { "Upstash-Cron": "* * * * *" } : {}),
              [`Upstash-${name}`]: value
            }
          })
          assertTrue([200, 202, 400, 412].includes(status), `${status} for ${path} ${name} ${value}`)
        }
      }
      strictEqual((yield* call(port, "GET", "/v2/schedules")).status, 200)
    }).pipe(Effect.provide(logsInto([]))),
  30_000
)

const values = FastCheck.oneof(
  FastCheck.constantFrom(
    "",
    "0",
    "1",
    "-1",
    "1.5",
    "true",
    "null",
    "a,b",
    ",",
    "%",
    "%00",
    "%E2%82%AC",
    "9".repeat(400)
  ),
  FastCheck.webQueryParameters(),
  FastCheck.string({ maxLength: 20 }).map(encodeURIComponent)
)
const names = FastCheck.constantFrom(
  ..."count cursor order messageIds messageId dlqIds url host path label topicName queueName scheduleId flowControlKey".split(
    " "
  ),
  ..."callerIp callerIP state responseStatus fromDate toDate search parallelism rate period trimBody groupBy x".split(
    " "
  ),
  ..."upstash-retries upstash-delay upstash-not-before upstash-method __proto__ constructor".split(" ")
)
const queries = FastCheck.array(
  FastCheck.tuple(names, values).map(([name, value]) => `${name}=${value}`),
  { maxLength: 4 }
).map((all) => (all.length === 0 ? "" : `?${all.join("&")}`))

const bodies = FastCheck.oneof(
  FastCheck.json({ maxDepth: 4 }),
  FastCheck.uint8Array({ maxLength: 50 }),
  FastCheck.constantFrom("", "null", "[]", "{}", "[null]", "[[]]", "[".repeat(10_000), '{"endpoints":[{}]}'),
  FastCheck.dictionary(
    FastCheck.constantFrom(
      ..."queueName parallelism paused endpoints messageIds dlqIds url label count cursor fromDate duration to __proto__".split(
        " "
      )
    ),
    FastCheck.jsonValue({ maxDepth: 2 }),
    { maxKeys: 4 }
  ).map((value) => JSON.stringify(value)),
  FastCheck.array(
    FastCheck.record(
      {
        destination: FastCheck.oneof(
          FastCheck.constantFrom("http://127.0.0.1:1", "g", ""),
          FastCheck.jsonValue()
        ),
        headers: FastCheck.dictionary(
          FastCheck.constantFrom(
            "upstash-retries",
            "Upstash-Delay",
            "Upstash-Forward-X",
            "Content-Type",
            "x"
          ),
          FastCheck.oneof(FastCheck.string({ maxLength: 10 }), FastCheck.jsonValue({ maxDepth: 1 }))
        ),
        body: FastCheck.oneof(
          FastCheck.string({ unit: "binary", maxLength: 10 }),
          FastCheck.jsonValue({ maxDepth: 1 })
        ),
        queue: FastCheck.oneof(FastCheck.constantFrom("q", "", null), FastCheck.jsonValue({ maxDepth: 1 }))
      },
      { requiredKeys: [] }
    ),
    { maxLength: 3 }
  ).map((value) => JSON.stringify(value))
)

const ids = FastCheck.oneof(
  FastCheck.constantFrom(
    "q",
    "k",
    "g",
    "msg_1",
    "1-0",
    ".",
    "..",
    "%",
    "%2F",
    "%00",
    "%C3",
    "a%20b",
    "\xff",
    "__proto__"
  ),
  FastCheck.string({ minLength: 1, maxLength: 10 }).map(encodeURIComponent)
)

const routes = FastCheck.constantFrom(
  ...[
    "POST /v2/batch",
    "POST|PUT|PATCH|GET /v2/publish/http://127.0.0.1:1",
    "POST /v2/publish/{id}",
    "POST /v2/enqueue/{id}/http://127.0.0.1:1",
    "POST /v2/schedules/http://127.0.0.1:1",
    "GET|DELETE /v2/messages/{id}",
    "DELETE /v2/messages",
    "GET|POST /v2/queues",
    "GET|DELETE /v2/queues/{id}",
    "POST|PATCH /v2/queues/{id}/pause",
    "POST|PATCH /v2/queues/{id}/resume",
    "GET /v2/schedules",
    "GET|DELETE /v2/schedules/{id}",
    "POST|PATCH /v2/schedules/{id}/pause",
    "POST|PATCH /v2/schedules/{id}/resume",
    "GET /v2/topics",
    "GET|DELETE /v2/topics/{id}",
    "POST|DELETE /v2/topics/{id}/endpoints",
    "GET|DELETE /v2/dlq",
    "GET|DELETE /v2/dlq/{id}",
    "POST /v2/dlq/retry",
    "POST /v2/dlq/retry/{id}",
    "GET /v2/flowControl",
    "GET /v2/flowControl/{id}",
    "POST /v2/flowControl/{id}/pause",
    "POST /v2/flowControl/{id}/resume",
    "POST /v2/flowControl/{id}/pin",
    "POST /v2/flowControl/{id}/unpin",
    "POST /v2/flowControl/{id}/resetRate",
    "POST /v2/flowControl/{id}/reset",
    "GET /v2/globalParallelism",
    "GET /v2/keys",
    "POST /v2/keys/rotate",
    "GET /v2/logs",
    "GET /v2/events",
    "POST /dev/clock/advance"
  ].flatMap((route) => {
    const [methods = "", path = ""] = route.split(" ")
    return methods.split("|").map((method) => [method, path] as const)
  })
)

it.scopedLive(
  "any route with any id, query and body is served or refused, never a fault",
  () =>
    Effect.gen(function* () {
      const lines: Array<string> = []
      yield* Effect.gen(function* () {
        const { port } = yield* serve({ time: "virtual", settle: 0 })
        const known = new Set<number>()
        for (const [[method, path], id, query, body] of FastCheck.sample(
          FastCheck.tuple(routes, ids, queries, bodies),
          { numRuns: 1000, seed: 4 }
        )) {
          const target = path.replace("{id}", () => id) + query
          const { json, status } = yield* call(port, method, target, method === "GET" ? {} : { body })
          assertTrue(
            [200, 201, 202, 400, 404, 412, 413].includes(status),
            `${status} for ${method} ${target}`
          )
          if (status >= 400) {
            const error = field(json, "error")
            assertTrue(typeof error === "string" && error !== "" && error.length < 500, `${method} ${target}`)
          }
          known.add(status)
        }
        deepStrictEqual(
          [200, 400, 404].filter((status) => !known.has(status)),
          []
        )
        strictEqual((yield* call(port, "GET", "/v2/schedules")).status, 200)
      }).pipe(Effect.provide(logsInto(lines)))
      deepStrictEqual(
        lines.filter((line) => /failed unexpectedly/.test(line) || line.includes(token)),
        []
      )
    }),
  30_000
)
