import { QStashMessages, QStashSigningKeys, type SigningKeys } from "@effect-qstash/domain"
import * as Engine from "@effect-qstash/engine/Engine"
import * as Signer from "@effect-qstash/engine/Signer"
import { Store } from "@effect-qstash/engine/Store"
import { describe, it } from "@effect/vitest"
import { deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import { DateTime, Effect, Fiber, Layer, Redacted } from "effect"
import {
  advance,
  type Answer,
  answered,
  answers,
  destination,
  io,
  keys,
  Log,
  persistent,
  signingKey,
  start,
  virtual
} from "./harness.ts"

const publish = Effect.flatMap(QStashMessages, (messages) => messages.publish({ destination }))

const shown = ({ current, next }: SigningKeys) => [Redacted.value(current), Redacted.value(next)]

const get = Effect.flatMap(QStashSigningKeys, (signingKeys) => Effect.map(signingKeys.get, shown))

const rotate = Effect.flatMap(QStashSigningKeys, (signingKeys) => Effect.map(signingKeys.rotate, shown))

/** By which of the known keys each delivery so far is signed. */
const signedBy = Effect.map(Log, ({ arrivals }) =>
  arrivals.map(({ at, request }, index) => {
    const token = request.headers.find(([name]) => name === "Upstash-Signature")?.[1]
    const attempt = {
      url: destination,
      body: new Uint8Array(),
      jti: `jwt_${index + 1}`,
      nowMillis: Date.parse(at)
    }
    return ["sig_1", "sig_2", "sig_3", "sig_next", signingKey].find(
      (key) => Signer.make({ current: Redacted.make(key) }).sign(attempt) === token
    )
  })
)

describe("the signing keys", () => {
  it.effect("are those that the engine was given, until they are rotated", () =>
    Effect.gen(function* () {
      deepStrictEqual(yield* get, [signingKey, "sig_next"])
      deepStrictEqual(yield* rotate, ["sig_next", "sig_1"])
      deepStrictEqual(yield* get, ["sig_next", "sig_1"])
      deepStrictEqual(yield* rotate, ["sig_1", "sig_2"])
      deepStrictEqual(yield* get, ["sig_1", "sig_2"])
    }).pipe(Effect.provide(virtual()))
  )

  it.effect("sign with the current one, from the rotation on", () =>
    Effect.gen(function* () {
      yield* publish
      yield* advance("1 second")
      yield* rotate
      yield* publish
      yield* advance("1 second")
      yield* rotate
      // Two tries of one message may be signed with two keys.
      yield* advance("1 minute")
      deepStrictEqual(yield* signedBy, [signingKey, "sig_next", "sig_1"])
    }).pipe(Effect.provide(virtual(answers(answered(200), answered(500), answered(200)))))
  )

  it.effect("sign before anything else was signed, where they were rotated first", () =>
    Effect.gen(function* () {
      yield* rotate
      yield* publish
      yield* advance("1 second")
      deepStrictEqual(yield* signedBy, ["sig_next"])
    }).pipe(Effect.provide(virtual()))
  )

  it.effect("are each tenant's own", () =>
    Effect.gen(function* () {
      const engine = yield* Engine.Engine
      const theirs = engine.signingKeys({ tenantId: "other" })
      yield* rotate
      deepStrictEqual(shown(yield* theirs.get), ["sig_other", "sig_next"])
      deepStrictEqual(yield* get, ["sig_next", "sig_1"])
      deepStrictEqual(shown(yield* theirs.rotate), ["sig_next", "sig_2"])
      deepStrictEqual(yield* get, ["sig_next", "sig_1"])
    }).pipe(Effect.provide(virtual(undefined, { signingKeys: (tenantId) => keys(`sig_${tenantId}`) })))
  )

  it.effect("rotated by several at once move on once for each", () =>
    Effect.gen(function* () {
      const rotations = yield* Effect.all([rotate, rotate, rotate], { concurrency: "unbounded" })
      deepStrictEqual(rotations, [
        ["sig_next", "sig_1"],
        ["sig_1", "sig_2"],
        ["sig_2", "sig_3"]
      ])
      yield* publish
      yield* advance("1 second")
      deepStrictEqual(yield* signedBy, ["sig_2"])
    }).pipe(Effect.provide(virtual()))
  )

  it.effect("may be rotated during a delivery: that one keeps its signature, its retry has a new one", () => {
    const act: { rotate: Effect.Effect<unknown, unknown> } = { rotate: Effect.void }
    const answer: Answer = (_request, count) =>
      count === 0
        ? Effect.zipRight(io(2), Effect.as(Effect.orDie(act.rotate), answered(500)))
        : Effect.succeed(answered(200))
    return Effect.gen(function* () {
      act.rotate = (yield* QStashSigningKeys).rotate
      yield* publish
      yield* advance("1 minute")
      deepStrictEqual(yield* signedBy, [signingKey, "sig_next"])
    }).pipe(Effect.provide(virtual(answer)))
  })

  it.effect("outlive the engine once they are rotated, whatever the next one is given", () =>
    Effect.gen(function* () {
      const { ids, store } = yield* persistent
      const onStore = Layer.succeed(Store, store)
      yield* rotate.pipe(Effect.provide(virtual(undefined, {}, onStore, ids)))
      yield* Effect.gen(function* () {
        deepStrictEqual(yield* get, ["sig_next", "sig_1"])
        yield* publish
        yield* advance("1 second")
        deepStrictEqual(yield* signedBy, ["sig_next"])
        deepStrictEqual(yield* rotate, ["sig_1", "sig_2"])
      }).pipe(Effect.provide(virtual(undefined, { signingKeys: () => keys("sig_other") }, onStore, ids)))
    }).pipe(Effect.scoped)
  )

  it.effect("rotated through another engine on the same Store, sign within a second", () =>
    Effect.gen(function* () {
      const { ids, store } = yield* persistent
      const engine = Layer.build(
        virtual(undefined, { signingKeysMaxAge: "1 second" }, Layer.succeed(Store, store), ids)
      )
      const [one, other] = [yield* engine, yield* engine]
      // Only this one delivers: nobody moves the other one's clock.
      const deliver = Effect.zipRight(publish, advance("1 second")).pipe(Effect.provide(one))
      yield* deliver
      yield* Effect.provide(rotate, other)
      yield* deliver
      yield* Effect.provide(rotate, other)
      yield* Effect.provide(rotate, one)
      yield* deliver
      deepStrictEqual(yield* Effect.provide(signedBy, one), [signingKey, "sig_next", "sig_2"])
    }).pipe(Effect.scoped)
  )

  it.effect("come from the engine's owner again after a second, if it may change them", () => {
    let current = signingKey
    return Effect.gen(function* () {
      yield* publish
      yield* advance("1 second")
      current = "sig_3"
      yield* publish
      yield* advance("1 second")
      deepStrictEqual(yield* signedBy, [signingKey, "sig_3"])
    }).pipe(
      Effect.provide(virtual(undefined, { signingKeysMaxAge: "1 second", signingKeys: () => keys(current) }))
    )
  })

  it.effect("are asked of the engine's owner once for each tenant", () => {
    let asked = 0
    return Effect.gen(function* () {
      const engine = yield* Engine.Engine
      for (const tenantId of ["a", "b", "a"]) {
        yield* engine.messages({ tenantId }).publish({ destination })
        yield* advance("1 second")
      }
      strictEqual(asked, 2)
    }).pipe(
      Effect.provide(
        virtual(undefined, {
          signingKeys: () => {
            asked += 1
            return keys(signingKey)
          }
        })
      )
    )
  })

  it.effect("are rotated whole or not at all when the call is interrupted", () =>
    Effect.gen(function* () {
      const { ids, store } = yield* persistent
      // A Store that answers some time after it has done its work.
      const slow: Store["Type"] = {
        ...store,
        rotateSigningKeys: (request) => Effect.zipLeft(store.rotateSigningKeys(request), io(20))
      }
      yield* Effect.gen(function* () {
        yield* publish
        yield* advance("1 second")
        const rotation = yield* Effect.fork(rotate)
        yield* io(5)
        yield* Fiber.interrupt(rotation)
        yield* publish
        yield* advance("1 second")
        const [current] = yield* get
        deepStrictEqual(yield* signedBy, [signingKey, current])
      }).pipe(Effect.provide(virtual(undefined, {}, Layer.succeed(Store, slow), ids)))
    }).pipe(Effect.scoped)
  )

  it.effect("are shown to nobody who prints them", () =>
    Effect.gen(function* () {
      const signingKeys = yield* QStashSigningKeys
      strictEqual(JSON.stringify(yield* signingKeys.rotate).includes("sig_"), false)
    }).pipe(Effect.provide(virtual()))
  )

  it.effect("sign for the instant of the attempt", () =>
    Effect.gen(function* () {
      yield* publish
      yield* advance("1 second")
      deepStrictEqual(yield* signedBy, [signingKey])
    }).pipe(
      Effect.provide(virtual(undefined, { start: DateTime.add(DateTime.unsafeMake(start), { days: 1 }) }))
    )
  )
})
