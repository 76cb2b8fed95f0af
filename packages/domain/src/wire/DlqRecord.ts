/**
 * A dead letter in a response: the JSON object of `GET /v2/dlq/{dlqId}` and of each message of a page. The client
 * reads, the server writes.
 *
 * @since 0.1.0
 */
import type * as Either from "effect/Either"
import { body, id, optionalHeaders, orZero, page, positive, twice } from "../internal/fields.ts"
import { messageFields } from "../internal/messageRecord.ts"
import { record } from "../internal/record.ts"
import type { Page } from "../Page.ts"
import type { DlqMessage } from "../QStashMessage.ts"

const responseHeader = optionalHeaders("responseHeader")

const letter = record<DlqMessage>({
  ...messageFields,
  dlqId: id("dlqId"),
  // The official Python client cannot read a list in which one dead letter has no status.
  responseStatus: orZero(positive, "responseStatus"),
  responseHeaders: {
    read: twice(responseHeader, optionalHeaders("responseHeaders")).read,
    write: responseHeader.write
  },
  responseBody: body("responseBody")
})

/**
 * Reads a dead letter, as leniently as a message. The status 0 means that the destination sent no response; then the
 * field is absent.
 *
 * @since 0.1.0
 * @category conversions
 */
export const decode: (json: unknown) => Either.Either<DlqMessage, string> = letter.decode

/**
 * Writes a dead letter as QStash does, with the status 0 if the destination sent no response.
 *
 * @since 0.1.0
 * @category conversions
 */
export const encode: (message: DlqMessage) => unknown = letter.encode

const letters = page("messages", letter)

/**
 * Reads a page of `GET /v2/dlq`.
 *
 * @since 0.1.0
 * @category conversions
 */
export const decodePage: (json: unknown) => Either.Either<Page<DlqMessage>, string> = letters.decode

/**
 * Writes a page of `GET /v2/dlq`.
 *
 * @since 0.1.0
 * @category conversions
 */
export const encodePage: (page: Page<DlqMessage>) => unknown = letters.encode
