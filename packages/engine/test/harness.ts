import {
  IdGenerator,
  MessageId,
  type QStashServices,
  ScheduleId,
  type SigningKeys
} from "@effect-qstash/domain"
import { Courier, type DeliveryOutcome, type DeliveryRequest } from "@effect-qstash/engine/Courier"
import type { DeliveryEvent } from "@effect-qstash/engine/DeliveryEvent"
import * as Engine from "@effect-qstash/engine/Engine"
import * as MemoryStore from "@effect-qstash/engine/MemoryStore"
import type { Store } from "@effect-qstash/engine/Store"
import { VirtualClock } from "@effect-qstash/engine/VirtualClock"
import { Clock, Context, type Duration, Effect, Layer, Redacted } from "effect"
import { setTimeout } from "node:timers/promises"
import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"

/** When every virtual home begins: a Wednesday. */
export const start = "2025-01-01T00:00:00.000Z"

export const destination = "https://api.example.com/jobs"

export const callerIp = "203.0.113.7"

export const signingKey = "sig_7kYjw48mhY7kAjqNGcy6cr29RJ6r"

export const keys = (current: string, next = "sig_next"): SigningKeys => ({
  current: Redacted.make(current),
  next: Redacted.make(next)
})

export const id = (text: string): ScheduleId => ScheduleId.make(text)

export const messageId = (text: string): MessageId => MessageId.make(text)

/** What the destination does with a delivery; `count` is how many it has had before. */
export type Answer = (request: DeliveryRequest, count: number) => Effect.Effect<DeliveryOutcome>

export const answered = (
  status: number,
  headers: Readonly<Record<string, string | ReadonlyArray<string>>> = {},
  body?: Uint8Array
): DeliveryOutcome => ({ _tag: "Answered", status, headers, ...(body === undefined ? {} : { body }) })

export const unanswered: DeliveryOutcome = { _tag: "Unanswered", reason: "connection refused" }

export const ok: Answer = () => Effect.succeed(answered(200))

/** One answer after the other; the last one for all that follow. */
export const answers =
  (...outcomes: ReadonlyArray<DeliveryOutcome>): Answer =>
  (_request, count) =>
    Effect.succeed(outcomes[Math.min(count, outcomes.length - 1)] ?? unanswered)

const pathOf = (url: string): string => new URL(url).pathname

/** An answer for each path, with a count of its own; any other path is answered with 200. */
export const byPath = (routes: Readonly<Record<string, Answer>>): Answer => {
  const counts = new Map<string, number>()
  return (request) => {
    const path = pathOf(request.url)
    const count = counts.get(path) ?? 0
    counts.set(path, count + 1)
    return (routes[path] ?? ok)(request, count)
  }
}

/** For handlers that are known to outlast any grace. */
export const shortGrace = { settle: "100 millis" } as const

/** Real time, which no virtual clock knows of. */
export const io = (millis: number): Effect.Effect<void> => Effect.promise(() => setTimeout(millis))

export interface Arrival {
  readonly at: string
  readonly request: DeliveryRequest
}

/** What went out and what was told, in order. */
export class Log extends Context.Tag("test/Log")<
  Log,
  { readonly arrivals: Array<Arrival>; readonly events: Array<DeliveryEvent> }
>() {
  static readonly layer = Layer.sync(Log, () => ({ arrivals: [], events: [] }))
}

/** Notes when each delivery arrived, by the clock that the delivery itself sees. */
const courier = (answer: Answer): Layer.Layer<Courier, never, Log> =>
  Layer.effect(
    Courier,
    Effect.map(Log, ({ arrivals }) => {
      let count = 0
      return {
        deliver: (request) => {
          const outcome = answer(request, count++)
          return Effect.flatMap(Clock.currentTimeMillis, (now) => {
            arrivals.push({ at: iso(now), request })
            return outcome
          })
        }
      }
    })
  )

/** The services of one tenant. */
const services: Layer.Layer<QStashServices, never, Engine.Engine> = Layer.effectContext(
  Effect.map(Engine.Engine, (engine) => engine.services({ tenantId: "acme", callerIp }))
)

const options = (log: Context.Tag.Service<Log>): Engine.Options => ({
  signingKeys: () => keys(signingKey),
  onEvents: (events) => {
    for (const event of events) log.events.push(event)
  }
})

type Home<Services> = Layer.Layer<Services | QStashServices | Engine.Engine | Store | Log>

