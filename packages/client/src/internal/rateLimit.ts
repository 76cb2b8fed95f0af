import { QStashRateLimited } from "@effect-qstash/domain/QStashError"
import * as DateTime from "effect/DateTime"
import * as Option from "effect/Option"

type Headers = Readonly<Record<string, string | undefined>>

const seconds = (text: string | undefined): number | undefined =>
  text !== undefined && /^\d+(\.\d+)?$/.test(text.trim()) ? Number(text) : undefined

/** Too far away to be an instant counts as not told. */
const instant = (millis: number | undefined): DateTime.Utc | undefined =>
  millis === undefined ? undefined : Option.getOrUndefined(DateTime.make(millis))

/** Seconds from now, or an HTTP date. */
const retryAfter = (text: string | undefined, now: number): DateTime.Utc | undefined => {
  const wait = seconds(text)
  if (wait !== undefined) return instant(now + wait * 1000)
  return text !== undefined && /^[A-Z][a-z]{2},/.test(text) ? instant(Date.parse(text)) : undefined
}

/** QStash writes unix seconds here; what is too small for an instant of this century is seconds from now. */
const reset = (text: string | undefined, now: number): DateTime.Utc | undefined => {
  const value = seconds(text)
  return instant(value === undefined ? undefined : value < 1_000_000_000 ? now + value * 1000 : value * 1000)
}

const kinds = [
  ["daily", "ratelimit"],
  ["burst", "burst-ratelimit"]
] as const

/**
 * Reads what a 429 says about its limit. An answer may report both limits; then the one that is used up counts.
 * `Retry-After`, which no document of QStash mentions but proxies send, goes before either reset.
 */
export const rateLimited = (headers: Headers, now: number): QStashRateLimited => {
  const reported = kinds
    .map(([kind, prefix]) => ({
      kind,
      limit: seconds(headers[`${prefix}-limit`]),
      remaining: seconds(headers[`${prefix}-remaining`]),
      resetAt: reset(headers[`${prefix}-reset`], now)
    }))
    .filter((one) => one.limit !== undefined || one.remaining !== undefined || one.resetAt !== undefined)
  const { kind, limit, remaining, resetAt } = reported.find((one) => one.remaining === 0) ??
    reported[0] ?? { kind: "unknown" as const, limit: undefined, remaining: undefined, resetAt: undefined }
  const until = retryAfter(headers["retry-after"], now) ?? resetAt
  return new QStashRateLimited({
    kind,
    ...(limit === undefined ? {} : { limit }),
    ...(remaining === undefined ? {} : { remaining }),
    ...(until === undefined ? {} : { resetAt: until })
  })
}
