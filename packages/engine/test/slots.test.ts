import { FlowControlKey, QStashFlowControl, QStashMessages } from "@effect-qstash/domain"
import * as Engine from "@effect-qstash/engine/Engine"
import * as MemoryStore from "@effect-qstash/engine/MemoryStore"
import { Courier } from "@effect-qstash/engine/Courier"
import { describe, it } from "@effect/vitest"
import { assertInclude, assertTrue, deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import { Array as Arr, Cause, Effect, Exit, Layer } from "effect"
import { advance, byPath, keys, ok, signingKey, timeline, virtual, visits } from "./harness.ts"

/** Responds in time to everything but `/silent`. */
const answer = byPath({ "/silent": () => Effect.never })

const silent = Effect.fn(function* (count: number, destination: string) {
  const messages = yield* QStashMessages
  yield* messages.batch(Arr.makeBy(count, () => ({ destination, retries: 0 })))
})

const delivered = Effect.map(visits, (paths) => paths.filter((path) => !path.endsWith("/silent")))

const underWay = Effect.map(timeline, (steps) => steps.filter((step) => step.includes("ACTIVE")).length)

describe("slots", () => {
  it.effect("120 messages to a destination that never responds hold up nobody else", () =>
    Effect.gen(function* () {
      const messages = yield* QStashMessages
      const engine = yield* Engine.Engine
      yield* silent(120, "https://one.example.com/silent")
      yield* advance(0)
      strictEqual(yield* underWay, 100)
      yield* engine.messages({ tenantId: "other" }).publish({ destination: "https://one.example.com/theirs" })
      yield* messages.publish({ destination: "https://two.example.com/mine" })
      yield* advance(0)
      deepStrictEqual(yield* delivered, ["0 /theirs", "0 /mine"])
    }).pipe(Effect.provide(virtual(answer, { settle: "50 millis", shutdownGrace: 0 })))
  )

  it.effect("five such destinations take all slots of a tenant, and none of another's", () =>
    Effect.gen(function* () {
      const messages = yield* QStashMessages
      const { globalParallelism } = yield* QStashFlowControl
      const engine = yield* Engine.Engine
      for (const host of ["one", "two", "three", "four", "five"])
        yield* silent(120, `https://${host}.example.com/silent`)
      yield* advance(0)
      deepStrictEqual(yield* globalParallelism, { parallelismMax: 500, parallelismCount: 500 })
      yield* messages.publish({ destination: "https://six.example.com/mine" })
      yield* engine.messages({ tenantId: "other" }).publish({ destination: "https://one.example.com/theirs" })
      yield* advance(0)
      deepStrictEqual(yield* delivered, ["0 /theirs"])
      yield* advance("2 hours")
      deepStrictEqual(yield* delivered, ["0 /theirs", "7200 /mine"])
    }).pipe(Effect.provide(virtual(answer, { settle: "50 millis", shutdownGrace: 0 })))
  )

  it.effect("a flow-control parallelism of 60 to one worker is reached", () =>
    Effect.gen(function* () {
      const messages = yield* QStashMessages
      yield* messages.batch(
        Arr.makeBy(80, () => ({
          destination: "https://one.example.com/silent",
          flowControl: { key: FlowControlKey.make("worker"), parallelism: 60 }
        }))
      )
      yield* advance(0)
      strictEqual(yield* underWay, 60)
    }).pipe(Effect.provide(virtual(answer, { settle: "50 millis", shutdownGrace: 0 })))
  )

  it.effect.each([
    [{ concurrency: 10 }, 5, 3],
    [{ concurrency: 10, concurrencyPerTenant: 10 }, 10, 5],
    [{ concurrency: 10, concurrencyPerTenant: 10, concurrencyPerDestination: 10 }, 10, 10],
    [{ concurrency: 1 }, 1, 1],
    [{ concurrencyPerDestination: 150 }, 500, 150]
  ] as const)("%j leaves %d slots to a tenant and %d to a destination", ([options, tenant, destination]) =>
    Effect.gen(function* () {
      const { globalParallelism } = yield* QStashFlowControl
      yield* silent(200, "https://one.example.com/silent")
      yield* advance(0)
      deepStrictEqual(yield* globalParallelism, {
        parallelismMax: tenant,
        parallelismCount: destination
      })
    }).pipe(Effect.provide(virtual(answer, { settle: "50 millis", shutdownGrace: 0, ...options })))
  )

  it.effect.each(["concurrency", "concurrencyPerTenant", "concurrencyPerDestination"] as const)(
    "%s has to be at least 1",
    (name) =>
      Effect.gen(function* () {
        for (const count of [0, 0.5, -1, Number.NaN]) {
          const exit = yield* Effect.exit(
            Effect.scoped(
              Layer.build(
                Engine.layer({ signingKeys: () => keys(signingKey), [name]: count }).pipe(
                  Layer.provide([
                    MemoryStore.layer,
                    Layer.succeed(Courier, { deliver: (request) => ok(request, 0) })
                  ])
                )
              )
            )
          )
          assertTrue(Exit.isFailure(exit))
          assertInclude(
            Exit.isFailure(exit) ? Cause.pretty(exit.cause) : "",
            `${name}: expected a number of at least 1, got ${count}`
          )
        }
      })
  )
})
