/**
 * The engine alone: virtual time, a Store in memory, and a Courier that only notes what it is given.
 *
 * @since 0.1.0
 */
import { QStashSchedules } from "@effect-qstash/domain/QStashSchedules"
import { Courier, type DeliveryOutcome } from "@effect-qstash/engine/Courier"
import * as Engine from "@effect-qstash/engine/Engine"
import * as MemoryStore from "@effect-qstash/engine/MemoryStore"
import { VirtualClock } from "@effect-qstash/engine/VirtualClock"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as LogLevel from "effect/LogLevel"
import * as Redacted from "effect/Redacted"
import { Harness } from "../Harness.ts"
import { makeEndpoints } from "../internal/endpoints.ts"
import { mintIds } from "../internal/mintIds.ts"

const quota = 20

const signingKeyOf = (tenantId: string): Redacted.Redacted => Redacted.make(`sig_of_${tenantId}`)

/**
 * @since 0.1.0
 * @category layers
 */
export const layer: Layer.Layer<QStashSchedules | Harness> = Layer.scopedContext(
  Effect.gen(function* () {
    const endpoints = makeEndpoints("https://worker.example.com")
    const courier = Layer.succeed(Courier, {
      deliver: (request) =>
        Effect.flatMap(Clock.currentTimeMillis, (at): Effect.Effect<DeliveryOutcome> => {
          const answer = endpoints.take({ at, ...request })
          return answer === "silence" ? Effect.never : Effect.succeed({ _tag: "Answered", ...answer })
        })
    })
    const home = yield* Layer.build(
      Engine.layerVirtual({
        signingKeys: (tenantId) => ({ current: signingKeyOf(tenantId) }),
        start: "2025-01-01T00:00:00Z",
        settle: "200 millis",
        maxSchedules: quota,
        shutdownGrace: 0
      }).pipe(Layer.provide([MemoryStore.layer, courier]))
    )
    const engine = Context.get(home, Engine.Engine)
    const clock = Context.get(home, VirtualClock)
    return Context.make(
      QStashSchedules,
      engine.schedules({ tenantId: "acme", callerIp: "203.0.113.7" })
    ).pipe(
      Context.add(Harness, {
        mintId: yield* mintIds,
        time: {
          now: Effect.map(clock.now, DateTime.toEpochMillis),
          advance: clock.advance,
          endpoint: endpoints.open,
          signingKey: signingKeyOf("acme")
        },
        neighbour: {
          schedules: engine.schedules({ tenantId: "neighbour", callerIp: "203.0.113.8" }),
          signingKey: signingKeyOf("neighbour")
        },
        quota
      })
    )
  })
  // A destination that stays silent is worth a warning elsewhere; here it is a law.
).pipe(Layer.provide(Logger.minimumLogLevel(LogLevel.None)))
