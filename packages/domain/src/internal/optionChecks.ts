import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"
import { DeduplicationId } from "../DeduplicationId.ts"
import { DeliveryMethod } from "../DeliveryMethod.ts"
import { FlowControlKey } from "../FlowControl.ts"
import type { Redact } from "../MessageSettings.ts"
import { QStashInvalidRequest } from "../QStashError.ts"
import { QueueName } from "../QueueName.ts"
import { RetryDelayExpression } from "../RetryDelayExpression.ts"
import { ScheduleId } from "../ScheduleId.ts"
import * as DurationInput from "../input/DurationInput.ts"
import { DurationText } from "../wire/DurationText.ts"
import * as InstantInput from "../input/InstantInput.ts"
import { canonicalName, isHeaderName, isHeaderValue, trimBlanks } from "./headers.ts"
import { omitUndefined } from "./omitUndefined.ts"
import { parser, type Parsed } from "./parser.ts"
import { quote } from "./quote.ts"

/** A checked input, or an error that names the wrong option or header. */
export type Checked<A> = Either.Either<A, QStashInvalidRequest>

export const refuse = (reason: string, field?: string): Checked<never> =>
  Either.left(new QStashInvalidRequest(field === undefined ? { reason } : { field, reason }))

export const refuseBoth = (field: string, conflictsWith: string): Checked<never> =>
  Either.left(
    new QStashInvalidRequest({ field, conflictsWith, reason: `cannot be combined with ${conflictsWith}` })
  )

/** Puts a place in front of the field of an error, such as `[2]` in front of `delay`. */
export const inPart =
  (place: string) =>
  ({ conflictsWith, field, reason }: QStashInvalidRequest): QStashInvalidRequest =>
    new QStashInvalidRequest({
      field: field === undefined ? place : `${place}.${field}`,
      reason,
      ...omitUndefined({ conflictsWith })
    })

/** Checks the messages of a batch, up to the first wrong one. Its index starts the field: `[2].delay`. */
export const checkEach = <A, B>(
  items: ReadonlyArray<A>,
  check: (item: A) => Checked<B>
): Checked<ReadonlyArray<B>> => {
  const checked: Array<B> = []
  for (const item of items) {
    const result = Either.mapLeft(check(item), inPart(`[${checked.length}]`))
    if (Either.isLeft(result)) return Either.left(result.left)
    checked.push(result.right)
  }
  return Either.right(checked)
}

export const required = <A, I>(option: string, value: I, parse: (value: I) => Parsed<A>) =>
  Either.mapLeft(parse(value), (reason) => new QStashInvalidRequest({ field: option, reason }))

export const optional = <A, I>(option: string, value: I | undefined, parse: (value: I) => Parsed<A>) =>
  value === undefined ? Either.right(undefined) : required(option, value, parse)

/** TypeScript checks keys only in object literals, so a misspelt key in a variable would be silently ignored. */
export const rejectUnknownKeys = (input: object, names: ReadonlySet<string>, what: string): Checked<void> => {
  for (const [name, value] of Object.entries(input)) {
    if (names.has(name) || value === undefined) continue
    return refuse(`is not an option of ${what}`, /^\w{1,100}$/.test(name) ? name : quote(name))
  }
  return Either.void
}

export const parseScheduleId = parser(ScheduleId)
export const parseQueueName = parser(QueueName)
export const parseMethod = parser(DeliveryMethod)
export const parseKey = parser(FlowControlKey)
export const parseDeduplicationId = parser(DeduplicationId)

export const parseFlag = (input: unknown): Parsed<boolean> =>
  typeof input === "boolean"
    ? Either.right(input)
    : Either.left(`expected true or false, got ${quote(input)}`)

/** A smaller number is before 1973 in milliseconds, but up to the year 5138 in seconds. */
const leastMillis = 100_000_000_000

/** Parses an instant in milliseconds. A number of seconds would be an instant in January 1970. */
export const parsePreciseInstant = (input: unknown): Parsed<DateTime.Utc> =>
  typeof input === "number" && input > 0 && input < leastMillis
    ? Either.left(`expected milliseconds since 1970, got ${quote(input)}: is it in seconds?`)
    : Either.fromOption(
        InstantInput.parse(input),
        () => `expected an instant such as "2025-03-30T00:00:00Z", got ${quote(input)}`
      )

