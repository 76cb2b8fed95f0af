import { type PublishMessage, QStashMessages } from "@effect-qstash/domain"
import { QStashTest } from "@effect-qstash/testing"
import { HttpApp, HttpMiddleware, HttpRouter, HttpServerRequest, HttpServerResponse } from "@effect/platform"
import { assert, describe, it } from "@effect/vitest"
import {
  Array as Arr,
  DateTime,
  Effect,
  Exit,
  Layer,
  Logger,
  LogLevel,
  Option,
  Schema,
  Scope,
  Tracer
} from "effect"

const destination = "https://api.example.com/jobs?a=1"

const publish = (message: Omit<PublishMessage.Input, "destination"> = {}) =>
  Effect.flatMap(QStashMessages, (messages) => messages.publish({ destination, retries: 0, ...message }))

const ok = HttpServerResponse.empty({ status: 200 })

const routed = <E, R>(
  handler: HttpRouter.Route.Handler<E, R>,
  options?: { readonly uninterruptible: boolean }
) => HttpRouter.empty.pipe(HttpRouter.post("/jobs", handler, options))

const time = Effect.map(DateTime.now, (now) => DateTime.formatIso(now).slice(11, 19))

/** What became of the deliveries. */
const ends = Effect.map(QStashTest.events, (events) =>
  events
    .filter(({ state }) => state === "DELIVERED" || state === "FAILED")
    .map(({ error, responseStatus, time: at }) => [
      DateTime.formatIso(at).slice(11, 19),
      responseStatus ?? error
    ])
)

/** A logger that keeps what it is told, down to what Effect itself says of a fiber that failed. */
const keeping = (told: Array<string>) =>
  Layer.merge(
    Logger.replace(
      Logger.defaultLogger,
      Logger.make(({ logLevel, message }) => {
        told.push(`${logLevel.label} ${String(message)}`)
      })
    ),
    Logger.minimumLogLevel(LogLevel.Debug)
  )

