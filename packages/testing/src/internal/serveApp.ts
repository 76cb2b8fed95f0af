import type { DeliveryOutcome, DeliveryRequest } from "@effect-qstash/engine/Courier"
import type { VirtualClock } from "@effect-qstash/engine/VirtualClock"
import * as HttpApp from "@effect/platform/HttpApp"
import * as HttpServerError from "@effect/platform/HttpServerError"
import * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import type * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import * as Cause from "effect/Cause"
import type * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import * as Scope from "effect/Scope"
import * as Tracer from "effect/Tracer"
import {
  ejectedScopes,
  forgetPreResponseHandler,
  interrupt,
  requestRuntime,
  withPreResponseHandler
} from "./fibers.ts"
import { MemoryRequest } from "./MemoryRequest.ts"
import { outcomeOf } from "./outcomeOf.ts"
import { eventLoopTurn, realClock } from "@effect-qstash/engine/RealTime"
import { RequestSpan } from "./RequestSpan.ts"
import { logHandlerFailure } from "./logHandlerFailure.ts"

/** What an app needs, apart from what each request brings. */
export type NeedsOf<R> = Exclude<R, HttpServerRequest.HttpServerRequest | Scope.Scope>

/** An app that deliveries go into. */
export interface Served {
  readonly deliver: (request: DeliveryRequest) => Effect.Effect<DeliveryOutcome>
  /** Interrupts the requests in flight, while the services of the app still exist. */
  readonly end: Effect.Effect<void>
}

/**
 * Delivers into an `HttpApp` as a server would: each request runs in its own fiber, with a scope, a span, the handlers
 * that run before the response, failures turned into responses by platform, and a streamed body read to its end. A
 * delivery ends with the response, whatever the request does afterwards. A delivery that times out is a client that
 * hangs up.
 *
 * It does what platform's `HttpApp.toHandled` does at a fraction of its cost: a year of minutes is half a million
 * requests.
 */
export const serveApp = <E, R>(
  app: HttpApp.Default<E, R>,
  virtual: VirtualClock.Service
): Effect.Effect<Served, never, NeedsOf<R>> =>
  Effect.map(requestRuntime<NeedsOf<R>>(virtual), (runtime) => {
    const services = Array.from(runtime.context.unsafeMap)
    const running = new Set<Fiber.RuntimeFiber<unknown, unknown>>()
    let spans = 0

    return {
      deliver: (delivery) =>
        Effect.flatMap(Scope.make(), (scope) =>
          Effect.withFiberRuntime((courier) => {
            const request = new MemoryRequest(delivery)
            // One Map: each `Context.add` would make another.
            const all = new Map<string, unknown>(services)
              .set(HttpServerRequest.HttpServerRequest.key, request)
              .set(Scope.Scope.key, scope)
            const inFlight = new RequestInFlight(request, scope, virtual.clock)
            if (!runtime.isTraced && !runtime.isUntraced(request)) {
              const startTime = virtual.clock.unsafeCurrentTimeNanos()
              inFlight.span = new RequestSpan(++spans, request.method, startTime)
              all.set(Tracer.ParentSpan.key, inFlight.span)
            }
            const answering = Effect.flatMap(app, (response) => inFlight.respond(response))
            const whole: Effect.Effect<unknown, unknown, R | HttpServerRequest.HttpServerRequest> =
              runtime.isTraced
                ? traced(Effect.catchAllCause(answering, (cause) => inFlight.fail(cause)))
                : Effect.matchCauseEffect(answering, {
                    onFailure: (cause) =>
                      Effect.flatMap(Effect.exit(inFlight.fail(cause)), (exit) =>
                        Effect.zipRight(inFlight.finish(exit), exit)
                      ),
                    onSuccess: (response) => inFlight.finish(Exit.succeed(response))
                  })
            // The request and the scope are all that R needs besides the services.
            const context = Context.unsafeMake<R | HttpServerRequest.HttpServerRequest>(all)
            const fiber = runtime.fork(whole, context, courier)
            if (fiber.unsafePoll() === null) {
              running.add(fiber)
              fiber.addObserver(() => {
                running.delete(fiber)
                inFlight.answer(brokenOff)
              })
            } else {
              inFlight.answer(brokenOff)
            }
            return inFlight.outcome === undefined ? inFlight.awaited(fiber) : Effect.succeed(inFlight.outcome)
          })
        ),
      end: Effect.suspend(() => {
        for (const fiber of running) interrupt(fiber)
        return running.size === 0 ? Effect.void : ended(running, virtual)
      })
    }
  })

