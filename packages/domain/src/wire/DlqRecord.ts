/**
 * How a dead letter stands in an answer: the JSON object of `GET /v2/dlq/{dlqId}` and of each message of a page.
 * Client and server use the two directions of this one codec.
 *
 * @since 0.1.0
 */
import * as Either from "effect/Either"
import * as Schema from "effect/Schema"
import { DlqIdFromAnswer } from "../DlqId.ts"
import { omitUndefined } from "../internal/omitUndefined.ts"
import { decodeMessage, encodeMessage, MessageJson } from "../internal/messageRecord.ts"
import {
  Count,
  decodeBody,
  decodeList,
  decodePage as pageOf,
  decodeSomeHeaders,
  encodeBody,
  encodeHeaders,
  HeaderRecord,
  optional,
  zeroToUndefined,
  decoder
} from "../internal/record.ts"
import type { Page } from "../Page.ts"
import type { DlqMessage } from "../QStashMessage.ts"

const readJson = decoder(
  Schema.Struct({
    ...MessageJson.fields,
    dlqId: DlqIdFromAnswer,
    responseStatus: optional(Count),
    responseHeader: optional(HeaderRecord),
    responseHeaders: optional(HeaderRecord),
    responseBody: optional(Schema.String),
    responseBodyBase64: optional(Schema.String)
  })
)

/**
 * Reads a dead letter, as leniently as a message. A status of 0 means that the destination sent no response: the field
 * is then absent.
 *
 * @since 0.1.0
 * @category conversions
 */
export const decode = (json: unknown): Either.Either<DlqMessage, string> =>
  Either.gen(function* () {
    const record = yield* readJson(json)
    const message = yield* decodeMessage(record)
    const responseBody = yield* decodeBody(
      record.responseBody,
      record.responseBodyBase64,
      "responseBodyBase64"
    )
    return {
      ...message,
      dlqId: record.dlqId,
      ...omitUndefined({
        responseStatus: zeroToUndefined(record.responseStatus),
        responseHeaders:
          decodeSomeHeaders(record.responseHeader) ?? decodeSomeHeaders(record.responseHeaders),
        responseBody
      })
    }
  })

/**
 * Writes a dead letter as QStash does, with a status of 0 if the destination sent no response.
 *
 * @since 0.1.0
 * @category conversions
 */
export const encode = (message: DlqMessage): unknown => {
  const { base64, text } = encodeBody(message.responseBody)
  return {
    ...encodeMessage(message),
    dlqId: message.dlqId,
    // The official Python client cannot read a list in which one dead letter has no status.
    responseStatus: message.responseStatus ?? 0,
    ...omitUndefined({
      responseHeader: encodeHeaders(message.responseHeaders),
      responseBody: text,
      responseBodyBase64: base64
    })
  }
}

const readPage = decoder(Schema.Struct({ messages: Schema.NullOr(Schema.Array(Schema.Unknown)) }))
const decodeMessages = decodeList("messages", decode)

/**
 * Reads a page of `GET /v2/dlq`.
 *
 * @since 0.1.0
 * @category conversions
 */
export const decodePage = (json: unknown): Either.Either<Page<DlqMessage>, string> =>
  pageOf(
    json,
    Either.flatMap(readPage(json), ({ messages }) => decodeMessages(messages ?? []))
  )

/**
 * Writes a page of `GET /v2/dlq`.
 *
 * @since 0.1.0
 * @category conversions
 */
export const encodePage = (page: Page<DlqMessage>): unknown => ({
  messages: page.items.map(encode),
  ...omitUndefined({ cursor: page.cursor })
})
