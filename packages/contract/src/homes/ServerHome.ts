/**
 * The client against the local server over a socket. Deliveries go to a worker behind another socket, and virtual time
 * is controlled over HTTP.
 *
 * @since 0.1.0
 */
import * as QStashClient from "@effect-qstash/client/QStashClient"
import type { QStashClientMisconfigured } from "@effect-qstash/client/QStashClientMisconfigured"
import type { QStashServices } from "@effect-qstash/domain/QStashServices"
import { developmentUsers, type DevelopmentUser } from "@effect-qstash/server/DevelopmentUsers"
import type { ListenFailed, PortInUse } from "@effect-qstash/server/ListenError"
import * as QStashServer from "@effect-qstash/server/QStashServer"
import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import * as Context from "effect/Context"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as LogLevel from "effect/LogLevel"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { type Account, Harness } from "../Harness.ts"
import { makeEndpoints } from "../internal/endpoints.ts"
import { mintIds } from "../internal/mintIds.ts"
import { quotas } from "../internal/quotas.ts"
import { listen } from "../internal/worker.ts"

/** Few enough for a law to use up. */
const slots = { concurrency: 30, concurrencyPerTenant: 25, concurrencyPerDestination: 20 }

const ClockAnswer = Schema.Struct({ now: Schema.DateTimeUtc })

type Caller = Omit<DevelopmentUser, "readOnlyToken">

/** For laws that need their own account: more than there are such laws. */
const strangers = Array.from({ length: 60 }, (_, index): Caller => ({
  name: `stranger-${index}`,
  token: Redacted.make(`token-of-stranger-${index}`),
  currentSigningKey: Redacted.make(`sig_of_stranger_${index}`),
  nextSigningKey: Redacted.make(`sig_after_stranger_${index}`)
}))

const server = QStashServer.layerMemory({
  port: 0,
  time: "virtual",
  users: [...developmentUsers, ...strangers],
  // Long enough for a worker on a busy machine, short enough for the laws in which it never responds.
  settle: "1 second",
  ...quotas,
  ...slots,
  shutdownGrace: 0
}).pipe(Layer.provide(Logger.minimumLogLevel(LogLevel.None)))

const home = Layer.scopedContext(
  Effect.gen(function* () {
    const { url } = yield* QStashServer.QStashServer
    const context = yield* Effect.context<HttpClient.HttpClient>()
    const http = Context.get(context, HttpClient.HttpClient).pipe(HttpClient.filterStatusOk)
    const [user, neighbour] = developmentUsers
    if (user === undefined || neighbour === undefined) {
      return yield* Effect.dieMessage("The laws about two accounts need two users")
    }

    const clock = (request: HttpClientRequest.HttpClientRequest) =>
      HttpClientRequest.bearerToken(request, user.token).pipe(
        http.execute,
        Effect.flatMap(HttpClientResponse.schemaBodyJson(ClockAnswer)),
        Effect.map((answer) => DateTime.toEpochMillis(answer.now)),
        Effect.orDie
      )
    const now = clock(HttpClientRequest.get(`${url}/dev/clock`))

    // The clock stands still during a delivery, so this is when it arrived.
    const worker = listen((request) => Effect.flatMap(now, (at) => endpoints.take({ at, ...request })))
    const endpoints = makeEndpoints(yield* worker, yield* worker)

    const accountOf = ({ currentSigningKey, nextSigningKey, token }: Caller) =>
      Effect.map(
        // If the server fails, the law must fail at once.
        QStashClient.make({ url, token, retryBudget: 0 }),
        (services): Account => ({
          services,
          time: {
            now,
            advance: (duration) =>
              Effect.asVoid(
                clock(
                  HttpClientRequest.bodyUnsafeJson(HttpClientRequest.post(`${url}/dev/clock/advance`), {
                    duration: `${Duration.toMillis(duration)} millis`
                  })
                )
              ),
            endpoint: endpoints.open,
            elsewhere: endpoints.openElsewhere,
            signingKeys: { current: currentSigningKey, next: nextSigningKey }
          }
        })
      )
    const { services, time } = yield* accountOf(user)
    // Tokens for a worker in real time are never signed for an instant that is past there, so virtual time is put ahead.
    yield* time.advance("1 hour")
    const unused = strangers.values()

    return Context.add(services, Harness, {
      mintId: yield* mintIds,
      time,
      neighbour: yield* accountOf(neighbour),
      ownAccount: Effect.suspend(() => {
        const stranger = unused.next()
        return stranger.done === true
          ? Effect.dieMessage("More laws need an account of their own than there are accounts")
          : accountOf(stranger.value)
      }).pipe(Effect.orDie, Effect.provide(context)),
      quotas
    })
  })
)

/**
 * Over any `HttpClient`.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerOver = (
  client: Layer.Layer<HttpClient.HttpClient>
): Layer.Layer<QStashServices | Harness, PortInUse | ListenFailed | QStashClientMisconfigured> =>
  home.pipe(Layer.provide([server, client]))

/**
 * @since 0.1.0
 * @category layers
 */
export const layer = layerOver(FetchHttpClient.layer)

/**
 * @since 0.1.0
 * @category constants
 */
export const lacks = {
  slowly: "a worker behind a socket responds in real time, or too late"
}
