/**
 * A request to publish or enqueue a message: the destination unencoded at the end of the path, the settings as headers,
 * the payload as the body; or a batch of messages as one JSON array. The client encodes, the server decodes.
 *
 * @since 0.1.0
 */
import * as Either from "effect/Either"
import * as Predicate from "effect/Predicate"
import { Destination } from "../Destination.ts"
import { checkMessage } from "../internal/checkMessage.ts"
import { canonicalName, fromEntries, type HeaderMap } from "../internal/headers.ts"
import { checkEach, type Checked, refuse } from "../internal/optionChecks.ts"
import { quote } from "../internal/quote.ts"
import { decodeDestination, readParts } from "../internal/requestParts.ts"
import { decodeAll, encodeAll, type HeaderEntry } from "../internal/setting.ts"
import { decodeSettings, headerForward, inWireTerms } from "../internal/requestSettings.ts"
import { encodeSettings, messageOptions } from "../internal/settings.ts"
import { utf8Bytes } from "../internal/utf8.ts"
import type { MessageSettings } from "../MessageSettings.ts"
import type { PublishMessage } from "../PublishMessage.ts"
import { QStashInvalidRequest } from "../QStashError.ts"

/**
 * The parts of the request that carry settings.
 *
 * @since 0.1.0
 * @category models
 */
export interface MessageRequest {
  /** The request target after `/v2/publish/` or `/v2/enqueue/{queueName}/`, byte for byte. */
  readonly target: string
  /** Names in any case. A repeated name has its values in order. */
  readonly headers: Readonly<Record<string, string | ReadonlyArray<string> | undefined>>
  readonly body: Uint8Array
}

type OwnOptions = Required<Omit<PublishMessage, keyof MessageSettings | "destination">>

const encodeHeaders = (message: PublishMessage): ReadonlyArray<HeaderEntry> => [
  ...encodeAll<OwnOptions>(messageOptions, message),
  ...encodeSettings(message)
]

/**
 * Writes a checked message as the parts of a request. Without a body the body is empty. The queue is not included: it
 * is in the path.
 *
 * @since 0.1.0
 * @category conversions
 */
export const encode = (
  message: PublishMessage
): { readonly target: string; readonly headers: HeaderMap; readonly body: Uint8Array } => ({
  target: Destination.toText(message.destination),
  headers: fromEntries(encodeHeaders(message)),
  body: message.body ?? new Uint8Array()
})

/** Headers of one connection or of the call to QStash itself, which are never forwarded. */
const notForwarded = new Set([
  "authorization",
  "connection",
  "content-length",
  "expect",
  "host",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade"
])

/** The headers to forward for a sender that cannot name each of them. */
const forwardable = (others: ReadonlyMap<string, ReadonlyArray<string>>): ReadonlyArray<HeaderEntry> => {
  const ofConnection = new Set(
    (others.get("connection") ?? []).flatMap((value) =>
      value.split(",").map((name) => name.trim().toLowerCase())
    )
  )
  return [...others]
    .filter(([name]) => !notForwarded.has(name) && !ofConnection.has(name))
    .map(([name, values]) => [canonicalName(name), values])
}

const readMessage = (request: MessageRequest, queue: string | undefined): Checked<PublishMessage> =>
  Either.gen(function* () {
    const { destination, others, source } = readParts(request)
    if (source.text("Upstash-Cron") !== undefined) {
      return yield* refuse(
        "does not create a schedule here: use POST /v2/schedules/{destination}",
        "Upstash-Cron"
      )
    }
    const { delay, queueName, ...common } = yield* decodeSettings(source)
    const isForwarding = (yield* headerForward.decode(source)) === true
    const { contentBasedDeduplication, deduplicationId, notBefore } = yield* decodeAll<OwnOptions>(
      messageOptions,
      source
    )
    const unchecked = {
      ...common,
      destination,
      headers: isForwarding
        ? fromEntries([...forwardable(others), ...Object.entries(source.headers)])
        : source.headers,
      queueName: queue ?? queueName,
      notBefore,
      delay: notBefore === undefined ? delay : undefined,
      deduplicationId,
      contentBasedDeduplication: deduplicationId === undefined ? contentBasedDeduplication : undefined
    }
    return yield* Either.mapLeft(checkMessage(unchecked, decodeDestination), (error) =>
      queue !== undefined && error.field === "queueName"
        ? new QStashInvalidRequest({ field: "queue", reason: error.reason })
        : inWireTerms(error)
    )
  })

