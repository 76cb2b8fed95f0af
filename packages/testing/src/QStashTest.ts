/**
 * QStash in memory under virtual time. The same engine that the local server runs on keeps schedules, messages, queues
 * and all else; deliveries go into your handler or your `HttpApp` without a socket, signed as QStash signs them; and time
 * passes when you say so.
 *
 * @since 0.1.0
 */
import { IdGenerator } from "@effect-qstash/domain/IdGenerator"
import type { LogEntry } from "@effect-qstash/domain/LogEntry"
import type { MessageId } from "@effect-qstash/domain/MessageId"
import type { QStashDlq } from "@effect-qstash/domain/QStashDlq"
import { namingSchedule } from "@effect-qstash/domain/QStashError"
import type { QStashFlowControl } from "@effect-qstash/domain/QStashFlowControl"
import type { QStashLogs } from "@effect-qstash/domain/QStashLogs"
import type { DlqMessage, QStashMessage } from "@effect-qstash/domain/QStashMessage"
import type { QStashMessages } from "@effect-qstash/domain/QStashMessages"
import type { QStashQueues } from "@effect-qstash/domain/QStashQueues"
import type { QStashSchedules } from "@effect-qstash/domain/QStashSchedules"
import { QStashServices } from "@effect-qstash/domain/QStashServices"
import type { QStashSigningKeys } from "@effect-qstash/domain/QStashSigningKeys"
import type { QStashUrlGroups } from "@effect-qstash/domain/QStashUrlGroups"
import type { QueueName } from "@effect-qstash/domain/QueueName"
import type { ScheduleId } from "@effect-qstash/domain/ScheduleId"
import type { UrlGroupName } from "@effect-qstash/domain/UrlGroupName"
import * as Courier from "@effect-qstash/engine/Courier"
import type { DeliveryEvent } from "@effect-qstash/engine/DeliveryEvent"
import * as Engine from "@effect-qstash/engine/Engine"
import type { Limits } from "@effect-qstash/engine/Limits"
import * as MemoryStore from "@effect-qstash/engine/MemoryStore"
import { VirtualClock, type VirtualTimePassed } from "@effect-qstash/engine/VirtualClock"
import type * as HttpApp from "@effect/platform/HttpApp"
import * as Cause from "effect/Cause"
import type * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Data from "effect/Data"
import * as DateTime from "effect/DateTime"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as FiberRef from "effect/FiberRef"
import * as Layer from "effect/Layer"
import * as Predicate from "effect/Predicate"
import * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { Delivery } from "./Delivery.ts"
import { type NeedsOf, serveApp } from "./internal/serveApp.ts"
import { cut } from "./internal/cut.ts"
import { logHandlerFailure } from "./internal/logHandlerFailure.ts"
import { History } from "./internal/History.ts"
import { provideForFiber } from "./internal/provideForFiber.ts"
import { withFiberRefsOf } from "./internal/withFiberRefsOf.ts"

/**
 * @since 0.1.0
 * @category models
 */
export interface Options extends Limits {
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
   * that a year of minutes fits into memory. A whole number from 0 up, or `Infinity`.
   *
   * @default 10_000
   */
  readonly retention?: number | undefined
  /**
   * How long a message is recognised by its deduplication id or its content, so that it is not accepted twice.
   *
   * @default "10 minutes", as QStash documents it
   */
  readonly deduplicationWindow?: Duration.DurationInput | undefined
}

/**
 * What a destination answers: a status, or a status with headers and a body.
 *
 * @since 0.1.0
 * @category models
 */
export type Answer =
  | number
  | {
      readonly status: number
      readonly headers?: Readonly<Record<string, string>>
      /** Text is sent as UTF-8. */
      readonly body?: string | Uint8Array
    }

/**
 * A step in the life of a message, in QStash's own log states, and `STALLED`: virtual time went on without waiting for
 * this delivery any longer.
 *
 * @since 0.1.0
 * @category models
 */
