import {
  DeduplicationId,
  FlowControlKey,
  IdGenerator,
  QStashMessages,
  QStashSchedules,
  type QStashServices,
  QStashUnavailable,
  QueueName,
  ScheduleId
} from "@effect-qstash/domain"
import { Courier, type DeliveryOutcome, type DeliveryRequest } from "@effect-qstash/engine/Courier"
import type { DeliveryEvent } from "@effect-qstash/engine/DeliveryEvent"
import * as Engine from "@effect-qstash/engine/Engine"
import * as MemoryStore from "@effect-qstash/engine/MemoryStore"
import { Store } from "@effect-qstash/engine/Store"
import { VirtualClock } from "@effect-qstash/engine/VirtualClock"
import { describe, it } from "@effect/vitest"
import { assertTrue, deepStrictEqual, strictEqual } from "@effect/vitest/utils"
import {
  Context,
  Effect,
  Either,
  FastCheck,
  Layer,
  Logger,
  Predicate,
  Redacted,
  Schedule,
  TestClock
} from "effect"
import { setTimeout } from "node:timers/promises"
import { type Fate, failing, numbersFrom, secret } from "./failingStore.ts"

const tenantId = "acme"
const destination = "https://worker.example.com/jobs"

/** What happened, as it was reported. */
class Witness extends Context.Tag("test/Witness")<
  Witness,
  {
    readonly events: Array<DeliveryEvent>
    readonly requests: Array<DeliveryRequest>
    readonly lines: Array<string>
    /** How often the driver has looked for what is due. */
    looks: number
  }
>() {}

interface Setting {
  readonly fateOf?: (verb: keyof Store.Service) => Fate
  readonly answer?: (request: DeliveryRequest, count: number) => Effect.Effect<DeliveryOutcome>
}

const answered = (status: number): DeliveryOutcome => ({ _tag: "Answered", status, headers: {} })

const signingKeys = () => ({ current: Redacted.make("sig_first"), next: Redacted.make("sig_second") })

/** An engine on a Store that fails. The Store in the context is the one below, which never does. */
const homeOf = <Clock>(
  engine: (options: Engine.Options) => Layer.Layer<Engine.Engine | Clock, never, Store | Courier>,
  { answer = () => Effect.succeed(answered(200)), fateOf = () => "works" }: Setting
) =>
  Layer.unwrapEffect(
    Effect.gen(function* () {
      const store = yield* MemoryStore.make
      const witness: Context.Tag.Service<Witness> = { events: [], requests: [], lines: [], looks: 0 }
      const courier = Layer.succeed(Courier, {
        deliver: (request) => Effect.suspend(() => answer(request, witness.requests.push(request) - 1))
      })
      const outage = failing(store, (verb) => {
        if (verb === "claimDueSchedules") witness.looks += 1
        return fateOf(verb)
      })
      const logger = Logger.make<unknown, void>(({ logLevel, message }) => {
        witness.lines.push(`${logLevel.label} ${String(Array.isArray(message) ? message[0] : message)}`)
      })
      const services: Layer.Layer<QStashServices, never, Engine.Engine> = Layer.effectContext(
        Effect.map(Engine.Engine, ({ services: of }) => of({ tenantId }))
      )
      return services.pipe(
        Layer.provideMerge(
          engine({ signingKeys, onEvents: (events) => void witness.events.push(...events), shutdownGrace: 0 })
        ),
        Layer.provide([courier, Layer.succeed(Store, outage)]),
        Layer.provideMerge(Layer.succeed(Witness, witness)),
        Layer.provideMerge(Layer.succeed(Store, store)),
        Layer.provide(Logger.replace(Logger.defaultLogger, logger))
      )
    })
  ).pipe(Layer.provide(IdGenerator.layerCounter))

const virtual = (setting: Setting = {}) =>
  homeOf((options) => Engine.layerVirtual({ ...options, start: "2025-01-01T00:00:00Z" }), setting)

const live = (setting: Setting = {}) => homeOf(Engine.layer, setting)

/** One call in twenty meets one of these fates. */
const oftenFailing = (seed: number, fates: ReadonlyArray<Fate>) => {
  const next = numbersFrom(seed)
  return (): Fate => (next() < 0.05 ? (fates[Math.floor(next() * fates.length)] ?? "works") : "works")
}

