import { SqlStore } from "@effect-qstash/store-sql"
import { describe, it } from "@effect/vitest"
import { deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import { Effect, Layer } from "effect"
import { multiply } from "./crowd.ts"
import { claim, delivered, key, send, settle, type Sent } from "./given.ts"
import { inMemory } from "./support.ts"

const crowd = 100_000

/** The slots of an engine as it is by default. */
const slots = { limit: 1000, perTenant: 500, perDestination: 100 }

/**
 * Lets an account have very many messages waiting, and takes slots for it until there are none left. Then another message
 * comes: the test says how many claims it takes until that one starts.
 */
const claimsUntilStarted = (crowded: Sent, one: Sent & { readonly tenantId: string }) =>
  Effect.gen(function* () {
    const { tenantId, ...message } = one
    // Of a queue, the first one has its turn, and the copies of the second one wait.
    const [, template] = yield* send("crowded", [crowded, crowded])
    yield* multiply(template, crowd)
    const underWay = [...(yield* claim(slots))]
    strictEqual(underWay.length > 0 && underWay.length <= slots.perTenant, true)
    const [wanted] = yield* send(tenantId, [message])
    for (let claims = 1; claims <= 100; claims++) {
      const limit = slots.limit - underWay.length
      const leases = yield* claim({ ...slots, limit })
      if (leases.some((lease) => lease.message.messageId === wanted)) return claims
      underWay.push(...leases)
      // A few are delivered, and others take their slots.
      yield* settle(underWay.splice(0, 10).map(delivered))
    }
    return Infinity
  }).pipe(Effect.provide(Layer.provideMerge(SqlStore.layer, inMemory)))

describe("one message starts with the next claim, however many wait", () => {
  it.effect.each<readonly [title: string, crowded: Sent, one: Sent & { readonly tenantId: string }]>([
    ["of another account", {}, { tenantId: "other" }],
    ["for another destination", {}, { tenantId: "crowded", destination: "https://other.example.com/" }],
    ["with another key", key("busy", 10), { tenantId: "crowded", ...key("idle", 10) }],
    ["without their key", key("busy", 10), { tenantId: "crowded" }],
    ["outside of their queue", { queue: "busy" }, { tenantId: "crowded" }],
    ["in another queue", { queue: "busy" }, { tenantId: "crowded", queue: "idle" }]
  ])("%s", ([, crowded, one]) =>
    Effect.gen(function* () {
      deepStrictEqual(yield* claimsUntilStarted(crowded, one), 1)
    })
  )
})