describe("a request", () => {
  it.effect("is answered before its finalizers run, and they run on in virtual time", () => {
    const done: Array<string> = []
    const app = routed(
      Effect.as(
        Effect.addFinalizer((exit) =>
          Effect.zipRight(
            Effect.sleep("20 seconds"),
            Effect.map(time, (now) => done.push(`${exit._tag} ${now}`))
          )
        ),
        ok
      )
    )
    return Effect.gen(function* () {
      yield* publish({ timeout: "10 seconds" })
      yield* QStashTest.advance("1 minute")
      assert.deepStrictEqual(yield* ends, [["00:00:00", 200]])
      assert.deepStrictEqual(done, ["Success 00:00:20"])
    }).pipe(Effect.provide(QStashTest.layerApp(app)))
  })

  it.effect("whose finalizer dies has been answered all the same, and the log tells of it", () => {
    const told: Array<string> = []
    const app = routed(
      Effect.as(
        Effect.addFinalizer(() => Effect.die("a bug")),
        ok
      )
    )
    return Effect.gen(function* () {
      yield* publish()
      yield* QStashTest.advance(0)
      assert.deepStrictEqual(yield* ends, [["00:00:00", 200]])
      assert.deepStrictEqual(told, ["DEBUG Fiber terminated with an unhandled error"])
    }).pipe(Effect.provide(QStashTest.layerApp(app).pipe(Layer.provideMerge(keeping(told)))))
  })

  it.effect("gives its finalizers the failure that it ends with, whatever that was answered", () => {
    const ended: Array<string> = []
    const note = Effect.addFinalizer((exit) => Effect.sync(() => ended.push(exit._tag)))
    const app = routed(
      Effect.zipRight(
        note,
        Effect.flatMap(HttpServerRequest.HttpServerRequest, ({ headers }) =>
          headers["x-fails"] === undefined ? Effect.succeed(ok) : Effect.fail("no database")
        )
      )
    )
    return Effect.gen(function* () {
      yield* publish()
      yield* publish({ headers: { "X-Fails": "yes" } })
      yield* QStashTest.advance(0)
      assert.deepStrictEqual(ended, ["Success", "Failure"])
    }).pipe(Effect.provide(QStashTest.layerApp(app)))
  })

  it.effect("has a scope that its fibers live in, and that is over when it is", () => {
    const told: Array<string> = []
    const note = (what: string) => Effect.map(time, (now) => told.push(`${what} ${now}`))
    const late = Effect.zipRight(
      Effect.sleep("1 minute"),
      Effect.addFinalizer(() => note("finalized"))
    )
    const app = HttpRouter.empty.pipe(
      HttpRouter.post(
        "/forks",
        Effect.forkScoped(Effect.onInterrupt(Effect.never, () => note("interrupted"))).pipe(
          Effect.zipRight(Effect.yieldNow()),
          Effect.as(ok)
        )
      ),
      HttpRouter.post("/late", Effect.as(Effect.forkDaemon(late), ok))
    )
    return Effect.gen(function* () {
      const messages = yield* QStashMessages
      yield* messages.publish({ destination: "https://api.example.com/forks" })
      yield* messages.publish({ destination: "https://api.example.com/late" })
      yield* QStashTest.advance("2 minutes")
      assert.deepStrictEqual(told, ["interrupted 00:00:00", "finalized 00:01:00"])
    }).pipe(Effect.provide(QStashTest.layerApp(app)))
  })

  // Fails when platform renames the private global that `ejectedScopes` reads.
  it.effect("leaves a scope alone that its app closes itself", () => {
    const ended: Array<string> = []
    let ejected: Scope.Scope | undefined
    const app = Effect.gen(function* () {
      yield* Effect.addFinalizer(() => Effect.sync(() => ended.push("ended")))
      ejected = yield* Effect.scope
      HttpApp.ejectDefaultScopeClose(ejected)
      return ok
    })
    return Effect.gen(function* () {
      yield* publish()
      yield* QStashTest.advance(0)
      assert.deepStrictEqual(ended, [])
      assert.isDefined(ejected)
      // Platform itself takes the scope of a request for one that can be closed.
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion
      yield* Scope.close(ejected as Scope.CloseableScope, Exit.void)
      assert.deepStrictEqual(ended, ["ended"])
    }).pipe(Effect.provide(QStashTest.layerApp(app)))
  })

  it.effect("may leave work to a fiber of its own", () => {
    const done: Array<string> = []
    const work = Effect.zipRight(
      Effect.sleep("1 minute"),
      Effect.map(time, (now) => done.push(now))
    )
    return Effect.gen(function* () {
      yield* publish({ timeout: "10 seconds" })
      yield* QStashTest.advance("5 minutes")
      assert.deepStrictEqual(yield* ends, [["00:00:00", 200]])
      assert.deepStrictEqual(done, ["00:01:00"])
    }).pipe(Effect.provide(QStashTest.layerApp(Effect.as(Effect.fork(work), ok))))
  })

  for (const [what, isCutOff, serving] of [
    ["a route is cut off", true, (work) => routed(work)],
    ["an uninterruptible route goes on", false, (work) => routed(work, { uninterruptible: true })],
    ["an app without a router goes on", false, (work) => work]
  ] satisfies ReadonlyArray<
    readonly [string, boolean, (work: HttpApp.Default) => HttpApp.Default<unknown>]
  >) {
    it.effect(`that runs into its timeout has a client that hangs up: ${what}`, () => {
      const done: Array<string> = []
      const work = Effect.sleep("20 seconds").pipe(
        Effect.zipRight(Effect.map(time, (now) => done.push(now))),
        Effect.as(ok),
        Effect.onInterrupt(() => Effect.map(time, (now) => done.push(`interrupted ${now}`)))
      )
      return Effect.gen(function* () {
        yield* publish({ timeout: "10 seconds" })
        yield* QStashTest.advance("1 minute")
        assert.deepStrictEqual(yield* ends, [["00:00:10", "no response within 10s"]])
        assert.deepStrictEqual(done, isCutOff ? ["interrupted 00:00:10"] : ["00:00:20"])
        assert.isUndefined((yield* QStashTest.deliveries)[0]?.status)
      }).pipe(Effect.provide(QStashTest.layerApp(serving(work))))
    })
  }

  it.effect("whose client hangs up is one of status 499", () => {
    const statuses: Array<number> = []
    const app = routed(
      Effect.zipRight(
        HttpApp.appendPreResponseHandler((_request, response) => {
          statuses.push(response.status)
          return Effect.succeed(response)
        }),
        Effect.never
      )
    )
    return Effect.gen(function* () {
      yield* publish({ timeout: "10 seconds" })
      yield* QStashTest.advance("1 minute")
      assert.deepStrictEqual(statuses, [499])
    }).pipe(
      Effect.provide(
        QStashTest.serve(app).pipe(Layer.provideMerge(QStashTest.layerWith({ settle: "20 millis" })))
      )
    )
  })

  it.effect("sends its cookies", () => {
    const header: Array<unknown> = []
    const Told = Schema.Struct({ header: Schema.Record({ key: Schema.String, value: Schema.Unknown }) })
    const app = HttpRouter.empty.pipe(
      HttpRouter.post(
        "/jobs",
        HttpServerResponse.text("ok", { headers: { "Set-Cookie": "c=3" } }).pipe(
          HttpServerResponse.unsafeSetCookie("a", "1"),
          HttpServerResponse.unsafeSetCookie("b", "2", { httpOnly: true })
        )
      ),
      HttpRouter.post(
        "/told",
        Effect.gen(function* () {
          const told = yield* HttpServerRequest.schemaBodyJson(Told)
          header.push(told.header["Set-Cookie"])
          return ok
        })
      )
    )
    return Effect.gen(function* () {
      yield* publish({ callback: "https://api.example.com/told" })
      yield* QStashTest.advance(0)
      assert.deepStrictEqual(header, [["a=1", "b=2; HttpOnly", "c=3"]])
    }).pipe(Effect.provide(QStashTest.layerApp(app)))
  })

  it.effect("that fails is warned of with the status that it is answered with", () => {
    const told: Array<string> = []
    const app = routed(
      Effect.zipRight(
        HttpApp.appendPreResponseHandler((_request, response) =>
          Effect.succeed(HttpServerResponse.setStatus(response, 201))
        ),
        Effect.fail("no database")
      )
    )
    return Effect.gen(function* () {
      yield* publish()
      yield* QStashTest.advance(0)
      assert.deepStrictEqual(yield* ends, [["00:00:00", 201]])
      assert.include(told, "WARN The handler of POST /jobs?a=1 failed, so its response is 201")
    }).pipe(Effect.provide(QStashTest.layerApp(app).pipe(Layer.provideMerge(keeping(told)))))
  })
})

