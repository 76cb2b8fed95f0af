/** The router in each of its forms, under virtual time. */
import { type Job, Jobs, JobsHttpApi, Ledger } from "@effect-qstash/jobs"
import type { QStashServices } from "@effect-qstash/domain"
import type { Worker } from "@effect-qstash/jobs/Worker"
import { QStashReceiver } from "@effect-qstash/receiver"
import { QStashTest } from "@effect-qstash/testing"
import {
  HttpApi,
  HttpApiBuilder,
  type HttpApp,
  HttpLayerRouter,
  HttpServer,
  HttpServerRequest,
  HttpServerResponse
} from "@effect/platform"
import { Effect, FiberRef, Layer, Logger, type Scope } from "effect"
import { type Digest, type Export, ExportId, jobs, type NightlyReport } from "./billing.ts"

type Needs = Jobs.Needs<"billing">

type Services = Needs | Scope.Scope | Layer.Layer.Success<typeof HttpServer.layerContext>

type Form = Effect.Effect<HttpApp.Default<unknown, Services>, never, Services>

const Api = HttpApi.make("api").add(JobsHttpApi.group.prefix("/jobs"))

const apiHandlers = HttpApiBuilder.group(Api, "jobs", (handlers) =>
  handlers.handleRaw("run", () => jobs.httpApp).handleRaw("outcome", () => jobs.httpApp)
)

export const forms: Readonly<Record<string, Form>> = {
  HttpApp: Effect.succeed(jobs.httpApp),
  HttpLayerRouter: Effect.orDie(HttpLayerRouter.toHttpEffect(Jobs.layerHttpRouter(jobs, "/jobs"))),
  HttpApi: HttpApiBuilder.httpApp.pipe(
    Effect.provide(
      Layer.mergeAll(
        Layer.provide(HttpApiBuilder.api(Api), apiHandlers),
        HttpApiBuilder.Router.Live,
        HttpApiBuilder.Middleware.layer
      )
    )
  ),
  Request: Effect.map(
    Effect.gen(function* () {
      const context = yield* Effect.context<Needs>()
      const clock = yield* Effect.clock
      const tracer = yield* Effect.tracer
      const loggers = yield* FiberRef.get(FiberRef.currentLoggers)
      const { dispose, handler } = Jobs.toWebHandler(
        jobs,
        Layer.mergeAll(
          Layer.succeedContext(context),
          Layer.setClock(clock),
          Layer.setTracer(tracer),
          Layer.scopedDiscard(Effect.locallyScoped(FiberRef.currentLoggers, loggers))
        )
      )
      yield* Effect.addFinalizer(() => Effect.promise(dispose))
      return handler
    }),
    (handler) =>
      Effect.gen(function* () {
        const request = yield* HttpServerRequest.HttpServerRequest
        const body = yield* request.arrayBuffer
        const answer = Effect.promise((signal) =>
          handler(
            new Request(`https://worker.test${request.url}`, {
              method: request.method,
              headers: request.headers,
              body,
              signal
            })
          )
        )
        return HttpServerResponse.fromWeb(yield* Effect.interruptible(answer))
      })
  )
}

export interface Handlers {
  readonly "nightly-report": Job.Handler<typeof NightlyReport, never>
  readonly digest: Job.Handler<typeof Digest, never>
  readonly export: Job.Handler<typeof Export, never>
  readonly "export/outcome": Job.OutcomeHandler<typeof Export, never>
}

const idle: Handlers = {
  "nightly-report": () => Effect.void,
  digest: () => Effect.void,
  export: ({ exportId }) => Effect.succeed({ fileUrl: `https://files.test/${exportId}` }),
  "export/outcome": () => Effect.void
}

/** Runs a test with the router as the destination of everything. */
export const serving = <A, E>(
  form: Form,
  handlers: Partial<Handlers>,
  test: Effect.Effect<A, E, QStashServices | QStashTest.QStashTest | Worker>
): Effect.Effect<A, E> => {
  const services = Layer.mergeAll(
    jobs.toLayer({ ...idle, ...handlers }),
    Ledger.layerMemory(),
    Layer.orDie(QStashReceiver.layer(QStashTest.signingKeys)),
    Layer.orDie(Jobs.layer({ url: "https://api.example.com/jobs" })),
    HttpServer.layerContext
  )
  return Effect.provide(
    test,
    Layer.unwrapScoped(Effect.map(form, QStashTest.serve)).pipe(
      Layer.provideMerge(services),
      Layer.provideMerge(QStashTest.layerWith({ settle: "100 millis" }))
    )
  )
}

/** What is logged from now on. */
export const collectingLogs = Effect.sync(() => {
  const lines: Array<string> = []
  const logger = Logger.make(({ annotations, cause, logLevel, message }) => {
    lines.push(
      `${logLevel.label} ${String(message)} ${JSON.stringify(Object.fromEntries(annotations))} ${String(cause)}`
    )
  })
  return { lines, layer: Logger.replace(Logger.defaultLogger, logger) }
})

export const exportOf = (id: string) => ({ exportId: ExportId.make(id), rows: 10 })