export interface Event {
  readonly time: DateTime.Utc
  readonly state: DeliveryEvent["state"]
  readonly messageId: MessageId
  readonly scheduleId?: ScheduleId
  readonly urlGroup?: UrlGroupName
  readonly queueName?: QueueName
  /** The message that this one is a callback of. */
  readonly callbackOf?: MessageId
  readonly method: string
  readonly url: string
  /** How many attempts came before the one that this is about. */
  readonly retried: number
  /** The status of the answer, where there was one. */
  readonly responseStatus?: number
  /** Why the attempt failed. */
  readonly error?: string
  /** When the next attempt is due. */
  readonly nextDeliveryTime?: DateTime.Utc
}

/**
 * {@link redeliver} knows no attempt at this message: there was none yet, or it is no longer among the newest `retention`
 * events.
 *
 * @since 0.1.0
 * @category errors
 */
export class MessageNotAttempted extends Data.TaggedError("MessageNotAttempted")<{
  readonly messageId: MessageId
}> {
  override get message(): string {
    return `Message ${JSON.stringify(this.messageId)} has not been attempted yet (advance time first), or longer ago than events are kept (raise retention)`
  }
}

/** The services by the names of their tags. */
interface Services {
  readonly QStashSchedules: QStashSchedules.Service
  readonly QStashMessages: QStashMessages.Service
  readonly QStashQueues: QStashQueues.Service
  readonly QStashUrlGroups: QStashUrlGroups.Service
  readonly QStashDlq: QStashDlq.Service
  readonly QStashFlowControl: QStashFlowControl.Service
  readonly QStashLogs: QStashLogs.Service
  readonly QStashSigningKeys: QStashSigningKeys.Service
}

type OperationOf<Name extends keyof Services> = `${Name}.${Extract<keyof Services[Name], string>}`

/**
 * A call of a contract, by the name of its span.
 *
 * @since 0.1.0
 * @category models
 */
export type Operation = { [Name in keyof Services]: OperationOf<Name> }[keyof Services]

/**
 * What an operation can fail with.
 *
 * @since 0.1.0
 * @category models
 */
export type OperationError<O extends Operation> = {
  [Name in keyof Services]: O extends `${Name}.${infer Method}`
    ? Method extends keyof Services[Name]
      ? ErrorOf<Services[Name][Method]>
      : never
    : never
}[keyof Services]

type ErrorOf<Call> = Call extends (...args: never) => infer Result
  ? ErrorOfResult<Result>
  : ErrorOfResult<Call>

type ErrorOfResult<Result> =
  Result extends Effect.Effect<infer _A, infer E, infer _R>
    ? E
    : Result extends Stream.Stream<infer _A, infer E, infer _R>
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
    readonly messages: Effect.Effect<ReadonlyArray<QStashMessage>>
    readonly dlq: Effect.Effect<ReadonlyArray<DlqMessage>>
    readonly logs: Effect.Effect<ReadonlyArray<LogEntry>>
    readonly respond: <E, R>(
      answer: Answer | ((delivery: Delivery) => Effect.Effect<Answer, E, R>)
    ) => Effect.Effect<void, never, R>
    readonly respondDefault: Effect.Effect<void>
    readonly serve: (
      deliver: (request: Courier.DeliveryRequest) => Effect.Effect<Courier.DeliveryOutcome>
    ) => Effect.Effect<void, never, Scope.Scope>
    readonly loseAnswer: Effect.Effect<void>
    readonly redeliver: (messageId: MessageId) => Effect.Effect<void, MessageNotAttempted>
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
 * The messages that are neither delivered nor given up nor cancelled, oldest first: those that wait for their time, for
 * their place in a queue or for a limit, and those under way.
 *
 * @since 0.1.0
 * @category inspection
 */
export const messages: Effect.Effect<ReadonlyArray<QStashMessage>, never, QStashTest> = Effect.flatMap(
  QStashTest,
  (test) => test.messages
)

/**
 * The dead letter queue, oldest first: what has failed for good within the last 7 days.
 *
 * @since 0.1.0
 * @category inspection
 */
