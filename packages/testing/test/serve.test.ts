import { QStashMessages } from "@effect-qstash/domain"
import { QStashTest } from "@effect-qstash/testing"
import { HttpRouter, HttpServerResponse } from "@effect/platform"
import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Exit, FiberRef, Layer, Logger, LogLevel, Scope } from "effect"
import { setTimeout } from "node:timers/promises"

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

describe("an app whose scope ends", () => {
  class Db extends Context.Tag("test/Db")<Db, { readonly use: (what: string) => Effect.Effect<void> }>() {}

  const dbOf = (told: Array<string>) =>
    Layer.scoped(
      Db,
      Effect.gen(function* () {
        let isOpen = true
        yield* Effect.addFinalizer(() =>
          Effect.sync(() => {
            isOpen = false
            told.push("closed")
          })
        )
        return Db.of({
          use: (what) => Effect.sync(() => told.push(isOpen ? what : `${what} after the end`))
        })
      })
    )

  const job = Effect.flatMap(Db, (db) =>
    db.use("began").pipe(
      Effect.zipRight(Effect.sleep("1 hour")),
      Effect.as(answering(200)),
      // As a database takes its time to end what was begun.
      Effect.ensuring(
        Effect.zipRight(
          Effect.promise(() => setTimeout(20)),
          db.use("ended")
        )
      )
    )
  )

  const routed = HttpRouter.empty.pipe(HttpRouter.post("/jobs", job))

  it.effect("ends its requests before its services end", () => {
    const told: Array<string> = []
    return Effect.gen(function* () {
      yield* answer.pipe(
        Effect.provide(
          QStashTest.serve(routed).pipe(Layer.provideMerge(dbOf(told)), Layer.provideMerge(QStashTest.layer))
        )
      )
      assert.deepStrictEqual(told, ["began", "ended", "closed"])
    })
  })

  it.effect("has its deliveries tried again, in the app that is served then", () => {
    const told: Array<string> = []
    return Effect.gen(function* () {
      const messages = yield* QStashMessages
      yield* Effect.gen(function* () {
        yield* messages.publish({ destination: "https://api.example.com/jobs", retries: 1 })
        yield* QStashTest.advance(0)
      }).pipe(Effect.provide(QStashTest.serve(routed).pipe(Layer.provideMerge(dbOf(told)))))
      yield* QStashTest.advance("1 minute")
      assert.deepStrictEqual(told, ["began", "ended", "closed"])
      const deliveries = yield* QStashTest.deliveries
      assert.deepStrictEqual(
        deliveries.map(({ status }) => status),
        [503, 201]
      )
    }).pipe(Effect.provide(QStashTest.layerApp(answering(201))))
  })

  it.effect("does not wait for what sleeps and cannot be interrupted", () => {
    const told: Array<string> = []
    const begin = Date.now()
    return Effect.gen(function* () {
      yield* Effect.provide(answer, QStashTest.layerApp(job).pipe(Layer.provide(dbOf(told))))
      assert.deepStrictEqual(told, ["began", "closed"])
      assert.isBelow(Date.now() - begin, 500)
    })
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
