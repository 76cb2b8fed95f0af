/**
 * QStash in memory under virtual time. The same engine that the local server runs on keeps the schedules; deliveries go
 * into your handler or your `HttpApp` without a socket, signed as QStash signs them; and time passes when you say so.
 *
 * @since 0.1.0
 */
import { IdGenerator } from "@effect-qstash/domain/IdGenerator"
import { QStashSchedules } from "@effect-qstash/domain/QStashSchedules"
import * as Courier from "@effect-qstash/engine/Courier"
import type { DeliveryEvent } from "@effect-qstash/engine/DeliveryEvent"
import * as Engine from "@effect-qstash/engine/Engine"
import * as MemoryStore from "@effect-qstash/engine/MemoryStore"
import { VirtualClock, type VirtualTimePassed } from "@effect-qstash/engine/VirtualClock"
import type * as HttpApp from "@effect/platform/HttpApp"
import type * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import * as Cause from "effect/Cause"
import type * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as DateTime from "effect/DateTime"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import { Delivery } from "./Delivery.ts"
import { deliverInto } from "./internal/appCourier.ts"
import { History } from "./internal/History.ts"
import { inContext } from "./internal/inContext.ts"

/**
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /**
   * Where virtual time begins.
   *
   * @default the TestClock's instant if the test has moved it, else 2025-01-01T00:00:00Z (in 1970, where TestClock
   * begins, Berlin had no daylight saving time)
   */
  readonly start?: DateTime.DateTime.Input | undefined
  /**
   * How long, in real time, virtual time waits for a handler that waits for the world: a socket, a promise, another
   * fiber of the test. A handler asleep on the clock is not waited for. After that the delivery counts as stalled: time
   * goes on without it, and its timeout may overtake it.
   *
   * @default "1 second"
   */
  readonly settle?: Duration.DurationInput | undefined
  /**
   * How many of the newest deliveries, and of the newest events, are kept for a look; the older ones are forgotten, so
   * that a year of minutes fits into memory.
   *
   * @default 10_000
   */
  readonly retention?: number | undefined
}

/**
 * What a destination answers: a status, or a status with headers.
 *
 * @since 0.1.0
 * @category models
 */
export type Answer = number | { readonly status: number; readonly headers?: Readonly<Record<string, string>> }

/**
 * A step in the life of a message, in QStash's own log states.
 *
 * @since 0.1.0
 * @category models
 */
export interface Event extends Omit<DeliveryEvent, "time" | "nextDeliveryTime" | "tenantId"> {
  readonly time: DateTime.Utc
  readonly nextDeliveryTime?: DateTime.Utc
}

/**
 * A call of the contract, by the name of its span.
 *
 * @since 0.1.0
 * @category models
 */
export type Operation = `QStashSchedules.${keyof QStashSchedules.Service}`

/**
 * What an operation can fail with.
 *
 * @since 0.1.0
 * @category models
 */
export type OperationError<O extends Operation> =
  O extends `QStashSchedules.${infer Method extends keyof QStashSchedules.Service}`
    ? ErrorOf<QStashSchedules.Service[Method]>
    : never

type ErrorOf<Call> =
  Call extends Effect.Effect<infer _A, infer E, infer _R>
    ? E
    : Call extends (...args: never) => Effect.Effect<infer _A, infer E, infer _R>
      ? E
      : never

/**
 * @since 0.1.0
 */
export declare namespace QStashTest {
  /**
   * @since 0.1.0
   * @category models
   */
  export interface Service {
    readonly clock: VirtualClock.Service
    readonly deliveries: Effect.Effect<ReadonlyArray<Delivery>>
    readonly events: Effect.Effect<ReadonlyArray<Event>>
    readonly respond: (handler: (delivery: Delivery) => Effect.Effect<Answer>) => Effect.Effect<void>
    readonly failNext: <O extends Operation>(operation: O, error: OperationError<O>) => Effect.Effect<void>
  }
}

/**
 * The test's hold on QStash. Use the functions of this module rather than the service.
 *
 * @since 0.1.0
 * @category tags
 */
export class QStashTest extends Context.Tag("@effect-qstash/testing/QStashTest")<
  QStashTest,
  QStashTest.Service
>() {}

/**
 * Moves time on, for the test, QStash and the handlers alike. Whatever falls due on the way happens at its own instant:
 * schedules fire, deliveries are made and answered, failed ones are tried again, sleepers wake. `TestClock.adjust` does
 * the same.
 *
 * @since 0.1.0
 * @category time
 */
export const advance = (duration: Duration.DurationInput): Effect.Effect<void, never, QStashTest> =>
  Effect.flatMap(QStashTest, ({ clock }) => clock.advance(duration))

/**
 * Moves time on to an instant. Time does not go back.
 *
 * @since 0.1.0
 * @category time
 */
