import {
  CronExpression,
  DeduplicationId,
  Destination,
  FlowControlKey,
  QueueName,
  RedactedValue,
  RetryDelayExpression,
  ScheduleId,
  UrlGroupName
} from "@effect-qstash/domain"
import type {
  CreateSchedule,
  DeliveryMethod,
  MessageSettings,
  PublishMessage,
  QStashHeaders
} from "@effect-qstash/domain"
import { FlowControlKeyFromAnswer } from "@effect-qstash/domain/FlowControl"
import { MessageIdFromAnswer } from "@effect-qstash/domain/MessageId"
import { QueueNameFromAnswer } from "@effect-qstash/domain/QueueName"
import { ScheduleIdFromAnswer } from "@effect-qstash/domain/ScheduleId"
import { UrlGroupNameFromAnswer } from "@effect-qstash/domain/UrlGroupName"
import { DurationText } from "@effect-qstash/domain/wire/DurationText"
import { Arbitrary, DateTime, Duration, Either, FastCheck, Schema } from "effect"

const {
  anything,
  array,
  boolean,
  constant,
  constantFrom,
  dictionary,
  double,
  integer,
  jsonValue,
  nat,
  oneof,
  option,
  record,
  string,
  tuple,
  uint8Array
} = FastCheck

/** Names that an object in JavaScript has of its own, or that mean something to QStash elsewhere. */
const wickedNames = [
  "__proto__",
  "constructor",
  "toString",
  "content-type",
  "Content-Type",
  "upstash-retries",
  "Upstash-Forward-X",
  "Forward-X",
  "authorization",
  "x-",
  "-",
  "!#$%&'*+.^_`|~"
]

export const headerName = oneof(
  constantFrom(...wickedNames),
  string({ unit: constantFrom(...Array.from("abcXYZ019-_.~!")), minLength: 1, maxLength: 12 })
)

/** All that a header may carry, of Latin-1. */
export const headerText = string({
  unit: oneof(
    { weight: 5, arbitrary: integer({ min: 0x20, max: 0x7e }) },
    integer({ min: 0x80, max: 0xff }),
    constantFrom(0x09)
  ).map((code) => String.fromCharCode(code)),
  maxLength: 20
})

/** `Object.fromEntries` lets a name be `__proto__`, as `JSON.parse` does. */
const headers: FastCheck.Arbitrary<MessageSettings.HeadersInput> = array(
  // The contracts refuse QStash's own headers.
  tuple(
    headerName.filter((text) => !text.toLowerCase().startsWith("upstash-")),
    oneof(headerText, array(headerText, { maxLength: 3 }))
  ),
  { maxLength: 5 }
).map((entries) => Object.fromEntries(entries))

const name = string({
  unit: constantFrom(...Array.from("abcABC019._-")),
  minLength: 1,
  maxLength: 20
}).filter((text) => text !== "." && text !== "..")

const scheduleId = name.map((text) => ScheduleId.make(text))
const queueName = name.map((text) => QueueName.make(text))
export const urlGroupName = name.map((text) => UrlGroupName.make(text))
const cron = Arbitrary.make(Schema.typeSchema(CronExpression.FromString))

/** Pieces of which URLs are made, many of which mean something to URL parsing or to QStash. */
const urlPieces = [
  ...Array.from("ab/?#&=:@%;,+*'\"<>|^`{}[]()~$!\\ .ü€😀"),
  "\ud800",
  "//",
  "/../",
  "/./",
  "/..",
  "..",
  "../../../../keys/rotate",
  "%2e",
  "%2E%2e/",
  "%2F",
  "%5c",
  "%zz",
  "%00",
  "user:secret@",
  "x.y",
  "[::1]",
  "0x7f.1",
  "127.1",
  ":8080",
  "upstash-retries=5",
  "Upstash-",
  "%75pstash-delay=1",
  "qstash_token=a",
  "qstash%5ftoken",
  "https://",
  "\t",
  "\n",
  "\u0000",
  "\u007f",
  "\u0085"
]

/** URLs as no person writes them, from those that any server takes to those that are none. */
export const oddUrl = tuple(
  constantFrom(
    "https://",
    "http://",
    "HTTPS://",
    "https:",
    "https:/",
    "https:\\\\",
    "ftp://",
    "//",
    " https://",
    ""
  ),
  constantFrom(
    "",
    "x.y",
    "x.y/",
    "X.Y:443",
    "user:pass@x.y",
    "[::1]:80",
    ".",
    "..",
    "%2e%2e",
    "ü.y",
    "0x7f.1"
  ),
  array(constantFrom(...urlPieces), { maxLength: 8 })
).map(([scheme, host, pieces]) => scheme + host + pieces.join(""))