const patiently = <A, E, R>(call: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.retry(call, { while: Predicate.isTagged("QStashUnavailable"), schedule: Schedule.recurs(1000) })

/** The third attempt succeeds, where the path asks for it. */
const thirdTime = ({ headers, url }: DeliveryRequest): Effect.Effect<DeliveryOutcome> => {
  const retried = Number(headers.find(([name]) => name === "Upstash-Retried")?.[1])
  return Effect.succeed(answered(url.endsWith("/third") && retried < 2 ? 500 : 200))
}

const minutes = 10

/** A bit of everything: what was accepted. */
const work = Effect.gen(function* () {
  const schedules = yield* QStashSchedules
  const messages = yield* QStashMessages
  const clock = yield* VirtualClock
  const accepted: Array<string> = []
  const send = <A extends { readonly messageId: string }, E, R>(call: Effect.Effect<A, E, R>) =>
    Effect.map(patiently(call), ({ messageId }) => accepted.push(messageId))
  yield* patiently(
    schedules.create({ scheduleId: ScheduleId.make("job"), cron: "* * * * *", destination, retries: 0 })
  )
  for (let minute = 0; minute < minutes; minute++) {
    yield* send(messages.publish({ destination: `${destination}/third`, retries: 5, retryDelay: "20000" }))
    yield* send(messages.enqueue(QueueName.make("mail"), { destination, callback: `${destination}/done` }))
    yield* send(
      messages.publish({
        destination,
        deduplicationId: DeduplicationId.make(`minute-${minute}`),
        flowControl: { key: FlowControlKey.make("api"), rate: 1, period: "30 seconds" }
      })
    )
    yield* clock.advance("1 minute")
  }
  yield* clock.advance("10 minutes")
  return accepted
})

const story = Effect.map(Witness, ({ events }) =>
  events.map(({ message, state, time }) => `${time} ${state} ${message.messageId}#${message.retried}`)
)

const down = "ERROR The Store failed. The engine tries again until it works"
const up = "INFO The Store works again"

/** Real time, in which a live engine takes note of what is new. */
const soon = Effect.promise(() => setTimeout(20))

const seeds = FastCheck.integer({ min: 1, max: 2 ** 31 })

describe("a Store that fails at random", () => {
  it.effect.prop(
    "changes nothing of what happens, and when, if it fails before it has done anything",
    [seeds],
    ([seed]) =>
      Effect.gen(function* () {
        const told = Effect.zipRight(work, story)
        const expected = yield* Effect.provide(told, virtual({ answer: thirdTime }))
        const found = yield* Effect.provide(
          told,
          virtual({ answer: thirdTime, fateOf: oftenFailing(seed, ["before"]) })
        )
        deepStrictEqual(found, expected)
      }),
    { fastCheck: { numRuns: 5 }, timeout: 120_000 }
  )

  it.effect.prop(
    "loses nothing that was accepted, and fires exactly once, if it also fails after it has done everything",
    [seeds],
    ([seed]) => {
      const often = oftenFailing(seed, ["before", "after"])
      let isOver = false
      return Effect.gen(function* () {
        const accepted = yield* work
        isOver = true
        const schedules = yield* QStashSchedules
        const clock = yield* VirtualClock
        yield* schedules.delete(ScheduleId.make("job"))
        // What a claim took whose answer was lost waits for the end of its lease.
        yield* clock.advance("10 minutes")
        const store = yield* Store
        const { items } = yield* store.pageLogs({
          tenantId,
          criteria: {},
          after: undefined,
          count: Infinity,
          maxBytes: Infinity,
          order: "earliestFirst"
        })
        const inState = (wanted: string) => items.filter(({ state }) => state === wanted)
        const delivered = new Set<string>(inState("DELIVERED").map(({ message }) => message.messageId))
        deepStrictEqual(
          accepted.filter((id) => !delivered.has(id)),
          []
        )
        const firings = inState("CREATED").filter(({ message }) => message.scheduleId !== undefined)
        strictEqual(new Set(firings.map(({ time }) => time)).size, firings.length)
        strictEqual(firings.length, 2 * minutes)
        const { lines } = yield* Witness
        deepStrictEqual(
          lines,
          lines.map((_, index) => (index % 2 === 0 ? down : up))
        )
        // Callbacks and whatever else was made are done too.
        deepStrictEqual(yield* store.listMessages(tenantId), [])
        strictEqual(yield* store.countLeased(tenantId), 0)
      }).pipe(Effect.provide(virtual({ answer: thirdTime, fateOf: () => (isOver ? "works" : often()) })))
    },
    { fastCheck: { numRuns: 5 }, timeout: 120_000 }
  )

  it.effect.prop(
    "tells callers that QStash is unavailable, and no secret",
    [seeds],
    ([seed]) =>
      Effect.gen(function* () {
        const schedules = yield* QStashSchedules
        const messages = yield* QStashMessages
        const outcomes = yield* Effect.forEach(
          Array.from({ length: 200 }, (_, index) => index),
          (index) =>
            Effect.either(index % 2 === 0 ? messages.publish({ destination }) : Effect.asVoid(schedules.list))
        )
        const errors = outcomes.flatMap((outcome) => (Either.isLeft(outcome) ? [outcome.left] : []))
        assertTrue(errors.length > 0)
        for (const error of errors) {
          assertTrue(error instanceof QStashUnavailable)
          strictEqual(error.isRetryable, true)
          assertTrue(!`${error.message} ${JSON.stringify(error)} ${String(error.stack)}`.includes(secret))
        }
      }).pipe(Effect.provide(virtual({ fateOf: oftenFailing(seed, ["before", "after"]) }))),
    { fastCheck: { numRuns: 5 } }
  )
})

describe("an outage of the Store", () => {
  /** A live engine whose Store can be taken away. */
  const withSwitch = <A, E, R>(
    answer: Setting["answer"],
    body: (fate: (next: Fate) => Effect.Effect<void>) => Effect.Effect<A, E, R>
  ) => {
    let fate: Fate = "works"
    const set = (next: Fate) => Effect.sync(() => void (fate = next))
    return Effect.provide(
      body(set),
      live({ ...(answer === undefined ? {} : { answer }), fateOf: () => fate })
    )
  }

  it.effect(
    "is logged once, and so is its end; the engine looks less and less often, and goes on by itself",
    () =>
      withSwitch(undefined, (set) =>
        Effect.gen(function* () {
          const messages = yield* QStashMessages
          const witness = yield* Witness
          for (let outages = 1; outages <= 2; outages++) {
            yield* messages.publish({ destination, delay: "10 seconds" })
            yield* soon
            yield* set("before")
            const before = witness.looks
            yield* TestClock.adjust("2 minutes")
            strictEqual((yield* Effect.flip(messages.publish({ destination })))._tag, "QStashUnavailable")
            yield* soon
            const looks = witness.looks - before
            assertTrue(looks >= 5 && looks <= 20)
            strictEqual(witness.requests.length, outages - 1)
            yield* set("works")
            yield* TestClock.adjust("1 minute")
            yield* soon
            strictEqual(witness.requests.length, outages)
            deepStrictEqual(witness.lines, Array.from({ length: outages }, () => [down, up]).flat())
          }
        })
      )
  )

  it.effect("costs no attempt: what ended meanwhile is settled afterwards", () => {
    const gate = Effect.unsafeMakeLatch(false)
    return withSwitch(
      () => Effect.as(gate.await, answered(200)),
      (set) =>
        Effect.gen(function* () {
          const messages = yield* QStashMessages
          const { events, requests } = yield* Witness
          yield* messages.publish({ destination })
          yield* soon
          yield* set("before")
          yield* gate.open
          yield* soon
          yield* TestClock.adjust("1 minute")
          yield* set("works")
          yield* TestClock.adjust("10 minutes")
          yield* soon
          strictEqual(requests.length, 1)
          deepStrictEqual(
            events.map(({ state }) => state),
            ["CREATED", "ACTIVE", "DELIVERED"]
          )
        })
    )
  })

  it.effect(
    "costs no attempt when it is the signing keys that cannot be read, or a quick outcome settled",
    () => {
      const failures = new Map<string, number>()
      const fateOf = (verb: keyof Store.Service): Fate => {
        if (verb !== "getSigningKeys" && verb !== "settle") return "works"
        const count = (failures.get(verb) ?? 0) + 1
        failures.set(verb, count)
        return count <= 3 ? "before" : "works"
      }
      return Effect.gen(function* () {
        const messages = yield* QStashMessages
        const clock = yield* VirtualClock
        yield* messages.publish({ destination, retries: 0 })
        yield* clock.advance("1 second")
        const { events, lines, requests } = yield* Witness
        strictEqual(requests.length, 1)
        deepStrictEqual(
          events.map(({ state }) => state),
          ["CREATED", "ACTIVE", "DELIVERED"]
        )
        deepStrictEqual(lines, [down, up])
      }).pipe(Effect.provide(virtual({ fateOf })))
    }
  )

  it.effect("does not hide what a failed call has done: the engine looks", () =>
    withSwitch(undefined, (set) =>
      Effect.gen(function* () {
        const messages = yield* QStashMessages
        const { requests } = yield* Witness
        yield* soon
        yield* set("after")
        yield* Effect.flip(messages.publish({ destination }))
        yield* set("works")
        yield* soon
        yield* TestClock.adjust("3 minutes")
        yield* soon
        strictEqual(requests.length, 1)
      })
    )
  )

  it.effect("does not keep the engine from ending", () =>
    Effect.gen(function* () {
      const lines = yield* withSwitch(
        () => Effect.never,
        (set) =>
          Effect.gen(function* () {
            const messages = yield* QStashMessages
            yield* messages.publish({ destination })
            yield* soon
            yield* set("before")
            return (yield* Witness).lines
          })
      )
      deepStrictEqual(lines, [
        "ERROR Could not release unfinished deliveries. They start again when their leases end"
      ])
    })
  )
})

describe("a lease", () => {
  it.effect("is renewed for as long as its delivery takes", () =>
    Effect.gen(function* () {
      const messages = yield* QStashMessages
      const store = yield* Store
      yield* messages.publish({ destination })
      yield* soon
      yield* TestClock.adjust("30 minutes")
      const { leases } = yield* store.claimDueMessages({
        now: 30 * 60_000,
        limit: 10,
        perTenant: 10,
        perDestination: 10,
        leaseFor: 1000
      })
      deepStrictEqual(leases, [])
      yield* TestClock.adjust("1 hour")
      yield* soon
      strictEqual((yield* Witness).requests.length, 1)
      deepStrictEqual(yield* store.listMessages(tenantId), [])
    }).pipe(Effect.provide(live({ answer: () => Effect.delay(Effect.succeed(answered(200)), "1 hour") })))
  )
})
