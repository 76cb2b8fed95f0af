/**
 * QStash's HTTP API on this machine: an engine behind Node's HTTP server.
 *
 * @since 0.1.0
 */
import type { Courier } from "@effect-qstash/engine/Courier"
import { Engine } from "@effect-qstash/engine/Engine"
import * as EngineLayer from "@effect-qstash/engine/Engine"
import type { Limits } from "@effect-qstash/engine/Limits"
import * as MemoryStore from "@effect-qstash/engine/MemoryStore"
import { Store } from "@effect-qstash/engine/Store"
import { VirtualClock } from "@effect-qstash/engine/VirtualClock"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import { developmentUsers, type User } from "./DevelopmentUsers.ts"
import * as Api from "./internal/api.ts"
import * as DeliveryLog from "./internal/deliveryLog.ts"
import { type Answer, refused, Refusal, type Request } from "./internal/http.ts"
import { Metrics } from "./internal/metrics.ts"
import * as NodeHttp from "./internal/nodeHttp.ts"
import * as Operation from "./internal/operation.ts"
import * as OriginPolicy from "./internal/originPolicy.ts"
import * as Route from "./internal/route.ts"
import type { ListenFailed, PortInUse } from "./ListenError.ts"
import * as UndiciCourier from "./UndiciCourier.ts"

/**
 * @since 0.1.0
 * @category models
 */