/**
 * Reads the parts of a request. The error is about the first wrong setting, in QStash's own words if they are known;
 * unknown headers are ignored. Settings may also be in the target's query in lower case, for senders that cannot set
 * headers; a header takes precedence. `Upstash-Not-Before` takes precedence over `Upstash-Delay`, and an id over
 * deduplication by content.
 *
 * `Upstash-Header-Forward: true` also forwards the request's own headers, except those of the connection and
 * `Authorization`, which is the account's token. `Upstash-Queue-Name` becomes the message's queue. `Upstash-Cron` is
 * rejected: publishing immediately would hide that nothing follows.
 *
 * @since 0.1.0
 * @category conversions
 */
export const decode = (request: MessageRequest): Either.Either<PublishMessage, QStashInvalidRequest> =>
  readMessage(request, undefined)

/** A batch is JSON, so it carries text. */
const lossy = new TextDecoder("utf-8", { ignoreBOM: true })

/**
 * Writes checked messages as the JSON of a batch. Its bodies are text: bytes that are not UTF-8 cannot be sent, and
 * several values of one header become one.
 *
 * @since 0.1.0
 * @category conversions
 */
export const encodeBatch = (messages: ReadonlyArray<PublishMessage>): string =>
  JSON.stringify(
    messages.map((message) => ({
      destination: Destination.toText(message.destination),
      headers: Object.fromEntries(encodeHeaders(message).map(([name, values]) => [name, values.join(", ")])),
      body: message.body === undefined ? undefined : lossy.decode(message.body),
      queue: message.queueName
    }))
  )

const isText = (value: unknown): value is string => typeof value === "string"

/** Null is an absent field. */
const textOf = (field: string, value: unknown): Checked<string | undefined> =>
  value === undefined || value === null
    ? Either.right(undefined)
    : isText(value)
      ? Either.right(value)
      : refuse("expected text", field)

const headersOf = (given: unknown): Checked<MessageRequest["headers"]> => {
  if (given === undefined || given === null) return Either.right({})
  if (!Predicate.isReadonlyRecord(given))
    return refuse("expected an object of header names and values", "headers")
  const headers: Array<HeaderEntry> = []
  for (const [name, value] of Object.entries(given)) {
    const values: ReadonlyArray<unknown> = Array.isArray(value) ? value : [value]
    if (value === null) continue
    if (!values.every(isText)) return refuse(`the value of ${quote(name)} is not text`, "headers")
    headers.push([name, values])
  }
  return Either.right(fromEntries(headers))
}

const readItem = (item: unknown): Checked<PublishMessage> =>
  Either.gen(function* () {
    if (!Predicate.isReadonlyRecord(item)) return yield* refuse("expected an object")
    const target = (yield* textOf("destination", item["destination"])) ?? ""
    const queue = yield* textOf("queue", item["queue"])
    const headers = yield* headersOf(item["headers"])
    const body = utf8Bytes((yield* textOf("body", item["body"])) ?? "")
    return yield* readMessage({ target, headers, body }, queue || undefined)
  })

/**
 * Reads the JSON of a batch. The error is about the first wrong item, and its field starts with the item's index, such
 * as `[2].Upstash-Delay`. Null and empty text mean no queue. Unknown fields of an item are ignored.
 *
 * @since 0.1.0
 * @category conversions
 */
export const decodeBatch = (
  json: unknown
): Either.Either<ReadonlyArray<PublishMessage>, QStashInvalidRequest> => {
  if (!Array.isArray(json)) return refuse("expected a JSON array of messages")
  return checkEach<unknown, PublishMessage>(json, readItem)
}