export const advanceTo = (
  instant: DateTime.DateTime.Input
): Effect.Effect<void, VirtualTimePassed, QStashTest> =>
  Effect.flatMap(QStashTest, ({ clock }) => clock.advanceTo(instant))

/**
 * Every attempt to deliver so far, oldest first; the newest `retention` of them.
 *
 * @since 0.1.0
 * @category inspection
 */
export const deliveries: Effect.Effect<ReadonlyArray<Delivery>, never, QStashTest> = Effect.flatMap(
  QStashTest,
  (test) => test.deliveries
)

/**
 * What happened to messages so far, in order; the newest `retention` steps. The same test gives the same events, ids and
 * instants included.
 *
 * @since 0.1.0
 * @category inspection
 */
export const events: Effect.Effect<ReadonlyArray<Event>, never, QStashTest> = Effect.flatMap(
  QStashTest,
  (test) => test.events
)

/**
 * Says what the destination answers from now on, in place of 200 or of the `HttpApp`. A handler may sleep, do I/O, or
 * never return: then the attempt runs into its timeout. A handler that fails or dies answers 500, as a web framework
 * would.
 *
 * @since 0.1.0
 * @category faults
 */
export const respond = <E, R>(
  answer: Answer | ((delivery: Delivery) => Effect.Effect<Answer, E, R>)
): Effect.Effect<void, never, QStashTest | R> =>
  Effect.contextWithEffect((context: Context.Context<QStashTest | R>) =>
    Context.get(context, QStashTest).respond((delivery) =>
      typeof answer === "function"
        ? Effect.catchAllCause(inContext(answer(delivery), context), (cause) =>
            Cause.isInterruptedOnly(cause) ? Effect.interrupt : Effect.succeed(500)
          )
        : Effect.succeed(answer)
    )
  )

/**
 * Makes the next call of an operation fail with any error of its union, before it has taken effect. Several failures of
 * one operation queue up.
 *
 * @example
 * QStashTest.failNext("QStashSchedules.resume", new QStashUnavailable({ reason: "no reply in time" }))
 *
 * @since 0.1.0
 * @category faults
 */
export const failNext = <O extends Operation>(
  operation: O,
  error: OperationError<O>
): Effect.Effect<void, never, QStashTest> =>
  Effect.flatMap(QStashTest, (test) => test.failNext(operation, error))

/**
 * What deliveries are signed with, in the shape that a receiver takes: `QStashReceiver.layer(QStashTest.signingKeys)`.
 *
 * @since 0.1.0
 * @category constants
 */
export const signingKeys: {
  readonly currentSigningKey: Redacted.Redacted
  readonly nextSigningKey: Redacted.Redacted
} = {
  currentSigningKey: Redacted.make("sig_test_current"),
  nextSigningKey: Redacted.make("sig_test_next")
}

/** 1970, where TestClock begins, has no daylight saving time in Europe. */
const defaultStart = DateTime.unsafeMake("2025-01-01T00:00:00Z")

/** A TestClock that the test has moved says where to begin; an unmoved or a real one does not. */
const startAt = (clock: Clock.Clock): DateTime.Utc => {
  const now = clock.unsafeCurrentTimeMillis()
  return "adjust" in clock && now !== 0 ? DateTime.unsafeMake(now) : defaultStart
}

type Deliver = (request: Courier.DeliveryRequest, time: number) => Effect.Effect<Courier.DeliveryOutcome>

const answered = (answer: Answer): Courier.DeliveryOutcome =>
  typeof answer === "number"
    ? { _tag: "Answered", status: answer, headers: {} }
    : {
        _tag: "Answered",
        status: answer.status,
        headers: Object.fromEntries(
          Object.entries(answer.headers ?? {}).map(([name, value]) => [name.toLowerCase(), value])
        )
      }

type Faults = { readonly [O in Operation]: Array<OperationError<O>> }

/** Puts the faults that a test asked for before the calls of a contract. */
const faulty = (schedules: QStashSchedules.Service, faults: Faults): QStashSchedules.Service => {
  const before = <O extends Operation, A, E>(operation: O, call: Effect.Effect<A, E>) =>
    Effect.suspend((): Effect.Effect<A, E | OperationError<O>> => {
      const fault = faults[operation].shift()
      return fault === undefined ? call : Effect.fail(fault)
    })
  return {
    create: (schedule) => before("QStashSchedules.create", schedules.create(schedule)),
    get: (scheduleId) => before("QStashSchedules.get", schedules.get(scheduleId)),
    list: before("QStashSchedules.list", schedules.list),
    delete: (scheduleId) => before("QStashSchedules.delete", schedules.delete(scheduleId)),
    pause: (scheduleId) => before("QStashSchedules.pause", schedules.pause(scheduleId)),
    resume: (scheduleId) => before("QStashSchedules.resume", schedules.resume(scheduleId))
  }
}

interface Attempt {
  readonly time: number
  readonly request: Courier.DeliveryRequest
  outcome: Courier.DeliveryOutcome | undefined
}

