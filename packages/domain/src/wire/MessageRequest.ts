/**
 * How a request to publish or to enqueue a message travels: the destination raw behind the path, the settings as
 * headers, the payload as the body; and how a batch of them travels as one JSON array. Client and server use the two
 * directions of this one codec.
 *
 * @since 0.1.0
 */
import * as Either from "effect/Either"
import * as Predicate from "effect/Predicate"
import { Destination } from "../Destination.ts"
import { checkMessage } from "../internal/checkSettings.ts"
import { each } from "../internal/each.ts"
import { canonicalName, fromEntries, type HeaderMap } from "../internal/headers.ts"
import { type Checked, inPart, refuse } from "../internal/optionChecks.ts"
import { quote } from "../internal/quote.ts"
import { decodeDestination, readParts } from "../internal/requestParts.ts"
import { decodeAll, encodeAll, type HeaderEntry } from "../internal/setting.ts"
import {
  decodeSettings,
  encodeSettings,
  headerForward,
  inWireTerms,
  messageOptions
} from "../internal/settings.ts"
import { utf8Bytes } from "../internal/utf8.ts"
import type { MessageSettings } from "../MessageSettings.ts"
import type { PublishMessage } from "../PublishMessage.ts"
import { QStashInvalidRequest } from "../QStashError.ts"

/**
 * The parts of the request in which the settings travel.
 *
 * @since 0.1.0
 * @category models
 */
export interface MessageRequest {
  /** What stands in the request target behind `/v2/publish/` or `/v2/enqueue/{queueName}/`, byte for byte. */
  readonly target: string
  /** Names in any case. A name that occurs several times has its values in order. */
  readonly headers: Readonly<Record<string, string | ReadonlyArray<string> | undefined>>
  readonly body: Uint8Array
}

type OwnOptions = Required<Omit<PublishMessage, keyof MessageSettings | "destination">>

const encodeHeaders = (message: PublishMessage): ReadonlyArray<HeaderEntry> => [
  ...encodeAll<OwnOptions>(messageOptions, message),
  ...encodeSettings(message)
]

/**
 * Writes a checked message as the parts of a request. The body is empty where there is none. The queue is not written:
 * it stands in the path.
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

/** What belongs to one connection or to the call of QStash itself, so that no message takes it along. */
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

/** The headers that a sender wants forwarded who cannot name each of them. */
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
        "makes no schedule here: create one with POST /v2/schedules/{destination}",
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
 * Reads the parts of a request. The first setting that is wrong is refused, with QStash's own text where one is known;
 * headers that QStash does not know are passed over. Settings may also stand in the target's query in lower case, as
 * senders write them that cannot set headers; where both are present the header counts. Of two settings that exclude
 * each other `Upstash-Not-Before` goes before `Upstash-Delay`, and an id before deduplication by content.
 *
 * `Upstash-Header-Forward: true` takes the request's own headers along but those of the connection and `Authorization`,
 * which is the account's token. `Upstash-Queue-Name` becomes the message's queue. `Upstash-Cron` is refused: publishing
 * at once would hide that nothing comes later.
 *
 * @since 0.1.0
 * @category conversions
 */
export const decode = (request: MessageRequest): Either.Either<PublishMessage, QStashInvalidRequest> =>
  readMessage(request, undefined)

/** A batch is JSON, so it carries text. */
const lossy = new TextDecoder("utf-8", { ignoreBOM: true })

/**
 * Writes checked messages as the JSON of a batch. Its bodies are text: bytes that are not UTF-8 cannot travel in it,
 * and several values of one header travel as one.
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

/** Null stands for what is left out. */
const textOf = (field: string, value: unknown): Checked<string | undefined> =>
  value === undefined || value === null
    ? Either.right(undefined)
    : isText(value)
      ? Either.right(value)
      : refuse("expected text", field)

const headersOf = (given: unknown): Checked<MessageRequest["headers"]> => {
  if (given === undefined || given === null) return Either.right({})
  if (!Predicate.isReadonlyRecord(given)) return refuse("expected an object of names and texts", "headers")
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
 * Reads the JSON of a batch. The first item that is wrong is refused, with its index in the field, such as
 * `[2].Upstash-Delay`. Null and empty text are no queue; what an item has beside `destination`, `headers`, `body` and
 * `queue` is passed over.
 *
 * @since 0.1.0
 * @category conversions
 */
export const decodeBatch = (
  json: unknown
): Either.Either<ReadonlyArray<PublishMessage>, QStashInvalidRequest> => {
  if (!Array.isArray(json)) return refuse("expected a JSON array of messages")
  const items: ReadonlyArray<unknown> = json
  return each(items, (item, index) => Either.mapLeft(readItem(item), inPart(`[${index}]`)))
}
