/**
 * The home for tests: `QStashTest`.
 *
 * @since 0.1.0
 */
import type { QStashSchedules } from "@effect-qstash/domain/QStashSchedules"
import * as QStashTest from "@effect-qstash/testing/QStashTest"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as LogLevel from "effect/LogLevel"
import { Harness } from "../Harness.ts"
import { makeEndpoints } from "../internal/endpoints.ts"
import { mintIds } from "../internal/mintIds.ts"

const harness = Layer.effect(
  Harness,
  Effect.gen(function* () {
    const context = yield* Effect.context<QStashTest.QStashTest>()
    const endpoints = makeEndpoints("https://worker.example.com")
    yield* QStashTest.respond(({ body, method, request, time, url }) => {
      const { headers } = request
      const answer = endpoints.take({ at: DateTime.toEpochMillis(time), method, url, headers, body })
      return answer === "silence" ? Effect.never : Effect.succeed(answer)
    })
    return {
      mintId: yield* mintIds,
      time: {
        now: Effect.map(DateTime.now, DateTime.toEpochMillis),
        advance: (duration) => Effect.provide(QStashTest.advance(duration), context),
        endpoint: endpoints.open,
        signingKey: QStashTest.signingKeys.currentSigningKey
      }
    }
  })
)

/**
 * @since 0.1.0
 * @category layers
 */
export const layer: Layer.Layer<QStashSchedules | Harness> = harness.pipe(
  Layer.provideMerge(QStashTest.layerWith({ settle: "200 millis" })),
  // A destination that stays silent is worth a warning elsewhere; here it is a law.
  Layer.provide(Logger.minimumLogLevel(LogLevel.None))
)

/**
 * @since 0.1.0
 * @category constants
 */
export const lacks = {
  neighbour: "a test has one account",
  quota: "a test has no quota"
}