export const dlq: Effect.Effect<ReadonlyArray<DlqMessage>, never, QStashTest> = Effect.flatMap(
  QStashTest,
  (test) => test.dlq
)

/**
 * QStash's log of the last 3 days, oldest first, as `QStashLogs` reports it: with headers, bodies and answers, where
 * {@link events} are short.
 *
 * @since 0.1.0
 * @category inspection
 */
export const logs: Effect.Effect<ReadonlyArray<LogEntry>, never, QStashTest> = Effect.flatMap(
  QStashTest,
  (test) => test.logs
)

/**
 * Says what the destination answers from now on, in place of 200 or of the `HttpApp`, until {@link respondDefault}. A
 * handler may sleep, do I/O, or never return: then the attempt runs into its timeout. A handler that fails or dies answers
 * 500, as a web framework would, with the cause for a body, and a warning tells it as well. It finds the services, the
 * configuration and the loggers of the test.
 *
 * @since 0.1.0
 * @category faults
 */
export const respond = <E = never, R = never>(
  answer: Answer | ((delivery: Delivery) => Effect.Effect<Answer, E, R>)
): Effect.Effect<void, never, QStashTest | R> => Effect.flatMap(QStashTest, (test) => test.respond(answer))

/**
 * Takes back what {@link respond} said: the destination answers 200 again, or the `HttpApp` does. So an outage ends.
 *
 * @since 0.1.0
 * @category faults
 */
export const respondDefault: Effect.Effect<void, never, QStashTest> = Effect.flatMap(
  QStashTest,
  (test) => test.respondDefault
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
 * Loses the answer to the next delivery: the handler does its work and answers, but QStash hears nothing, so it tries
 * again. Several lost answers queue up.
 *
 * @example
 * yield* QStashTest.loseAnswer
 * yield* QStashTest.advance("1 hour")
 * // Two deliveries of one message, and the work must be done once.
 *
 * @since 0.1.0
 * @category faults
 */
export const loseAnswer: Effect.Effect<void, never, QStashTest> = Effect.flatMap(
  QStashTest,
  (test) => test.loseAnswer
)

/**
 * Delivers a message once more although QStash is done with it, or while another attempt is still under way: the same
 * request with a fresh signature. It goes out when time next moves, at the latest by `advance(0)`. It shows among the
 * {@link deliveries}; its answer changes nothing.
 *
 * Fails with `MessageNotAttempted` if no attempt at the message is among the newest `retention` events.
 *
 * @since 0.1.0
 * @category faults
 */
export const redeliver = (messageId: MessageId): Effect.Effect<void, MessageNotAttempted, QStashTest> =>
  Effect.flatMap(QStashTest, (test) => test.redeliver(messageId))

/**
 * What deliveries are signed with, in the shape that a receiver takes:
 * `QStashReceiver.layer({ ...QStashTest.signingKeys, subject: { publicUrl: "https://api.example.com" } })`.
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

const bytesOf = (body: string | Uint8Array): Uint8Array =>
  typeof body === "string" ? new TextEncoder().encode(body) : body

const isStatus = (status: number): boolean => Number.isInteger(status) && status >= 100 && status <= 599

const statusOf = (status: number): number => {
  if (isStatus(status)) return status
  throw new RangeError(`An answer has a status from 100 to 599, not ${status}`)
}

const answered = (answer: Answer): Courier.DeliveryOutcome =>
  typeof answer === "number"
    ? { _tag: "Answered", status: statusOf(answer), headers: {} }
    : {
        _tag: "Answered",
        status: statusOf(answer.status),
        ...(answer.body === undefined ? {} : { body: bytesOf(answer.body) }),
        headers: Object.fromEntries(
          Object.entries(answer.headers ?? {}).map(([name, value]) => [name.toLowerCase(), value])
        )
      }

/** A handler that throws before it has an effect to give dies all the same. */
const called = <E, R>(
  handler: (delivery: Delivery) => Effect.Effect<Answer, E, R>,
  delivery: Delivery
): Effect.Effect<Answer, E, R> => {
  try {
    return handler(delivery)
  } catch (defect) {
    return Effect.die(defect)
  }
}

/** A result that is there already asks for nothing around it. */
const isExit = <A, E, R>(
  effect: Effect.Effect<A, E, R>
): effect is Effect.Effect<A, E, R> & Exit.Exit<A, E> => Exit.isExit(effect)

/** What a handler's end comes to. */
const answeredBy = <E, R>(
  handler: (delivery: Delivery) => Effect.Effect<Answer, E, R>,
  delivery: Delivery,
  inTest: (effect: Effect.Effect<Answer, E, R>) => Effect.Effect<Answer, E>
): Effect.Effect<Courier.DeliveryOutcome> => {
  const answering = called(handler, delivery)
  return isExit(answering) && Exit.isSuccess(answering) && isStatus(Number(answering.value))
    ? Effect.succeed(answered(answering.value))
    : Effect.matchCauseEffect(Effect.map(inTest(answering), answered), {
        onFailure: (cause) =>
          Cause.isInterruptedOnly(cause)
            ? Effect.interrupt
            : Effect.as(
                logHandlerFailure(delivery, 500, cause),
                answered({ status: 500, body: Cause.pretty(cause, { renderErrorCause: true }) })
              ),
        onSuccess: Effect.succeed
      })
}

/** Puts the faults that a test asked for before the calls of a service. */
const faulty = <Name extends keyof Services>(
  name: Name,
  service: Services[Name],
  nextFault: (operation: string) => unknown
): Services[Name] => {
  const before = (method: string, call: unknown): unknown => {
    const operation = `${name}.${method}`
    if (Effect.isEffect(call)) {
      return Effect.suspend((): Effect.Effect<unknown, unknown, unknown> => {
        const fault = nextFault(operation)
        return fault === undefined ? call : Effect.fail(fault)
      })
    }
    return Stream.suspend((): Stream.Stream<unknown, unknown, unknown> => {
      const fault = nextFault(operation)
      return fault !== undefined ? Stream.fail(fault) : isStream(call) ? call : Stream.empty
    })
  }
  // A service is a record of effects and of functions that answer an effect or a stream; each stays what it is.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return Object.fromEntries(
    Object.entries(service).map(([method, call]: [string, unknown]) => [
      method,
      typeof call === "function" && !Effect.isEffect(call)
        ? (...args: ReadonlyArray<unknown>) => before(method, Reflect.apply(call, service, args))
        : before(method, call)
    ])
  ) as unknown as Services[Name]
}