export interface Options extends Limits {
  /**
   * 0 picks a free port.
   *
   * @default 8080
   */
  readonly port?: number | undefined
  /**
   * The address to listen on. Any address but the default opens the server to the network. Set `users` then: the default
   * tokens are public.
   *
   * @default both loopback addresses, 127.0.0.1 and, if there is one, ::1
   */
  readonly host?: string | undefined
  /**
   * With `"virtual"`, time starts at the real time and stands still until `POST /dev/clock/advance` moves it.
   *
   * @default "real"
   */
  readonly time?: "real" | "virtual" | undefined
  /**
   * How long, in real time, virtual time waits for a worker's response. Then it moves on, and the delivery may time out.
   *
   * @default "30 seconds"
   */
  readonly settle?: Duration.DurationInput | undefined
  /**
   * The accounts. Each has its own messages, schedules, queues and so on. The engine calls an account a tenant. A function
   * is asked at each request, so that accounts can come and go while the server runs; it returns the same array until
   * something has changed.
   *
   * @default the users that QStash publishes for development
   */
  readonly users?: ReadonlyArray<User> | (() => ReadonlyArray<User>) | undefined
  /**
   * Names or addresses that are allowed in a request's `Host` header; without a port, any port is. `host` and the loopback
   * addresses are always allowed. A function is asked at each request.
   *
   * @default none
   */
  readonly allowedHosts?: ReadonlyArray<string> | (() => ReadonlyArray<string>) | undefined
  /**
   * Origins whose pages may call the server from a browser, such as `https://console.upstash.com`.
   *
   * @default none
   */
  readonly allowedOrigins?: ReadonlyArray<string> | undefined
  /**
   * Who may read `GET /metrics`: anyone who can reach the server, or whoever sends this token as `Authorization: Bearer`.
   * Being on this machine is not enough, since what comes through a proxy seems to come from there too.
   *
   * @default nobody
   */
  readonly metrics?: "anyone" | Redacted.Redacted | undefined
  /**
   * Whether each line of the log about a request or a delivery also has its parts as annotations: the tenant, the message,
   * its state, the status, and so on. For a logger whose output programs read.
   *
   * @default false
   */
  readonly logFields?: boolean | undefined
  /**
   * The largest request line and headers together, in bytes.
   *
   * @default 64 KiB
   */
  readonly maxHeaderBytes?: number | undefined
  /**
   * The largest body of a message, and of any request but a batch, in bytes.
   *
   * @default 10 MB, the message size of QStash's pay-as-you-go plan
   */
  readonly maxBodyBytes?: number | undefined
  /**
   * The largest batch, in bytes of its JSON. `maxBodyBytes` also applies to each of its messages.
   *
   * @default 100 MB, as in QStash
   */
  readonly maxBatchBytes?: number | undefined
  /**
   * How many bytes of request bodies may be in memory at once, over all connections. Over the limit, the upload that began
   * first is refused with 503, so that slow uploads cannot hold up fast ones. A batch larger than this is refused too.
   *
   * @default 256 MiB
   */
  readonly maxBodyBytesInFlight?: number | undefined
  /**
   * How many connections each address accepts at once. Further ones are closed.
   *
   * @default 256
   */
  readonly maxConnections?: number | undefined
  /**
   * How long a client may take to send a request, and then to read the response.
   *
   * @default "30 seconds"
   */
  readonly requestTimeout?: Duration.DurationInput | undefined
  /**
   * How many schedules each user may have.
   *
   * @default 1000, as in QStash's pay-as-you-go plan
   */
  readonly maxSchedules?: number | undefined
  /**
   * How many queues each user may have.
   *
   * @default 100, as in QStash's pay-as-you-go plan
   */
  readonly maxQueues?: number | undefined
  /**
   * How long a message is recognised by its deduplication id or its content, so that it is not accepted twice.
   *
   * @default "10 minutes", as QStash documents it
   */
  readonly deduplicationWindow?: Duration.DurationInput | undefined
  /**
   * How long the log is kept, in memory with the bodies of messages and responses. `maxLogEntries` and `maxLogBytes`
   * bound it too.
   *
   * @default "3 days", as in QStash's free plan
   */
  readonly logRetention?: Duration.DurationInput | undefined
  /**
   * How long dead letters are kept.
   *
   * @default "7 days", as in QStash's pay-as-you-go plan
   */
  readonly dlqRetention?: Duration.DurationInput | undefined
  /**
   * How many deliveries may be in progress at once, for all users; at least 1.
   *
   * @default 1000
   */
  readonly concurrency?: number | undefined
  /**
   * How many deliveries of one user may be in progress at once; at least 1.
   *
   * @default half of `concurrency`, so that one user alone cannot take every slot
   */
  readonly concurrencyPerTenant?: number | undefined
  /**
   * How many deliveries of one user to one origin (scheme, host and port) may be in progress at once; at least 1.
   *
   * @default 100, but no more than half of `concurrencyPerTenant`
   */
  readonly concurrencyPerDestination?: number | undefined
  /**
   * The longest that an attempt may take. A message's own timeout can only shorten it.
   *
   * @default "2 hours"
   */
  readonly deliveryTimeout?: Duration.DurationInput | undefined
  /**
   * How often the server looks at the Store though nothing is due. If several servers share it, that is how late one of
   * them finds what another one has left behind, at most.
   *
   * @default "1 second"
   */
  readonly lookEvery?: Duration.DurationInput | undefined
  /**
   * How many bytes of headers a worker's response may have, names and values together. With more, the attempt fails.
   * Applies only to {@link layerMemory}; with {@link layer}, the Courier that you provide has its own limit.
   *
   * @default 1 MiB
   */
  readonly maxResponseHeaderBytes?: number | undefined
  /**
   * On shutdown, how long the server waits for requests in progress, and then again for deliveries.
   *
   * @default "10 seconds"
   */
  readonly shutdownGrace?: Duration.DurationInput | undefined
}

/**
 * @since 0.1.0
 */
export declare namespace QStashServer {
  /**
   * @since 0.1.0
   * @category models
   */
  export interface Service {
    /** The value for `QSTASH_URL`. */
    readonly url: string
    readonly port: number
    /** The addresses that the server listens on. */
    readonly hosts: ReadonlyArray<string>
  }
}

/**
 * A server that is listening.
 *
 * @since 0.1.0
 * @category tags
 */