const deliveryOf = ({ outcome, request, time }: Attempt): Delivery =>
  new Delivery(DateTime.unsafeMake(time), request, outcome)

const eventOf = ({ nextDeliveryTime, tenantId: _tenantId, time, ...event }: DeliveryEvent): Event => ({
  ...event,
  time: DateTime.unsafeMake(time),
  ...(nextDeliveryTime === undefined ? {} : { nextDeliveryTime: DateTime.unsafeMake(nextDeliveryTime) })
})

const make = <R>(
  options: Options,
  deliverTo: (schedules: QStashSchedules.Service) => Effect.Effect<Deliver, never, R>
): Layer.Layer<QStashSchedules | QStashTest, never, R> =>
  Layer.scopedContext(
    Effect.gen(function* () {
      const retention = options.retention ?? 10_000
      const attempts = new History<Attempt>(retention)
      const steps = new History<DeliveryEvent>(retention)
      let deliver: Deliver = () => Effect.succeed(answered(200))

      const courier = Layer.succeed(Courier.Courier, {
        deliver: (request) =>
          Effect.clockWith((clock) => {
            const time = clock.unsafeCurrentTimeMillis()
            const attempt: Attempt = { time, request, outcome: undefined }
            attempts.add(attempt)
            return Effect.map(deliver(request, time), (outcome) => (attempt.outcome = outcome))
          })
      })
      const engine = Engine.layerVirtual({
        signingKeys: () => ({ current: signingKeys.currentSigningKey }),
        start: options.start ?? (yield* Effect.clockWith((clock) => Effect.succeed(startAt(clock)))),
        settle: options.settle,
        // A test that holds a thousand handlers up has its reasons.
        concurrency: Infinity,
        // A handler that never returns is no reason to hold up the end of a test.
        shutdownGrace: 0,
        onEvents: (told) =>
          Effect.sync(() => {
            for (const event of told) steps.add(event)
          })
      })
      const home = yield* Layer.build(
        Layer.provide(engine, [MemoryStore.layer, courier, IdGenerator.layerCounter])
      )
      const clock = Context.get(home, VirtualClock)
      yield* Effect.withClockScoped(clock.clock)

      const faults: Faults = {
        "QStashSchedules.create": [],
        "QStashSchedules.get": [],
        "QStashSchedules.list": [],
        "QStashSchedules.delete": [],
        "QStashSchedules.pause": [],
        "QStashSchedules.resume": []
      }
      const tenant = { tenantId: "test", callerIp: "127.0.0.1" }
      const schedules = faulty(Context.get(home, Engine.Engine).schedules(tenant), faults)
      deliver = yield* deliverTo(schedules)

      return Context.make(QStashSchedules, schedules).pipe(
        Context.add(QStashTest, {
          clock,
          deliveries: Effect.sync(() => attempts.newest().map(deliveryOf)),
          events: Effect.sync(() => steps.newest().map(eventOf)),
          respond: (handler) =>
            Effect.sync(() => {
              deliver = (request, time) =>
                Effect.map(handler(new Delivery(DateTime.unsafeMake(time), request, undefined)), answered)
            }),
          failNext: (operation, error) =>
            Effect.sync(() => {
              faults[operation].push(error)
            })
        })
      )
    })
  )

/**
 * The schedules, with a destination that answers 200 until `respond` says otherwise. The layer's Clock is the test's, and
 * is gone with the layer.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerWith = (options: Options): Layer.Layer<QStashSchedules | QStashTest> =>
  make(options, () => Effect.succeed(() => Effect.succeed(answered(200))))

/**
 * {@link layerWith} and every default.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer: Layer.Layer<QStashSchedules | QStashTest> = layerWith({})

/**
 * Delivers into the application's own `HttpApp`, whatever the destination's host: signed with `signingKeys`, without a
 * socket, in virtual time. What the app answers is what QStash acts on. The app may use `QStashSchedules`: it gets
 * these.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerApp = <E, R>(
  app: HttpApp.Default<E, R>,
  options: Options = {}
): Layer.Layer<
  QStashSchedules | QStashTest,
  never,
  Exclude<Exclude<R, QStashSchedules>, HttpServerRequest.HttpServerRequest | Scope.Scope>
> =>
  make(options, (schedules) =>
    Effect.map(
      Effect.context<
        Exclude<Exclude<R, QStashSchedules>, HttpServerRequest.HttpServerRequest | Scope.Scope>
      >(),
      (context) => {
        // Added once: `Effect.provideService` would do so, and undo it, at every delivery. An Exclude does not add up.
        // oxlint-disable-next-line typescript/no-unsafe-type-assertion
        const services = Context.add(context, QStashSchedules, schedules) as Context.Context<
          Exclude<R, HttpServerRequest.HttpServerRequest | Scope.Scope>
        >
        return deliverInto(app, services)
      }
    )
  )