/** Adds the schedule's id to what `create` fails with, as the client and the engine do. */
const naming = (schedules: QStashSchedules.Service): QStashSchedules.Service => ({
  ...schedules,
  create: (input) => Effect.mapError(schedules.create(input), namingSchedule(input?.scheduleId))
})

const isStream = (value: unknown): value is Stream.Stream<unknown, unknown> =>
  Predicate.hasProperty(value, Stream.StreamTypeId)

interface Attempt {
  readonly time: number
  readonly request: Courier.DeliveryRequest
  outcome: Courier.DeliveryOutcome | undefined
}

const deliveryOf = ({ outcome, request, time }: Attempt): Delivery => new Delivery(time, request, outcome)

const eventOf = ({ message, nextDeliveryTime, ...event }: DeliveryEvent): Event => ({
  time: DateTime.unsafeMake(event.time),
  state: event.state,
  messageId: message.messageId,
  method: message.settings.method ?? "POST",
  url: message.url,
  retried: message.retried,
  ...(message.scheduleId === undefined ? {} : { scheduleId: message.scheduleId }),
  ...(message.urlGroup === undefined ? {} : { urlGroup: message.urlGroup }),
  ...(message.settings.queueName === undefined ? {} : { queueName: message.settings.queueName }),
  ...(message.callbackOf === undefined ? {} : { callbackOf: message.callbackOf }),
  ...(event.responseStatus === undefined ? {} : { responseStatus: event.responseStatus }),
  ...(event.error === undefined ? {} : { error: event.error }),
  ...(nextDeliveryTime === undefined ? {} : { nextDeliveryTime: DateTime.unsafeMake(nextDeliveryTime) })
})

