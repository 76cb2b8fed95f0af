import { assertInclude, assertMatch, assertTrue, deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import * as Effect from "effect/Effect"
import { create, fire, fireOne, get, headerOf, only, valuesOf } from "../internal/given.ts"
import { chapter } from "../internal/law.ts"
import { checkSignature } from "../internal/signature.ts"

const everyByte = Uint8Array.from({ length: 256 }, (_, index) => index)

export const delivering = chapter("delivering", ({ timed }) => {
  timed("a body arrives byte for byte", (time) =>
    Effect.gen(function* () {
      const endpoint = yield* time.endpoint
      yield* fireOne(time, { destination: endpoint.url, body: everyByte })
      deepStrictEqual(only(yield* endpoint.deliveries).body, everyByte)
    })
  )

  timed("text arrives as UTF-8", (time) =>
    Effect.gen(function* () {
      const endpoint = yield* time.endpoint
      yield* fireOne(time, { destination: endpoint.url, body: "Grüße 👋" })
      deepStrictEqual(only(yield* endpoint.deliveries).body, new TextEncoder().encode("Grüße 👋"))
    })
  )

  timed("a message without a body is delivered without one", (time) =>
    Effect.gen(function* () {
      const endpoint = yield* time.endpoint
      yield* fireOne(time, { destination: endpoint.url })
      const delivery = only(yield* endpoint.deliveries)
      strictEqual(delivery.body.length, 0)
      strictEqual(headerOf(delivery, "Content-Type"), undefined)
    })
  )

  timed("a schedule calls its destination byte for byte, path and query", (time) =>
    Effect.gen(function* () {
      for (const rest of [
        "",
        "/",
        "/a%2Fb//c/?x=1&y=%2F+z&y=&z",
        "?to=https://example.org/a?b=c",
        "/%7euser"
      ]) {
        const endpoint = yield* time.endpoint
        yield* fireOne(time, { destination: endpoint.url + rest })
        strictEqual(only(yield* endpoint.deliveries).url, endpoint.url + rest)
      }
    })
  )

  timed("a schedule uses its method, or POST by default", (time) =>
    Effect.gen(function* () {
      const methods = ["GET", "POST", "PUT", "PATCH", "DELETE", undefined] as const
      for (const method of methods) {
        const endpoint = yield* time.endpoint
        yield* fireOne(time, { destination: endpoint.url, method })
        strictEqual(only(yield* endpoint.deliveries).method, method ?? "POST")
      }
    })
  )

  timed("a GET carries its body too [assumed]", (time) =>
    Effect.gen(function* () {
      const endpoint = yield* time.endpoint
      yield* fireOne(time, { destination: endpoint.url, method: "GET", body: everyByte })
      deepStrictEqual(only(yield* endpoint.deliveries).body, everyByte)
    })
  )

  timed("headers arrive with Go's canonical names, including Content-Type", (time) =>
    Effect.gen(function* () {
      const endpoint = yield* time.endpoint
      yield* fireOne(time, {
        destination: endpoint.url,
        headers: {
          "content-type": "application/json; charset=utf-8",
          "x-trace-ID": "s\xe9cret",
          authorization: "Bearer of tidings",
          "X-Several": ["one", "two"]
        },
        body: "{}"
      })
      const delivery = only(yield* endpoint.deliveries)
      const names = delivery.headers.map(([name]) => name)
      strictEqual(headerOf(delivery, "Content-Type"), "application/json; charset=utf-8")
      strictEqual(headerOf(delivery, "X-Trace-Id"), "s\xe9cret")
      assertTrue(names.includes("X-Trace-Id"))
      strictEqual(headerOf(delivery, "Authorization"), "Bearer of tidings")
      // HTTP lets a proxy join the values of a header.
      strictEqual(valuesOf(delivery, "X-Several").join(", "), "one, two")
    })
  )

  timed("a delivery names its message, its schedule and its attempt", (time) =>
    Effect.gen(function* () {
      const endpoint = yield* time.endpoint
      const { scheduleId } = yield* fireOne(time, { destination: endpoint.url })
      const delivery = only(yield* endpoint.deliveries)
      assertMatch(headerOf(delivery, "Upstash-Message-Id") ?? "", /^msg_\w+$/)
      strictEqual(headerOf(delivery, "Upstash-Schedule-Id"), scheduleId)
      strictEqual(headerOf(delivery, "Upstash-Retried"), "0")
      strictEqual(headerOf(delivery, "User-Agent"), "Upstash-QStash")
    })
  )

  timed("a delivery carries the address of the schedule's creator", (time) =>
    Effect.gen(function* () {
      const endpoint = yield* time.endpoint
      const { scheduleId } = yield* fireOne(time, { destination: endpoint.url })
      const { callerIp } = yield* get(scheduleId)
      assertTrue(callerIp !== undefined)
      strictEqual(headerOf(only(yield* endpoint.deliveries), "Upstash-Caller-Ip"), callerIp)
    })
  )

  timed("a schedule's headers cannot override QStash's [assumed]", (time) =>
    Effect.gen(function* () {
      const endpoint = yield* time.endpoint
      const { scheduleId } = yield* fireOne(time, {
        destination: endpoint.url,
        headers: { "User-Agent": "forged" }
      })
      const delivery = only(yield* endpoint.deliveries)
      checkSignature(delivery, time.signingKeys.current)
      strictEqual(headerOf(delivery, "User-Agent"), "Upstash-QStash")
      strictEqual(headerOf(delivery, "Upstash-Schedule-Id"), scheduleId)
      strictEqual(headerOf(delivery, "Upstash-Retried"), "0")
      assertMatch(headerOf(delivery, "Upstash-Message-Id") ?? "", /^msg_/)
      for (const name of [
        "Upstash-Signature",
        "Upstash-Message-Id",
        "Upstash-Schedule-Id",
        "Upstash-Retried"
      ]) {
        const error = yield* Effect.flip(create({ headers: { [name]: "forged" } }))
        strictEqual(error._tag, "QStashInvalidRequest")
        assertInclude(error.message, `headers: "${name}" would not control QStash`)
      }
    })
  )

  timed("a delivery is signed for its URL, body and time", (time) =>
    Effect.gen(function* () {
      const endpoint = yield* time.endpoint
      yield* fire(
        time,
        { destination: `${endpoint.url}?a=1&b=%20`, body: everyByte },
        { destination: `${endpoint.url}/none` }
      )
      const deliveries = yield* endpoint.deliveries
      strictEqual(deliveries.length, 2)
      for (const delivery of deliveries) {
        assertMatch(checkSignature(delivery, time.signingKeys.current).jti, /^jwt_/)
      }
    })
  )

  timed("each attempt has its own signature", (time) =>
    Effect.gen(function* () {
      const endpoint = yield* time.endpoint
      yield* endpoint.respond(500, 500, 200)
      yield* fireOne(time, { destination: endpoint.url, body: "again" })
      yield* time.advance("1 hour")
      const claims = (yield* endpoint.deliveries).map((delivery) =>
        checkSignature(delivery, time.signingKeys.current)
      )
      strictEqual(claims.length, 3)
      strictEqual(new Set(claims.map(({ jti }) => jti)).size, 3)
      strictEqual(new Set(claims.map(({ iat }) => iat)).size, 3)
    })
  )
})
