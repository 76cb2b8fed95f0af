/**
 * QStash in memory under virtual time. The same engine that the local server runs on keeps schedules, messages, queues
 * and all else; deliveries go into your handler or your `HttpApp` without a socket, signed as QStash signs them; and time
 * passes when you say so.
 *
 * @since 0.1.0
 */
import type { LogEntry } from "@effect-qstash/domain/LogEntry"
import type { MessageId } from "@effect-qstash/domain/MessageId"
import type { DlqMessage, QStashMessage } from "@effect-qstash/domain/QStashMessage"
import type { QStashServices } from "@effect-qstash/domain/QStashServices"
import type * as Courier from "@effect-qstash/engine/Courier"
import type { VirtualClock, VirtualTimePassed } from "@effect-qstash/engine/VirtualClock"
import type * as HttpApp from "@effect/platform/HttpApp"
import * as Context from "effect/Context"
import type * as DateTime from "effect/DateTime"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import type { Answer } from "./Answer.ts"
import type { Delivery } from "./Delivery.ts"
import type { Event } from "./Event.ts"
import { make } from "./internal/make.ts"
import { type NeedsOf, serveApp } from "./internal/serveApp.ts"
import type { MessageNotAttempted } from "./MessageNotAttempted.ts"
import type { Operation, OperationError } from "./Operation.ts"
import type { Options } from "./TestOptions.ts"

export type * from "./Answer.ts"
export type * from "./Event.ts"
export * from "./MessageNotAttempted.ts"
export type * from "./Operation.ts"
export type * from "./TestOptions.ts"

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

/**
 * Every service of QStash, with a destination that answers 200 until `respond` or `serve` says otherwise. The layer's Clock
 * is the test's, and is gone with the layer.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerWith = (options: Options): Layer.Layer<QStashServices | QStashTest> =>
  Layer.scopedContext(
    Effect.map(
      make(options, { current: signingKeys.currentSigningKey, next: signingKeys.nextSigningKey }),
      ({ services, test }) => Context.add(services, QStashTest, test)
    )
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