const howMany = (retention: number): number => {
  if (retention === Infinity || (Number.isInteger(retention) && retention >= 0)) return retention
  throw new RangeError(`retention: expected a whole number from 0 up, got ${retention}`)
}

/** What QStash sees when the connection breaks after the worker has done its work. */
const lost: Courier.DeliveryOutcome = { _tag: "Unanswered", reason: "the answer was lost" }

const all = { criteria: {}, count: Infinity, maxBytes: Infinity, order: "earliestFirst" } as const

/**
 * Every service of QStash, with a destination that answers 200 until `respond` or `serve` says otherwise. The layer's Clock
 * is the test's, and is gone with the layer.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerWith = (options: Options): Layer.Layer<QStashServices | QStashTest> =>
  Layer.scopedContext(
    Effect.gen(function* () {
      const refs = yield* Effect.getFiberRefs
      const retention = howMany(options.retention ?? 10_000)
      const attempts = new History<Attempt>(retention)
      const steps = new History<DeliveryEvent>(retention)
      const always200: Deliver = () => Effect.succeed(answered(200))
      /** The apps that are served, the one that deliveries go into last. */
      const apps: Array<Deliver> = []
      let deliverAsTold: Deliver | undefined
      let answersToLose = 0

      const courier = Layer.succeed(Courier.Courier, {
        deliver: (request): Effect.Effect<Courier.DeliveryOutcome> =>
          Effect.suspend(() => {
            const time = clock.clock.unsafeCurrentTimeMillis()
            const attempt: Attempt = { time, request, outcome: undefined }
            attempts.add(attempt)
            const delivered = (deliverAsTold ?? apps.at(-1) ?? always200)(request, time)
            const isLost = answersToLose > 0
            if (isLost) answersToLose -= 1
            return Effect.map(delivered, (outcome) => (attempt.outcome = isLost ? lost : cut(outcome)))
          })
      })
      const layer = Engine.layerVirtual({
        ...options,
        signingKeys: () => ({
          current: signingKeys.currentSigningKey,
          next: signingKeys.nextSigningKey
        }),
        start: options.start ?? (yield* Effect.clockWith((clock) => Effect.succeed(startAt(clock)))),
        // A test that holds a thousand handlers up has its reasons.
        concurrency: Infinity,
        concurrencyPerTenant: Infinity,
        concurrencyPerDestination: Infinity,
        // A handler that never returns is no reason to hold up the end of a test.
        shutdownGrace: 0,
        onEvents: (news) => {
          for (const event of news) steps.add(event)
        }
      })
      const home = yield* Layer.build(
        Layer.provide(layer, [MemoryStore.layer, courier, IdGenerator.layerCounter])
      )
      const clock = Context.get(home, VirtualClock)
      yield* Effect.withClockScoped(clock.clock)
      yield* Effect.locallyScoped(FiberRef.currentScheduler, clock.scheduler)

      const engine = Context.get(home, Engine.Engine)
      const tenant = { tenantId: "test", callerIp: "127.0.0.1" }
      const faults = new Map<string, Array<unknown>>()
      const nextFault = (operation: string): unknown => faults.get(operation)?.shift()
      const services = QStashServices.context({
        schedules: naming(faulty("QStashSchedules", engine.schedules(tenant), nextFault)),
        messages: faulty("QStashMessages", engine.messages(tenant), nextFault),
        queues: faulty("QStashQueues", engine.queues(tenant), nextFault),
        urlGroups: faulty("QStashUrlGroups", engine.urlGroups(tenant), nextFault),
        dlq: faulty("QStashDlq", engine.dlq(tenant), nextFault),
        flowControl: faulty("QStashFlowControl", engine.flowControl(tenant), nextFault),
        logs: faulty("QStashLogs", engine.logs(tenant), nextFault),
        signingKeys: faulty("QStashSigningKeys", engine.signingKeys(tenant), nextFault)
      })

      return services.pipe(
        Context.add(QStashTest, {
          clock,
          deliveries: Effect.sync(() => attempts.newest().map(deliveryOf)),
          events: Effect.sync(() => steps.newest().map(eventOf)),
          messages: engine.pending(tenant),
          // The one error of a page is a cursor that is none, and there is none here.
          dlq: Effect.orDie(Effect.map(engine.dlqPage(tenant, all), ({ items }) => items)),
          logs: Effect.orDie(Effect.map(engine.logsPage(tenant, all), ({ items }) => items)),
          respond: <E, R>(answer: Answer | ((delivery: Delivery) => Effect.Effect<Answer, E, R>)) =>
            Effect.contextWithEffect((context: Context.Context<R>) =>
              Effect.withFiberRuntime<void>((fiber) => {
                if (typeof answer === "function") {
                  const adopt = withFiberRefsOf(fiber, refs, clock)
                  const inTest = (effect: Effect.Effect<Answer, E, R>) =>
                    provideForFiber(adopt(effect), context)
                  deliverAsTold = (request, time) =>
                    answeredBy(answer, new Delivery(time, request, undefined), inTest)
                } else {
                  const always = Effect.succeed(answered(answer))
                  deliverAsTold = () => always
                }
                return Effect.void
              })
            ),
          respondDefault: Effect.sync(() => {
            deliverAsTold = undefined
          }),
          serve: (deliver) =>
            Effect.acquireRelease(
              Effect.sync(() => apps.push(deliver)),
              // Not always the last: scopes may end in any order.
              () => Effect.sync(() => apps.splice(apps.lastIndexOf(deliver), 1))
            ),
          loseAnswer: Effect.sync(() => {
            answersToLose += 1
          }),
          redeliver: (messageId) =>
            Effect.suspend(() => {
              const attempted = steps
                .newest()
                .findLast(({ message, state }) => state === "ACTIVE" && message.messageId === messageId)
              return attempted === undefined
                ? new MessageNotAttempted({ messageId })
                : engine.redeliver(attempted.message)
            }),
          failNext: (operation, error) =>
            Effect.sync(() => {
              faults.set(operation, [...(faults.get(operation) ?? []), error])
            })
        })
      )
    })
  )

