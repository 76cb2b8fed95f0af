/**
 * What a publish, an enqueue, a batch and the retry of dead letters answer. Client and server use the two directions
 * of this one codec.
 *
 * @since 0.1.0
 */
import * as Either from "effect/Either"
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"
import { omitUndefined } from "../internal/omitUndefined.ts"
import type { Parsed } from "../internal/parser.ts"
import { decodeList, decodePage, emptyToUndefined, optional, decoder } from "../internal/record.ts"
import { MessageIdFromAnswer } from "../MessageId.ts"
import type { Page } from "../Page.ts"
import type { Published } from "../Published.ts"
import { QStashInvalidRequest } from "../QStashError.ts"
import { ErrorBody } from "./ErrorBody.ts"

const readPublished = decoder(
  Schema.Struct({
    messageId: MessageIdFromAnswer,
    url: optional(Schema.String),
    deduplicated: optional(Schema.Boolean)
  })
)

const decodeOne = (json: unknown): Parsed<Published> =>
  Either.map(readPublished(json), ({ deduplicated, messageId, url }) => ({
    messageId,
    isDeduplicated: deduplicated ?? false,
    ...omitUndefined({ url: emptyToUndefined(url) })
  }))

const encodeOne = ({ isDeduplicated, messageId, url }: Published) => ({
  messageId,
  ...omitUndefined({ url, deduplicated: isDeduplicated ? true : undefined })
})

const isArray = (json: unknown): json is ReadonlyArray<unknown> => Array.isArray(json)

const decodeAll = decodeList("", decodeOne)
const decodeMessages = decodeList("messages", decodeOne)

/**
 * Writes the answer for one destination: an object for a URL, an array for a URL group.
 *
 * @since 0.1.0
 * @category conversions
 */
export const encode = (published: Published | ReadonlyArray<Published>): unknown =>
  "messageId" in published ? encodeOne(published) : published.map(encodeOne)

/**
 * Reads the answer for one destination: one message, or one for each endpoint of a URL group, which QStash documents
 * both as an array and as `{messages: [...]}`. The reason of a refusal names the field and nothing of its value.
 *
 * @since 0.1.0
 * @category conversions
 */
export const decode = (json: unknown): Either.Either<Published | ReadonlyArray<Published>, string> => {
  if (isArray(json)) return decodeAll(json)
  if (!Predicate.isReadonlyRecord(json) || !("messages" in json)) return decodeOne(json)
  const messages = json["messages"] ?? []
  return isArray(messages) ? decodeMessages(messages) : Either.left("messages is not of the expected shape")
}

const isErrorBody = Schema.is(ErrorBody)

const decodeItem = (json: unknown): Parsed<Either.Either<ReadonlyArray<Published>, QStashInvalidRequest>> =>
  isErrorBody(json) && !("messageId" in json)
    ? Either.right(Either.left(new QStashInvalidRequest({ reason: json.error, status: 400 })))
    : Either.map(decode(json), (published) =>
        Either.right("messageId" in published ? [published] : published)
      )

const decodeItems = decodeList("", decodeItem)

/**
 * Reads the answer to a batch, in which each element is what the publish of that message would have answered, or an
 * error. An error has no status of its own there; it is taken for a 400. The answer to a batch of one may lack its
 * array.
 *
 * @since 0.1.0
 * @category conversions
 */
export const decodeBatch = (
  json: unknown
): Either.Either<ReadonlyArray<Either.Either<ReadonlyArray<Published>, QStashInvalidRequest>>, string> =>
  isArray(json) ? decodeItems(json) : Either.map(decodeItem(json), (item) => [item])

/**
 * Writes what the retry of dead letters answers.
 *
 * @since 0.1.0
 * @category conversions
 */
export const encodeRetried = (page: Page<Published>): unknown => ({
  responses: page.items.map(encodeOne),
  ...omitUndefined({ cursor: page.cursor })
})

const readRetried = decoder(Schema.Struct({ responses: Schema.NullOr(Schema.Array(Schema.Unknown)) }))
const decodeResponses = decodeList("responses", decodeOne)

/**
 * Reads what the retry of dead letters answers. An empty cursor is none.
 *
 * @since 0.1.0
 * @category conversions
 */
export const decodeRetried = (json: unknown): Either.Either<Page<Published>, string> =>
  decodePage(
    json,
    Either.flatMap(readRetried(json), ({ responses }) => decodeResponses(responses ?? []))
  )
