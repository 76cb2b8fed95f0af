import { describe, it } from "@effect/vitest"
import { assertInclude, assertTrue, deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import { Effect } from "effect"
import * as Os from "node:os"
import { bearer, call, exchange, quiet, serve, token } from "./support.ts"

const hasIpv6 = Object.values(Os.networkInterfaces()).some((all) =>
  all?.some(({ address }) => address === "::1")
)

const statusFor = (port: number, headers: ReadonlyArray<string>, method = "GET", target = "/v2/keys") =>
  Effect.map(
    call(port, method, target, { headers: ["Authorization", `Bearer ${token}`, ...headers] }),
    ({ status }) => status
  )

describe("the Host header", () => {
  it.scopedLive("has to name this machine: a foreign name may be a site's that points at it", () =>
    Effect.gen(function* () {
      const { port } = yield* serve()
      for (const host of [
        "localhost",
        `localhost:${port}`,
        "LOCALHOST:9000",
        "127.0.0.1",
        `127.1.2.3:${port}`,
        "[::1]:1"
      ]) {
        strictEqual(yield* statusFor(port, ["Host", host]), 200, host)
      }
      for (const host of [
        "attacker.example",
        `attacker.example:${port}`,
        "localhost.attacker.example",
        "127.0.0.1.attacker.example",
        "attackerlocalhost",
        "user@localhost",
        "localhost:8080:8080",
        "localhost/",
        "10.0.0.1",
        "0.0.0.0",
        "[::2]",
        "[::1",
        ":8080"
      ]) {
        const { json, status } = yield* call(port, "GET", "/v2/keys", { headers: { ...bearer, Host: host } })
        strictEqual(status, 403, host)
        assertInclude(JSON.stringify(json), "allowedHosts")
      }
    }).pipe(Effect.provide(quiet))
  )

  it.scopedLive("is one, no more and no less", () =>
    Effect.gen(function* () {
      const { port } = yield* serve()
      const request = (hosts: string, version = "1.1") =>
        exchange(
          port,
          `GET /v2/keys HTTP/${version}\r\n${hosts}Authorization: Bearer ${token}\r\nConnection: close\r\n\r\n`
        )
      assertInclude(yield* request("Host: localhost\r\n"), "HTTP/1.1 200 ")
      assertInclude(yield* request("Host: localhost\r\nHost: attacker.example\r\n"), "HTTP/1.1 400 ")
      assertInclude(yield* request("Host: localhost\r\nHost: localhost\r\n"), "HTTP/1.1 400 ")
      assertInclude(yield* request(""), '"error":')
      assertInclude(yield* request("", "1.0"), "HTTP/1.1 400 ")
      assertInclude(yield* request("Host: \r\n"), "HTTP/1.1 400 ")
      const absolute = yield* exchange(
        port,
        `GET http://attacker.example/v2/keys HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${token}\r\nConnection: close\r\n\r\n`
      )
      assertInclude(absolute, "HTTP/1.1 403 ")
    }).pipe(Effect.provide(quiet))
  )

  it.scopedLive("may name what the options allow", () =>
    Effect.gen(function* () {
      const { port } = yield* serve({ allowedHosts: ["qstash", "host.docker.internal:9000"] })
      strictEqual(yield* statusFor(port, ["Host", "QSTASH:8080"]), 200)
      strictEqual(yield* statusFor(port, ["Host", "host.docker.internal:9000"]), 200)
      strictEqual(yield* statusFor(port, ["Host", "host.docker.internal:9001"]), 403)
    }).pipe(Effect.provide(quiet))
  )
})

describe("a web page", () => {
  it.scopedLive("of another origin is refused, whatever it sends", () =>
    Effect.gen(function* () {
      const { port } = yield* serve()
      const host = ["Host", `localhost:${port}`]
      for (const origin of [
        "https://attacker.example",
        "http://localhost:3000",
        "null",
        "",
        `https://localhost:${port}`
      ]) {
        strictEqual(yield* statusFor(port, [...host, "Origin", origin]), 403, origin)
      }
      for (const site of ["cross-site", "same-site", "odd"]) {
        strictEqual(yield* statusFor(port, [...host, "Sec-Fetch-Site", site]), 403, site)
      }
      strictEqual(yield* statusFor(port, [...host, "Origin", `http://localhost:${port}`]), 200)
      strictEqual(yield* statusFor(port, [...host, "Sec-Fetch-Site", "none"]), 200)

      const form = yield* call(
        port,
        "POST",
        `/v2/schedules/https://example.com?upstash-cron=*&qstash_token=${token}`,
        {
          headers: { Origin: "https://attacker.example", "Content-Type": "text/plain" }
        }
      )
      strictEqual(form.status, 403)
      strictEqual(form.headers["access-control-allow-origin"], undefined)
      deepStrictEqual((yield* call(port, "GET", "/v2/schedules")).json, [])

      const preflight = yield* call(port, "OPTIONS", "/v2/schedules", {
        headers: { Origin: "https://attacker.example", "Access-Control-Request-Method": "GET" }
      })
      strictEqual(preflight.status, 403)
      strictEqual(preflight.headers["access-control-allow-origin"], undefined)
    }).pipe(Effect.provide(quiet))
  )

  it.scopedLive("and an email cannot have a browser publish by a link", () =>
    Effect.gen(function* () {
      const { port } = yield* serve({ time: "virtual" })
      const browser = ["Host", `localhost:${port}`, "User-Agent", "Mozilla/5.0 (X11; Linux x86_64)"]
      for (const target of ["/v2/publish/https://example.com", "/v2/enqueue/q/https://example.com"]) {
        const link = yield* call(port, "GET", target, {
          headers: [...browser, "Sec-Fetch-Site", "none"]
        })
        strictEqual(link.status, 403)
        deepStrictEqual(link.json, {
          error: "a GET from a browser cannot publish, because any link could: send a POST"
        })
        // Browsers leave the site out for other machines, and old ones always do.
        strictEqual(yield* statusFor(port, browser, "GET", target), 403)
        strictEqual(
          yield* statusFor(port, ["Host", "localhost", "Sec-Fetch-Site", "none"], "GET", target),
          403
        )
        for (const headers of [
          ["Host", `localhost:${port}`, "User-Agent", "a-webhook/1.0"],
          ["Host", `localhost:${port}`]
        ]) {
          strictEqual(yield* statusFor(port, headers, "GET", target), 200)
        }
        strictEqual(yield* statusFor(port, browser, "POST", target), 200)
      }
      strictEqual(yield* statusFor(port, browser, "GET", "/v2/keys"), 200)
    }).pipe(Effect.provide(quiet))
  )

  it.scopedLive("cannot have a response taken for another type than it says", () =>
    Effect.gen(function* () {
      const { port } = yield* serve({ allowedOrigins: ["https://a.example"] })
      const preflight = { Origin: "https://a.example", "Access-Control-Request-Method": "GET" }
      for (const [method, target, headers] of [
        ["GET", "/v2/keys", bearer],
        ["GET", "/v2/keys", {}],
        ["GET", "/v2/nothing", bearer],
        ["GET", "/v2/keys", { ...bearer, Origin: "https://b.example" }],
        ["POST", "/v2/flowControl/k/pause", bearer],
        ["OPTIONS", "/v2/keys", preflight]
      ] as const) {
        const reply = yield* call(port, method, target, { headers })
        strictEqual(reply.headers["x-content-type-options"], "nosniff", `${method} ${target} ${reply.status}`)
      }
      assertInclude(yield* exchange(port, "hello\r\n\r\n"), "X-Content-Type-Options: nosniff")
    }).pipe(Effect.provide(quiet))
  )

  it.scopedLive("of an allowed origin may call, and read every answer", () =>
    Effect.gen(function* () {
      const origin = "https://console.upstash.com"
      const { port } = yield* serve({ allowedOrigins: [origin] })
      const preflight = yield* call(port, "OPTIONS", "/v2/schedules/https://example.com", {
        headers: {
          Origin: origin,
          "Access-Control-Request-Method": "POST",
          "Access-Control-Request-Headers": "authorization,upstash-cron",
          "Access-Control-Request-Private-Network": "true"
        }
      })
      strictEqual(preflight.status, 204)
      strictEqual(preflight.headers["access-control-allow-origin"], origin)
      strictEqual(preflight.headers["access-control-allow-headers"], "authorization,upstash-cron")
      strictEqual(preflight.headers["access-control-allow-private-network"], "true")
      assertInclude(String(preflight.headers["access-control-allow-methods"]), "PATCH")

      for (const [headers, expected] of [
        [{ Origin: origin, "Sec-Fetch-Site": "cross-site" }, 401],
        [{ ...bearer, Origin: origin, "Sec-Fetch-Site": "cross-site" }, 200]
      ] as const) {
        const reply = yield* call(port, "GET", "/v2/keys", { headers })
        strictEqual(reply.status, expected)
        strictEqual(reply.headers["access-control-allow-origin"], origin)
        strictEqual(reply.headers["access-control-expose-headers"], "*")
        strictEqual(reply.headers["vary"], "Origin")
      }
      strictEqual(yield* statusFor(port, ["Host", "localhost", "Origin", `${origin}.attacker.example`]), 403)
      strictEqual(yield* statusFor(port, ["Host", "localhost", "Origin", origin, "Origin", origin]), 400)
    }).pipe(Effect.provide(quiet))
  )
})

describe("the addresses", () => {
  it.scopedLive("are both loopback ones", () =>
    Effect.gen(function* () {
      const { hosts, port, url } = yield* serve()
      deepStrictEqual(hosts, hasIpv6 ? ["127.0.0.1", "::1"] : ["127.0.0.1"])
      strictEqual(url, `http://127.0.0.1:${port}`)
      for (const host of hosts) strictEqual((yield* call(port, "GET", "/v2/keys", { host })).status, 200)
    }).pipe(Effect.provide(quiet))
  )

  it.scopedLive("are the one that is asked for, and no other", () =>
    Effect.gen(function* () {
      const { hosts, port, url } = yield* serve({ host: "127.0.0.2" })
      deepStrictEqual(hosts, ["127.0.0.2"])
      strictEqual(url, `http://127.0.0.2:${port}`)
      strictEqual((yield* call(port, "GET", "/v2/keys", { host: "127.0.0.2" })).status, 200)
      strictEqual((yield* Effect.flip(call(port, "GET", "/v2/keys"))).message.includes("ECONNREFUSED"), true)
    }).pipe(Effect.provide(quiet))
  )

  it.scopedLive("are refused with an error that says why", () =>
    Effect.gen(function* () {
      const { port } = yield* serve()
      const taken = yield* Effect.flip(serve({ port }))
      strictEqual(taken._tag, "PortInUse")
      assertInclude(taken.message, `Port ${port} is in use on 127.0.0.1`)
      const foreign = yield* Effect.flip(serve({ host: "192.0.2.1" }))
      strictEqual(foreign._tag, "ListenFailed")
      assertInclude(foreign.message, "EADDRNOTAVAIL")
      const impossible = yield* Effect.flip(serve({ port: 70_000 }))
      strictEqual(impossible._tag, "ListenFailed")
      assertTrue(impossible.message.includes("70000"))
    }).pipe(Effect.provide(quiet))
  )

  if (hasIpv6) {
    it.scopedLive("are all refused when only the second is taken, and the first is free again", () =>
      Effect.gen(function* () {
        const { port } = yield* serve({ host: "::1" })
        const taken = yield* Effect.flip(serve({ port }))
        strictEqual(taken._tag, "PortInUse")
        assertInclude(taken.message, "::1")
        strictEqual((yield* serve({ host: "127.0.0.1", port })).port, port)
      }).pipe(Effect.provide(quiet))
    )
  }
})
