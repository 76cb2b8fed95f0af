import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"
import type { CreateSchedule } from "../CreateSchedule.ts"
import { CronExpression, isCronExpression } from "../CronExpression.ts"
import { DeduplicationId } from "../DeduplicationId.ts"
import { DeliveryMethod } from "../DeliveryMethod.ts"
import type { Destination } from "../Destination.ts"
import { FlowControlKey } from "../FlowControl.ts"
import type { MessageSettings, Redact } from "../MessageSettings.ts"
import type { PublishMessage } from "../PublishMessage.ts"
import { QStashInvalidRequest } from "../QStashError.ts"
import { QueueName } from "../QueueName.ts"
import { RetryDelayExpression } from "../RetryDelayExpression.ts"
import { ScheduleId } from "../ScheduleId.ts"
import * as DurationInput from "../wire/DurationInput.ts"
import { DurationText } from "../wire/DurationText.ts"
import * as InstantInput from "../wire/InstantInput.ts"
import { defined } from "./defined.ts"
import {
  canonicalName,
  type HeaderMap,
  isHeaderName,
  isHeaderValue,
  parseHeaders,
  trimBlanks
} from "./headers.ts"
import { parsePrintableUrl } from "./httpUrl.ts"
import { refuseOwnHeaders } from "./ownHeaders.ts"
import { parser, type Parsed } from "./parser.ts"
import { kindOf, quote } from "./quote.ts"

/** Settings before any check: a user's options, or what stood in a request's headers. */
export interface UncheckedSettings extends Omit<
  MessageSettings.Input,
  "method" | "callback" | "failureCallback" | "queueName" | "flowControl"
> {
  readonly method?: string | undefined
  readonly callback?: UncheckedCallback | string | URL | undefined
  readonly failureCallback?: UncheckedCallback | string | URL | undefined
  readonly queueName?: string | undefined
  readonly flowControl?: UncheckedFlowControl | undefined
}

interface UncheckedCallback extends Omit<MessageSettings.CallbackInput, "method"> {
  readonly method?: string | undefined
}

interface UncheckedFlowControl {
  readonly key: string
  readonly parallelism?: number | undefined
  readonly rate?: number | undefined
  readonly period?: Duration.DurationInput | undefined
}

/** What is to become a schedule. */
export interface UncheckedSchedule<D> extends UncheckedSettings {
  readonly scheduleId?: string | undefined
  readonly cron: CronExpression | string
  readonly destination: D
}

/** What is to become a message. */
export interface UncheckedMessage<D> extends UncheckedSettings {
  readonly destination: D
  readonly notBefore?: DateTime.DateTime.Input | undefined
  readonly deduplicationId?: string | undefined
  readonly contentBasedDeduplication?: boolean | undefined
}

type Names<Options> = Readonly<Record<keyof Options, true>>

const settingNames: Names<UncheckedSettings> = {
  method: true,
  headers: true,
  body: true,
  retries: true,
  retryDelay: true,
  timeout: true,
  delay: true,
  callback: true,
  failureCallback: true,
  queueName: true,
  flowControl: true,
  labels: true,
  redact: true
}

const scheduleNames: Names<UncheckedSchedule<unknown>> = {
  ...settingNames,
  scheduleId: true,
  cron: true,
  destination: true
}

const messageNames: Names<UncheckedMessage<unknown>> = {
  ...settingNames,
  destination: true,
  notBefore: true,
  deduplicationId: true,
  contentBasedDeduplication: true
}

const callbackNames: Names<UncheckedCallback> = {
  url: true,
  method: true,
  timeout: true,
  retries: true,
  retryDelay: true,
  headers: true
}

const flowControlNames: Names<UncheckedFlowControl> = {
  key: true,
  parallelism: true,
  rate: true,
  period: true
}

const redactNames: Names<Redact> = { body: true, headers: true }

const parseScheduleId = parser(ScheduleId)
export const parseQueueName = parser(QueueName)
const parseMethod = parser(DeliveryMethod)
const parseKey = parser(FlowControlKey)
const parseDeduplicationId = parser(DeduplicationId)

export const parseFlag = (input: unknown): Parsed<boolean> =>
  typeof input === "boolean"
    ? Either.right(input)
    : Either.left(`expected true or false, got ${quote(input)}`)

/** A number below this is an instant of before 1973 in milliseconds, and one up to the year 5138 in seconds. */
const leastMillis = 100_000_000_000