export const usableUrl = tuple(
  constantFrom("https://x.y", "http://user:pass@x.y:8080", "HTTP://[::1]", "https://ü.example"),
  array(constantFrom(...urlPieces), { maxLength: 6 })
)
  .map(([origin, pieces]) => [origin, ...pieces].join("/"))
  .filter((url) => Either.isRight(Destination.parse(url)))

const destination = oneof(
  usableUrl,
  usableUrl.map((url) => new URL(url)),
  record({ urlGroup: urlGroupName })
)

const seconds = nat(8 * 86_400)

/** Every way to say a span of whole seconds. */
const span = (least: number): FastCheck.Arbitrary<Duration.DurationInput> =>
  oneof(
    Arbitrary.make(Schema.typeSchema(DurationText)).filter(
      (duration) => Duration.toSeconds(duration) >= least
    ),
    ...[
      (count: number): Duration.DurationInput => count * 1_000,
      (count: number): Duration.DurationInput => BigInt(count) * 1_000_000_000n,
      (count: number): Duration.DurationInput => [count, 0],
      (count: number): Duration.DurationInput => `${count} seconds`,
      (count: number): Duration.DurationInput => `${count} minutes`,
      (count: number): Duration.DurationInput => Duration.nanos(BigInt(count) * 1_000_000_000n)
    ].map((say) => seconds.map((count) => say(Math.max(count, least))))
  )

const count1 = oneof(integer({ min: 1, max: 10 }), constant(Number.MAX_SAFE_INTEGER))
const retries = oneof(nat(10), constantFrom(0, Number.MAX_SAFE_INTEGER))
const method = constantFrom<DeliveryMethod>("GET", "POST", "PUT", "PATCH", "DELETE")
const retryDelay = constantFrom("1000", " pow(2, retried) * 1000 ", "min(60000, exp(retried))")

/** A callback's URL may be one that no request path could carry. */
const callbackUrl = oneof(
  usableUrl,
  constantFrom("https://x.y/../a?b#c", "https://a`b/", "https://x.y/?upstash-a=1")
)

const callback: FastCheck.Arbitrary<MessageSettings.CallbackInput | string | URL> = oneof(
  callbackUrl,
  callbackUrl.map((url) => new URL(url)),
  record(
    { url: callbackUrl, method, timeout: span(1), retries, retryDelay, headers },
    { requiredKeys: ["url"] }
  )
)

const flowControl: FastCheck.Arbitrary<CreateSchedule.Input["flowControl"]> = tuple(
  oneof(headerText, constantFrom("tenant 7", "a,b"))
    .filter((text) => text !== "" && text === text.trim() && text !== "." && text !== "..")
    .map((text) => FlowControlKey.make(text)),
  oneof(
    record({ parallelism: count1, rate: option(count1, { nil: undefined }) }),
    record({ parallelism: option(count1, { nil: undefined }), rate: count1 })
  ),
  option(
    span(1).filter((given) => Duration.toSeconds(given) <= 7 * 86_400),
    { nil: undefined }
  )
).map(([key, limits, period]) => ({ key, ...limits, period }))

const label = oneof(headerText, constantFrom("billing", " two words ")).filter(
  (text) => text.trim() !== "" && !text.includes(",")
)

const redact: FastCheck.Arbitrary<CreateSchedule.Input["redact"]> = record(
  { body: boolean(), headers: oneof(boolean(), array(headerName, { maxLength: 3 })) },
  { requiredKeys: [] }
)

const body = oneof(
  string({ unit: "binary" }),
  string({ unit: "grapheme" }),
  uint8Array(),
  uint8Array().map((bytes) => Buffer.from(bytes)),
  constant("")
)

/** The options that schedules and messages share, but for the delay. */
const settings = {
  destination,
  method: option(method, { nil: undefined }),
  headers,
  body,
  retries,
  retryDelay: oneof(
    retryDelay,
    retryDelay.map((text) => RetryDelayExpression.make(text))
  ),
  timeout: span(1),
  callback,
  failureCallback: callback,
  queueName,
  flowControl,
  labels: array(label, { maxLength: 3 }),
  redact
}

/** What a user may give, over all options and all ways to say them. */
export const input: FastCheck.Arbitrary<CreateSchedule.Input> = record(
  {
    scheduleId,
    cron: oneof(
      cron,
      cron.map((expression) => ` ${expression.text}\t`)
    ),
    delay: span(0),
    ...settings
  },
  { requiredKeys: ["cron", "destination"] }
)

/** The last instant of JavaScript. */
const lastMillis = 8_640_000_000_000_000

/** Every way to say an instant since 1970, fine ones among them; as a number only what cannot be meant in seconds. */
const instantInput: FastCheck.Arbitrary<DateTime.DateTime.Input> = oneof(
  nat(),
  integer({ min: 0, max: lastMillis })
).chain((millis) =>
  constantFrom<DateTime.DateTime.Input>(
    millis === 0 ? 0 : Math.max(millis, 100_000_000_000),
    new Date(millis),
    new Date(millis).toISOString(),
    DateTime.unsafeMake(millis),
    DateTime.unsafeMakeZoned(Math.min(millis, lastMillis - 86_400_000), { timeZone: "Europe/Berlin" })
  )
)

