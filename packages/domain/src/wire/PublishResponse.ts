/**
 * The responses to a publish, an enqueue, a batch and a retry of dead letters. The client reads, the server writes.
 *
 * @since 0.1.0
 */
import * as Either from "effect/Either"
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"
import { flag, id, optionalText, page } from "../internal/fields.ts"
import { type Read, readList, record, toParsed, Unreadable } from "../internal/record.ts"
import type { Page } from "../Page.ts"
import type { Published } from "../Published.ts"
import { QStashInvalidRequest } from "../QStashError.ts"
import { ErrorBody } from "./ErrorBody.ts"

const one = record<Published>({
  messageId: id("messageId"),
  url: optionalText("url"),
  isDeduplicated: {
    read: flag("deduplicated").read,
    write: (isDeduplicated, json) => {
      if (isDeduplicated) json["deduplicated"] = true
    }
  }
})

/**
 * Writes the response for one destination: an object for a URL, an array for a URL group.
 *
 * @since 0.1.0
 * @category conversions
 */
export const encode = (published: Published | ReadonlyArray<Published>): unknown =>
  "messageId" in published ? one.encode(published) : published.map(one.encode)

const readMany = readList(one.read)

const read = (json: unknown): Read<Published | ReadonlyArray<Published>> => {
  if (Array.isArray(json)) return readMany(json)
  if (!Predicate.isReadonlyRecord(json) || !("messages" in json)) return one.read(json)
  const found = readMany(json["messages"] ?? [])
  return found instanceof Unreadable ? found.in("messages") : found
}

/**
 * Reads the response for one destination: one message, or one for each endpoint of a URL group, which QStash documents
 * both as an array and as `{messages: [...]}`. The error names the field and contains nothing of its value.
 *
 * @since 0.1.0
 * @category conversions
 */
export const decode = (json: unknown): Either.Either<Published | ReadonlyArray<Published>, string> =>
  toParsed(read(json))

type Item = Either.Either<ReadonlyArray<Published>, QStashInvalidRequest>

const isErrorBody = Schema.is(ErrorBody)

const readItem = (json: unknown): Read<Item> => {
  if (isErrorBody(json) && !("messageId" in json)) {
    return Either.left(new QStashInvalidRequest({ reason: json.error, status: 400 }))
  }
  const found = read(json)
  return found instanceof Unreadable ? found : Either.right("messageId" in found ? [found] : found)
}

const readItems = readList(readItem)

/**
 * Reads the response to a batch. Each element is the response to the publish of that message, or an error. Such an
 * error has no status and counts as a 400. The response to a batch of one may not be an array.
 *
 * @since 0.1.0
 * @category conversions
 */
export const decodeBatch = (json: unknown): Either.Either<ReadonlyArray<Item>, string> =>
  Array.isArray(json) ? toParsed(readItems(json)) : Either.map(toParsed(readItem(json)), (item) => [item])

const retried = page("responses", one)

/**
 * Writes the response to a retry of dead letters.
 *
 * @since 0.1.0
 * @category conversions
 */
export const encodeRetried: (page: Page<Published>) => unknown = retried.encode

/**
 * Reads the response to a retry of dead letters. An empty cursor is absent.
 *
 * @since 0.1.0
 * @category conversions
 */
export const decodeRetried: (json: unknown) => Either.Either<Page<Published>, string> = retried.decode
