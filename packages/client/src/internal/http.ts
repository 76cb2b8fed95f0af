import {
  type QStashError,
  QStashRateLimited,
  QStashResponseTooLarge,
  QStashUnavailable,
  QStashUnexpectedResponse
} from "@effect-qstash/domain"
import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import type * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import * as Clock from "effect/Clock"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Schedule from "effect/Schedule"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { formEncoded, jsonForms, redact } from "./redact.ts"
import { warnOfPlainHttp } from "./plainHttp.ts"
import { type Refusal, refusal, toError as refusalToError, unreadRefusal } from "./refusal.ts"
import type { Settings } from "./settings.ts"
import {
  type BodyFault,
  isEmptyBody,
  responseOfStatusFault,
  toError as transportFaultToError,
  type TransportFault
} from "./transportFault.ts"

/** Names and values, in their order; a name may occur several times. */
export type Parameters = ReadonlyArray<readonly [name: string, value: string]>

/** One call of a service, as it is sent. */
interface Call<E = never> {
  readonly method: "GET" | "POST" | "DELETE"
  /** The request target, which URL parsing must not change. */
  readonly target: string
  /** What follows the target as its query, encoded. */
  readonly query?: Parameters
  readonly headers?: Readonly<Record<string, ReadonlyArray<string>>>
  readonly body?: Uint8Array
  /** What no error may show, besides the token: the server's text may quote the request. */
  readonly secrets?: () => ReadonlyArray<string>
  /** The method's own error for a refusal. Without one, the general table applies. */
  readonly ownError?: (refusal: Refusal) => E | QStashError | undefined
  /**
   * Whether sending it twice has the same effect as sending it once. Otherwise it is sent again only after a response
   * that says it had no effect.
   *
   * @default true
   */
  readonly isIdempotent?: boolean
}

/** What every service of the client is built on. */
export interface QStashHttp {
  /**
   * Reads the response as JSON. `decode` says what is wrong with it without quoting it, unless it passes the server's text
   * through `present`, which makes it safe to show.
   */
  readonly json: <A, E = never>(
    call: Call<E>,
    decode: (json: unknown, present: (text: string) => string) => Either.Either<A, string>
  ) => Effect.Effect<A, E | QStashError>
  /** For calls whose 2xx says everything: the body is ignored, even if it breaks off. */
  readonly done: <E = never>(call: Call<E>) => Effect.Effect<void, E | QStashError>
}

/** The body of a call that sends JSON. */
export const jsonBody = (text: string): Pick<Call, "headers" | "body"> => ({
  headers: { "Content-Type": ["application/json"] },
  body: new TextEncoder().encode(text)
})

/** The span of one call. Attributes known only later are added with `Effect.annotateCurrentSpan`. */
export const withSpan = (name: string, attributes: Readonly<Record<string, string>> = {}) =>
  Effect.withSpan(name, { kind: "client", attributes, captureStackTrace: false })

/** How long to read the rest of a reply whose status is enough, so that its connection can be reused. */
const drainTimeout = Duration.seconds(1)

/**
 * A timeout interrupts the effect it wraps. In an uninterruptible region (a finalizer, an `upsert`) it would wait
 * forever, so there the timed effect runs in its own fiber: the timeout can interrupt it, and an interruption of the
 * waiting fiber cannot.
 */
const timed = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.checkInterruptible((isInterruptible) =>
    isInterruptible ? effect : Effect.flatMap(Effect.forkDaemon(Effect.interruptible(effect)), Fiber.join)
  )

/** No attempt starts with less time than this: its timeout would hide the error of the previous attempt. */
const shortestAttempt = Duration.seconds(1)

const isWorthRetrying =
  ({ isIdempotent = true }: Call<unknown>) =>
  (error: unknown): boolean =>
    (error instanceof QStashUnavailable && isIdempotent) ||
    (error instanceof QStashRateLimited && error.resetAt !== undefined)

/** Adds the time until reset to the jittered backoff, so that waiting callers do not all retry at once. */
const untilReset = (error: unknown): Effect.Effect<Duration.Duration> =>
  error instanceof QStashRateLimited && error.resetAt !== undefined
    ? untilInstant(DateTime.toEpochMillis(error.resetAt))
    : Effect.succeed(Duration.zero)

const untilInstant = (millis: number): Effect.Effect<Duration.Duration> =>
  Effect.map(Clock.currentTimeMillis, (now) => Duration.millis(Math.max(0, millis - now)))

