import { DevelopmentUsers } from "@effect-qstash/server"
import { describe, it } from "@effect/vitest"
import { assertTrue, deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import { Effect, Redacted } from "effect"
import { call, create, exchange, group, publish, quiet, serve, token } from "./support.ts"

const invalid = { error: "unable to authenticate: invalid token" }

describe("the token", () => {
  it.scopedLive("is asked for on every route", () =>
    Effect.gen(function* () {
      const { port } = yield* serve({ time: "virtual" })
      for (const [method, target] of [
        ["GET", "/v2/schedules"],
        ["POST", "/v2/schedules/https://example.com"],
        ["GET", "/v2/schedules/a"],
        ["DELETE", "/v2/schedules/a"],
        ["POST", "/v2/schedules/a/pause"],
        ["PATCH", "/v2/schedules/a/resume"],
        ["POST", "/v2/publish/https://example.com"],
        ["GET", "/v2/publish/https://example.com?upstash-retries=1"],
        ["POST", "/v2/enqueue/q/https://example.com"],
        ["POST", "/v2/batch"],
        ["GET", "/v2/messages/a"],
        ["DELETE", "/v2/messages"],
        ["POST", "/v2/queues"],
        ["GET", "/v2/topics"],
        ["POST", "/v2/topics/a/endpoints"],
        ["DELETE", "/v2/dlq"],
        ["POST", "/v2/dlq/retry"],
        ["POST", "/v2/flowControl/a/pause"],
        ["GET", "/v2/globalParallelism"],
        ["GET", "/v2/logs"],
        ["GET", "/v2/events"],
        ["GET", "/v2/keys"],
        ["POST", "/v2/keys/rotate"],
        ["GET", "/dev/clock"],
        ["POST", "/dev/clock/advance"]
      ] as const) {
        const { json, status } = yield* call(port, method, target, { headers: {} })
        strictEqual(status, 401, `${method} ${target}`)
        deepStrictEqual(json, invalid)
      }
    }).pipe(Effect.provide(quiet))
  )

  it.scopedLive("has to be the whole token, after the scheme in any case", () =>
    Effect.gen(function* () {
      const { port } = yield* serve()
      const statusOf = (headers: ReadonlyArray<string>) =>
        Effect.map(
          call(port, "GET", "/v2/keys", { headers: ["Host", "localhost", ...headers] }),
          ({ status }) => status
        )
      for (const value of [`Bearer ${token}`, `bearer ${token}`, `BEARER  ${token}`]) {
        strictEqual(yield* statusOf(["Authorization", value]), 200, value)
      }
      for (const value of [
        "",
        "Bearer",
        "Bearer ",
        token,
        `Basic ${token}`,
        `Bearer ${token}x`,
        `Bearer ${token.slice(1)}`,
        `Bearer ${token} ${token}`,
        "Bearer __proto__"
      ]) {
        strictEqual(yield* statusOf(["Authorization", value]), 401, value)
      }
      const twice = ["Authorization", `Bearer ${token}`, "Authorization", `Bearer ${token}`]
      strictEqual(yield* statusOf(twice), 401)
    }).pipe(Effect.provide(quiet))
  )

  it.scopedLive("may stand in the query, where no header contradicts it", () =>
    Effect.gen(function* () {
      const { port } = yield* serve()
      const target = `/v2/keys?qstash_token=${encodeURIComponent(token)}`
      strictEqual((yield* call(port, "GET", target, { headers: {} })).status, 200)
      strictEqual((yield* call(port, "GET", target, { headers: { Authorization: "Bearer no" } })).status, 401)
      strictEqual((yield* call(port, "GET", "/v2/keys?qstash_token=", { headers: {} })).status, 401)
    }).pipe(Effect.provide(quiet))
  )

  it.scopedLive("decides whose keys and schedules they are", () =>
    Effect.gen(function* () {
      const { port } = yield* serve()
      yield* create(port, "https://example.com", { "Upstash-Schedule-Id": "mine" })
      strictEqual(DevelopmentUsers.developmentUsers.length, 4)
      for (const user of DevelopmentUsers.developmentUsers) {
        const headers = { Authorization: `Bearer ${Redacted.value(user.token)}` }
        deepStrictEqual((yield* call(port, "GET", "/v2/keys", { headers })).json, {
          current: Redacted.value(user.currentSigningKey),
          next: Redacted.value(user.nextSigningKey)
        })
        const isMine = user === DevelopmentUsers.defaultUser
        strictEqual((yield* call(port, "GET", "/v2/schedules/mine", { headers })).status, isMine ? 200 : 404)
        if (!isMine) {
          deepStrictEqual((yield* call(port, "GET", "/v2/schedules", { headers })).json, [])
          strictEqual((yield* call(port, "DELETE", "/v2/schedules/mine", { headers })).status, 404)
          strictEqual((yield* call(port, "POST", "/v2/schedules/mine/pause", { headers })).status, 404)
        }
      }
      strictEqual((yield* call(port, "GET", "/v2/schedules/mine")).status, 200)
    }).pipe(Effect.provide(quiet))
  )

  it.scopedLive("is only that of the given users, where users are given", () =>
    Effect.gen(function* () {
      const { port } = yield* serve({
        users: [{ ...DevelopmentUsers.defaultUser, name: "me", token: Redacted.make("my token+/=") }]
      })
      strictEqual((yield* call(port, "GET", "/v2/keys")).status, 401)
      const target = `/v2/keys?qstash_token=${encodeURIComponent("my token+/=")}`
      strictEqual((yield* call(port, "GET", target, { headers: {} })).status, 200)
    }).pipe(Effect.provide(quiet))
  )

  it.scopedLive("that is read-only reads what its account has, and changes nothing", () =>
    Effect.gen(function* () {
      const { port } = yield* serve({ time: "virtual" })
      yield* create(port, "https://example.com", { "Upstash-Schedule-Id": "mine" })
      const messageId = yield* publish(port, "https://example.com", {
        "Upstash-Delay": "1d",
        "Upstash-Flow-Control-Key": "k",
        "Upstash-Flow-Control-Value": "rate=1"
      })
      yield* call(port, "POST", "/v2/queues", { body: '{"queueName":"q"}' })
      yield* group(port, "g", [{ url: "https://example.com" }])
      const readOnly = Redacted.value(DevelopmentUsers.defaultUser.readOnlyToken)
      deepStrictEqual(JSON.parse(Buffer.from(readOnly, "base64").toString()), {
        UserID: "defaultUser",
        Password: "readOnly"
      })
      const headers = { Authorization: `Bearer ${readOnly}` }
      for (const target of [
        "/v2/schedules",
        "/v2/schedules/mine",
        `/v2/messages/${messageId}`,
        "/v2/queues",
        "/v2/queues/q",
        "/v2/topics",
        "/v2/topics/g",
        "/v2/dlq",
        "/v2/flowControl",
        "/v2/flowControl/k",
        "/v2/globalParallelism",
        "/v2/keys",
        "/v2/logs",
        "/v2/events",
        "/dev/clock"
      ]) {
        const own = yield* call(port, "GET", target)
        const { json, status } = yield* call(port, "GET", target, { headers })
        strictEqual(status, 200, target)
        deepStrictEqual(json, own.json)
      }
      const dump = Effect.forEach(
        ["schedules", "queues", "topics", "flowControl", "keys", "events"],
        (name) => Effect.map(call(port, "GET", `/v2/${name}`), ({ text }) => text)
      )
      const before = yield* dump
      for (const [method, target] of [
        ["POST", "/v2/schedules/https://example.com?upstash-cron=*%20*%20*%20*%20*"],
        ["DELETE", "/v2/schedules/mine"],
        ["POST", "/v2/schedules/mine/pause"],
        ["PATCH", "/v2/schedules/mine/resume"],
        ["POST", "/v2/publish/https://example.com"],
        ["GET", "/v2/publish/https://example.com"],
        ["GET", `/v2/publish/https://example.com?qstash_token=${encodeURIComponent(readOnly)}`],
        ["PUT", "/v2/enqueue/q/https://example.com"],
        ["POST", "/v2/batch"],
        ["DELETE", `/v2/messages/${messageId}`],
        ["DELETE", "/v2/messages"],
        ["POST", "/v2/queues"],
        ["DELETE", "/v2/queues/q"],
        ["POST", "/v2/queues/q/pause"],
        ["POST", "/v2/topics/g/endpoints"],
        ["DELETE", "/v2/topics/g/endpoints"],
        ["DELETE", "/v2/topics/g"],
        ["DELETE", "/v2/dlq"],
        ["DELETE", "/v2/dlq/1-0"],
        ["POST", "/v2/dlq/retry"],
        ["POST", "/v2/dlq/retry/1-0"],
        ["POST", "/v2/flowControl/k/pause"],
        ["POST", "/v2/flowControl/k/pin?rate=2"],
        ["POST", "/v2/flowControl/k/unpin"],
        ["POST", "/v2/flowControl/k/resetRate"],
        ["POST", "/v2/keys/rotate"],
        ["POST", "/dev/clock/advance"]
      ] as const) {
        const { json, status } = yield* call(port, method, target, {
          headers: target.includes("qstash_token") ? {} : headers
        })
        strictEqual(status, 403, `${method} ${target}`)
        deepStrictEqual(json, { error: "this token is read-only: it can read everything and change nothing" })
      }
      deepStrictEqual(yield* dump, before)
      for (const user of DevelopmentUsers.developmentUsers.slice(1)) {
        const theirs = Redacted.value(user.readOnlyToken)
        const others = yield* call(port, "GET", "/v2/schedules", {
          headers: { Authorization: `Bearer ${theirs}` }
        })
        deepStrictEqual(others.json, [])
      }
    }).pipe(Effect.provide(quiet))
  )

  it.scopedLive("is not read from a smuggled second request", () =>
    Effect.gen(function* () {
      const { port } = yield* serve()
      const inner = `GET /v2/keys HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${token}\r\n\r\n`
      const reply = yield* exchange(
        port,
        `POST /v2/schedules/https://example.com HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${inner}`
      )
      assertTrue(reply.startsWith("HTTP/1.1 400 "))
      assertTrue(!reply.includes("sig_"))
    }).pipe(Effect.provide(quiet))
  )
})
