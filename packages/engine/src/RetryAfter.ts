/**
 * @since 0.1.0
 */
import * as Arr from "effect/Array"

const dayMillis = 86_400_000

const headerNames = [
  "retry-after",
  "x-ratelimit-reset",
  "x-ratelimit-reset-requests",
  "x-ratelimit-reset-tokens"
]

/**
 * The milliseconds that a failed response asks to wait before the next attempt, or `undefined` where it asks for
 * nothing that counts.
 *
 * Reads `Retry-After`, `X-RateLimit-Reset`, `X-RateLimit-Reset-Requests` and `X-RateLimit-Reset-Tokens`, in this order,
 * names in lower case. A value is a number of seconds, an RFC 1123 date (whose weekday is not checked; the past means at
 * once) or a Go duration such as `6m5s`. The first readable one speaks for the response: if it is longer than a day
 * there is no answer, even where a later header asks for less.
 *
 * @since 0.1.0
 * @category constructors
 */
export const retryAfter = (
  headers: Readonly<Record<string, string | ReadonlyArray<string> | undefined>>,
  nowMillis: number
): number | undefined => {
  for (const name of headerNames) {
    for (const text of Arr.ensure(headers[name] ?? [])) {
      const value = text.trim()
      const millis = secondsOf(value) ?? goDurationOf(value) ?? untilDate(value, nowMillis)
      if (millis !== undefined) return millis <= dayMillis ? millis : undefined
    }
  }
  return undefined
}

/**
 * QStash's own delay in milliseconds before the `retry`-th retry, counted from 1: `min(86400, e^(2.5 * retry))` seconds,
 * cut to whole ones as its documentation lists them (12 s, 148 s, 1808 s, 22026 s, then a day).
 *
 * @since 0.1.0
 * @category constructors
 */
export const backoff = (retry: number): number =>
  Math.min(Math.trunc(Math.exp(2.5 * retry)) * 1000, dayMillis)

const secondsOf = (value: string): number | undefined =>
  /^\d+(?:\.\d+)?$/.test(value) ? Math.round(Number(value) * 1000) : undefined

const millisPerUnit: ReadonlyMap<string, number> = new Map([
  ["ns", 1e-6],
  ["us", 1e-3],
  ["µs", 1e-3], // U+00B5, the micro sign
  ["μs", 1e-3], // U+03BC, the Greek letter
  ["ms", 1],
  ["s", 1000],
  ["m", 60_000],
  ["h", 3_600_000]
])

const goDuration = /^(?:(?:\d+(?:\.\d*)?|\.\d+)(?:[nuµμm]?s|[mh]))+$/
const goDurationGroup = /([\d.]+)([^\d.]+)/g

const goDurationOf = (value: string): number | undefined => {
  if (!goDuration.test(value)) return undefined
  let millis = 0
  for (const [, amount, unit = ""] of value.matchAll(goDurationGroup)) {
    millis += Number(amount) * (millisPerUnit.get(unit) ?? Number.NaN)
  }
  return Math.round(millis)
}

const untilDate = (value: string, nowMillis: number): number | undefined => {
  const weekday = /^[A-Za-z]{3}, /.exec(value)
  if (weekday === null) return undefined
  const date = new Date(value.slice(weekday[0].length))
  // Date accepts many shapes and rolls 31 February over: only what it prints back the same way was an RFC 1123 date.
  return Number.isNaN(date.getTime()) || date.toUTCString().slice(5) !== value.slice(5)
    ? undefined
    : Math.max(0, date.getTime() - nowMillis)
}
