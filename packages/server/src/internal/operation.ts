import type { Engine } from "@effect-qstash/engine/Engine"
import { realClock } from "@effect-qstash/engine/RealTime"
import type { Store } from "@effect-qstash/engine/Store"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import { createHash, timingSafeEqual } from "node:crypto"
import type { User } from "../DevelopmentUsers.ts"
import { type Answer, json, Refusal, type Request } from "./http.ts"
import type { Metrics } from "./metrics.ts"
import { contentType } from "./prometheus.ts"
import type { OperationName } from "./route.ts"

export interface OperationOptions {
  readonly engine: Engine.Service
  readonly store: Store.Service
  readonly users: () => ReadonlyArray<User>
  readonly metrics: Metrics
  /** The engine's time in milliseconds. */
  readonly now: Effect.Effect<number>
  /** Who may read the metrics. */
  readonly readers: "anyone" | Redacted.Redacted | undefined
  /** Keeps the pages of other sites out. */
  readonly admit: (request: Request) => Effect.Effect<unknown, Refusal>
}

/** How long the Store and the driver may take to show that they work, in real time. */
const patience = "2 seconds"

/**
 * What monitoring asks for. `health` and `ready` need no token and may come under any `Host`: a probe calls an address,
 * and what they say is no secret.
 */
export const make = ({ admit, engine, metrics, now, readers, store, users }: OperationOptions) =>
  Effect.gen(function* () {
    // Disconnected, since a verb that hangs may not be interruptible.
    const inTime = <A, E>(effect: Effect.Effect<A, E>): Effect.Effect<Option.Option<A>> =>
      effect.pipe(
        Effect.option,
        Effect.disconnect,
        Effect.timeoutOption(patience),
        Effect.map(Option.flatten),
        Effect.withClock(realClock)
      )

    /** Why the server is not ready. Calls that come together share the look, and a second one comes a second later. */
    const obstacle = yield* Effect.cachedWithTTL(
      Effect.gen(function* () {
        if (Option.isNone(yield* inTime(store.nextWake))) return "the Store does not respond"
        if (Option.isNone(yield* inTime(engine.awaitRun))) {
          return "the engine does not get its work done: see the log"
        }
        return undefined
      }),
      "1 second"
    )

    const mayRead = (request: Request): Effect.Effect<unknown, Refusal> => {
      if (readers === "anyone") return admit(request)
      if (readers === undefined) {
        return new Refusal({
          status: 404,
          error: "metrics are off: set a token for them with QSTASH_METRICS_TOKEN, or the option metrics"
        })
      }
      const sent = /^bearer +(\S+)$/i.exec(request.headers["authorization"]?.[0] ?? "")?.[1] ?? ""
      return isSame(sent, Redacted.value(readers))
        ? Effect.void
        : new Refusal({ status: 401, error: "metrics need their own token as Authorization: Bearer" })
    }

    const operations: Readonly<Record<OperationName, (request: Request) => Effect.Effect<Answer, Refusal>>> =
      {
        health: () => Effect.succeed(json({ status: "ok" })),
        ready: () =>
          Effect.flatMap(obstacle, (error) =>
            error === undefined
              ? Effect.succeed(json({ status: "ready" }))
              : new Refusal({ status: 503, error })
          ),
        metrics: (request) =>
          Effect.gen(function* () {
            yield* mayRead(request)
            const names = users().map(({ name }) => name)
            const text = yield* inTime(metrics.render(store, names, yield* now))
            if (Option.isNone(text))
              return yield* new Refusal({ status: 503, error: "the Store does not respond" })
            return { status: 200, headers: { "Content-Type": contentType }, body: text.value }
          })
      }
    return operations
  })

const hash = (text: string): Buffer => createHash("sha256").update(text).digest()

/** Takes the same time whatever differs. */
const isSame = (one: string, other: string): boolean => timingSafeEqual(hash(one), hash(other))