/** Instants travel in whole seconds; the next one still keeps what "not before" says. */
const parseInstant = (input: DateTime.DateTime.Input): Parsed<DateTime.Utc> => {
  if (typeof input === "number" && input > 0 && input < leastMillis) {
    return Either.left(`expected milliseconds since 1970, got ${quote(input)}: is it in seconds?`)
  }
  return Option.match(InstantInput.parse(input), {
    onNone: () => Either.left(`expected an instant such as "2025-03-30T00:00:00Z", got ${quote(input)}`),
    onSome: (instant) => {
      const seconds = Math.ceil(DateTime.toEpochMillis(instant) / 1000)
      return seconds >= 0
        ? Either.right(DateTime.unsafeMake(seconds * 1000))
        : Either.left("expected an instant since 1970")
    }
  })
}

const parseCron = (input: CronExpression | string): Parsed<CronExpression> =>
  typeof input === "string"
    ? Either.mapLeft(CronExpression.parse(input), (error) => error.message)
    : isCronExpression(input)
      ? Either.right(input)
      : Either.left(`expected a cron expression, got ${quote(input)}`)

const parseRetryDelay = (input: RetryDelayExpression | string): Parsed<RetryDelayExpression> =>
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

/** Durations travel in whole seconds, so a finer one is refused rather than rounded behind the user's back. */
const parseSpan =
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

const parseBody = (input: unknown): Parsed<Uint8Array> =>
  typeof input === "string"
    ? Either.right(new TextEncoder().encode(input))
    : input instanceof Uint8Array
      ? Either.right(Uint8Array.from(input))
      : Either.left("expected text or bytes")

