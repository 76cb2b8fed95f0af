import { Jobs, Ledger, Plan } from "@effect-qstash/jobs"
import { QStashReceiver, type VerifiedDelivery } from "@effect-qstash/receiver"
import { QStashTest } from "@effect-qstash/testing"
import { HttpServerError, HttpServerRequest } from "@effect/platform"
import { describe, it } from "@effect/vitest"
import { assertTrue, deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import { DateTime, Deferred, Effect, Exit, Fiber, Layer, Metric, Option, Tracer } from "effect"
import { Digest, Export, jobs, NoSuchTable, TenantId } from "./billing.ts"
import { exportOf, forms, serving } from "./support.ts"

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

describe("traces", () => {
  it.effect("links the handler's span to the publisher's", () =>
    Effect.gen(function* () {
      const { ended, layer } = exporter()
      yield* serving(
        app,
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

  it.effect("measures how late a run of a schedule is", () =>
    serving(
      app,
      { "nightly-report": (_, run) => run.scheduledFor },
      Effect.gen(function* () {
        yield* Plan.ensure(jobs)
        yield* QStashTest.advance("1 day")
        const all = Metric.unsafeSnapshot().filter(
          ({ metricKey }) => metricKey.name === "qstash_job_lateness_millis"
        )
        assertTrue(all.length > 0)
      })
    )
  )
})

/** What a receiver would say of a first attempt. */
const verifiedOf = (body: Uint8Array): VerifiedDelivery => {
  const now = DateTime.unsafeMake(0)
  return {
    signed: { subject: "", tokenId: "jwt_1", issuedAt: now, notBefore: now, expiresAt: now, body },
    unsigned: {
      messageId: undefined,
      scheduleId: undefined,
      urlGroup: undefined,
      retried: 0,
      callerIp: undefined,
      region: undefined,
      contentType: undefined
    }
  }
}

describe("shutdown", () => {
  it.effect("responds with 503 to the request of a handler that is interrupted", () =>
    Effect.gen(function* () {
      const started = yield* Deferred.make<void>()
      const services = Layer.mergeAll(
        jobs.toLayer({
          "nightly-report": () => Effect.void,
          digest: () => Effect.zipRight(Deferred.succeed(started, undefined), Effect.never),
          export: () => Effect.succeed({ fileUrl: "" }),
          "export/outcome": () => Effect.void
        }),
        Ledger.layerMemory(),
        Layer.succeed(QStashReceiver.QStashReceiver, {
          verify: ({ body }) => Effect.succeed(verifiedOf(body))
        }),
        Layer.orDie(Jobs.layer({ url: "https://api.example.com/jobs" }))
      )
      const request = HttpServerRequest.fromWeb(
        new Request("https://api.example.com/jobs/digest", { method: "POST", body: `{"tenantId":"t1"}` })
      )
      const fiber = yield* jobs.httpApp.pipe(
        Effect.provideService(HttpServerRequest.HttpServerRequest, request),
        Effect.provide(Layer.merge(services, QStashTest.layer)),
        Effect.fork
      )
      yield* Deferred.await(started)
      const exit = yield* Fiber.interrupt(fiber)
      assertTrue(Exit.isFailure(exit))
      const [response] = yield* HttpServerError.causeResponse(exit.cause)
      strictEqual(response.status, 503)
      strictEqual(response.headers["retry-after"], "5")
    })
  )
})
