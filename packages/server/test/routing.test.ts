import { describe, it } from "@effect/vitest"
import { assertInclude, assertTrue, deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import { Effect } from "effect"
import { parse, toSafeText } from "../src/internal/route.ts"
import { bearer, call, create, exchange, field, publish, quiet, serve, token } from "./support.ts"

const created = { ...bearer, "Upstash-Cron": "0 4 * * *" }

/** Every call, with its methods. */
const calls = [
  ["Batch", "POST", "/v2/batch"],
  ["GetMessage", "GET", "/v2/messages/{id}"],
  ["CancelMessage", "DELETE", "/v2/messages/{id}"],
  ["CancelMessages", "DELETE", "/v2/messages"],
  ["UpsertQueue", "POST", "/v2/queues"],
  ["ListQueues", "GET", "/v2/queues"],
  ["GetQueue", "GET", "/v2/queues/{id}"],
  ["DeleteQueue", "DELETE", "/v2/queues/{id}"],
  ["PauseQueue", "POST PATCH", "/v2/queues/{id}/pause"],
  ["ResumeQueue", "POST PATCH", "/v2/queues/{id}/resume"],
  ["ListSchedules", "GET", "/v2/schedules"],
  ["GetSchedule", "GET", "/v2/schedules/{id}"],
  ["DeleteSchedule", "DELETE", "/v2/schedules/{id}"],
  ["PauseSchedule", "POST PATCH", "/v2/schedules/{id}/pause"],
  ["ResumeSchedule", "POST PATCH", "/v2/schedules/{id}/resume"],
  ["ListUrlGroups", "GET", "/v2/topics"],
  ["GetUrlGroup", "GET", "/v2/topics/{id}"],
  ["DeleteUrlGroup", "DELETE", "/v2/topics/{id}"],
  ["UpsertEndpoints", "POST", "/v2/topics/{id}/endpoints"],
  ["RemoveEndpoints", "DELETE", "/v2/topics/{id}/endpoints"],
  ["ListDeadLetters", "GET", "/v2/dlq"],
  ["DeleteDeadLetters", "DELETE", "/v2/dlq"],
  ["GetDeadLetter", "GET", "/v2/dlq/{id}"],
  ["DeleteDeadLetter", "DELETE", "/v2/dlq/{id}"],
  ["RetryDeadLetters", "POST", "/v2/dlq/retry"],
  ["RetryDeadLetter", "POST", "/v2/dlq/retry/{id}"],
  ["ListFlowControl", "GET", "/v2/flowControl"],
  ["GetFlowControl", "GET", "/v2/flowControl/{id}"],
  ["PauseFlowControl", "POST", "/v2/flowControl/{id}/pause"],
  ["ResumeFlowControl", "POST", "/v2/flowControl/{id}/resume"],
  ["PinFlowControl", "POST", "/v2/flowControl/{id}/pin"],
  ["UnpinFlowControl", "POST", "/v2/flowControl/{id}/unpin"],
  ["ResetFlowControlRate", "POST", "/v2/flowControl/{id}/resetRate"],
  ["ResetFlowControl", "POST", "/v2/flowControl/{id}/reset"],
  ["GetGlobalParallelism", "GET", "/v2/globalParallelism"],
  ["GetKeys", "GET", "/v2/keys"],
  ["RotateKeys", "POST", "/v2/keys/rotate"],
  ["ListLogs", "GET", "/v2/logs"],
  ["ListEvents", "GET", "/v2/events"],
  ["GetClock", "GET", "/dev/clock"],
  ["AdvanceClock", "POST", "/dev/clock/advance"]
] as const

/** The calls that end in a destination. */
const sends = [
  ["Publish", "POST PUT PATCH GET", "/v2/publish"],
  ["Enqueue", "POST PUT PATCH GET", "/v2/enqueue/{id}"],
  ["CreateSchedule", "POST", "/v2/schedules"]
] as const

const withId = (path: string, id: string) => path.replace("{id}", () => id)

describe("a route", () => {
  it("is found by its method and its path, static segments in any case, with any slashes at its end", () => {
    for (const [name, methods, path] of calls) {
      for (const method of methods.split(" ")) {
        for (const id of ["a", "A.b_c-1", "%6Fne%2F", "pause", "endpoints", "retry2", "%", "\xff"]) {
          const expected = { _tag: name, id: path.includes("{id}") ? id : "", destination: "" }
          for (const raw of [path, path.toUpperCase().replace("{ID}", "{id}"), path.toLowerCase()]) {
            const isBulk = ["CancelMessages", "DeleteDeadLetters", "RetryDeadLetters"].includes(name)
            for (const end of ["", "/", isBulk ? "" : "//", "?", "/?a=/b/c", "?https://x"]) {
              deepStrictEqual(parse(method, withId(raw, id) + end), expected, `${method} ${raw}${end}`)
            }
          }
        }
      }
    }
  })

  it("with an empty id is the call about one thing, and never the one about all of them", () => {
    for (const [method, target, name] of [
      ["POST", "/v2/flowControl//pause", "PauseFlowControl"],
      ["PATCH", "/v2/queues//resume", "ResumeQueue"],
      ["POST", "/v2/schedules//pause", "PauseSchedule"],
      ["POST", "/v2/topics//endpoints", "UpsertEndpoints"],
      ["DELETE", "/v2/messages//", "CancelMessage"],
      ["DELETE", "/v2/MESSAGES///", "CancelMessage"],
      ["DELETE", "/v2/dlq//?count=1", "DeleteDeadLetter"],
      ["POST", "/v2/dlq/retry//", "RetryDeadLetter"]
    ] as const) {
      deepStrictEqual(parse(method, target), { _tag: name, id: "", destination: "" })
    }
    deepStrictEqual(parse("POST", "/v2/enqueue//https://x.y"), {
      _tag: "Enqueue",
      id: "",
      destination: "https://x.y"
    })
  })

  it("that ends in a destination keeps it byte for byte", () => {
    for (const [name, methods, path] of sends) {
      for (const method of methods.split(" ")) {
        for (const destination of [
          "",
          "?a=1",
          "group",
          "https://x.y//a/?b=1#c",
          "https:/x.y/pause",
          "HTTP://x/%zz",
          "/",
          "../keys"
        ]) {
          const expected = { _tag: name, id: path.includes("{id}") ? "q%20" : "", destination }
          const target = `${withId(path, "q%20")}/${destination}`
          deepStrictEqual(parse(method, target), expected, `${method} ${target}`)
          deepStrictEqual(
            parse(method, target.replace(path.slice(0, 5), path.slice(0, 5).toUpperCase())),
            expected
          )
        }
        deepStrictEqual(parse(method, `${withId(path, "q")}?a=1`), {
          _tag: name,
          id: path.includes("{id}") ? "q" : "",
          destination: "?a=1"
        })
      }
    }
  })

  it("is none under another method", () => {
    /** `retry` may be the id of a dead letter; no other path of a call is that of another call as well. */
    const asId: Readonly<Record<string, string>> = {
      "GET /v2/dlq/retry": "GetDeadLetter",
      "DELETE /v2/dlq/retry": "DeleteDeadLetter"
    }
    for (const [, , path] of calls) {
      for (const method of ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "get"]) {
        const own = calls.find(([, methods, known]) => known === path && methods.split(" ").includes(method))
        const send = sends.find(
          ([, methods, prefix]) => path.startsWith(prefix) && methods.split(" ").includes(method)
        )
        const expected = own?.[0] ?? send?.[0] ?? asId[`${method} ${path}`] ?? "Unknown"
        strictEqual(parse(method, withId(path, "a"))._tag, expected, `${method} ${path}`)
      }
    }
  })

  it("is shown without what may be secret", () => {
    const secrets = ["s%33cret", "se:cret", "se cret", "s\xe9cret", "secret="]
    for (const [, methods, path] of calls) {
      const method = methods.split(" ")[0] ?? ""
      strictEqual(toSafeText(parse(method, `${withId(path, "a.B_1-")}/?secret`)), withId(path, "a.B_1-"))
      for (const secret of path.includes("{id}") ? secrets : []) {
        strictEqual(toSafeText(parse(method, withId(path, secret))), withId(path, "…"))
      }
    }
    for (const [, , path] of sends) {
      const shown = (destination: string) =>
        toSafeText(parse("POST", `${withId(path, "q")}/${destination}`)).slice(withId(path, "q").length + 1)
      strictEqual(shown("https://user:secret@x.y/a?secret"), "https://x.y/a")
      strictEqual(shown("https:/user:secret@x.y/a?secret"), "https://x.y/a")
      strictEqual(shown("HTTP:/user:secret@x.y:1"), "http://x.y:1/")
      strictEqual(shown("group?secret"), "group")
      strictEqual(shown("https:user:secret@x.y"), "…")
      strictEqual(shown("https%3A%2F%2Fuser%3Asecret%40x.y"), "…")
      strictEqual(shown("user:secret@x.y"), "…")
      strictEqual(shown(`https://x.y/${"a".repeat(500)}`).length, 101)
    }
    strictEqual(toSafeText(parse("POST", "/secret=1")), "…")
  })
})

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
        ["GET", "/v2/keys/rotate"],
        ["DELETE", "/v2/publish/https://example.com"],
        ["DELETE", "/v2/queues"],
        ["DELETE", "/v2/topics/"],
        ["PATCH", "/v2/topics/a"],
        ["GET", "/v2/messages"],
        ["POST", "/v2/notify/a"],
        ["GET", "/v2/workflows/logs"],
        ["OPTIONS", "*"],
        ["OPTIONS", "/v2/schedules"],
        ["GET", "/dev/clock"],
        ["POST", "/dev/clock/advance"]
      ] as const) {
        const { headers, json, status } = yield* call(port, method, target)
        strictEqual(status, 404, `${method} ${target}`)
        const error = String(field(json, "error"))
        assertInclude(error, "not found: this server")
        assertTrue(error.length < 250)
        strictEqual(headers["content-type"], "application/json")
      }
    }).pipe(Effect.provide(quiet))
  )
})

