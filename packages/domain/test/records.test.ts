import * as CallbackBody from "@effect-qstash/domain/wire/CallbackBody"
import * as DlqRecord from "@effect-qstash/domain/wire/DlqRecord"
import * as FlowControlRecord from "@effect-qstash/domain/wire/FlowControlRecord"
import * as LogRecord from "@effect-qstash/domain/wire/LogRecord"
import * as MessageRecord from "@effect-qstash/domain/wire/MessageRecord"
import * as QueueRecord from "@effect-qstash/domain/wire/QueueRecord"
import * as ScheduleRecord from "@effect-qstash/domain/wire/ScheduleRecord"
import * as SigningKeysRecord from "@effect-qstash/domain/wire/SigningKeysRecord"
import * as UrlGroupRecord from "@effect-qstash/domain/wire/UrlGroupRecord"
import { describe, it } from "@effect/vitest"
import { assertTrue, deepStrictEqual } from "@effect/vitest/utils"
import { Either, FastCheck, ParseResult, Schema } from "effect"

const text = Schema.String
const name = Schema.NonEmptyString
const flag = Schema.Boolean
const count = Schema.NonNegative.pipe(Schema.finite())
const seconds = Schema.Number.pipe(Schema.between(0, Number.MAX_SAFE_INTEGER / 1000))
const lastMillis = 8_640_000_000_000_000
const instant = Schema.Number.pipe(Schema.between(0, lastMillis))
const setInstant = Schema.Number.pipe(Schema.finite(), Schema.lessThanOrEqualTo(lastMillis))
const states = Schema.declare(
  (value): value is object =>
    Schema.is(Schema.Record({ key: text, value: text }))(value) && !Array.isArray(value)
)
const headers = Schema.declare(
  (value): value is object =>
    typeof value === "object" &&
    value !== null &&
    !Array.isArray(value) &&
    Object.values(value).every(Schema.is(Schema.Union(text, Schema.Array(text))))
)
const labels = Schema.Array(text)
const numeric = Schema.Union(count, Schema.String.pipe(Schema.pattern(/^\d{1,16}$/)))
const numericInstant = Schema.Union(instant, Schema.String.pipe(Schema.pattern(/^\d{1,15}$/)))

type Shapes = Readonly<Record<string, Schema.Schema.AnyNoContext>>

const settings: Shapes = {
  header: headers,
  retryDelayExpression: text,
  callback: text,
  failureCallback: text,
  queueName: text,
  flowControlKey: text,
  parallelism: count,
  rate: count,
  period: seconds,
  label: text,
  labels
}
const message: Shapes = {
  ...settings,
  body: text,
  timeout: count,
  callbackHeader: headers,
  failureCallbackHeader: headers,
  callerIP: text,
  callerIp: text,
  topicName: text,
  endpointName: text,
  scheduleId: text,
  method: text,
  notBefore: instant,
  maxRetries: count
}
const messageNeeds: Shapes = { messageId: name, url: text, createdAt: instant }

interface Kind {
  readonly decode: (json: unknown) => Either.Either<unknown, string>
  readonly minimal: Readonly<Record<string, unknown>>
  /** What a field is if it is present, written down once more, in Effect's own terms. */
  readonly needed: Shapes
  readonly optional: Shapes
}

const createdAt = 1_754_565_618_803