const brokenOff: DeliveryOutcome = { _tag: "Unanswered", reason: "the delivery broke off" }

/** One request, shared by the fiber that runs it and the delivery that waits for its response. */
class RequestInFlight {
  outcome: DeliveryOutcome | undefined
  span: RequestSpan | undefined
  private readonly request: MemoryRequest
  private readonly scope: Scope.CloseableScope
  private readonly clock: Clock.Clock
  private tell: ((outcome: DeliveryOutcome) => void) | undefined

  constructor(request: MemoryRequest, scope: Scope.CloseableScope, clock: Clock.Clock) {
    this.request = request
    this.scope = scope
    this.clock = clock
  }

  /** Only the first outcome counts. */
  answer(outcome: DeliveryOutcome): void {
    if (this.outcome !== undefined) return
    this.outcome = outcome
    this.tell?.(outcome)
  }

  awaited(fiber: Fiber.RuntimeFiber<unknown, unknown>): Effect.Effect<DeliveryOutcome> {
    return Effect.async<DeliveryOutcome>((resume) => {
      this.tell = (outcome) => resume(Effect.succeed(outcome))
      return Effect.sync(() => fiber.unsafeInterruptAsFork(HttpServerError.clientAbortFiberId))
    }, fiber.id())
  }

  /** Responds to a failure, then ends as the app did: it is still a failure. */
  fail<E>(
    cause: Cause.Cause<E>
  ): Effect.Effect<HttpServerResponse.HttpServerResponse, E | HttpServerError.ResponseError> {
    return Effect.flatMap(HttpServerError.causeResponse(cause), ([response, rest]) =>
      Effect.flatMap(this.respond(response), ({ status }) => {
        const end = Cause.isEmptyType(rest) ? Effect.succeed(response) : Effect.failCause(rest)
        // A failure that platform turns into a 5xx is a bug.
        return response.status < 500 || Cause.isInterruptedOnly(cause)
          ? end
          : Effect.zipRight(logHandlerFailure(this.request, status, cause), end)
      })
    )
  }

  /** Ends the request, after its response. */
  finish(exit: Exit.Exit<HttpServerResponse.HttpServerResponse, unknown>): Effect.Effect<void> {
    this.span?.end(this.clock.unsafeCurrentTimeNanos(), exit)
    return ejectedScopes.has(this.scope) ? Effect.void : Scope.close(this.scope, exit)
  }

  /** Sends the response of the app. */
  respond(
    response: HttpServerResponse.HttpServerResponse
  ): Effect.Effect<HttpServerResponse.HttpServerResponse, HttpServerError.ResponseError> {
    return withPreResponseHandler((handler) =>
      handler._tag === "None"
        ? this.send(response)
        : Effect.flatMap(handler.value(this.request, response), (last) => this.send(last))
    )
  }

  private send(
    response: HttpServerResponse.HttpServerResponse
  ): Effect.Effect<HttpServerResponse.HttpServerResponse> {
    const outcome = outcomeOf(response)
    if (!Effect.isEffect(outcome)) {
      this.answer(outcome)
      return Effect.succeed(response)
    }
    return Effect.map(outcome, (known) => {
      this.answer(known)
      return response
    })
  }
}

/** Adds the span and the scope of platform, for a tracer that receives spans. The response has already been sent. */
const traced = <E, R>(handled: HttpApp.Default<E, R>) =>
  HttpApp.toHandled(Effect.ensuring(handled, forgetPreResponseHandler), () => Effect.void)

/** How long closing an app waits for the finalizers of its requests, in real milliseconds. */
const endGrace = 1000

/** Does not wait for uninterruptible fibers that sleep on the virtual clock: nothing will wake them. */
const ended = (
  fibers: ReadonlySet<Fiber.RuntimeFiber<unknown, unknown>>,
  { isAsleep }: VirtualClock.Service
): Effect.Effect<void> =>
  Effect.gen(function* () {
    const until = realClock.unsafeCurrentTimeMillis() + endGrace
    while (realClock.unsafeCurrentTimeMillis() < until) {
      yield* eventLoopTurn
      let isOver = true
      for (const fiber of fibers) isOver &&= yield* isAsleep(fiber)
      if (isOver) return
      yield* realClock.sleep(Duration.millis(1))
    }
  })
