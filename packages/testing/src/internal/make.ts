import { IdGenerator } from "@effect-qstash/domain/IdGenerator"
import type { MessageId } from "@effect-qstash/domain/MessageId"
import type { SigningKeys } from "@effect-qstash/domain/SigningKeys"
import * as Courier from "@effect-qstash/engine/Courier"
import type { DeliveryEvent } from "@effect-qstash/engine/DeliveryEvent"
import * as Engine from "@effect-qstash/engine/Engine"
import * as MemoryStore from "@effect-qstash/engine/MemoryStore"
import { VirtualClock } from "@effect-qstash/engine/VirtualClock"
import type * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { Response } from "../Response.ts"
import { Delivery } from "../Delivery.ts"
import { MessageNotAttempted } from "../MessageNotAttempted.ts"
import type { Options } from "../TestOptions.ts"
import { cut } from "./cut.ts"
import { eventOf } from "./eventOf.ts"
import { installClock, provideForFiber, withFiberRefsOf } from "./fibers.ts"
import { Faults } from "./Faults.ts"
import { type Handler, outcomeOfResponse, outcomeOfHandler } from "./handler.ts"
import { RingBuffer } from "./RingBuffer.ts"

type Deliver = (request: Courier.DeliveryRequest, time: number) => Effect.Effect<Courier.DeliveryOutcome>

interface Attempt {
  readonly time: number
  readonly request: Courier.DeliveryRequest
  outcome: Courier.DeliveryOutcome | undefined
}

/** In 1970, where TestClock begins, Europe had no daylight saving time. */
const defaultStart = DateTime.unsafeMake("2025-01-01T00:00:00Z")

/** Starts at the time of a TestClock that the test has moved. An unmoved or a real clock says nothing. */
const startAt = (clock: Clock.Clock): DateTime.Utc => {
  const now = clock.unsafeCurrentTimeMillis()
  return "adjust" in clock && now !== 0 ? DateTime.unsafeMake(now) : defaultStart
}

const howMany = (retention: number): number => {
  if (retention === Infinity || (Number.isInteger(retention) && retention >= 0)) return retention
  throw new RangeError(`retention: expected a whole number from 0 up, got ${retention}`)
}

/** What QStash sees when the connection breaks after the worker has done its work. */
const lost: Courier.DeliveryOutcome = { _tag: "Unanswered", reason: "the response was lost" }

const always200: Deliver = () => Effect.succeed(outcomeOfResponse(200))

const tenant = { tenantId: "test", callerIp: "127.0.0.1" }

const all = { criteria: {}, count: Infinity, maxBytes: Infinity, order: "earliestFirst" } as const

/** The engine in memory, and the test's view of it. */
export const make = (options: Options, signingKeys: SigningKeys) =>
  Effect.gen(function* () {
    const refs = yield* Effect.getFiberRefs
    const retention = howMany(options.retention ?? 10_000)
    const attempts = new RingBuffer<Attempt>(retention)
    const steps = new RingBuffer<DeliveryEvent>(retention)
    /** The served apps. Deliveries go to the last one. */
    const apps: Array<Deliver> = []
    const faults = new Faults()
    let responder: Deliver | undefined
    let responsesToLose = 0

    const courier = Layer.succeed(Courier.Courier, {
      deliver: (request): Effect.Effect<Courier.DeliveryOutcome> =>
        Effect.suspend(() => {
          const time = clock.clock.unsafeCurrentTimeMillis()
          const attempt: Attempt = { time, request, outcome: undefined }
          attempts.add(attempt)
          const delivered = (responder ?? apps.at(-1) ?? always200)(request, time)
          const isLost = responsesToLose > 0
          if (isLost) responsesToLose -= 1
          return Effect.map(delivered, (outcome) => (attempt.outcome = isLost ? lost : cut(outcome)))
        })
    })
    const engineLayer = Engine.layerVirtual({
      ...options,
      signingKeys: () => signingKeys,
      start: options.start ?? (yield* Effect.clockWith((clock) => Effect.succeed(startAt(clock)))),
      // A test may block a thousand handlers on purpose.
      concurrency: Infinity,
      concurrencyPerTenant: Infinity,
      concurrencyPerDestination: Infinity,
      // A handler that never returns must not delay the end of a test.
      shutdownGrace: 0,
      onEvents: (news) => {
        for (const event of news) steps.add(event)
      }
    })
    const context = yield* Layer.build(
      engineLayer.pipe(Layer.provide([MemoryStore.layer, courier]), Layer.provide(IdGenerator.layerCounter))
    )
    const clock = Context.get(context, VirtualClock)
    const engine = Context.get(context, Engine.Engine)
    yield* installClock(clock)

    return {
      services: faults.plant(engine.services(tenant)),
      test: {
        clock,
        deliveries: Effect.sync(() =>
          attempts.newest().map(({ outcome, request, time }) => new Delivery(time, request, outcome))
        ),
        events: Effect.sync(() => steps.newest().map(eventOf)),
        // A Store in memory does not fail, and there is no cursor here that could be invalid.
        messages: Effect.orDie(engine.pending(tenant)),
        dlq: Effect.orDie(Effect.map(engine.dlqPage(tenant, all), ({ items }) => items)),
        logs: Effect.orDie(Effect.map(engine.logsPage(tenant, all), ({ items }) => items)),
        respond: <E, R>(response: Response | Handler<E, R>) =>
          Effect.contextWithEffect((services: Context.Context<R>) =>
            Effect.withFiberRuntime<void>((fiber) => {
              if (typeof response === "function") {
                const adopt = withFiberRefsOf(fiber, refs, clock)
                const inTest = (effect: Effect.Effect<Response, E, R>) =>
                  provideForFiber(adopt(effect), services)
                responder = (request, time) =>
                  outcomeOfHandler(response, new Delivery(time, request, undefined), inTest)
              } else {
                const outcome = Effect.succeed(outcomeOfResponse(response))
                responder = () => outcome
              }
              return Effect.void
            })
          ),
        respondDefault: Effect.sync(() => {
          responder = undefined
        }),
        serve: (deliver: Deliver) =>
          Effect.acquireRelease(
            Effect.sync(() => apps.push(deliver)),
            // Not always the last one, because scopes can close in any order.
            () => Effect.sync(() => apps.splice(apps.lastIndexOf(deliver), 1))
          ),
        loseResponse: Effect.sync(() => {
          responsesToLose += 1
        }),
        redeliver: (messageId: MessageId) =>
          Effect.suspend(() => {
            const attempted = steps
              .newest()
              .findLast(({ message, state }) => state === "ACTIVE" && message.messageId === messageId)
            return attempted === undefined
              ? new MessageNotAttempted({ messageId })
              : engine.redeliver(attempted.message)
          }),
        failNext: (operation: string, error: unknown) => Effect.sync(() => faults.plan(operation, error))
      }
    }
  })
