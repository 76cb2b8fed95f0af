/**
 * The engine alone: virtual time, a Store, and a Courier that only records requests.
 *
 * @since 0.1.0
 */
import type { QStashServices } from "@effect-qstash/domain/QStashServices"
import type { SigningKeys } from "@effect-qstash/domain/SigningKeys"
import { Courier, type DeliveryOutcome } from "@effect-qstash/engine/Courier"
import * as Engine from "@effect-qstash/engine/Engine"
import * as MemoryStore from "@effect-qstash/engine/MemoryStore"
import type { Store } from "@effect-qstash/engine/Store"
import { VirtualClock } from "@effect-qstash/engine/VirtualClock"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as LogLevel from "effect/LogLevel"
import * as Redacted from "effect/Redacted"
import { type Account, Harness } from "../Harness.ts"
import { makeEndpoints } from "../internal/endpoints.ts"
import { mintIds } from "../internal/mintIds.ts"
import { quotas } from "../internal/quotas.ts"
import { slowly } from "../internal/slowly.ts"

/** Few enough for a law to use up. */
const slots = { concurrency: 30, concurrencyPerTenant: 25, concurrencyPerDestination: 20 }

const signingKeysOf = (tenantId: string): SigningKeys => ({
  current: Redacted.make(`sig_of_${tenantId}`),
  next: Redacted.make(`sig_after_${tenantId}`)
})

/**
 * @since 0.1.0
 * @category layers
 */
export const layerOver = <E>(store: Layer.Layer<Store, E>): Layer.Layer<QStashServices | Harness, E> =>
  Layer.scopedContext(
    Effect.gen(function* () {
      const endpoints = makeEndpoints("https://worker.example.com", "https://other-worker.example.com")
      const courier = Layer.succeed(Courier, {
        deliver: (request) =>
          Clock.currentTimeMillis.pipe(
            Effect.flatMap((at) => endpoints.take({ at, ...request })),
            Effect.map((answer): DeliveryOutcome => ({ _tag: "Answered", ...answer }))
          )
      })
      const home = yield* Layer.build(
        Engine.layerVirtual({
          signingKeys: signingKeysOf,
          start: "2025-01-01T00:00:00Z",
          settle: "200 millis",
          ...quotas,
          ...slots,
          shutdownGrace: 0
        }).pipe(Layer.provide([store, courier]))
      )
      const engine = Context.get(home, Engine.Engine)
      const clock = Context.get(home, VirtualClock)

      const accountOf = (tenantId: string, callerIp: string): Account => ({
        services: engine.services({ tenantId, callerIp }),
        time: {
          now: Effect.map(clock.now, DateTime.toEpochMillis),
          advance: clock.advance,
          endpoint: endpoints.open,
          elsewhere: endpoints.openElsewhere,
          signingKeys: signingKeysOf(tenantId)
        }
      })
      const { services, time } = accountOf("acme", "203.0.113.7")
      let accounts = 0

      return Context.add(services, Harness, {
        mintId: yield* mintIds,
        time,
        neighbour: accountOf("neighbour", "203.0.113.8"),
        ownAccount: Effect.sync(() => accountOf(`account-${++accounts}`, "203.0.113.9")),
        quotas,
        slowly
      })
    })
    // The laws let destinations stay silent on purpose, so the warning about it is noise.
  ).pipe(Layer.provide(Logger.minimumLogLevel(LogLevel.None)))

/**
 * With a Store in memory.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer: Layer.Layer<QStashServices | Harness> = layerOver(MemoryStore.layer)