/** `lastStart` is the instant after which no attempt starts. */
const retryPolicy = (call: Call<unknown>, lastStart: number) =>
  Schedule.exponential("250 millis").pipe(
    Schedule.either(Schedule.spaced("5 seconds")),
    Schedule.jittered,
    Schedule.passthrough,
    Schedule.whileInput(isWorthRetrying(call)),
    Schedule.addDelayEffect(untilReset),
    Schedule.delays,
    Schedule.whileOutputEffect((delay) =>
      Effect.map(Clock.currentTimeMillis, (now) => now + Duration.toMillis(delay) <= lastStart)
    ),
    Schedule.intersect(Schedule.recurs(10))
  )

const isSuccess = (status: number): boolean => status >= 200 && status < 300

/**
 * Whether the headers promise a body within the limit, which the transport then enforces. The length of an encoded body
 * says nothing about its text.
 */
const isWithin = ({ headers }: HttpClientResponse.HttpClientResponse, limit: number): boolean => {
  const length = headers["content-length"]
  return (
    length !== undefined &&
    /^\d+$/u.test(length) &&
    Number(length) <= limit &&
    headers["content-encoding"] === undefined &&
    headers["transfer-encoding"] === undefined
  )
}

/** The text of the body, or none if it is longer than the limit. The rest then stays unread. */
const readBody = (
  response: HttpClientResponse.HttpClientResponse,
  limit: number
): Effect.Effect<Option.Option<string>, BodyFault> =>
  Effect.suspend(() => {
    // Reading a stream piece by piece takes several times as long as this.
    if (isWithin(response, limit)) return Effect.asSome(response.text)
    const decoder = new TextDecoder()
    let size = 0
    let text = ""
    return response.stream.pipe(
      Stream.runForEachWhile((chunk) =>
        Effect.sync(() => {
          size += chunk.length
          if (size > limit) return false
          text += decoder.decode(chunk, { stream: true })
          return true
        })
      ),
      Effect.map(() => (size > limit ? Option.none() : Option.some(text + decoder.decode()))),
      Effect.catchIf(isEmptyBody, () => Effect.succeedSome(""))
    )
  })

const parseJson = (text: string): Either.Either<unknown, string> =>
  text === ""
    ? Either.left("the body is empty")
    : Either.try({ try: (): unknown => JSON.parse(text), catch: () => "the body is not JSON" })

