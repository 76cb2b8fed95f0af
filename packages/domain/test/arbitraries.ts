import {
  CronExpression,
  Destination,
  FlowControlKey,
  QueueName,
  RetryDelayExpression,
  ScheduleId,
  UrlGroupName
} from "@effect-qstash/domain"
import type { CreateSchedule, DeliveryMethod } from "@effect-qstash/domain"
import { DurationText } from "@effect-qstash/domain/wire/DurationText"
import { Arbitrary, Duration, Either, FastCheck, Schema } from "effect"

const {
  anything,
  array,
  boolean,
  constant,
  constantFrom,
  integer,
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
const headers: FastCheck.Arbitrary<CreateSchedule.HeadersInput> = array(
  tuple(headerName, oneof(headerText, array(headerText, { maxLength: 3 }))),
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

const callback: FastCheck.Arbitrary<CreateSchedule.CallbackInput | string | URL> = oneof(
  callbackUrl,
  callbackUrl.map((url) => new URL(url)),
  record(
    { url: callbackUrl, method, timeout: span(1), retries, retryDelay, headers },
    { requiredKeys: ["url"] }
  )
)

const flowControl: FastCheck.Arbitrary<CreateSchedule.Input["flowControl"]> = tuple(
  oneof(headerText, constantFrom("tenant 7", "a,b"))
    .filter((text) => text !== "" && text === text.trim())
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

/** What a user may give, over all options and all ways to say them. */
export const input: FastCheck.Arbitrary<CreateSchedule.Input> = record(
  {
    scheduleId,
    cron: oneof(
      cron,
      cron.map((expression) => ` ${expression.text}\t`)
    ),
    destination,
    method: option(method, { nil: undefined }),
    headers,
    body: oneof(
      string({ unit: "binary" }),
      string({ unit: "grapheme" }),
      uint8Array(),
      uint8Array().map((bytes) => Buffer.from(bytes)),
      constant("")
    ),
    retries,
    retryDelay: oneof(
      retryDelay,
      retryDelay.map((text) => RetryDelayExpression.make(text))
    ),
    timeout: span(1),
    delay: span(0),
    callback,
    failureCallback: callback,
    queueName,
    flowControl,
    labels: array(label, { maxLength: 3 }),
    redact
  },
  { requiredKeys: ["cron", "destination"] }
)

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
