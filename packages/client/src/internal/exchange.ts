import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import * as HttpClient from "@effect/platform/HttpClient"
import type * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import type * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as FiberId from "effect/FiberId"
import * as Option from "effect/Option"
import * as Runtime from "effect/Runtime"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { AttemptLimits, enforcing } from "./AttemptLimits.ts"
import {
  type BodyFault,
  isEmptyBody,
  responseOfFault,
  type TransportFault,
  unreadOfFault
} from "./transportFault.ts"
import type { Settings } from "./settings.ts"

/** A response, read to its end. */
export interface Reply {
  readonly status: number
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string | undefined>>
  readonly body: Either.Either<string, "too large" | "too late" | BodyFault>
}

/** Sends one request and reads the response within its time. Fails with "too late" if not even its headers arrived. */
export type Exchange = (
  request: HttpClientRequest.HttpClientRequest,
  time: Duration.Duration,
  /** Without, the rest of a 2xx is read for a moment only, so that its connection can be reused. */
  needsBody: boolean
) => Effect.Effect<Reply, TransportFault | "too late">

const drainTimeout = Duration.seconds(1)

export const isSuccess = (status: number): boolean => status >= 200 && status < 300

/**
 * Interrupts an effect when its time is up. The effect has a fiber of its own, so this also works in an uninterruptible
 * region (a finalizer, an `upsert`), where `Effect.timeout` waits forever. It costs 35 µs; `Effect.timeout` inside
 * such a fiber costs 50.
 */
const limited =
  <A, E>(time: Duration.Duration, onTimeout: () => Exit.Exit<A, E>) =>
  <R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    Effect.flatMap(Effect.runtime<R>(), (runtime) =>
      Effect.async<A, E>((resume) => {
        const fork = Runtime.runFork(runtime)
        let isLate = false
        // A fiber that fails is logged, and platform's errors hold the token.
        const worker = fork(Effect.exit(Effect.interruptible(effect)))
        const timer = fork(Effect.interruptible(Clock.sleep(time)))
        timer.addObserver((exit) => {
          if (Exit.isFailure(exit)) return
          isLate = true
          worker.unsafeInterruptAsFork(FiberId.none)
        })
        worker.addObserver((ended) => {
          const exit = Exit.flatten(ended)
          timer.unsafeInterruptAsFork(FiberId.none)
          resume(isLate && Exit.isInterrupted(exit) ? onTimeout() : exit)
        })
        return Fiber.interrupt(worker)
      })
    )

/** Of a response. Read only once, because platform's getter copies them each time. */
type Head = Pick<Reply, "status" | "headers">

const isEmpty = ({ headers, status }: Head): boolean => status === 204 || headers["content-length"] === "0"

/**
 * Whether the headers promise a body within the limit, which the transport then enforces. The length of an encoded body
 * says nothing about its text.
 */
const isWithin = ({ headers }: Head, limit: number): boolean => {
  const length = headers["content-length"]
  return (
    length !== undefined &&
    /^\d+$/u.test(length) &&
    Number(length) <= limit &&
    headers["content-encoding"] === undefined &&
    headers["transfer-encoding"] === undefined
  )
}

/** A stream is read without `Stream.run`, whose own fibers would log their failures. When it ends early, it is aborted. */
const readStream = (
  response: HttpClientResponse.HttpClientResponse,
  limit: number
): Effect.Effect<Reply["body"]> =>
  Effect.scoped(
    Effect.flatMap(Stream.toPull(response.stream), (pull) => {
      const decoder = new TextDecoder()
      let size = 0
      let text = ""
      const more: Effect.Effect<Reply["body"]> = Effect.matchEffect(pull, {
        onFailure: Option.match({
          onNone: () => Effect.succeed(Either.right(text + decoder.decode())),
          onSome: (fault) => Effect.succeed(isEmptyBody(fault) ? Either.right("") : Either.left(fault))
        }),
        onSuccess: (chunks) => {
          for (const chunk of chunks) {
            size += chunk.length
            if (size > limit) return Effect.succeed(Either.left("too large" as const))
            text += decoder.decode(chunk, { stream: true })
          }
          return more
        }
      })
      return more
    })
  )

const attempt = <R>(
  sent: Effect.Effect<HttpClientResponse.HttpClientResponse, TransportFault, R>,
  needsBody: boolean,
  readBody: (response: HttpClientResponse.HttpClientResponse, head: Head) => Effect.Effect<Reply["body"]>
): Effect.Effect<Reply, TransportFault | "too late", R> =>
  sent.pipe(
    Effect.catchAll(responseOfFault),
    Effect.flatMap((response) => {
      const { headers, status } = response
      const head = { status, headers }
      const read = readBody(response, head)
      const body = isEmpty(head)
        ? Effect.succeed(Either.right(""))
        : needsBody || !isSuccess(status)
          ? read
          : limited<Reply["body"], never>(drainTimeout, () => Exit.succeed(Either.left("too late")))(read)
      return Effect.map(body, (known): Reply => ({ status, headers, body: known }))
    })
  )

/** An attempt of a client that knows no limits. */
const limitedAttempt =
  <R>(client: HttpClient.HttpClient.With<TransportFault, R>, limit: number, requestInit: RequestInit) =>
  (
    ...[request, time, needsBody]: Parameters<Exchange>
  ): Effect.Effect<Reply, TransportFault | "too late", R> =>
    Effect.suspend(() => {
      let head: Head | undefined
      return attempt(client.execute(request), needsBody, (response, found) => {
        head = found
        // Reading a stream piece by piece takes several times as long.
        return isWithin(found, limit) ? Effect.either(response.text) : readStream(response, limit)
      }).pipe(
        Effect.provideService(FetchHttpClient.RequestInit, requestInit),
        limited<Reply, TransportFault | "too late">(time, () =>
          head === undefined
            ? Exit.fail("too late")
            : Exit.succeed({ ...head, body: Either.left("too late") })
        )
      )
    })

export const makeExchange = ({
  maxResponseBytes: bytes,
  transformClient
}: Settings): Effect.Effect<Exchange, never, HttpClient.HttpClient> =>
  Effect.gen(function* () {
    const requestInit = Option.getOrUndefined(yield* Effect.serviceOption(FetchHttpClient.RequestInit))
    const init: RequestInit = { ...requestInit, redirect: "manual" }
    const client = yield* HttpClient.HttpClient
    const sendWithin = enforcing.get(client)
    const quiet = sendWithin === undefined ? HttpClient.withTracerDisabledWhen(client, () => true) : client
    const transformed = transformClient(quiet)
    if (transformed !== quiet) {
      // It may hold a response back; only a scope cuts it off then.
      const exchange = limitedAttempt(HttpClient.withScope(transformed), bytes, init)
      return (...call) =>
        Effect.scopedWith((scope) =>
          exchange(...call).pipe(
            Effect.provideService(Scope.Scope, scope),
            Effect.provideService(AttemptLimits, { bytes, scope })
          )
        )
    }
    if (sendWithin === undefined) return limitedAttempt(quiet, bytes, init)
    return (request, time, needsBody) =>
      attempt(sendWithin(request, { time, bytes }), needsBody, (response) =>
        Effect.map(Effect.either(response.text), Either.mapLeft(unreadOfFault))
      )
  })