/** QStash takes instants in whole seconds. Rounding up keeps the promise of "not before". */
export const parseInstant = (input: unknown): Parsed<DateTime.Utc> =>
  Either.flatMap(parsePreciseInstant(input), (instant) => {
    const seconds = Math.ceil(DateTime.toEpochMillis(instant) / 1000)
    return seconds >= 0
      ? Either.right(DateTime.unsafeMake(seconds * 1000))
      : Either.left("expected an instant in 1970 or later")
  })

export const parseRetryDelay = (input: unknown): Parsed<RetryDelayExpression> =>
  typeof input === "string"
    ? Either.mapLeft(RetryDelayExpression.parse(input), (error) => error.message)
    : RetryDelayExpression.isRetryDelayExpression(input)
      ? Either.right(input)
      : Either.left(`expected a retry delay expression, got ${quote(input)}`)

export const parseCount =
  (least: number) =>
  (input: unknown): Parsed<number> =>
    typeof input === "number" && Number.isSafeInteger(input) && input >= least
      ? Either.right(input)
      : Either.left(`expected a whole number of at least ${least}, got ${quote(input)}`)

const isSendable = Schema.is(Schema.typeSchema(DurationText))

/** QStash takes durations in whole seconds. A finer one is rejected, not silently rounded. */
export const parseSpan =
  (least: number) =>
  (input: unknown): Parsed<Duration.Duration> => {
    if (DurationInput.isNegative(input)) {
      return Either.left(`expected a duration that is not negative, such as "5 minutes", got ${quote(input)}`)
    }
    const span = DurationInput.parse(input)
    if (Option.isNone(span)) return Either.left(`expected a duration, got ${quote(input)}`)
    const seconds = Math.round(Duration.toSeconds(span.value))
    if (isSendable(span.value) && seconds >= least) return Either.right(Duration.seconds(seconds))
    const isCountable = Duration.toMillis(span.value) <= Number.MAX_SAFE_INTEGER
    return Either.left(
      `expected a duration of whole seconds, at least ${least}, got ${isCountable ? Duration.format(span.value) : "one that is too long"}`
    )
  }

export const parseBody = (input: unknown): Parsed<Uint8Array> =>
  typeof input === "string"
    ? Either.right(new TextEncoder().encode(input))
    : input instanceof Uint8Array
      ? Either.right(Uint8Array.from(input))
      : Either.left("expected text or bytes")

export const parseLabels = (input: unknown): Parsed<ReadonlyArray<string>> => {
  if (!Array.isArray(input)) return Either.left(`expected a list of labels, got ${quote(input)}`)
  const labels: Array<string> = []
  for (const given of input) {
    const label = typeof given === "string" ? trimBlanks(given) : ""
    if (label === "" || label.includes(",") || !isHeaderValue(label)) {
      return Either.left(`expected labels of printable Latin-1 without commas, got ${quote(given)}`)
    }
    labels.push(label)
  }
  return Either.right(labels)
}

export const parseRedact = (input: unknown): Parsed<Redact> => {
  if (!Predicate.isReadonlyRecord(input)) {
    return Either.left(`expected an object with "body" and "headers", got ${quote(input)}`)
  }
  const { body = false, headers = false } = input
  if (typeof body !== "boolean") return Either.left(`expected "body" to be true or false, got ${quote(body)}`)
  if (typeof headers === "boolean") return Either.right({ body, headers })
  if (!Array.isArray(headers)) {
    return Either.left(
      `expected "headers" to be true, false or a list of header names, got ${quote(headers)}`
    )
  }
  for (const name of headers) {
    if (typeof name !== "string" || !isHeaderName(name))
      return Either.left(`${quote(name)} is not a valid header name`)
  }
  return Either.right({ body, headers: headers.length === 0 ? false : headers.map(canonicalName) })
}

const week = 7 * 24 * 60 * 60
export const parsePeriod = (input: unknown): Parsed<Duration.Duration> =>
  Either.filterOrLeft(
    parseSpan(1)(input),
    (span) => Duration.toSeconds(span) <= week,
    (span) => `expected a period of at most one week, got ${Duration.format(span)}`
  )
