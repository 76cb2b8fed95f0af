/**
 * The jobs of one application: their handlers, the router that QStash calls, and the plan of their schedules.
 *
 * @since 0.1.0
 */
import type { QStashMessages } from "@effect-qstash/domain/QStashMessages"
import type { QStashReceiver } from "@effect-qstash/receiver/QStashReceiver"
import * as HttpApp from "@effect/platform/HttpApp"
import * as HttpLayerRouter from "@effect/platform/HttpLayerRouter"
import * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Tracer from "effect/Tracer"
import { erased } from "./internal/erased.ts"
import { handle, type Handlers as ErasedHandlers } from "./internal/handle.ts"
import type * as Job from "./Job.ts"
import type { Ledger } from "./Ledger.ts"
import type { Worker } from "./Worker.ts"

export {
  /**
   * @since 0.1.0
   * @category layers
   */
  layer,
  /**
   * @since 0.1.0
   * @category layers
   */
  layerConfig
} from "./Worker.ts"

/**
 * The handlers of an application, in the environment.
 *
 * @since 0.1.0
 * @category models
 */
export interface Handlers<App extends string> {
  readonly _: unique symbol
  readonly app: App
}

/**
 * What the router needs, besides what the handlers need.
 *
 * @since 0.1.0
 * @category models
 */
export type Needs<App extends string> = Handlers<App> | Ledger | QStashMessages | QStashReceiver | Worker

/** The handlers of all jobs, and of the outcomes of those that declare one, by the last segments of their paths. */
type HandlersOf<J extends Job.Any> = {
  readonly [One in J as One["name"]]: Job.Handler<One, unknown>
} & {
  readonly [
    One in J as "outcome" extends Job.FeaturesOf<One> ? `${One["name"]}/outcome` : never
  ]: Job.OutcomeHandler<One, unknown>
}

type ContextOf<H> = {
  readonly [K in keyof H]: H[K] extends (...args: never) => Effect.Effect<infer _A, infer _E, infer R>
    ? R
    : never
}[keyof H]

/** Rejects a handler that no job asks for. */
type Exact<H, Known> = {
  readonly [K in keyof H]: K extends keyof Known ? H[K] : `No job needs a handler ${Extract<K, string>}`
}

/**
 * The jobs of one application.
 *
 * @since 0.1.0
 * @category models
 */
export interface Jobs<App extends string, J extends Job.Any> {
  /** Owns the schedules: `apply` touches no others. */
  readonly app: App
  readonly jobs: ReadonlyArray<J>
  /** Provides a handler for every job, and one for the outcome of each job that declares it. */
  readonly toLayer: <const H extends HandlersOf<J>>(
    handlers: Exact<H, HandlersOf<J>>
  ) => Layer.Layer<Handlers<App>, never, ContextOf<H>>
  /**
   * The router as an `HttpApp`. QStash calls `<url of the worker>/<name of the job>`. Only the end of the path chooses
   * the job, so it does not matter where the app is mounted: the signature covers the whole URL.
   */
  readonly httpApp: HttpApp.Default<never, Needs<App>>
}

/** The names of the jobs before a place in a list. */
type NamesBefore<Js extends ReadonlyArray<Job.Any>, Place> = Js extends readonly [
  ...infer Before extends ReadonlyArray<Job.Any>,
  infer _Last
]
  ? Place extends `${Before["length"]}`
    ? Before[number]["name"]
    : NamesBefore<Before, Place>
  : never

/** Rejects a job whose name is taken. */
type Unique<Js extends ReadonlyArray<Job.Any>> = {
  readonly [Place in keyof Js]: Js[Place]["name"] extends NamesBefore<Js, Place>
    ? `Two jobs are named ${Js[Place]["name"]}`
    : Js[Place]
}

const handlersTag = <App extends string>(app: App) =>
  Context.GenericTag<Handlers<App>, ErasedHandlers>(`@effect-qstash/jobs/Handlers/${app}`)

/** On Node, platform gives a Buffer for an ArrayBuffer. To copy it would take longer than to hash it. */
const bytesOf = (buffer: ArrayBuffer): Uint8Array =>
  ArrayBuffer.isView(buffer)
    ? new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength)
    : new Uint8Array(buffer)

/** As large as the largest message that the receiver accepts by default. */
const maxBodyBytes = 67_108_864

/**
 * Puts jobs together under the name of the application.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = <const App extends string, const Js extends ReadonlyArray<Job.Any>>(
  app: App,
  ...jobs: Unique<Js>
): Jobs<App, Js[number]> => {
  const tag = handlersTag(app)
  const all = erased<unknown, ReadonlyArray<Js[number]>>(jobs)
  const byName = new Map(all.map((job) => [job.name, job]))
  return {
    app,
    jobs: all,
    toLayer: <const H extends HandlersOf<Js[number]>>(handlers: Exact<H, HandlersOf<Js[number]>>) =>
      Layer.effect(
        tag,
        // The span in which the layer is built is not that of a delivery.
        Effect.map(Effect.map(Effect.context<ContextOf<H>>(), Context.omit(Tracer.ParentSpan)), (context) =>
          Object.fromEntries(
            Object.entries(erased<unknown, ErasedHandlers>(handlers)).map(([name, handler]) => [
              name,
              (input, run) => Effect.provide(handler(input, run), context)
            ])
          )
        )
      ),
    httpApp: Effect.gen(function* () {
      const handlers = yield* tag
      const request = yield* HttpServerRequest.HttpServerRequest
      const body = yield* Effect.interruptible(Effect.either(request.arrayBuffer))
      if (Either.isLeft(body)) return HttpServerResponse.empty({ status: 400 })
      const { headers, status, text, verdict } = yield* handle(app, byName, handlers, {
        url: request.originalUrl,
        headers: request.headers,
        body: bytesOf(body.right)
      })
      // A web `Response` refuses a body with 204, even an empty one.
      const response =
        text === ""
          ? HttpServerResponse.empty({ status, headers })
          : HttpServerResponse.text(text, { status, headers })
      // An interrupted fiber loses what it returns. Platform sends a response that it dies with.
      return verdict === "interrupted" ? yield* Effect.die(response) : response
    }).pipe(Effect.uninterruptible, HttpServerRequest.withMaxBodySize(Option.some(maxBodyBytes)))
  }
}

/**
 * The router as routes of an `HttpLayerRouter`, under a path such as `/jobs`.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerHttpRouter = <App extends string, J extends Job.Any>(
  jobs: Jobs<App, J>,
  path: `/${string}`
) => HttpLayerRouter.use((router) => router.add("POST", `${path}/*`, jobs.httpApp))

/**
 * The router as a function from a web request to a response, for the edge and for frameworks. `dispose` ends the services
 * of the layer.
 *
 * @since 0.1.0
 * @category conversions
 */
export const toWebHandler = <App extends string, J extends Job.Any, E>(
  jobs: Jobs<App, J>,
  layer: Layer.Layer<Needs<App>, E>
): {
  readonly handler: (request: Request) => Promise<Response>
  readonly dispose: () => Promise<void>
} => HttpApp.toWebHandlerLayer(jobs.httpApp, layer)