const kinds: Readonly<Record<string, Kind>> = {
  schedule: {
    decode: ScheduleRecord.decode,
    minimal: { scheduleId: "scd_1", cron: "* * * * *", destination: "https://example.com", createdAt },
    needed: { scheduleId: name, cron: text, destination: text, createdAt: instant },
    optional: {
      ...settings,
      body: text,
      timeout: count,
      callbackHeader: headers,
      failureCallbackHeader: headers,
      callerIP: text,
      callerIp: text,
      method: text,
      isPaused: flag,
      retries: count,
      delay: seconds,
      lastScheduleTime: setInstant,
      nextScheduleTime: setInstant,
      lastScheduleStates: states,
      error: text
    }
  },
  message: {
    decode: MessageRecord.decode,
    minimal: { messageId: "msg_1", url: "https://example.com", createdAt },
    needed: messageNeeds,
    optional: message
  },
  "dead letter": {
    decode: DlqRecord.decode,
    minimal: { messageId: "msg_1", url: "https://example.com", createdAt, dlqId: "1-0" },
    needed: { ...messageNeeds, dlqId: name },
    optional: {
      ...message,
      responseStatus: count,
      responseHeader: headers,
      responseHeaders: headers,
      responseBody: text
    }
  },
  "log entry": {
    decode: LogRecord.decode,
    minimal: { time: createdAt, state: "ACTIVE", messageId: "msg_1", url: "https://example.com" },
    needed: { time: instant, state: text, messageId: name, url: text },
    optional: {
      ...settings,
      topicName: text,
      endpointName: text,
      scheduleId: text,
      method: text,
      error: text,
      nextDeliveryTime: instant,
      responseStatus: count,
      responseHeader: headers,
      responseHeaders: headers,
      maxRetries: count,
      retryDelayExpr: text,
      timeout: Schema.Number.pipe(Schema.between(0, Number.MAX_SAFE_INTEGER)),
      callbackHeaders: headers,
      failureCallbackHeaders: headers
    }
  },
  queue: {
    decode: QueueRecord.decode,
    minimal: { name: "mails", createdAt },
    needed: { name, createdAt: instant },
    optional: { updatedAt: instant, parallelism: count, paused: flag, lag: count }
  },
  "URL group": {
    decode: UrlGroupRecord.decode,
    minimal: { name: "billing", createdAt },
    needed: { name, createdAt: instant },
    optional: {
      updatedAt: instant,
      endpoints: Schema.Array(
        Schema.Struct({ url: text, name: Schema.optionalWith(Schema.NullOr(text), { exact: true }) })
      )
    }
  },
  "flow-control key": {
    decode: FlowControlRecord.decode,
    minimal: { flowControlKey: "tenant" },
    needed: { flowControlKey: name },
    optional: {
      waitListSize: count,
      parallelismMax: count,
      parallelismCount: count,
      rateMax: count,
      rateCount: count,
      ratePeriod: seconds,
      ratePeriodStart: Schema.Number.pipe(Schema.between(0, lastMillis / 1000)),
      isPaused: flag,
      isPinnedParallelism: flag,
      isPinnedRate: flag
    }
  },
  "signing keys": {
    decode: SigningKeysRecord.decode,
    minimal: { current: "a", next: "b" },
    needed: { current: name, next: name },
    optional: {}
  },
  callback: {
    decode: CallbackBody.decode,
    minimal: { sourceMessageId: "msg_1", url: "https://example.com", createdAt },
    needed: { sourceMessageId: name, url: text, createdAt: numericInstant },
    optional: {
      status: numeric,
      header: headers,
      retried: numeric,
      maxRetries: numeric,
      dlqId: text,
      topicName: text,
      endpointName: text,
      method: text,
      sourceHeader: headers,
      notBefore: numericInstant,
      scheduleId: text,
      callerIP: text,
      callerIp: text
    }
  }
}

/** Where Effect's Schema finds the first thing wrong with a field, in our words. */
const reference = (field: string, shape: Schema.Schema.AnyNoContext, isNeeded: boolean) => {
  const decode = Schema.decodeUnknownEither(
    Schema.Struct({
      [field]: isNeeded ? shape : Schema.optionalWith(shape, { exact: true, nullable: true })
    })
  )
  return (json: unknown): string | undefined =>
    Either.match(decode(json), {
      onLeft: (error) => {
        const [{ _tag, path } = { _tag: "Type", path: [field] }] =
          ParseResult.ArrayFormatter.formatErrorSync(error)
        const where = path
          .map((step) => (typeof step === "number" ? `[${step}]` : `.${String(step)}`))
          .join("")
        return `${where.slice(1)} is ${_tag === "Missing" ? "missing" : "not of the expected shape"}`
      },
      onRight: () => undefined
    })
}

/** JSON, and what is at the edge of being right. */
const value = FastCheck.oneof(
  FastCheck.jsonValue(),
  FastCheck.double({ noDefaultInfinity: true, noNaN: true }),
  FastCheck.dictionary(
    FastCheck.string(),
    FastCheck.oneof(FastCheck.string(), FastCheck.array(FastCheck.string()))
  ),
  FastCheck.array(
    FastCheck.record({ url: FastCheck.string(), name: FastCheck.jsonValue() }, { requiredKeys: [] })
  ),
  FastCheck.constantFrom(
    null,
    "",
    "5",
    0,
    -1,
    0.5,
    9_007_199_254_740,
    9_007_199_254_741,
    lastMillis,
    lastMillis + 1
  )
)

describe.each(Object.entries(kinds))("a %s", (_kind, { decode, minimal, needed, optional }) => {
  const references = new Map(
    [needed, optional].flatMap((shapes) =>
      Object.entries(shapes).map(
        ([field, shape]) => [field, reference(field, shape, shapes === needed)] as const
      )
    )
  )
  const field = FastCheck.constantFrom(...references.keys())
  const reasonOf = (json: unknown): string | undefined => Either.getOrUndefined(Either.flip(decode(json)))

  it.prop(
    "names a wrong field in the same words as Effect's Schema would",
    [field, value],
    ([given, junk]) => {
      const json = { ...minimal, [given]: junk }
      deepStrictEqual(reasonOf(json), references.get(given)?.(json))
    },
    { fastCheck: { numRuns: 1_000 }, timeout: 60_000 }
  )

  it.prop(
    "names one of several wrong fields, and reads what has none",
    [
      FastCheck.dictionary(field, value, { maxKeys: 4 }),
      FastCheck.subarray(Object.keys(needed), { maxLength: 1 })
    ],
    ([junk, missing]) => {
      const all = { ...minimal, ...junk }
      const json = Object.fromEntries(Object.entries(all).filter(([given]) => !missing.includes(given)))
      const reasons = Array.from(references.values(), (reasonIn) => reasonIn(json)).filter(
        (reason) => reason !== undefined
      )
      const reason = reasonOf(json)
      assertTrue(reason === undefined ? reasons.length === 0 : reasons.includes(reason), reason)
    },
    { fastCheck: { numRuns: 500 }, timeout: 60_000 }
  )
})
