import { type QStashError, QStashInvalidRequest, QStashUnavailable } from "@effect-qstash/domain/QStashError"
import * as HttpClientError from "@effect/platform/HttpClientError"
import type * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import type * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import * as Effect from "effect/Effect"
import * as Predicate from "effect/Predicate"
import { containsSecret } from "./redact.ts"

/** The errors of platform's client. This file is the only one that knows their shape. */
export type TransportFault = HttpClientError.HttpClientError

/** A fault in the body of a response. */
export type BodyFault = HttpClientError.ResponseError

export const isEmptyBody = (fault: BodyFault): boolean => fault.reason === "EmptyBody"

/** The cause of a fault from a transport that keeps the limits of an attempt itself. */
export const tooLate = Symbol("too late")
export const tooLarge = Symbol("too large")

export const requestFault = (
  request: HttpClientRequest.HttpClientRequest,
  cause: unknown,
  reason: HttpClientError.RequestError["reason"] = "Transport"
): TransportFault => new HttpClientError.RequestError({ request, reason, cause })

export const bodyFault = (response: HttpClientResponse.HttpClientResponse, cause: unknown): BodyFault =>
  new HttpClientError.ResponseError({ request: response.request, response, reason: "Decode", cause })

/** A client that fails on a status has the response in its error. */
export const responseOfFault = (
  fault: TransportFault
): Effect.Effect<HttpClientResponse.HttpClientResponse, TransportFault | "too late"> => {
  if (fault._tag === "ResponseError" && fault.reason === "StatusCode") return Effect.succeed(fault.response)
  return Effect.fail(fault.cause === tooLate ? "too late" : fault)
}

export const unreadOfFault = (fault: BodyFault): BodyFault | "too late" | "too large" =>
  fault.cause === tooLate ? "too late" : fault.cause === tooLarge ? "too large" : fault

/** A longer chain of causes is a loop. */
const deepest = 10

const levels = (cause: unknown): ReadonlyArray<object> => {
  const found: Array<object> = []
  for (let level = cause; Predicate.isObject(level) && found.length < deepest;) {
    found.push(level)
    level = "cause" in level ? level.cause : undefined
  }
  return found
}

/**
 * The transport's own cause, or nothing if it could reveal a secret: platform's errors hold the request with its token,
 * the `data` of undici's parser errors quotes the reply, and fetch quotes in its message a header that it cannot send.
 */
const harmless = (cause: unknown, secrets: ReadonlyArray<string>): unknown =>
  levels(cause).some(
    (level) =>
      HttpClientError.isHttpClientError(level) ||
      "data" in level ||
      ("message" in level && containsSecret(String(level.message), secrets))
  ) ||
  (Predicate.isString(cause) && containsSecret(cause, secrets))
    ? undefined
    : cause

/** The system's error code, such as ECONNREFUSED. The innermost cause is the most precise. */
const codeOf = (cause: unknown): string | undefined =>
  levels(cause)
    .flatMap((level) =>
      "code" in level && Predicate.isString(level.code) && /^[A-Z][A-Z0-9_]{1,40}$/.test(level.code)
        ? [level.code]
        : []
    )
    .at(-1)

/** Converts platform's errors, which never reach the caller. The text says nothing about the request but its `origin`. */
export const toError = (
  error: TransportFault,
  secrets: ReadonlyArray<string>,
  origin: string
): QStashError => {
  if (error._tag === "RequestError" && error.reason !== "Transport") {
    return new QStashInvalidRequest({
      reason: `the HTTP client could not form the request (${error.reason})`
    })
  }
  const cause = harmless(error.cause, secrets)
  const code = codeOf(error.cause)
  const what =
    error._tag === "RequestError"
      ? `the connection to ${origin} failed`
      : `the reply from ${origin} broke off`
  return new QStashUnavailable({
    reason: code === undefined ? what : `${what} (${code})`,
    ...(cause === undefined ? {} : { cause })
  })
}
