import { type QStashError, QStashInvalidRequest, QStashUnavailable } from "@effect-qstash/domain"
import * as HttpClientError from "@effect/platform/HttpClientError"
import * as Predicate from "effect/Predicate"
import { repeats } from "./redact.ts"

/** A chain that is longer than this is a loop. */
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
 * The transport's own cause, or nothing where it could give something away: platform's errors hold the request with its
 * token, undici's parser error quotes in `data` the reply that it could not read, and fetch quotes in its message a
 * header that it cannot send.
 */
const harmless = (cause: unknown, secrets: ReadonlyArray<string>): unknown =>
  levels(cause).some(
    (level) =>
      HttpClientError.isHttpClientError(level) ||
      "data" in level ||
      ("message" in level && repeats(String(level.message), secrets))
  ) ||
  (Predicate.isString(cause) && repeats(cause, secrets))
    ? undefined
    : cause

/** The system's short word for what went wrong, such as ECONNREFUSED; the innermost cause knows best. */
const codeOf = (cause: unknown): string | undefined =>
  levels(cause)
    .flatMap((level) =>
      "code" in level && Predicate.isString(level.code) && /^[A-Z][A-Z0-9_]{1,40}$/.test(level.code)
        ? [level.code]
        : []
    )
    .at(-1)

/** Converts the platform's errors, which go no further than this. `origin` is all that the text says about the request. */
export const toError = (
  error: HttpClientError.HttpClientError,
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
