/**
 * The client against the local server over a socket. Deliveries go to a worker behind another socket, and virtual time
 * is steered over HTTP.
 *
 * @since 0.1.0
 */
import * as QStashClient from "@effect-qstash/client/QStashClient"
import type { QStashClientMisconfigured } from "@effect-qstash/client/QStashClientMisconfigured"
import { QStashSchedules } from "@effect-qstash/domain/QStashSchedules"
import { developmentUsers } from "@effect-qstash/server/DevelopmentUsers"
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
import * as Schema from "effect/Schema"
import { Harness } from "../Harness.ts"
import { makeEndpoints } from "../internal/endpoints.ts"
import { mintIds } from "../internal/mintIds.ts"
import { listen } from "../internal/worker.ts"

const quota = 20

const ClockAnswer = Schema.Struct({ now: Schema.DateTimeUtc })

const server = QStashServer.layerMemory({
  port: 0,
  time: "virtual",
  // Long enough for a worker on a busy machine, short enough for the law in which it never answers.
  settle: "1 second",
  maxSchedules: quota,
  shutdownGrace: 0
}).pipe(Layer.provide(Logger.minimumLogLevel(LogLevel.None)))

/**
 * @since 0.1.0
 * @category layers
 */
export const layer: Layer.Layer<
  QStashSchedules | Harness,
  PortInUse | ListenFailed | QStashClientMisconfigured
> = Layer.scopedContext(
  Effect.gen(function* () {
    const { url } = yield* QStashServer.QStashServer
    const http = (yield* HttpClient.HttpClient).pipe(HttpClient.filterStatusOk)
    const [user, neighbour] = developmentUsers
    if (user === undefined || neighbour === undefined) {
      return yield* Effect.dieMessage("The laws about two accounts need two users")
    }
    // A server that fails is to fail the law at once.
    const schedulesOf = ({ token }: typeof user) => QStashClient.makeSchedules({ url, token, retryBudget: 0 })

    const clock = (request: HttpClientRequest.HttpClientRequest) =>
      HttpClientRequest.bearerToken(request, user.token).pipe(
        http.execute,
        Effect.flatMap(HttpClientResponse.schemaBodyJson(ClockAnswer)),
        Effect.map((answer) => DateTime.toEpochMillis(answer.now)),
        Effect.orDie
      )
    const now = clock(HttpClientRequest.get(`${url}/dev/clock`))

    // The clock stands still while a delivery is under way, so that this is the instant at which it came.
    const origin = yield* listen((request) => Effect.map(now, (at) => endpoints.take({ at, ...request })))
    const endpoints = makeEndpoints(origin)

    return Context.make(QStashSchedules, yield* schedulesOf(user)).pipe(
      Context.add(Harness, {
        mintId: yield* mintIds,
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
          signingKey: user.currentSigningKey
        },
        neighbour: {
          schedules: yield* schedulesOf(neighbour),
          signingKey: neighbour.currentSigningKey
        },
        quota
      })
    )
  })
).pipe(Layer.provide([server, FetchHttpClient.layer]))
