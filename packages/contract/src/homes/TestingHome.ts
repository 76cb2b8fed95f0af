/**
 * The home for tests: `QStashTest`.
 *
 * @since 0.1.0
 */
import type { QStashServices } from "@effect-qstash/domain/QStashServices"
import * as QStashTest from "@effect-qstash/testing/QStashTest"
import * as Context from "effect/Context"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as LogLevel from "effect/LogLevel"
import type * as Scope from "effect/Scope"
import { type Account, Harness } from "../Harness.ts"
import { makeEndpoints } from "../internal/endpoints.ts"
import { mintIds } from "../internal/mintIds.ts"
import { quotas } from "../internal/quotas.ts"
import { slowly } from "../internal/slowly.ts"

/** Each use is a test of its own. Its clock is installed for the scope. */
const test: Effect.Effect<Account, never, Scope.Scope> = Effect.gen(function* () {
  const services = yield* Layer.build(QStashTest.layerWith({ settle: "200 millis", ...quotas }))
  const endpoints = makeEndpoints("https://worker.example.com", "https://other-worker.example.com")
  yield* Effect.provide(
    QStashTest.respond(({ body, method, request, time, url }) => {
      const { headers } = request
      return endpoints.take({ at: DateTime.toEpochMillis(time), method, url, headers, body })
    }),
    services
  )
  const { currentSigningKey: current, nextSigningKey: next } = QStashTest.signingKeys
  return {
    services,
    time: {
      now: Effect.map(DateTime.now, DateTime.toEpochMillis),
      advance: (duration) => Effect.provide(QStashTest.advance(duration), services),
      endpoint: endpoints.open,
      elsewhere: endpoints.openElsewhere,
      signingKeys: { current, next }
    }
  }
})

/**
 * @since 0.1.0
 * @category layers
 */
export const layer: Layer.Layer<QStashServices | Harness> = Layer.scopedContext(
  Effect.gen(function* () {
    const { services, time } = yield* test
    return Context.add(services, Harness, {
      mintId: yield* mintIds,
      time,
      // It is built inside a law, where the log level is not set.
      ownAccount: Logger.withMinimumLogLevel(test, LogLevel.None),
      quotas,
      slowly
    })
  })
  // The laws let destinations stay silent on purpose, so the warning about it is noise.
).pipe(Layer.provide(Logger.minimumLogLevel(LogLevel.None)))

/**
 * @since 0.1.0
 * @category constants
 */
export const lacks = {
  neighbour: "a test has one account"
}
