import {
  CronExpression,
  DeduplicationId,
  Destination,
  DlqId,
  FlowControlKey,
  MessageId,
  PublishMessage,
  QueueName,
  RedactedValue,
  RetryDelayExpression,
  ScheduleId,
  UrlGroupName
} from "@effect-qstash/domain"
import * as CallbackBody from "@effect-qstash/domain/wire/CallbackBody"
import * as Criteria from "@effect-qstash/domain/input/Criteria"
import * as CriteriaParameters from "@effect-qstash/domain/wire/CriteriaParameters"
import * as DlqRecord from "@effect-qstash/domain/wire/DlqRecord"
import * as DurationInput from "@effect-qstash/domain/input/DurationInput"
import { DurationText } from "@effect-qstash/domain/wire/DurationText"
import * as FlowControlRecord from "@effect-qstash/domain/wire/FlowControlRecord"
import * as HeaderName from "@effect-qstash/domain/wire/HeaderName"
import * as InstantInput from "@effect-qstash/domain/input/InstantInput"
import * as LogRecord from "@effect-qstash/domain/wire/LogRecord"
import * as MessageRecord from "@effect-qstash/domain/wire/MessageRecord"
import * as MessageRequest from "@effect-qstash/domain/wire/MessageRequest"
import * as PageInput from "@effect-qstash/domain/input/PageInput"
import * as PathSegment from "@effect-qstash/domain/wire/PathSegment"
import * as PublishResponse from "@effect-qstash/domain/wire/PublishResponse"
import * as QueueRecord from "@effect-qstash/domain/wire/QueueRecord"
import * as ScheduleRecord from "@effect-qstash/domain/wire/ScheduleRecord"
import * as ScheduleRequest from "@effect-qstash/domain/wire/ScheduleRequest"
import { JoseHeaderSegment, SignatureClaimsSegment } from "@effect-qstash/domain/wire/SignatureClaims"
import * as SigningKeysRecord from "@effect-qstash/domain/wire/SigningKeysRecord"
import * as UrlGroupInput from "@effect-qstash/domain/input/UrlGroupInput"
import * as UrlGroupRecord from "@effect-qstash/domain/wire/UrlGroupRecord"
import { describe } from "@effect/vitest"
import { DateTime, Schema } from "effect"
import { fill, growsLinearly, items, type Work } from "./growth.ts"

const body = new Uint8Array()
const target = "https://example.com/"

/** A request to publish whose header has this value. */
const header =
  (name: string, valueOf: (size: number) => string): Work =>
  (size) => {
    const headers = { [name]: valueOf(size) }
    return () => MessageRequest.decode({ target, headers, body })
  }

const flowControl = (valueOf: (size: number) => string): Work => {
  const key = { "Upstash-Flow-Control-Key": "k" }
  return (size) => {
    const headers = { ...key, "Upstash-Flow-Control-Value": valueOf(size) }
    return () => MessageRequest.decode({ target, headers, body })
  }
}

const targetOf =
  (textOf: (size: number) => string): Work =>
  (size) => {
    const text = textOf(size)
    return () => MessageRequest.decode({ target: text, headers: {}, body })
  }

const given =
  <A>(inputOf: (size: number) => A, read: (input: A) => unknown): Work =>
  (size) => {
    const input = inputOf(size)
    return () => read(input)
  }

const schema = <A>(one: Schema.Schema<A, string>, textOf: (size: number) => string): Work =>
  given(textOf, Schema.decodeEither(one))

const readCron = (text: string) => CronExpression.parse(text)
const readRetryDelay = (text: string) => RetryDelayExpression.parse(text)

const blanks = (size: number): string => `a${fill(" ", size)}b`

/** A name in as many spellings as there are: upper and lower case of each letter. */
const spellings = (size: number, prefix: string): Readonly<Record<string, string>> =>
  Object.fromEntries(
    items(size, 20, (index) => [
      prefix + Array.from({ length: 16 }, (_, bit) => ((index >> bit) & 1 ? "A" : "a")).join(""),
      "v"
    ])
  )