describe("an empty id", () => {
  it.scopedLive("is refused with 400, and nothing changes", () =>
    Effect.gen(function* () {
      const { port } = yield* serve({ time: "virtual" })
      const messageId = yield* publish(port, "https://example.com", { "Upstash-Delay": "1d" })
      for (const [method, target] of [
        ["POST", "/v2/flowControl//pause"],
        ["POST", "/v2/flowControl//resume"],
        ["POST", "/v2/flowControl//pin?rate=1"],
        ["POST", "/v2/flowControl//unpin"],
        ["POST", "/v2/flowControl//resetRate"],
        ["POST", "/v2/queues//pause"],
        ["PATCH", "/v2/queues//resume"],
        ["POST", "/v2/schedules//pause"],
        ["PATCH", "/v2/schedules//resume"],
        ["POST", "/v2/topics//endpoints"],
        ["DELETE", "/v2/topics//endpoints"],
        ["DELETE", "/v2/messages//"],
        ["DELETE", "/v2/dlq//"],
        ["POST", "/v2/dlq/retry//"],
        ["POST", "/v2/enqueue//https://example.com"]
      ] as const) {
        const body = target.startsWith("/v2/topics") ? '{"endpoints":[{"url":"https://example.com"}]}' : ""
        const reply = yield* call(port, method, target, { body })
        deepStrictEqual(
          [reply.status, field(reply.json, "error")],
          [400, "the id or name in the path is empty"],
          `${method} ${target}`
        )
      }
      strictEqual((yield* call(port, "GET", `/v2/messages/${messageId}`)).status, 200)
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