/** The same number of slots for everything: the engine, a tenant and a destination. */
export const slots = (count: number) => ({
  concurrency: count,
  concurrencyPerTenant: count,
  concurrencyPerDestination: count
})

/** The engine in virtual time, with ids that count. */
export const virtual = (
  answer: Answer = ok,
  overrides: Partial<Engine.VirtualOptions> = {},
  store: Layer.Layer<Store> = MemoryStore.layer,
  ids: Layer.Layer<IdGenerator> = IdGenerator.layerCounter
): Home<VirtualClock> =>
  services.pipe(
    Layer.provideMerge(
      Layer.unwrapEffect(
        Effect.map(Log, (log) => Engine.layerVirtual({ ...options(log), start, ...overrides }))
      )
    ),
    Layer.provide(courier(answer)),
    Layer.provideMerge(Layer.merge(store, Log.layer)),
    Layer.provide(ids)
  )

/** The engine on the test's own clock. */
export const live = (
  answer: Answer = ok,
  overrides: Partial<Engine.Options> = {},
  store: Layer.Layer<Store> = MemoryStore.layer,
  ids: Layer.Layer<IdGenerator> = IdGenerator.layerCounter
): Home<never> =>
  services.pipe(
    Layer.provideMerge(
      Layer.unwrapEffect(Effect.map(Log, (log) => Engine.layer({ ...options(log), ...overrides })))
    ),
    Layer.provide(courier(answer)),
    Layer.provideMerge(Layer.merge(store, Log.layer)),
    Layer.provide(ids)
  )

/** A Store that outlives its engines, and ids that go on. */
export const persistent = Effect.gen(function* () {
  const ids = Layer.succeedContext(yield* Layer.build(IdGenerator.layerCounter))
  return { store: yield* Effect.provide(MemoryStore.make, ids), ids }
})

/** A Store whose messages are `msg_1`, `msg_2`, and so on. */
export const memoryStore = Effect.provide(MemoryStore.make, IdGenerator.layerCounter)

/** A Store as an engine leaves it when its process is killed: nothing is released. */
export const withoutRelease = (store: Store["Type"]): Store["Type"] => ({
  ...store,
  release: () => Effect.void
})

export const advance = (duration: Duration.DurationInput): Effect.Effect<void, never, VirtualClock> =>
  Effect.flatMap(VirtualClock, (clock) => clock.advance(duration))

export const iso = (millis: number): string => new Date(millis).toISOString()

/** The instants of all deliveries so far. */
export const arrivalTimes: Effect.Effect<ReadonlyArray<string>, never, Log> = Effect.map(Log, (log) =>
  log.arrivals.map(({ at }) => at)
)

/** All events so far, as `2025-01-01T00:01:00.000Z CREATED msg_1#0` with the retries before it at the end. */
export const story: Effect.Effect<ReadonlyArray<string>, never, Log> = Effect.map(Log, (log) =>
  log.events.map(
    ({ message, state, time }) => `${iso(time)} ${state} ${message.messageId}#${message.retried}`
  )
)

const seconds = (millis: number): number => (millis - Date.parse(start)) / 1000

/** All events so far, as `12 ACTIVE msg_1#1`: seconds since the start, and the retries before it at the end. */
export const timeline: Effect.Effect<ReadonlyArray<string>, never, Log> = Effect.map(Log, (log) =>
  log.events.map(
    ({ message, state, time }) => `${seconds(time)} ${state} ${message.messageId}#${message.retried}`
  )
)

/** All deliveries so far, as `12 /jobs`: seconds since the start, and the path. */
export const visits: Effect.Effect<ReadonlyArray<string>, never, Log> = Effect.map(Log, (log) =>
  log.arrivals.map(({ at, request }) => `${seconds(Date.parse(at))} ${pathOf(request.url)}`)
)

/** The events of one state. */
export const told = (
  state: DeliveryEvent["state"]
): Effect.Effect<ReadonlyArray<DeliveryEvent>, never, Log> =>
  Effect.map(Log, (log) => log.events.filter((event) => event.state === state))

export const megabyte = 2 ** 20

/** The bytes that are still in use when all that is not has been collected. */
export const usedBytes: Effect.Effect<number> = Effect.sync(() => {
  setFlagsFromString("--expose-gc")
  runInNewContext("gc")()
  return process.memoryUsage().heapUsed
})