const callback: CallbackBody.CallbackBody = {
  headers: {},
  body,
  retried: 0,
  maxRetries: 0,
  sourceMessageId: MessageId.make("m"),
  url: target,
  method: "POST",
  sourceHeaders: {},
  sourceBody: body,
  notBefore: DateTime.unsafeMake(0),
  createdAt: DateTime.unsafeMake(0)
}

const message = { messageId: "m", url: target, createdAt: 1 }

describe("the work of domain grows with its input", () => {
  growsLinearly({
    "a header value full of blanks": header("Upstash-Forward-A", blanks),
    "a header value full of tabs": header("Upstash-Method", (size) => `a${fill("\t", size)}b`),
    "the blanks of a header in a batch": given(
      (size) => [{ destination: target, headers: { a: blanks(size) } }],
      MessageRequest.decodeBatch
    ),
    "the blanks of a header in options": given(
      (size) => ({ destination: target, headers: { a: blanks(size) } }),
      PublishMessage.make
    ),
    "many spellings of one header in options": given(
      (size) => ({ destination: target, headers: spellings(size, "") }),
      PublishMessage.make
    ),
    "many spellings of one header in a request": given(
      (size) => spellings(size, "upstash-forward-"),
      (headers) => MessageRequest.decode({ target, headers, body })
    ),
    "many headers": given(
      (size) => Object.fromEntries(items(size, 20, (index) => [`x-${index}`, "v"])),
      (headers) =>
        MessageRequest.decode({ target, headers: { ...headers, "Upstash-Header-Forward": "true" }, body })
    ),
    "a long Connection header": given(
      (size) => items(size, 8, (index) => `x-${index}`).join(","),
      (connection) =>
        MessageRequest.decode({
          target,
          headers: { connection, "Upstash-Header-Forward": "true", "x-0": "v" },
          body
        })
    ),
    "header names": given((size) => fill("a-", size), HeaderName.canonical),
    labels: header("Upstash-Label", (size) => fill("a, ", size)),
    "labels that are commas": header("Upstash-Label", (size) => fill(",", size)),
    "a label full of blanks": header("Upstash-Label", blanks),
    "labels in options": given(
      (size) => ({ destination: target, labels: items(size, 6, (index) => `l${index}`) }),
      PublishMessage.make
    ),
    "fields to redact": header("Upstash-Redact-Fields", (size) => fill("header[a],", size)),
    "an unfinished field to redact": header("Upstash-Redact-Fields", (size) => fill("header[", size)),
    "the limits of a flow-control key": flowControl((size) => fill("rate=1,", size)),
    "the blanks of a flow-control limit": flowControl((size) => `rate=${fill("\u00a0", size)}x y`),
    "the digits of a flow-control limit": flowControl((size) => `rate=1${fill("0", size)}x`),
    "a flow-control period": flowControl((size) => `rate=1,period=${fill("1d", size)}`),
    "a duration": header("Upstash-Timeout", (size) => fill("1d", size)),
    "a duration without an end": header("Upstash-Timeout", (size) => `${fill("11d", size)}x`),
    "digits for a duration": header("Upstash-Delay", (size) => `${fill("1", size)}x`),
    "digits for a count": header("Upstash-Retries", (size) => fill("9", size)),
    "digits for an instant": header("Upstash-Not-Before", (size) => fill("9", size)),
    "a retry delay of blanks": header("Upstash-Retry-Delay", (size) => `1${fill("\u00a0", size)}x`),
    "a retry delay of brackets": given((size) => fill("(", size), readRetryDelay),
    "blanks around a retry delay": given((size) => `${fill(" ", size)}1x`, readRetryDelay),
    "a deduplication id": header("Upstash-Deduplication-Id", (size) => `${fill("a", size)} `),
    "the name of a queue": header("Upstash-Queue-Name", (size) => `${fill("a", size)} `),
    "a callback with dot segments": header("Upstash-Callback", (size) => target + fill("../", size)),
    "a callback with credentials": header("Upstash-Callback", (size) => `https://${fill("@", size)}a`),
    "a host of many labels": header("Upstash-Callback", (size) => `https://${fill("a.", size)}`),
    "a host of many letters": given(
      (size) =>
        `https://${items(size, 1, (index) => String.fromCodePoint(0x4e00 + (index % 20_000))).join("")}`,
      Destination.parse
    ),
    "a host of combining marks": given((size) => `https://a${fill("\u0301\u0316", size)}`, Destination.parse),
    "a host in Punycode": given((size) => `https://xn--a-${fill("ecp", size)}`, Destination.parse),
    "a host behind credentials and backslashes": given(
      (size) => `https:\\\\a:b@xn--a-${fill("ecp", size)}`,
      (url) => PublishMessage.make({ destination: target, callback: url })
    ),
    "a host with tabs, as a safe text": given(
      (size) => `ht\ttps:/\n/xn--a-${fill("ecp", size)}`,
      Destination.toSafeText
    ),
    "an IPv6 host": given((size) => `https://[${fill("0:", size)}`, Destination.parse),
    "the query of a destination": given((size) => `${target}?${fill("a=b&", size)}`, Destination.parse),
    "the fragment of a destination": given((size) => `${target}#${fill("#", size)}`, Destination.parse),
    "escaped dots in a destination": given((size) => target + fill("%2e/", size), Destination.parse),
    "the query of a target": targetOf((size) => `${target}?${fill("a&", size)}`),
    "settings in the query of a target": targetOf((size) => `${target}?${fill("upstash-a&", size)}`),
    "a target of question marks": targetOf((size) => `a${fill("?", size)}\n`),
    "a target of merged slashes": targetOf((size) => fill("https:/", size)),
    "a cron field of many parts": given((size) => `${fill("*,", size)} * * * *`, readCron),
    "a cron field of many different parts": given(
      (size) => `${items(size, 8, (index) => `0-59/${index + 1}`).join(",")} * * * *`,
      readCron
    ),
    "a cron field of digits": given((size) => `${fill("0", size)} * * * *`, readCron),
    "a cron field of hyphens": given((size) => `${fill("1-", size)} * * * *`, readCron),
    "a cron field to be quoted": given((size) => `${fill("\u0007", size)} * * * *`, readCron),
    "blanks between cron fields": given((size) => `*${fill(" ", size)}* * * *`, readCron),
    "blanks around cron fields": given((size) => `${fill("\u0085", size)}* * * *x`, readCron),
    "many cron fields": given((size) => fill("* ", size), readCron),
    "a cron time zone": given((size) => `CRON_TZ=${fill("A/", size)}a * * * *`, readCron),
    "the cron of a schedule": given(
      (size) => ({ "Upstash-Cron": fill("*,", size) }),
      (headers) => ScheduleRequest.decode({ target, headers, body })
    ),
    "digits for a duration option": given((size) => `${fill("9", size)} nanos`, DurationInput.parse),
    "blanks in a duration option": given((size) => `1${fill(" ", size)}x`, DurationInput.parse),
    "a duration's text": schema(DurationText, (size) => `${fill("1h", size)}x`),
    "an instant's fraction": given((size) => `2025-01-01T00:00:00.${fill("1", size)}x`, InstantInput.parse),
    "a long instant": given((size) => `2025-01-01T00:00:00.${fill("1", size)}Z`, InstantInput.parse),
    "a cursor": given(
      (size) => ({ cursor: fill("a", size) }),
      (input) => PageInput.check(input, 100)
    ),
    "ids between commas": given(
      (size) => [["messageIds", fill("a,", size)] as const],
      (parameters) => CriteriaParameters.decode("message", parameters)
    ),
    "many labels to filter by": given(
      (size) => items(size, 8, (index) => ["label", `l${index}`] as const),
      (parameters) => CriteriaParameters.decode("log", parameters)
    ),
    "a label full of blanks to filter by": given(
      (size) => [["label", `${blanks(size)},`] as const],
      (parameters) => CriteriaParameters.decode("log", parameters)
    ),
    "many URLs to filter by": given(
      (size) => [["url", fill("https://a/b,", size)] as const],
      (parameters) => CriteriaParameters.decode("log", parameters)
    ),
    "commas and blanks in a URL to filter by": given(
      (size) => [["url", `https://a/${fill(",", size)},${fill(" ", size)}b`] as const],
      (parameters) => CriteriaParameters.decode("log", parameters)
    ),
    "the host of a URL to filter by": given(
      (size) => [["url", `https://xn--a-${fill("ecp", size)}`] as const],
      (parameters) => CriteriaParameters.decode("log", parameters)
    ),
    "a host to filter by": given(
      (size) => [["host", `xn--a-${fill("ecp", size)}`] as const],
      (parameters) => CriteriaParameters.decode("log", parameters)
    ),
    "many paths to filter by": given(
      (size) => [["path", fill("/a/../b,", size)] as const],
      (parameters) => CriteriaParameters.decode("log", parameters)
    ),
    "many flow-control keys to filter by": given(
      (size) => [["flowControlKey", fill("a,", size)] as const],
      (parameters) => CriteriaParameters.decode("log", parameters)
    ),
    "the filters of a user": given(
      (size) => ({
        label: items(size, 8, (index) => `l${index}`),
        url: items(size, 8, (index) => `https://a/${index}`),
        host: `xn--a-${fill("ecp", size)}`
      }),
      ({ host, label: [label = "l", ...labels], url: [url = "u", ...urls] }) =>
        Criteria.fromLogFilter({ label: [label, ...labels], url: [url, ...urls], host })
    ),
    "many statuses to filter by": given(
      (size) => [["responseStatus", fill("200,", size)] as const],
      (parameters) => CriteriaParameters.decode("dlq", parameters)
    ),
    "digits for a date to filter by": given(
      (size) => [["fromDate", fill("9", size)] as const],
      (parameters) => CriteriaParameters.decode("log", parameters)
    ),
    "a selector of many ids": given(
      (size) => items(size, 8, (index) => MessageId.make(`m${index}`)),
      ([first = MessageId.make("m"), ...rest]) =>
        Criteria.fromMessageSelector({ messageIds: [first, ...rest] })
    ),
    "parameters from many ids": given(
      (size): Criteria.Criteria => ({ dlqIds: ["d", ...items(size, 8, (index) => `d${index}`)] }),
      CriteriaParameters.encode
    ),
    "many endpoints": given(
      (size) => items(size, 30, (index) => ({ url: `${target}${index}`, name: `n${index}` })),
      UrlGroupInput.checkEndpoints
    ),
    "many endpoints in JSON": given(
      (size) => ({
        endpoints: items(size, 30, (index) => ({ url: `${target}${index}`, name: `n${index}` }))
      }),
      UrlGroupRecord.decodeEndpoints
    ),
    "many endpoints to remove": given(
      (size) => ({ endpoints: items(size, 30, (index) => ({ name: `n${index}` })) }),
      UrlGroupRecord.decodeEndpointSelectors
    ),
    "a URL group with many endpoints": given(
      (size) => ({ name: "g", createdAt: 1, endpoints: items(size, 30, () => ({ url: target })) }),
      UrlGroupRecord.decode
    ),
    "a page of dead letters": given(
      (size) => ({ messages: items(size, 60, (index) => ({ ...message, dlqId: `d${index}` })) }),
      DlqRecord.decodePage
    ),
    "a page of the log": given(
      (size) => ({ events: items(size, 60, () => ({ ...message, time: 1, state: "CREATED" })) }),
      LogRecord.decodePage
    ),
    "a page of the log that is wrong at its end": given(
      (size) => ({ logs: [...items(size, 60, () => ({ ...message, time: 1, state: "CREATED" })), {}] }),
      LogRecord.decodePage
    ),
    "a body in a log entry": given(
      (size) => ({ ...message, time: 1, state: "CREATED", body: fill("YWJj", size) }),
      LogRecord.decode
    ),
    "a body in a log entry that is not base64": given(
      (size) => ({ ...message, time: 1, state: "CREATED", body: `${fill("YWJj", size)}=` }),
      LogRecord.decode
    ),
    "line breaks in a base64 body": given(
      (size) => ({ ...message, time: 1, state: "CREATED", body: fill("\r\n", size) }),
      LogRecord.decode
    ),
    "a binary body to write": given(
      (size) => new Uint8Array(size).fill(0xff),
      (bytes) => CallbackBody.encode({ ...callback, body: bytes, sourceBody: bytes })
    ),
    "a callback": given(
      (size) => ({ sourceMessageId: "m", url: target, createdAt: 1, body: fill("YWJj", size) }),
      CallbackBody.decode
    ),
    "digits for the instant of a callback": given(
      (size) => ({ sourceMessageId: "m", url: target, createdAt: fill("9", size) }),
      CallbackBody.decode
    ),
    "the headers of a message": given(
      (size) => ({
        ...message,
        header: Object.fromEntries(items(size, 20, (index) => [`X-${index}`, ["v"]]))
      }),
      MessageRecord.decode
    ),
    "a wrong header of a message": given(
      (size) => ({ ...message, header: { [fill("a", size)]: 1 } }),
      MessageRecord.decode
    ),
    "a schedule": given(
      (size) => ({
        scheduleId: "s",
        cron: fill("*,", size),
        destination: target,
        createdAt: 1,
        labels: items(size, 5, (index) => `l${index}`)
      }),
      ScheduleRecord.decode
    ),
    "a queue": given((size) => ({ name: fill("a", size), createdAt: "x" }), QueueRecord.decode),
    "a request to change a queue": given(
      (size) => ({ queueName: fill("é", size) }),
      QueueRecord.decodeUpsert
    ),
    "a flow-control key in JSON": given(
      (size) => ({ flowControlKey: blanks(size) }),
      FlowControlRecord.decode
    ),
    "signing keys": given((size) => ({ current: fill("a", size), next: 1 }), SigningKeysRecord.decode),
    "limits to pin": given(
      (size) => items(size, 10, (index) => [`rate${index % 2}`, "1"] as const),
      FlowControlRecord.pinFromParameters
    ),
    "digits for a limit to pin": given(
      (size) => [["rate", `${fill("1", size)}x`] as const],
      FlowControlRecord.pinFromParameters
    ),
    "limits to unpin": given(
      (size) => [["rate", fill("true", size)] as const],
      FlowControlRecord.unpinFromParameters
    ),
    "a batch": given(
      (size) => items(size, 60, () => ({ destination: target, body: "x" })),
      MessageRequest.decodeBatch
    ),
    "a batch to write": given(
      (size) => items(size, 60, () => ({ destination: target, body: new Uint8Array([0xff]) })),
      MessageRequest.encodeBatch
    ),
    "a response to a batch": given(
      (size) => items(size, 30, (index) => ({ messageId: `m${index}` })),
      PublishResponse.decodeBatch
    ),
    "a response to a retry": given(
      (size) => ({ responses: items(size, 30, (index) => ({ messageId: `m${index}` })) }),
      PublishResponse.decodeRetried
    ),
    "an id in a path": given(
      (size) => fill("é", size),
      (id) => PathSegment.encode("id", id)
    ),
    "an id of blanks in a path": given(
      (size) => `${fill(" ", size)}\ud800`,
      (id) => PathSegment.encode("id", id)
    ),
    "a redacted value": given(
      (size) => `REDACTED:${fill("a", size)}`,
      (text) => RedactedValue.fromText(text)
    ),
    "a schedule id": schema(ScheduleId, (size) => `${fill("a", size)} `),
    "a message id": schema(MessageId, (size) => `${fill(" ", size)}\ud800`),
    "a dead letter's id": schema(DlqId, (size) => `${fill(" ", size)}\ud800`),
    "a queue's name": schema(QueueName, (size) => `${fill("a", size)} `),
    "a URL group's name": schema(UrlGroupName, (size) => `${fill("a", size)} `),
    "a flow-control key": schema(FlowControlKey, (size) => `${blanks(size)}\u0100`),
    "an id for deduplication": schema(DeduplicationId, (size) => `${blanks(size)}\u0100`),
    "the header of a token": schema(JoseHeaderSegment, (size) => fill("eyJh", size)),
    "the claims of a token": schema(SignatureClaimsSegment, (size) => fill("eyJh", size))
  })
})