const deduplicationId = string({
  unit: integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code)),
  minLength: 1,
  maxLength: 20
})
  .filter((text) => !text.includes(":"))
  .map((text) => DeduplicationId.make(text))

/** The same for a message, with at most one of the options that exclude each other. */
export const messageInput: FastCheck.Arbitrary<
  PublishMessage.Input & { readonly queueName?: QueueName | undefined }
> = tuple(
  record(settings, { requiredKeys: ["destination"] }),
  oneof(
    record({ delay: span(0) }, { requiredKeys: [] }),
    record({ notBefore: instantInput, delay: constant(undefined) }, { requiredKeys: ["notBefore"] })
  ),
  oneof(
    record({ deduplicationId, contentBasedDeduplication: constant(false) }, { requiredKeys: [] }),
    record({ contentBasedDeduplication: boolean() })
  )
).map(([options, timing, deduplication]) => ({ ...options, ...timing, ...deduplication }))

/** What answers report: names that are older than the rules for them, and texts of any letters. */
export const reportedText = string({ unit: "grapheme", minLength: 1 }).filter(
  (value) => !value.startsWith("REDACTED:")
)
export const reportedMessageId = reportedText.map(Schema.decodeSync(MessageIdFromAnswer))
export const reportedScheduleId = reportedText.map(Schema.decodeSync(ScheduleIdFromAnswer))
export const reportedQueueName = reportedText.map(Schema.decodeSync(QueueNameFromAnswer))
export const reportedUrlGroup = reportedText.map(Schema.decodeSync(UrlGroupNameFromAnswer))
export const reportedFlowControlKey = reportedText.map(Schema.decodeSync(FlowControlKeyFromAnswer))

const redactedValue = string({
  unit: constantFrom(...Array.from("0123456789abcdef")),
  minLength: 64,
  maxLength: 64
}).map((sha256) => new RedactedValue({ sha256 }))

export const reportedInstant = integer({ min: 1, max: lastMillis }).map((millis) =>
  DateTime.unsafeMake(millis)
)
export const reportedSpan = oneof(integer({ min: 1 }), constantFrom(0.5, 9_007_199_254_740)).map((count) =>
  Duration.seconds(count)
)
export const reportedCount = integer({ min: 1, max: Number.MAX_SAFE_INTEGER })

/** Names that a dictionary of an answer may have. */
export const reportedName = oneof(constantFrom("__proto__", "constructor", "Content-Type"), string())

const reportedHeaders: FastCheck.Arbitrary<QStashHeaders> = array(
  tuple(
    reportedName,
    array(
      oneof(
        string({ unit: "binary" }).filter((value) => !value.startsWith("REDACTED:")),
        redactedValue
      ),
      { maxLength: 3 }
    )
  ),
  { maxLength: 3 }
).map((entries) => Object.fromEntries(entries))
export const someReportedHeaders = reportedHeaders.filter((found) => Object.keys(found).length > 0)

/** A body that is there: text, bytes that are none, or what was redacted. */
export const reportedBody = oneof(
  reportedText,
  uint8Array({ maxLength: 10 }).map((bytes) => Uint8Array.of(0xff, ...bytes)),
  redactedValue
)

/** What schedules, messages and log entries report of their settings. */
export const reportedSettings = {
  headers: reportedHeaders,
  body: reportedBody,
  retryDelay: reportedText,
  callback: reportedText,
  callbackHeaders: someReportedHeaders,
  failureCallback: reportedText,
  failureCallbackHeaders: someReportedHeaders,
  queueName: reportedQueueName,
  flowControlKey: reportedFlowControlKey,
  parallelism: reportedCount,
  rate: reportedCount,
  period: reportedSpan,
  labels: array(reportedText, { maxLength: 3 })
}

/** Anything at all. */
export const junk = oneof(
  anything({
    withBigInt: true,
    withBoxedValues: true,
    withDate: true,
    withMap: true,
    withNullPrototype: true,
    withObjectString: true,
    withSet: true,
    withSparseArray: true,
    withTypedArray: true
  }),
  string({ unit: "binary" }),
  constantFrom<unknown>(
    undefined,
    null,
    Number.NaN,
    -1,
    -0.5,
    1e21,
    Infinity,
    -1n,
    "",
    "-5 seconds",
    [1, -1],
    [Number.NaN, 0],
    Symbol("junk"),
    () => "junk",
    new URL("ftp://x.y"),
    Object.create(null)
  )
)

/** What may stand in one field of an answer. */
export const junkField = oneof(
  jsonValue(),
  double(),
  string({ unit: "binary" }),
  dictionary(string(), oneof(string(), array(string()))),
  junk
)