export const makeHttp = (settings: Settings): Effect.Effect<QStashHttp, never, HttpClient.HttpClient> =>
  Effect.gen(function* () {
    yield* warnOfPlainHttp(settings.url)
    const requestInit = Option.getOrUndefined(yield* Effect.serviceOption(FetchHttpClient.RequestInit))
    const client = (yield* HttpClient.HttpClient).pipe(
      HttpClient.withTracerDisabledWhen(() => true),
      HttpClient.withTracerPropagation(false),
      settings.transformClient,
      HttpClient.withScope
    )
    const token = Redacted.value(settings.token)

    const toRequest = (call: Call<unknown>): HttpClientRequest.HttpClientRequest => {
      const query = call.query === undefined || call.query.length === 0 ? "" : `?${formEncoded(call.query)}`
      const request = HttpClientRequest.make(call.method)(settings.url + call.target + query, {
        headers: call.headers
      }).pipe(HttpClientRequest.bearerToken(token))
      // An empty content type keeps that of the headers, if any.
      return call.body === undefined || call.body.length === 0
        ? request
        : HttpClientRequest.bodyUint8Array(request, call.body, "")
    }

    const secretsOf = (call: Call<unknown>) => [token, ...(call.secrets?.() ?? [])].flatMap(jsonForms)

    const mapFault = (call: Call<unknown>) =>
      Effect.mapError((fault: TransportFault) => transportFaultToError(fault, secretsOf(call), settings.url))

    const send = (call: Call<unknown>, request: HttpClientRequest.HttpClientRequest) =>
      client
        .execute(request)
        .pipe(
          Effect.catchAll(responseOfStatusFault),
          mapFault(call),
          Effect.provideService(FetchHttpClient.RequestInit, { ...requestInit, redirect: "manual" })
        )

    const read = (call: Call<unknown>, response: HttpClientResponse.HttpClientResponse) =>
      readBody(response, settings.maxResponseBytes).pipe(mapFault(call))

    /** If the body breaks off or cannot be decoded, the status is enough. */
    const readRefusal = (call: Call<unknown>, response: HttpClientResponse.HttpClientResponse) =>
      Effect.match(readBody(response, settings.maxResponseBytes), {
        onFailure: () => unreadRefusal(response),
        onSuccess: (body) =>
          refusal(
            response,
            Option.getOrElse(body, () => ""),
            secretsOf(call)
          )
      })

    const fail = <E>(call: Call<E>, refused: Refusal): Effect.Effect<never, E | QStashError> =>
      Effect.flatMap(Clock.currentTimeMillis, (now) =>
        Effect.fail(call.ownError?.(refused) ?? refusalToError(refused, now))
      )

    /**
     * Sends until a response settles the call. `receive` takes a success, `refuse` a refusal and whether an earlier attempt
     * is in doubt, because it may have taken effect. What a finalizer of `receive` does cannot fail the attempt any more. If
     * the text of a refusal does not end before the attempt times out, its status decides. What is left unread of a
     * response is cut off with the connection.
     */
    const run = <A, E>(
      call: Call<E>,
      receive: (
        response: HttpClientResponse.HttpClientResponse
      ) => Effect.Effect<A, E | QStashError, Scope.Scope>,
      refuse: (refused: Refusal, isInDoubt: boolean) => Effect.Effect<A, E | QStashError> = (refused) =>
        fail(call, refused)
    ): Effect.Effect<A, E | QStashError> =>
      Effect.gen(function* () {
        const request = toRequest(call)
        const deadline = (yield* Clock.currentTimeMillis) + Duration.toMillis(settings.retryBudget)
        let attempts = 0
        let isInDoubt = false
        const attempt = Effect.gen(function* () {
          const timeout =
            attempts === 0
              ? settings.requestTimeout
              : Duration.min(settings.requestTimeout, yield* untilInstant(deadline))
          if (attempts > 0) yield* Effect.annotateCurrentSpan("http.request.resend_count", attempts)
          attempts += 1
          let refusing: HttpClientResponse.HttpClientResponse | undefined
          return yield* send(call, request).pipe(
            Effect.flatMap((response) => {
              if (isSuccess(response.status)) return receive(response)
              refusing = response
              return Effect.flatMap(readRefusal(call, response), (refused) => refuse(refused, isInDoubt))
            }),
            Effect.timeoutTo({
              duration: timeout,
              onSuccess: Effect.succeed,
              onTimeout: () =>
                refusing === undefined
                  ? Effect.fail(
                      new QStashUnavailable({
                        reason: `no reply from ${settings.url} within ${Duration.format(timeout)}`
                      })
                    )
                  : refuse(unreadRefusal(refusing), isInDoubt)
            }),
            timed,
            Effect.flatten,
            Effect.scoped,
            // Streams run in their own fibers. Effect logs their failures, which are platform's errors with all secrets.
            Effect.withUnhandledErrorLogLevel(Option.none())
          )
        })
        return yield* attempt.pipe(
          Effect.tapError((error) =>
            Effect.sync(() => {
              if (error instanceof QStashUnavailable) isInDoubt = true
            })
          ),
          Effect.retry(
            retryPolicy(
              call,
              deadline - Duration.toMillis(Duration.min(settings.requestTimeout, shortestAttempt))
            )
          )
        )
      })

    const drain = (call: Call<unknown>, response: HttpClientResponse.HttpClientResponse) =>
      Effect.ignore(timed(Effect.timeout(read(call, response), drainTimeout)))

    return {
      json: (call, decode) =>
        run(call, (response) => {
          let secrets: ReadonlyArray<string> | undefined
          const present = (text: string) => redact(text, (secrets ??= secretsOf(call)))
          const unexpected = (reason: string) =>
            new QStashUnexpectedResponse({ status: response.status, reason: present(reason) })
          const tooLarge = () =>
            new QStashResponseTooLarge({ status: response.status, limit: settings.maxResponseBytes })
          return read(call, response).pipe(
            Effect.flatMap(Either.fromOption(tooLarge)),
            Effect.flatMap((text) =>
              Either.mapLeft(
                Either.flatMap(parseJson(text), (json) => decode(json, present)),
                unexpected
              )
            )
          )
        }),
      done: (call) =>
        run(
          call,
          (response) => Effect.addFinalizer(() => drain(call, response)),
          (refused, isInDoubt) =>
            // A retried delete finds nothing because an earlier attempt removed it.
            call.method === "DELETE" && refused.status === 404 && refused.hasQStashBody && isInDoubt
              ? Effect.void
              : fail(call, refused)
        )
    }
  })
