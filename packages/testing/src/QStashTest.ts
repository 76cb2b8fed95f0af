/**
 * QStash in memory under virtual time, on the same engine as the local server. Deliveries are signed like QStash's and go
 * to your handler or your `HttpApp` without a socket. Time passes only when you move it.
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
import type { Response } from "./Response.ts"
import type { Delivery } from "./Delivery.ts"
import type { Event } from "./Event.ts"
import { make } from "./internal/make.ts"
import { type NeedsOf, serveApp } from "./internal/serveApp.ts"
import type { MessageNotAttempted } from "./MessageNotAttempted.ts"
import type { Operation, OperationError } from "./Operation.ts"
import type { Options } from "./TestOptions.ts"

export type * from "./Response.ts"
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
      response: Response | ((delivery: Delivery) => Effect.Effect<Response, E, R>)
    ) => Effect.Effect<void, never, R>
    readonly respondDefault: Effect.Effect<void>
    readonly serve: (
      deliver: (request: Courier.DeliveryRequest) => Effect.Effect<Courier.DeliveryOutcome>
    ) => Effect.Effect<void, never, Scope.Scope>
    readonly loseResponse: Effect.Effect<void>
    readonly redeliver: (messageId: MessageId) => Effect.Effect<void, MessageNotAttempted>
    readonly failNext: <O extends Operation>(operation: O, error: OperationError<O>) => Effect.Effect<void>
  }
}

/**
 * What a test can see and control. Use the functions of this module rather than the service.
 *
 * @since 0.1.0
 * @category tags
 */
export class QStashTest extends Context.Tag("@effect-qstash/testing/QStashTest")<
  QStashTest,
  QStashTest.Service
>() {}

/**
 * Advances time for the test, QStash and the handlers. Everything due on the way happens at its own instant: schedules
 * fire, messages are delivered, failed ones are retried, sleepers wake. `TestClock.adjust` does the same.
 *
 * @since 0.1.0
 * @category time
 */
export const advance = (duration: Duration.DurationInput): Effect.Effect<void, never, QStashTest> =>
  Effect.flatMap(QStashTest, ({ clock }) => clock.advance(duration))

/**
 * Advances time to an instant. Time cannot go back.
 *
 * @since 0.1.0
 * @category time
 */
export const advanceTo = (
  instant: DateTime.DateTime.Input
): Effect.Effect<void, VirtualTimePassed, QStashTest> =>
  Effect.flatMap(QStashTest, ({ clock }) => clock.advanceTo(instant))

/**
 * The newest `retention` delivery attempts, oldest first.
 *
 * @since 0.1.0
 * @category inspection
 */
export const deliveries: Effect.Effect<ReadonlyArray<Delivery>, never, QStashTest> = Effect.flatMap(
  QStashTest,
  (test) => test.deliveries
)

/**
 * What happened to messages, in order: the newest `retention` steps. The same test always gives the same events, with the
 * same ids and instants.
 *
 * @since 0.1.0
 * @category inspection
 */
export const events: Effect.Effect<ReadonlyArray<Event>, never, QStashTest> = Effect.flatMap(
  QStashTest,
  (test) => test.events
)

/**
 * The unfinished messages, oldest first: those waiting for their time, their place in a queue or a limit, and those in
 * progress.
 *
 * @since 0.1.0
 * @category inspection
 */
export const messages: Effect.Effect<ReadonlyArray<QStashMessage>, never, QStashTest> = Effect.flatMap(
  QStashTest,
  (test) => test.messages
)

/**
 * The dead letter queue of the last 7 days, oldest first.
 *
 * @since 0.1.0
 * @category inspection
 */
export const dlq: Effect.Effect<ReadonlyArray<DlqMessage>, never, QStashTest> = Effect.flatMap(
  QStashTest,
  (test) => test.dlq
)

/**
 * QStash's log of the last 3 days, oldest first, as `QStashLogs` returns it. Unlike {@link events}, it includes headers,
 * bodies and responses.
 *
 * @since 0.1.0
 * @category inspection
 */
export const logs: Effect.Effect<ReadonlyArray<LogEntry>, never, QStashTest> = Effect.flatMap(
  QStashTest,
  (test) => test.logs
)

/**
 * Sets how the destination responds from now on, instead of 200 or the `HttpApp`, until {@link respondDefault}. A handler
 * runs with the services, the configuration and the loggers of the test. It may sleep, do I/O, or never return; then the
 * attempt times out. If it fails or dies, the response is a 500 with the cause as its body, and a warning is logged.
 *
 * @since 0.1.0
 * @category faults
 */
export const respond = <E = never, R = never>(
  response: Response | ((delivery: Delivery) => Effect.Effect<Response, E, R>)
): Effect.Effect<void, never, QStashTest | R> => Effect.flatMap(QStashTest, (test) => test.respond(response))

/**
 * Undoes {@link respond}: the destination responds with 200 again, or the `HttpApp` does. Use it to end an outage.
 *
 * @since 0.1.0
 * @category faults
 */
export const respondDefault: Effect.Effect<void, never, QStashTest> = Effect.flatMap(
  QStashTest,
  (test) => test.respondDefault
)

/**
 * Makes the next call of an operation fail with one of its errors, before it takes effect. Several failures of one
 * operation queue up.
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
 * Loses the response to the next delivery: the handler does its work and responds, but QStash receives nothing and
 * retries. Several losses queue up.
 *
 * @example
 * yield* QStashTest.loseResponse
 * yield* QStashTest.advance("1 hour")
 * // The message was delivered twice, but its work must be done once.
 *
 * @since 0.1.0
 * @category faults
 */
export const loseResponse: Effect.Effect<void, never, QStashTest> = Effect.flatMap(
  QStashTest,
  (test) => test.loseResponse
)

/**
 * Delivers a message once more, even if it is finished or another attempt is in progress: the same request with a new
 * signature. It is sent when time next moves, such as with `advance(0)`. It appears in {@link deliveries}, but its response
 * changes nothing.
 *
 * Fails with `MessageNotAttempted` if the newest `retention` events contain no attempt at the message.
 *
 * @since 0.1.0
 * @category faults
 */
export const redeliver = (messageId: MessageId): Effect.Effect<void, MessageNotAttempted, QStashTest> =>
  Effect.flatMap(QStashTest, (test) => test.redeliver(messageId))

/**
 * The keys that deliveries are signed with, in the form that a receiver expects:
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
 * Every service of QStash. Destinations respond with 200 unless `respond` or `serve` changes that. The layer installs a
 * virtual Clock while it exists.
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
 * {@link layerWith} with the defaults.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer: Layer.Layer<QStashServices | QStashTest> = layerWith({})

/**
 * Delivers to the application's own `HttpApp`, whatever the destination's host: signed with `signingKeys`, without a
 * socket, in virtual time. QStash acts on the app's responses.
 *
 * Put it where `HttpServer.serve` is in production: on top of the app's services, which are on top of QStash's. Then all
 * of them use the same QStash and the same virtual time. Closing it ends the requests in progress, and deliveries go to
 * the app served before, if any.
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
 * {@link serve} with its own {@link layerWith}. The app itself can use QStash's services. Its other services are built
 * before the virtual clock, so they must neither need QStash nor fork fibers that sleep.
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