export class QStashServer extends Context.Tag("@effect-qstash/server/QStashServer")<
  QStashServer,
  QStashServer.Service
>() {}

/**
 * A server on the given Store and Courier. When its scope closes, it stops accepting requests, completes
 * those in progress, and lets deliveries end or releases them to the Store.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (
  options: Options = {}
): Layer.Layer<QStashServer, PortInUse | ListenFailed, Store | Courier> => {
  const users = currently(options.users ?? developmentUsers)
  const metrics = new Metrics()
  const deliveryLog = DeliveryLog.make(options.logFields ?? false)
  const engineOptions = (log: NonNullable<EngineLayer.Options["onEvents"]>): EngineLayer.Options => ({
    ...options,
    signingKeys: signingKeysOf(users),
    // Another server on the same Store may rotate them, and `users` may return new ones.
    signingKeysMaxAge: "1 second",
    lookEvery: options.lookEvery ?? "1 second",
    maxSchedules: options.maxSchedules ?? 1000,
    maxQueues: options.maxQueues ?? 100,
    onEvents: (events) => {
      metrics.count(events)
      log(events)
    }
  })
  return options.time === "virtual"
    ? Layer.scoped(
        QStashServer,
        Effect.flatMap(VirtualClock, (clock) => start(options, users, metrics, clock))
      ).pipe(
        Layer.provide(
          Layer.unwrapScoped(
            Effect.map(deliveryLog, (log) =>
              EngineLayer.layerVirtual({
                ...engineOptions(log),
                settle: options.settle ?? "30 seconds",
                destinations: "real"
              })
            )
          )
        )
      )
    : Layer.scoped(QStashServer, start(options, users, metrics, undefined)).pipe(
        Layer.provide(
          Layer.unwrapScoped(Effect.map(deliveryLog, (log) => EngineLayer.layer(engineOptions(log))))
        )
      )
}

/**
 * A server that keeps everything in memory and delivers over HTTP.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerMemory = (options?: Options): Layer.Layer<QStashServer, PortInUse | ListenFailed> =>
  layer(options).pipe(
    Layer.provide([
      MemoryStore.layer,
      UndiciCourier.layer({ maxResponseHeaderBytes: options?.maxResponseHeaderBytes })
    ])
  )

const start = (
  options: Options,
  users: () => ReadonlyArray<User>,
  metrics: Metrics,
  clock: VirtualClock.Service | undefined
): Effect.Effect<QStashServer.Service, PortInUse | ListenFailed, Engine | Store | Scope.Scope> =>
  Effect.gen(function* () {
    const engine = yield* Engine
    const allowedHosts = currently(options.allowedHosts ?? [])
    const ownHosts = options.host === undefined ? [] : [authorityOf(options.host)]
    const admit = OriginPolicy.make({
      hosts: () => [...allowedHosts(), ...ownHosts],
      origins: options.allowedOrigins ?? []
    })
    const operations = yield* Operation.make({
      engine,
      store: yield* Store,
      users,
      metrics,
      now: clock === undefined ? Clock.currentTimeMillis : Effect.map(clock.now, DateTime.toEpochMillis),
      readers: options.metrics,
      admit: (request) => admit(request, false)
    })
    const api = Api.make({
      engine,
      clock,
      users,
      limits: {
        message: options.maxBodyBytes ?? 10_000_000,
        batch: options.maxBatchBytes ?? 100_000_000
      }
    })
    const { hosts, port } = yield* NodeHttp.listen(
      {
        hosts: options.host === undefined ? ["127.0.0.1", "::1"] : [options.host],
        port: options.port ?? 8080,
        headerBytes: options.maxHeaderBytes ?? 64 * 1024,
        connections: options.maxConnections ?? 256,
        bodyBytesInFlight: options.maxBodyBytesInFlight ?? 256 * 1024 * 1024,
        requestTimeout: options.requestTimeout ?? "30 seconds",
        shutdownGrace: options.shutdownGrace ?? "10 seconds"
      },
      (request) => {
        // A target may name the host itself (`GET http://localhost:8080/v2/keys`). The origin policy checks that host.
        const route = Route.parse(request.method, request.target.replace(/^https?:\/\/[^/?#]*/i, ""))
        return logged(request, route, answer(request, route), options.logFields ?? false)
      }
    )
    return { url: `http://${authorityOf(nameOf(hosts))}:${port}`, port, hosts }

    function answer(request: Request, route: Route.Route): Effect.Effect<Answer> {
      return Effect.gen(function* () {
        if (route._tag === "Operation") return yield* operations[route.name](request)
        const cors = yield* admit(request, Route.isSend(route))
        const served =
          OriginPolicy.preflight(request, cors) ??
          (yield* Effect.catchTag(api(request, route), "Refusal", toErrorResponse))
        return { ...served, headers: { ...served.headers, ...cors } }
      }).pipe(Effect.catchTag("Refusal", toErrorResponse), Effect.catchAllDefect(internalError))
    }
  })