const parseLabels = (input: ReadonlyArray<string>): Parsed<ReadonlyArray<string>> => {
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

const parseRedact = (input: NonNullable<MessageSettings.Input["redact"]>): Parsed<Redact> => {
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
    (span) => `expected a period of one week at most, got ${Duration.format(span)}`
  )

const nonEmpty = (headers: HeaderMap | undefined): HeaderMap | undefined =>
  headers === undefined || Object.keys(headers).length === 0 ? undefined : headers

/** How a message and a schedule differ where a user's own options are checked. */
interface Kind {
  readonly names: Readonly<Record<string, true>>
  /** Which helpers take a body that is neither text nor bytes. */
  readonly jsonHelpers: string
}

const messageKind: Kind = { names: messageNames, jsonHelpers: "publishJson, enqueueJson or batchJson" }
const scheduleKind: Kind = { names: scheduleNames, jsonHelpers: "createJson or upsertJson" }

export const refuse = (option: string, reason: string) =>
  Either.left(new QStashInvalidRequest({ field: option, reason }))

export const required = <A, I>(option: string, value: I, parse: (value: I) => Parsed<A>) =>
  Either.mapLeft(parse(value), (reason) => new QStashInvalidRequest({ field: option, reason }))

export const optional = <A, I>(option: string, value: I | undefined, parse: (value: I) => Parsed<A>) =>
  value === undefined ? Either.right(undefined) : required(option, value, parse)

/** Rejects unknown keys. TypeScript checks them only in object literals, so a misspelt key in a variable would be ignored. */
const known = (
  given: object,
  names: Readonly<Record<string, true>>,
  what: string,
  option?: string
): Either.Either<void, QStashInvalidRequest> => {
  for (const [name, value] of Object.entries(given)) {
    if (Object.hasOwn(names, name) || value === undefined) continue
    const shown = /^\w{1,100}$/.test(name) ? name : quote(name)
    return refuse(option === undefined ? shown : `${option}.${shown}`, `is no option of ${what}`)
  }
  return Either.void
}

/** Settings without a kind come from the wire, where fewer mistakes are possible. */
const checks = (kind?: Kind) => {
  const readHeaders = (input: unknown) =>
    kind === undefined
      ? parseHeaders(input)
      : Either.flatMap(parseHeaders(input), refuseOwnHeaders(kind.names))
  const readBody = (input: unknown) =>
    kind === undefined
      ? parseBody(input)
      : Either.mapLeft(
          parseBody(input),
          (reason) => `${reason}; use ${kind.jsonHelpers} to send a value as JSON`
        )

  function* flowControl(limits: UncheckedFlowControl | undefined) {
    if (limits === undefined) return undefined
    if (!Predicate.isReadonlyRecord(limits)) {
      return yield* refuse("flowControl", `expected an object, got ${quote(limits)}`)
    }
    yield* known(limits, flowControlNames, "flow control", "flowControl")
    const key = yield* required("flowControl.key", limits.key, parseKey)
    const parallelism = yield* optional("flowControl.parallelism", limits.parallelism, parseCount(1))
    const rate = yield* optional("flowControl.rate", limits.rate, parseCount(1))
    const period = defined({ period: yield* optional("flowControl.period", limits.period, parsePeriod) })
    if (parallelism !== undefined) return { key, parallelism, ...defined({ rate }), ...period }
    if (rate !== undefined) return { key, rate, ...period }
    return yield* refuse("flowControl", "expected parallelism, rate, or both")
  }

  function* callback(option: string, given: UncheckedCallback | string | URL | undefined) {
    if (given === undefined) return undefined
    const options: UncheckedCallback =
      typeof given === "string" || given instanceof URL ? { url: given } : given
    if (!Predicate.isReadonlyRecord(options)) {
      return yield* refuse(option, `expected a URL or an object with "url", got ${quote(given)}`)
    }
    yield* known(options, callbackNames, "a callback", option)
    return {
      url: yield* required(`${option}.url`, options.url, parsePrintableUrl),
      ...defined({
        method: yield* optional(`${option}.method`, options.method, parseMethod),
        timeout: yield* optional(`${option}.timeout`, options.timeout, parseSpan(1)),
        retries: yield* optional(`${option}.retries`, options.retries, parseCount(0)),
        retryDelay: yield* optional(`${option}.retryDelay`, options.retryDelay, parseRetryDelay),
        headers: nonEmpty(yield* optional(`${option}.headers`, options.headers, readHeaders))
      })
    }
  }

  function* settings(input: UncheckedSettings) {
    const body = yield* optional("body", input.body, readBody)
    const labels = yield* optional("labels", input.labels, parseLabels)
    if (Predicate.isReadonlyRecord(input.redact)) {
      yield* known(input.redact, redactNames, "redact", "redact")
    }
    const redact = yield* optional("redact", input.redact, parseRedact)
    return defined({
      method: yield* optional("method", input.method, parseMethod),
      headers: nonEmpty(yield* optional("headers", input.headers, readHeaders)),
      body: body === undefined || body.length === 0 ? undefined : body,
      retries: yield* optional("retries", input.retries, parseCount(0)),
      retryDelay: yield* optional("retryDelay", input.retryDelay, parseRetryDelay),
      timeout: yield* optional("timeout", input.timeout, parseSpan(1)),
      delay: yield* optional("delay", input.delay, parseSpan(0)),
      callback: yield* callback("callback", input.callback),
      failureCallback: yield* callback("failureCallback", input.failureCallback),
      queueName: yield* optional("queueName", input.queueName, parseQueueName),
      flowControl: yield* flowControl(input.flowControl),
      labels: labels === undefined || labels.length === 0 ? undefined : labels,
      redact: redact === undefined || (!redact.body && redact.headers === false) ? undefined : redact
    })
  }

  return settings
}

const notOptions = (what: string, input: unknown) =>
  Either.left(new QStashInvalidRequest({ reason: `expected the options of a ${what}, got ${kindOf(input)}` }))

/** Checks every setting of a schedule and brings it into its one form. */
export const checkSchedule = <D>(
  input: UncheckedSchedule<D>,
  parseDestination: (destination: D) => Parsed<Destination>,
  isOnWire = false
): Either.Either<CreateSchedule, QStashInvalidRequest> => {
  const settings = checks(isOnWire ? undefined : scheduleKind)
  return Either.gen(function* () {
    if (!Predicate.isReadonlyRecord(input)) return yield* notOptions("schedule", input)
    yield* known(input, scheduleNames, "a schedule")
    const scheduleId = yield* optional("scheduleId", input.scheduleId, parseScheduleId)
    const cron = yield* required("cron", input.cron, parseCron)
    const destination = yield* required("destination", input.destination, parseDestination)
    return { cron, destination, ...defined({ scheduleId }), ...(yield* settings(input)) }
  })
}

/** Checks every setting of a message and brings it into its one form. */
export const checkMessage = <D>(
  input: UncheckedMessage<D>,
  parseDestination: (destination: D) => Parsed<Destination>,
  isOnWire = false
): Either.Either<PublishMessage, QStashInvalidRequest> => {
  const settings = checks(isOnWire ? undefined : messageKind)
  return Either.gen(function* () {
    if (!Predicate.isReadonlyRecord(input)) return yield* notOptions("message", input)
    yield* known(input, messageNames, "a message")
    const destination = yield* required("destination", input.destination, parseDestination)
    if (input.delay !== undefined && input.notBefore !== undefined) {
      return yield* refuse("notBefore", "goes not together with delay")
    }
    const notBefore = yield* optional("notBefore", input.notBefore, parseInstant)
    const deduplicationId = yield* optional("deduplicationId", input.deduplicationId, parseDeduplicationId)
    const isContentBased = yield* optional(
      "contentBasedDeduplication",
      input.contentBasedDeduplication,
      parseFlag
    )
    if (isContentBased === true && deduplicationId !== undefined) {
      return yield* refuse("contentBasedDeduplication", "goes not together with deduplicationId")
    }
    return {
      destination,
      ...defined({
        notBefore,
        deduplicationId,
        contentBasedDeduplication: isContentBased === true ? true : undefined
      }),
      ...(yield* settings(input))
    }
  })
}
