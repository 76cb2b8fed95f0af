/**
 * What a publish, an enqueue, a batch and the retry of dead letters answer. Client and server use the two directions
 * of this one codec.
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
 * Writes the answer for one destination: an object for a URL, an array for a URL group.
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
 * Reads the answer for one destination: one message, or one for each endpoint of a URL group, which QStash documents
 * both as an array and as `{messages: [...]}`. The reason of a refusal names the field and nothing of its value.
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
 * Reads the answer to a batch, in which each element is what the publish of that message would have answered, or an
 * error. An error has no status of its own there; it is taken for a 400. The answer to a batch of one may lack its
 * array.
 *
 * @since 0.1.0
 * @category conversions
 */
export const decodeBatch = (json: unknown): Either.Either<ReadonlyArray<Item>, string> =>
  Array.isArray(json) ? toParsed(readItems(json)) : Either.map(toParsed(readItem(json)), (item) => [item])

const retried = page("responses", one)

/**
 * Writes what the retry of dead letters answers.
 *
 * @since 0.1.0
 * @category conversions
 */
export const encodeRetried: (page: Page<Published>) => unknown = retried.encode

/**
 * Reads what the retry of dead letters answers. An empty cursor is none.
 *
 * @since 0.1.0
 * @category conversions
 */
export const decodeRetried: (json: unknown) => Either.Either<Page<Published>, string> = retried.decode
