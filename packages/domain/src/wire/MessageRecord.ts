/**
 * How a pending message stands in an answer: the JSON object of `GET /v2/messages/{messageId}`. Client and server use
 * the two directions of this one codec.
 *
 * @since 0.1.0
 */
import type * as Either from "effect/Either"
import { messageFields } from "../internal/messageRecord.ts"
import { record } from "../internal/record.ts"
import type { QStashMessage } from "../QStashMessage.ts"

const message = record<QStashMessage>(messageFields)

/**
 * Reads a message of an answer. Lenient where QStash is known to vary: what it may leave out, null or empty is absent,
 * `callerIP` and `callerIp` are one, fields that this library does not know are ignored. The reason of a refusal
 * names the field and nothing of its value.
 *
 * @since 0.1.0
 * @category conversions
 */
export const decode: (json: unknown) => Either.Either<QStashMessage, string> = message.decode

/**
 * Writes a message as QStash answers it. Where QStash's own documents disagree on a name (`callerIP`, `label`), both
 * are written.
 *
 * @since 0.1.0
 * @category conversions
 */
export const encode: (message: QStashMessage) => unknown = message.encode