/**
 * {@link layerWith} and every default.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer: Layer.Layer<QStashServices | QStashTest> = layerWith({})

/**
 * Delivers into the application's own `HttpApp`, whatever the destination's host: signed with `signingKeys`, without a
 * socket, in virtual time. What the app answers is what QStash acts on.
 *
 * It stands where `HttpServer.serve` stands in production: on top of the app's services, which stand on QStash's. So all
 * of them use the same QStash, and live in virtual time. Its end ends the requests under way, and gives the place back
 * to the app that was served before.
 *
 * @example
 * QStashTest.serve(app).pipe(Layer.provideMerge(Mailer.Default), Layer.provideMerge(QStashTest.layer))
 *
 * @since 0.1.0
 * @category layers
 */
export const serve = <E, R>(app: HttpApp.Default<E, R>): Layer.Layer<never, never, QStashTest | NeedsOf<R>> =>
  Layer.scopedDiscard(
    Effect.gen(function* () {
      const test = yield* QStashTest
      const { deliver, end } = yield* serveApp(app, test.clock)
      yield* Effect.addFinalizer(() => end)
      yield* test.serve(deliver)
    })
  )

/**
 * {@link serve} on a layer of its own, for an app whose services neither need QStash nor fork fibers that sleep: they are
 * built before virtual time is there. The app itself may use QStash's services: it gets these.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerApp = <E, R>(
  app: HttpApp.Default<E, R>,
  options: Options = {}
): Layer.Layer<
  QStashServices | QStashTest,
  never,
  Exclude<QStashTest | NeedsOf<R>, QStashServices | QStashTest>
> => Layer.provideMerge(serve(app), layerWith(options))
