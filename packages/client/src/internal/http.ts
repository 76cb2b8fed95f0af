import {
  type QStashError,
  QStashRateLimited,
  QStashResponseTooLarge,
  QStashUnavailable,
  QStashUnexpectedResponse
} from "@effect-qstash/domain/QStashError"
import type * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as Clock from "effect/Clock"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Random from "effect/Random"
import * as Redacted from "effect/Redacted"
import { isSuccess, makeExchange, type Reply } from "./exchange.ts"
import { warnOfPlainHttp } from "./plainHttp.ts"
import { formEncoded, jsonForms, redact } from "./redact.ts"
import { type Refusal, refusal, toError as refusalToError, unreadRefusal } from "./refusal.ts"
import type { Settings } from "./settings.ts"
import { toError as transportFaultToError, type TransportFault } from "./transportFault.ts"

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

/** No attempt starts with less time than this: its timeout would hide the error of the previous attempt. */
const shortestAttempt = Duration.seconds(1)

const mostRetries = 10

const isWorthRetrying = ({ isIdempotent = true }: Call<unknown>, error: unknown): boolean =>
  (error instanceof QStashUnavailable && isIdempotent) ||
  (error instanceof QStashRateLimited && error.resetAt !== undefined)

/** Exponential with jitter. A rate limit adds the time until reset, so that waiting callers do not all retry at once. */
const millisToWait = (retry: number, error: unknown, now: number): Effect.Effect<number> =>
  Effect.map(Random.nextRange(0.8, 1.2), (jitter) => {
    const resetAt = error instanceof QStashRateLimited ? error.resetAt : undefined
    const untilReset = resetAt === undefined ? 0 : Math.max(0, DateTime.toEpochMillis(resetAt) - now)
    return untilReset + jitter * Math.min(250 * 2 ** (retry - 1), 5000)
  })

const parseJson = (text: string): Either.Either<unknown, string> =>
  text === ""
    ? Either.left("the body is empty")
    : Either.try({ try: (): unknown => JSON.parse(text), catch: () => "the body is not JSON" })

export const makeHttp = (settings: Settings): Effect.Effect<QStashHttp, never, HttpClient.HttpClient> =>
  Effect.map(Effect.zipRight(warnOfPlainHttp(settings.url), makeExchange(settings)), (exchange) => {
    const token = Redacted.value(settings.token)
    const authorization = `Bearer ${token}`
    const retryBudget = Duration.toMillis(settings.retryBudget)
    const leastTime = Duration.toMillis(Duration.min(settings.requestTimeout, shortestAttempt))

    const toRequest = (call: Call<unknown>): HttpClientRequest.HttpClientRequest => {
      const query = call.query === undefined || call.query.length === 0 ? "" : `?${formEncoded(call.query)}`
      const request = HttpClientRequest.make(call.method)(settings.url + call.target + query, {
        headers: { ...call.headers, authorization }
      })
      // An empty content type keeps that of the headers, if any.
      return call.body === undefined || call.body.length === 0
        ? request
        : HttpClientRequest.bodyUint8Array(request, call.body, "")
    }

    const secretsOf = (call: Call<unknown>) => [token, ...(call.secrets?.() ?? [])].flatMap(jsonForms)

    const late = (time: Duration.Duration) =>
      new QStashUnavailable({ reason: `no reply from ${settings.url} within ${Duration.format(time)}` })

    const toQStashError = (
      call: Call<unknown>,
      time: Duration.Duration,
      fault: TransportFault | "too late"
    ) => (fault === "too late" ? late(time) : transportFaultToError(fault, secretsOf(call), settings.url))

    /** If the body cannot be read, the status is enough. */
    const toRefusal = (call: Call<unknown>, reply: Reply): Refusal =>
      Either.match(reply.body, {
        onLeft: (unread) =>
          unread === "too large" ? refusal(reply, "", secretsOf(call)) : unreadRefusal(reply),
        onRight: (text) => refusal(reply, text, secretsOf(call))
      })

    const fail = <E>(call: Call<E>, refused: Refusal): Effect.Effect<never, E | QStashError> =>
      Effect.flatMap(Clock.currentTimeMillis, (now) =>
        Effect.fail(call.ownError?.(refused) ?? refusalToError(refused, now))
      )

    /**
     * Sends until a response settles the call. `receive` takes a success, `refuse` a refusal and whether an earlier attempt
     * is in doubt, because it may have taken effect.
     */
    const run = <A, E>(
      call: Call<E>,
      needsBody: boolean,
      receive: (reply: Reply, time: Duration.Duration) => Effect.Effect<A, E | QStashError>,
      refuse: (refused: Refusal, isInDoubt: boolean) => Effect.Effect<A, E | QStashError>
    ): Effect.Effect<A, E | QStashError> => {
      const attempt = (
        request: HttpClientRequest.HttpClientRequest,
        time: Duration.Duration,
        isInDoubt: boolean
      ): Effect.Effect<A, E | QStashError> =>
        Effect.matchEffect(exchange(request, time, needsBody), {
          onFailure: (fault) => Effect.fail(toQStashError(call, time, fault)),
          onSuccess: (reply) =>
            isSuccess(reply.status) ? receive(reply, time) : refuse(toRefusal(call, reply), isInDoubt)
        })

      const retry = (request: HttpClientRequest.HttpClientRequest, start: number, first: E | QStashError) =>
        Effect.gen(function* () {
          const deadline = start + retryBudget
          let error = first
          let isInDoubt = false
          for (let retries = 1; retries <= mostRetries && isWorthRetrying(call, error); retries++) {
            isInDoubt ||= error instanceof QStashUnavailable
            const now = yield* Clock.currentTimeMillis
            const wait = yield* millisToWait(retries, error, now)
            if (now + wait > deadline - leastTime) break
            yield* Effect.sleep(wait)
            yield* Effect.annotateCurrentSpan("http.request.resend_count", retries)
            const left = Duration.millis(Math.max(0, deadline - (yield* Clock.currentTimeMillis)))
            const outcome = yield* Effect.either(
              attempt(request, Duration.min(settings.requestTimeout, left), isInDoubt)
            )
            if (Either.isRight(outcome)) return outcome.right
            error = outcome.left
          }
          return yield* Effect.fail(error)
        })

      return Effect.flatMap(Clock.currentTimeMillis, (start) => {
        const request = toRequest(call)
        return Effect.catchAll(attempt(request, settings.requestTimeout, false), (error) =>
          isWorthRetrying(call, error) ? retry(request, start, error) : Effect.fail(error)
        )
      })
    }

    return {
      json: (call, decode) =>
        run(
          call,
          true,
          ({ body, status }, time) => {
            if (Either.isLeft(body)) {
              return Effect.fail(
                body.left === "too large"
                  ? new QStashResponseTooLarge({ status, limit: settings.maxResponseBytes })
                  : toQStashError(call, time, body.left)
              )
            }
            let secrets: ReadonlyArray<string> | undefined
            const present = (text: string) => redact(text, (secrets ??= secretsOf(call)))
            return Either.mapLeft(
              Either.flatMap(parseJson(body.right), (json) => decode(json, present)),
              (reason) => new QStashUnexpectedResponse({ status, reason: present(reason) })
            )
          },
          (refused) => fail(call, refused)
        ),
      done: (call) =>
        run(
          call,
          false,
          () => Effect.void,
          (refused, isInDoubt) =>
            // A retried delete finds nothing because an earlier attempt removed it.
            call.method === "DELETE" && refused.status === 404 && refused.hasQStashBody && isInDoubt
              ? Effect.void
              : fail(call, refused)
        )
    }
  })
