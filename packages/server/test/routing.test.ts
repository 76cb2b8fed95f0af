import { describe, it } from "@effect/vitest"
import { assertInclude, deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import { Effect } from "effect"
import { bearer, call, create, exchange, field, quiet, serve, token } from "./support.ts"

const created = { ...bearer, "Upstash-Cron": "0 4 * * *" }

describe("the request target", () => {
  it.scopedLive("is read byte for byte: a destination reads back as it was sent", () =>
    Effect.gen(function* () {
      const { port } = yield* serve()
      for (const destination of [
        "https://example.com",
        "https://example.com/",
        "https://example.com//a///b",
        "https://example.com/a%2Fb%2fc",
        "https://example.com/%zz%",
        "https://example.com/a?b=1?c=2&&d=%20+",
        "https://example.com/a/",
        "https://example.com/pause",
        "https://example.com/v2/schedules/x/pause",
        "https://example.com/jobs;a=1:2@3!$'()*,~",
        "http://localhost:3000/jobs"
      ]) {
        const scheduleId = yield* create(port, destination)
        const { json } = yield* call(port, "GET", `/v2/schedules/${scheduleId}`)
        strictEqual(field(json, "destination"), destination)
      }
    }).pipe(Effect.provide(quiet))
  )

  it.scopedLive("never leads a destination's dot segments to another route", () =>
    Effect.gen(function* () {
      const { port } = yield* serve()
      for (const path of [
        "/../../../../keys",
        "/../../keys/rotate",
        "/..",
        "/%2e%2e/%2e%2e/x",
        "/.%2e/pause"
      ]) {
        const scheduleId = yield* create(port, `https://example.com${path}`)
        const { json } = yield* call(port, "GET", `/v2/schedules/${scheduleId}`)
        assertInclude(String(field(json, "destination")), "https://example.com/")
      }
      strictEqual((yield* call(port, "GET", "/v2/schedules/../keys")).status, 404)
      strictEqual((yield* call(port, "POST", "/v2/schedules/../pause", { headers: created })).status, 404)
      strictEqual((yield* call(port, "DELETE", "/v2/schedules/.")).status, 404)
    }).pipe(Effect.provide(quiet))
  )

  it.scopedLive("keeps a destination's query, and takes QStash's own parameters out of it", () =>
    Effect.gen(function* () {
      const { port } = yield* serve()
      const { json, status } = yield* call(
        port,
        "POST",
        `/v2/schedules/https://example.com/a?b=1&upstash-cron=0%204%20*%20*%20*&upstash-retries=2&qstash_token=${encodeURIComponent(token)}&c=%2F`,
        { headers: {} }
      )
      strictEqual(status, 200)
      const record = yield* call(port, "GET", `/v2/schedules/${String(field(json, "scheduleId"))}`)
      strictEqual(field(record.json, "destination"), "https://example.com/a?b=1&c=%2F")
      strictEqual(field(record.json, "cron"), "0 4 * * *")
      strictEqual(field(record.json, "retries"), 2)
    }).pipe(Effect.provide(quiet))
  )

  it.scopedLive("has static segments in any case and slashes at its end", () =>
    Effect.gen(function* () {
      const { port } = yield* serve()
      yield* create(port, "https://example.com", { "Upstash-Schedule-Id": "one" })
      const isPaused = Effect.map(call(port, "GET", "/v2/schedules/one"), ({ json }) =>
        field(json, "isPaused")
      )
      for (const target of ["/v2/Schedules", "/V2/schedules/", "/v2/schedules///", "/v2/schedules/?x=1"]) {
        const { json, status } = yield* call(port, "GET", target)
        strictEqual(status, 200)
        strictEqual(Array.isArray(json) && json.length, 1)
      }
      strictEqual((yield* call(port, "GET", "/v2/schedules/one/")).status, 200)
      strictEqual((yield* call(port, "GET", "/v2/schedules/%6Fne?x")).status, 200)
      for (const method of ["POST", "PATCH"]) {
        strictEqual((yield* call(port, method, "/v2/SCHEDULES/one/Pause/")).status, 200)
        strictEqual(yield* isPaused, true)
        strictEqual((yield* call(port, method, "/v2/schedules/one/resume?x=1")).status, 200)
        strictEqual(yield* isPaused, false)
      }
      const gone = yield* call(port, "DELETE", "/V2/Schedules/one//")
      strictEqual(gone.status, 200)
      strictEqual(gone.text, "")
      deepStrictEqual((yield* call(port, "GET", "/v2/schedules")).json, [])
    }).pipe(Effect.provide(quiet))
  )

  it.scopedLive("may name the host itself", () =>
    Effect.gen(function* () {
      const { port } = yield* serve()
      const reply = yield* exchange(
        port,
        `GET http://localhost:${port}/v2/keys HTTP/1.1\r\nHost: localhost:${port}\r\nAuthorization: Bearer ${token}\r\nConnection: close\r\n\r\n`
      )
      assertInclude(reply, "HTTP/1.1 200 OK")
      assertInclude(reply, '"current"')
    }).pipe(Effect.provide(quiet))
  )

  it.scopedLive("leads nowhere with JSON that says so", () =>
    Effect.gen(function* () {
      const { port } = yield* serve()
      for (const [method, target] of [
        ["GET", "/"],
        ["GET", "/v2"],
        ["GET", "//v2/schedules"],
        ["GET", "/v2//schedules"],
        ["GET", "/v2/schedulesx"],
        ["GET", "/v2/%73chedules"],
        ["GET", "/v2/schedules/a/b"],
        ["GET", "/v2/schedules/a/pause"],
        ["DELETE", "/v2/schedules"],
        ["DELETE", "/v2/schedules/"],
        ["PUT", "/v2/schedules/a"],
        ["POST", "/v2/keys"],
        ["POST", "/v2/keys/rotate"],
        ["POST", "/v2/publish/https://example.com"],
        ["OPTIONS", "*"],
        ["OPTIONS", "/v2/schedules"],
        ["GET", "/dev/clock"],
        ["POST", "/dev/clock/advance"]
      ] as const) {
        const { headers, json, status } = yield* call(port, method, target)
        strictEqual(status, 404, `${method} ${target}`)
        assertInclude(String(field(json, "error")), "not found: this server")
        strictEqual(headers["content-type"], "application/json")
      }
    }).pipe(Effect.provide(quiet))
  )
})

describe("a schedule", () => {
  it.scopedLive("that is not there is 404 under every verb", () =>
    Effect.gen(function* () {
      const { port } = yield* serve()
      for (const [method, target] of [
        ["GET", "/v2/schedules/absent"],
        ["DELETE", "/v2/schedules/absent"],
        ["POST", "/v2/schedules/absent/pause"],
        ["PATCH", "/v2/schedules/absent/resume"]
      ] as const) {
        const { json, status } = yield* call(port, method, target)
        strictEqual(status, 404)
        deepStrictEqual(json, { error: "schedule absent not found" })
      }
      deepStrictEqual((yield* call(port, "GET", "/v2/schedules/a%2Fb")).json, {
        error: "schedule a/b not found"
      })
      strictEqual((yield* call(port, "GET", "/v2/schedules/%zz")).status, 400)
      strictEqual((yield* call(port, "GET", "/v2/schedules/%C3")).status, 400)
      strictEqual((yield* call(port, "GET", `/v2/schedules/${"x".repeat(5000)}`)).text.length < 200, true)
    }).pipe(Effect.provide(quiet))
  )

  it.scopedLive("that cannot be created is refused with QStash's own texts", () =>
    Effect.gen(function* () {
      const { port } = yield* serve()
      const refusal = (destination: string, headers: Readonly<Record<string, string>> = {}) =>
        Effect.map(
          call(port, "POST", `/v2/schedules${destination}`, { headers: { ...created, ...headers } }),
          ({ json, status }) => [status, field(json, "error")]
        )
      const empty = [400, "a non-empty destination must be provided"]
      deepStrictEqual(yield* refusal(""), empty)
      deepStrictEqual(yield* refusal("/"), empty)
      deepStrictEqual(yield* refusal("/?a=1"), empty)
      const scheme = [400, "invalid destination url: endpoint has invalid scheme, add http:// or https://"]
      deepStrictEqual(yield* refusal("/https%3A%2F%2Fexample.com"), scheme)
      deepStrictEqual(yield* refusal("/ftp://example.com"), scheme)
      deepStrictEqual(yield* refusal("//https://example.com"), scheme)
      deepStrictEqual(yield* refusal("/https://example.com", { "Upstash-Cron": "" }), [
        400,
        "Invalid cron expression empty spec string"
      ])
      const wrong = yield* refusal("/https://example.com", { "Upstash-Retries": "many" })
      strictEqual(wrong[0], 400)
      assertInclude(String(wrong[1]), "Upstash-Retries: ")
      for (const [name, value] of [
        ["Upstash-Queue-Name", "q"],
        ["Upstash-Callback", "https://example.com"],
        ["Upstash-Failure-Callback", "https://example.com"]
      ] as const) {
        const [status, error] = yield* refusal("/https://example.com", { [name]: value })
        strictEqual(status, 400)
        assertInclude(String(error), name)
      }
      strictEqual((yield* refusal("/a-url-group"))[0], 400)
      deepStrictEqual((yield* call(port, "GET", "/v2/schedules")).json, [])
    }).pipe(Effect.provide(quiet))
  )

  it.scopedLive("is replaced by one with the same id", () =>
    Effect.gen(function* () {
      const { port } = yield* serve()
      const id = { "Upstash-Schedule-Id": "nightly" }
      yield* create(port, "https://example.com/a", id, "text")
      strictEqual(yield* create(port, "https://example.com/b", id), "nightly")
      const { json } = yield* call(port, "GET", "/v2/schedules")
      strictEqual(Array.isArray(json) && json.length, 1)
      const { json: record } = yield* call(port, "GET", "/v2/schedules/nightly")
      strictEqual(field(record, "destination"), "https://example.com/b")
      strictEqual(field(record, "body"), undefined)
    }).pipe(Effect.provide(quiet))
  )
})
