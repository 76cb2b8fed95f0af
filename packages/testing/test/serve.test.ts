import { QStashMessages } from "@effect-qstash/domain"
import { QStashTest } from "@effect-qstash/testing"
import { HttpServerResponse } from "@effect/platform"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, FiberRef, Layer, Logger, LogLevel, Scope } from "effect"

const publish = Effect.flatMap(QStashMessages, (messages) =>
  messages.publish({ destination: "https://api.example.com/jobs", retries: 0 })
)

/** What one message is answered. */
const answer = Effect.gen(function* () {
  yield* publish
  yield* QStashTest.advance(0)
  return (yield* QStashTest.deliveries).at(-1)?.status
})

const answering = (status: number) => HttpServerResponse.empty({ status })

describe("an app served within another", () => {
  it.effect("takes its place, and gives it back", () =>
    Effect.gen(function* () {
      const inner = yield* Effect.provide(answer, QStashTest.serve(answering(202)))
      assert.deepStrictEqual([inner, yield* answer], [202, 201])
    }).pipe(Effect.provide(QStashTest.layerApp(answering(201))))
  )

  it.effect("leaves the place to the newest that is still served, in whatever order they end", () =>
    Effect.gen(function* () {
      const [first, second, third] = yield* Effect.all([Scope.make(), Scope.make(), Scope.make()])
      yield* Layer.buildWithScope(QStashTest.serve(answering(202)), first)
      yield* Layer.buildWithScope(QStashTest.serve(answering(203)), second)
      yield* Layer.buildWithScope(QStashTest.serve(answering(204)), third)
      const statuses = [yield* answer]
      for (const scope of [second, third, first]) {
        yield* Scope.close(scope, Exit.void)
        statuses.push(yield* answer)
      }
      assert.deepStrictEqual(statuses, [204, 204, 202, 201])
    }).pipe(Effect.provide(QStashTest.layerApp(answering(201))))
  )

  it.layer(QStashTest.layerApp(answering(201)))("in a shared layer", (outer) => {
    outer.layer(QStashTest.serve(answering(202)))("and one within", (inner) => {
      inner.effect("takes its place", () => Effect.map(answer, (status) => assert.strictEqual(status, 202)))
    })

    outer.effect("gives it back", () => Effect.map(answer, (status) => assert.strictEqual(status, 201)))
  })
})

describe("an app", () => {
  it.effect("finds what the layers beneath it set for its fiber", () => {
    const locale = FiberRef.unsafeMake("en")
    const seen: Array<unknown> = []
    const told: Array<unknown> = []
    const app = Effect.gen(function* () {
      seen.push(yield* FiberRef.get(locale))
      yield* Effect.logDebug("at work")
      return answering(200)
    })
    const logger = Logger.make(({ annotations, message }) => {
      told.push([message, Object.fromEntries(annotations)])
    })
    const beneath = Layer.mergeAll(
      Layer.scopedDiscard(Effect.locallyScoped(locale, "de")),
      Layer.scopedDiscard(Effect.annotateLogsScoped({ tenant: "acme" })),
      Logger.minimumLogLevel(LogLevel.Debug),
      Logger.add(logger)
    )
    return Effect.gen(function* () {
      yield* answer
      assert.deepStrictEqual(seen, ["de"])
      assert.deepStrictEqual(told, [[["at work"], { tenant: "acme" }]])
    }).pipe(
      Effect.provide(QStashTest.serve(app).pipe(Layer.provide(beneath), Layer.provideMerge(QStashTest.layer)))
    )
  })
})