const toErrorResponse = (refusal: Refusal): Effect.Effect<Answer> => Effect.succeed(refused(refusal))

const realClock = Clock.make()

/** Logs one line per request, with its duration in real milliseconds, whatever the clock. */
const logged = (
  request: Request,
  route: Route.Route,
  answer: Effect.Effect<Answer>,
  hasFields: boolean
): Effect.Effect<Answer> =>
  Effect.suspend(() => {
    const begin = realClock.unsafeCurrentTimeMillis()
    const log = (result: string | number): Effect.Effect<void> => {
      const millis = realClock.unsafeCurrentTimeMillis() - begin
      const { method } = request
      const path = Route.toSafeText(route)
      const text = `${method} ${path} ${result} in ${millis} ms`
      // A probe comes every few seconds.
      const isQuiet = route._tag === "Operation" && typeof result === "number" && result < 400
      const line = isQuiet ? Effect.logDebug(text) : Effect.logInfo(text)
      const status = typeof result === "number" ? { status: result } : {}
      return hasFields ? Effect.annotateLogs(line, { method, path, millis, ...status }) : line
    }
    return answer.pipe(
      Effect.tap(({ status }) => log(status)),
      Effect.onInterrupt(() => log("aborted"))
    )
  })

/** The text of a defect may quote the request, so the log shows only where it happened. */
const internalError = (defect: unknown): Effect.Effect<Answer> => {
  const [name, stack] = defect instanceof Error ? [defect.name, defect.stack ?? ""] : ["a defect", ""]
  const frames = stack.split("\n").filter((line) => /^\s+at /.test(line))
  return Effect.as(
    Effect.logError(["A request failed unexpectedly:", name, ...frames.slice(0, 10)].join("\n")),
    refused(new Refusal({ status: 500, error: "internal error" }))
  )
}

const signingKeysOf =
  (users: () => ReadonlyArray<User>): EngineLayer.Options["signingKeys"] =>
  (tenantId) => {
    const user = users().find(({ name }) => name === tenantId)
    if (user === undefined)
      throw new Error(`The Store has data of "${tenantId}", which is not one of the users`)
    return { current: user.currentSigningKey, next: user.nextSigningKey }
  }

/** What an option is at the moment. An array counts as it is now: whoever passed it may use it for something else. */
const currently = <A>(option: ReadonlyArray<A> | (() => ReadonlyArray<A>)): (() => ReadonlyArray<A>) => {
  if (typeof option === "function") return option
  const fixed = [...option]
  return () => fixed
}

/** `0.0.0.0` and `::` mean every address, but a client cannot connect to them. */
const nameOf = ([host = "127.0.0.1"]: ReadonlyArray<string>): string =>
  host === "0.0.0.0" || host === "::" ? "localhost" : host

const authorityOf = (host: string): string => (host.includes(":") ? `[${host}]` : host)