describe("the span of a request", () => {
  const spans: Array<Tracer.Span> = []
  const seen = Effect.gen(function* () {
    yield* Effect.sleep("5 seconds")
    const span = yield* Effect.orDie(Effect.currentSpan)
    yield* Effect.annotateCurrentSpan("tenant", "acme")
    const parent = yield* Effect.withSpan(
      Effect.map(Effect.orDie(Effect.currentSpan), ({ parent: above }) => above),
      "work"
    )
    assert.strictEqual(Option.getOrThrow(parent).spanId, span.spanId)
    spans.push(span)
    return HttpServerResponse.setHeader(ok, "x-id", "7")
  })
  const told: Array<Tracer.Span> = []
  const native = Tracer.make({
    span: (name, parent, context, links, startTime, kind) => {
      const attributes = new Map<string, unknown>()
      const span: Tracer.Span = {
        _tag: "Span",
        name,
        parent,
        context,
        links,
        kind,
        attributes,
        spanId: `span_${told.length}`,
        traceId: "trace",
        sampled: true,
        status: { _tag: "Started", startTime },
        end: () => {},
        event: () => {},
        addLinks: () => {},
        attribute: (key, value) => attributes.set(key, value)
      }
      told.push(span)
      return span
    },
    context: (f) => f()
  })

  const served = (app: HttpApp.Default<unknown>, tracer: Layer.Layer<never> = Layer.empty) =>
    QStashTest.serve(app).pipe(Layer.provide(tracer), Layer.provideMerge(QStashTest.layer))

  it.effect("starts and ends with the request, and keeps what the app adds to it", () =>
    Effect.gen(function* () {
      yield* publish()
      yield* QStashTest.advance("1 minute")
      const span = yield* Effect.orDie(Arr.head(spans))
      assert.strictEqual(span.name, "http.server POST")
      assert.strictEqual(span.kind, "server")
      assert.strictEqual(span.status._tag, "Ended")
      const start = BigInt(Date.parse("2025-01-01T00:00:00Z")) * 1_000_000n
      assert.strictEqual(span.status.startTime, start)
      assert.propertyVal(span.status, "endTime", start + 5_000_000_000n)
      assert.deepStrictEqual(Object.fromEntries(span.attributes), { "http.route": "/jobs", tenant: "acme" })
    }).pipe(Effect.provide(served(routed(seen))))
  )

  it.effect("is told to a tracer, though nobody in the app looks at it", () =>
    Effect.gen(function* () {
      yield* publish()
      yield* QStashTest.advance(0)
      assert.deepStrictEqual(
        told.map(({ attributes, name }) => [name, attributes.get("http.response.status_code")]),
        [["http.server POST", 204]]
      )
      assert.deepStrictEqual(yield* ends, [["00:00:00", 204]])
    }).pipe(
      Effect.provide(served(routed(Effect.succeed(HttpServerResponse.empty())), Layer.setTracer(native)))
    )
  )

  it.effect("is left out where the app wants none", () => {
    const found: Array<boolean> = []
    const app = Effect.map(Effect.option(Effect.currentSpan), (span) => {
      found.push(Option.isSome(span))
      return ok
    })
    return Effect.gen(function* () {
      yield* publish()
      yield* QStashTest.advance(0)
      assert.deepStrictEqual(found, [false])
    }).pipe(
      Effect.provide(
        QStashTest.serve(app).pipe(
          HttpMiddleware.withTracerDisabledWhen(() => true),
          Layer.provideMerge(QStashTest.layer)
        )
      )
    )
  })
})
