import { DevelopmentUsers, QStashServer, UndiciCourier } from "@effect-qstash/server"
import * as MemoryStore from "@effect-qstash/engine/MemoryStore"
import { Store } from "@effect-qstash/engine/Store"
import { QStashReceiver } from "@effect-qstash/receiver"
import { describe, it } from "@effect/vitest"
import { assertTrue, deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import { Context, Effect, Layer, Redacted } from "effect"
import { advance, call, field, publish, quiet, serve, worker } from "./support.ts"

const { currentSigningKey, nextSigningKey } = DevelopmentUsers.defaultUser

describe("the signing keys", () => {
  it.scopedLive("are those of the user until they are rotated, and move up then", () =>
    Effect.gen(function* () {
      const { port } = yield* serve()
      const initial = { current: Redacted.value(currentSigningKey), next: Redacted.value(nextSigningKey) }
      deepStrictEqual((yield* call(port, "GET", "/v2/keys")).json, initial)
      const first = yield* call(port, "POST", "/v2/Keys/Rotate/")
      strictEqual(first.status, 200)
      deepStrictEqual(Object.keys(first.json ?? {}).toSorted(), ["current", "next"])
      strictEqual(field(first.json, "current"), initial.next)
      assertTrue(String(field(first.json, "next")).startsWith("sig_"))
      deepStrictEqual((yield* call(port, "GET", "/v2/keys")).json, first.json)
      const second = yield* call(port, "POST", "/v2/keys/rotate")
      strictEqual(field(second.json, "current"), field(first.json, "next"))
      assertTrue(field(second.json, "next") !== field(first.json, "next"))
    }).pipe(Effect.provide(quiet))
  )

  it.scopedLive("are each user's own", () =>
    Effect.gen(function* () {
      const { port } = yield* serve()
      yield* call(port, "POST", "/v2/keys/rotate")
      for (const user of DevelopmentUsers.developmentUsers.slice(1)) {
        const headers = { Authorization: `Bearer ${Redacted.value(user.token)}` }
        deepStrictEqual((yield* call(port, "GET", "/v2/keys", { headers })).json, {
          current: Redacted.value(user.currentSigningKey),
          next: Redacted.value(user.nextSigningKey)
        })
      }
    }).pipe(Effect.provide(quiet))
  )

  it.scopedLive("sign deliveries so that a receiver outlives one rotation, and not two", () =>
    Effect.gen(function* () {
      const { port } = yield* serve({ time: "virtual" })
      const { port: there, received } = yield* worker()
      const url = `http://127.0.0.1:${there}/`
      const receiver = yield* QStashReceiver.make({
        currentSigningKey,
        nextSigningKey,
        clockTolerance: "5 minutes"
      })
      /** Whether the receiver accepts a delivery that is made now. */
      const isAccepted = Effect.gen(function* () {
        yield* publish(port, url, {}, "payload")
        yield* advance(port, "1 seconds")
        const delivery = received.at(-1)
        assertTrue(delivery !== undefined)
        return yield* receiver
          .verify({ headers: Object.fromEntries(delivery.headers), url, body: delivery.body })
          .pipe(Effect.isSuccess)
      })
      assertTrue(yield* isAccepted)
      yield* call(port, "POST", "/v2/keys/rotate")
      assertTrue(yield* isAccepted)
      yield* call(port, "POST", "/v2/keys/rotate")
      assertTrue(!(yield* isAccepted))
      strictEqual(received.length, 3)
    }).pipe(Effect.provide(quiet))
  )

  it.scopedLive("count within a second on another server that shares the Store", () =>
    Effect.gen(function* () {
      const store = Layer.succeed(Store, yield* MemoryStore.make)
      const server = Effect.map(
        Layer.build(QStashServer.layer({ port: 0 }).pipe(Layer.provide([store, UndiciCourier.layer()]))),
        Context.get(QStashServer.QStashServer)
      )
      const [one, other] = [yield* server, yield* server]
      const { port: there, received } = yield* worker()
      const url = `http://127.0.0.1:${there}/`
      const keys = {
        currentSigningKey,
        nextSigningKey: currentSigningKey,
        clockTolerance: "5 minutes"
      } as const
      const receiver = yield* QStashReceiver.make(keys)
      /** Whether a delivery that this server makes now is signed with the first key. */
      const hasFirstKey = Effect.gen(function* () {
        const count = received.length
        yield* publish(one.port, url)
        while (received.length === count) yield* Effect.sleep("10 millis")
        const delivery = received.at(-1)
        assertTrue(delivery !== undefined)
        return yield* receiver
          .verify({ headers: Object.fromEntries(delivery.headers), url, body: delivery.body })
          .pipe(Effect.isSuccess)
      })
      assertTrue(yield* hasFirstKey)
      yield* call(other.port, "POST", "/v2/keys/rotate")
      yield* Effect.sleep("1 second")
      assertTrue(!(yield* hasFirstKey))
    }).pipe(Effect.provide(quiet))
  )
})
