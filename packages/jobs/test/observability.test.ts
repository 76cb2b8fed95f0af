import { QueueName } from "@effect-qstash/domain"
import { Jobs, Ledger, Plan } from "@effect-qstash/jobs"
import { QStashTest } from "@effect-qstash/testing"
import { HttpServer, HttpServerError, HttpServerRequest } from "@effect/platform"
import { describe, it } from "@effect/vitest"
import { assertTrue, deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import { Deferred, Effect, Exit, Fiber, Layer, Metric, MetricState, Option, Tracer } from "effect"
import { DbDown, Digest, Export, jobs, NoSuchTable, TenantId } from "./billing.ts"
import { exportOf, forms, serving } from "./support.ts"
import { trusting } from "./trusting.ts"

const app = forms["HttpApp"] ?? Effect.dieMessage("no form")
const t1 = { tenantId: TenantId.make("t1") }

/** Keeps every span that ends. */
const exporter = () => {
  const ended: Array<Tracer.Span> = []
  let ids = 0
  const tracer = Tracer.make({
    span: (name, parent, context, links, startTime, kind) => {
      const spanId = (++ids).toString(16).padStart(16, "0")
      const attributes = new Map<string, unknown>()
      const own = [...links]
      const span: Tracer.Span = {
        _tag: "Span",
        name,
        spanId,
        traceId: Option.match(parent, {
          onNone: () => ids.toString(16).padStart(32, "0"),
          onSome: ({ traceId }) => traceId
        }),
        parent,
        context,
        status: { _tag: "Started", startTime },
        attributes,
        links: own,
        sampled: true,
        kind,
        end: () => void ended.push(span),
        attribute: (key, value) => void attributes.set(key, value),
        event: () => undefined,
        addLinks: (more) => void own.push(...more)
      }
      return span
    },
    context: (f) => f()
  })
  return { ended, layer: Layer.setTracer(tracer) }
}

/** What a caller of `fetch` has, who knows nothing of Effect. */
const makeController = () => new AbortController()

describe("traces", () => {
  it.effect.each(Object.entries(forms))("link the handler's span to the publisher's, in %s", ([, form]) =>
    Effect.gen(function* () {
      const { ended, layer } = exporter()
      yield* serving(
        form,
        {},
        Effect.gen(function* () {
          yield* Effect.withSpan(Digest.publish(t1), "publisher")
          yield* QStashTest.advance(0)
        })
      ).pipe(Effect.provide(layer))
      const publisher = ended.find(({ name }) => name === "publisher")
      const handler = ended.find(({ name }) => name === "job digest")
      strictEqual(handler?.kind, "consumer")
      deepStrictEqual(
        handler?.links.map(({ span }) => [span.traceId, span.spanId]),
        [[publisher?.traceId, publisher?.spanId]]
      )
      deepStrictEqual(Object.fromEntries(handler?.attributes ?? []), {
        job: "digest",
        messageId: "msg_1",
        attempt: 1
      })
    })
  )

  it.effect.each(Object.entries(forms))("have the spans of a handler below the job's, in %s", ([, form]) =>
    Effect.gen(function* () {
      const { ended, layer } = exporter()
      yield* serving(
        form,
        { digest: () => Effect.withSpan(Effect.void, "query") },
        Effect.zipRight(Digest.publish(t1), QStashTest.advance(0))
      ).pipe(Effect.withSpan("the start of the worker"), Effect.provide(layer))
      const query = ended.find((span) => span.name === "query")
      const parent = Option.getOrThrow(Option.flatMap(Option.fromNullable(query), (span) => span.parent))
      strictEqual(ended.find(({ spanId }) => spanId === parent.spanId)?.name, "job digest")
    })
  )

  it.effect("link the spans of all ways to publish", () =>
    Effect.gen(function* () {
      const { ended, layer } = exporter()
      const publishing = {
        publish: Effect.asVoid(Digest.publish(t1)),
        enqueue: Effect.asVoid(Digest.enqueue(QueueName.make("q"), t1)),
        publishMany: Effect.asVoid(Digest.publishMany([t1]))
      }
      yield* serving(
        app,
        {},
        Effect.gen(function* () {
          for (const [name, publish] of Object.entries(publishing)) yield* Effect.withSpan(publish, name)
          yield* QStashTest.advance("1 minute")
        })
      ).pipe(Effect.provide(layer))
      const handlers = ended.filter(({ name }) => name === "job digest")
      deepStrictEqual(
        handlers
          .flatMap(({ links: [link] }) => ended.filter(({ spanId }) => spanId === link?.span.spanId))
          .map(({ name }) => name)
          .toSorted(),
        Object.keys(publishing).toSorted()
      )
    })
  )

  it.effect("sends no trace where the worker says so", () =>
    Effect.gen(function* () {
      yield* Effect.withSpan(Digest.publish(t1), "publisher")
      yield* QStashTest.advance(0)
      strictEqual((yield* QStashTest.deliveries)[0]?.header("traceparent"), undefined)
    }).pipe(
      Effect.provide(
        Layer.merge(
          QStashTest.layer,
          Layer.orDie(Jobs.layer({ url: "https://api.example.com/jobs", propagateTrace: false }))
        )
      )
    )
  )
})

describe("metrics", () => {
  const runs = (job: string, verdict: string) =>
    Effect.map(
      Metric.value(
        Metric.counter("qstash_job_runs", {
          description: "Deliveries by job and verdict",
          incremental: true
        }).pipe(Metric.tagged("job", job), Metric.tagged("verdict", verdict))
      ),
      ({ count }) => count
    )

  it.effect("counts deliveries by job and verdict", () =>
    serving(
      app,
      {
        export: ({ exportId }) =>
          exportId === "bad" ? new NoSuchTable({ table: "t" }) : Effect.succeed({ fileUrl: "" })
      },
      Effect.gen(function* () {
        const before = [
          yield* runs("export", "done"),
          yield* runs("export", "gave up"),
          yield* runs("export/outcome", "done")
        ]
        yield* Export.publish(exportOf("good"))
        yield* Export.publish(exportOf("bad"))
        yield* QStashTest.advance("1 minute")
        const after = [
          yield* runs("export", "done"),
          yield* runs("export", "gave up"),
          yield* runs("export/outcome", "done")
        ]
        deepStrictEqual(
          after.map((count, index) => count - (before[index] ?? 0)),
          [1, 1, 2]
        )
      })
    )
  )

  /** Of a job: how often it was measured, and the sum. */
  const measured = (metric: string, job: string) =>
    Effect.sync(() => {
      const state = Metric.unsafeSnapshot().find(
        ({ metricKey: { name, tags } }) =>
          name === metric && tags.some(({ key, value }) => key === "job" && value === job)
      )?.metricState
      return MetricState.isHistogramState(state)
        ? { count: state.count, sum: state.sum }
        : { count: 0, sum: 0 }
    })

  const growth = <A, E, R>(metric: string, job: string, effect: Effect.Effect<A, E, R>) =>
    Effect.gen(function* () {
      const before = yield* measured(metric, job)
      yield* effect
      const after = yield* measured(metric, job)
      return { count: after.count - before.count, sum: after.sum - before.sum }
    })

  it.effect.each(Object.entries(forms))("measure how late each run of a schedule is, in %s", ([, form]) =>
    serving(
      form,
      {
        // Asks twice, and is measured once.
        "nightly-report": (_, run) =>
          Effect.zipRight(
            Effect.zipRight(run.scheduledFor, run.upcoming(1)),
            run.attempt === 1 ? new DbDown() : Effect.void
          )
      },
      Effect.gen(function* () {
        yield* Plan.ensure(jobs)
        const grown = yield* growth(
          "qstash_job_lateness_millis",
          "nightly-report",
          QStashTest.advance("1 day")
        )
        deepStrictEqual(grown, { count: 2, sum: 30_000 })
      })
    )
  )

  it.effect.each(Object.entries(forms))("measure how long a delivery takes, in %s", ([, form]) =>
    serving(
      form,
      { digest: () => Effect.sleep("3 seconds") },
      Effect.gen(function* () {
        yield* Digest.publish(t1)
        const grown = yield* growth("qstash_job_duration", "digest", QStashTest.advance("5 seconds"))
        deepStrictEqual(grown, { count: 1, sum: 3000 })
      })
    )
  )
})

describe("shutdown", () => {
  /** A request in a handler that never ends, and what else to serve it needs. */
  const stuck = Effect.gen(function* () {
    const started = yield* Deferred.make<void>()
    const services = Layer.mergeAll(
      jobs.toLayer({
        "nightly-report": () => Effect.void,
        digest: () => Effect.zipRight(Deferred.succeed(started, undefined), Effect.never),
        export: () => Effect.succeed({ fileUrl: "" }),
        "export/outcome": () => Effect.void
      }),
      Ledger.layerMemory(),
      trusting(undefined),
      Layer.orDie(Jobs.layer({ url: "https://api.example.com/jobs" })),
      QStashTest.layer
    )
    const controller = makeController()
    const request = new Request("https://api.example.com/jobs/digest", {
      method: "POST",
      body: `{"tenantId":"t1"}`,
      signal: controller.signal
    })
    return { controller, request, services, started: Deferred.await(started) }
  })

  const { Request: _, ...interruptible } = forms

  it.effect.each(Object.entries(interruptible))(
    "responds with 503 to the request of a handler that is interrupted, in %s",
    ([, form]) =>
      Effect.gen(function* () {
        const { request, services, started } = yield* stuck
        const fiber = yield* Effect.flatten(form).pipe(
          Effect.provideService(HttpServerRequest.HttpServerRequest, HttpServerRequest.fromWeb(request)),
          Effect.provide(Layer.merge(services, HttpServer.layerContext)),
          Effect.scoped,
          Effect.uninterruptible,
          Effect.fork
        )
        yield* started
        const exit = yield* Fiber.interrupt(fiber)
        assertTrue(Exit.isFailure(exit))
        const [response] = yield* HttpServerError.causeResponse(exit.cause)
        deepStrictEqual([response.status, response.headers["retry-after"]], [503, "5"])
      })
  )

  it.effect("responds with 503 to the request of a handler that is interrupted, in Request", () =>
    Effect.gen(function* () {
      const { controller, request, services, started } = yield* stuck
      const { dispose, handler } = Jobs.toWebHandler(jobs, services)
      const response = yield* Effect.fork(Effect.promise(() => handler(request)))
      yield* started
      controller.abort()
      const { headers, status } = yield* Fiber.join(response)
      deepStrictEqual([status, headers.get("retry-after")], [503, "5"])
      yield* Effect.promise(dispose)
    })
  )
})
