/**
 * A pending message in a response: the JSON object of `GET /v2/messages/{messageId}`. The client reads, the server
 * writes.
 *
 * @since 0.1.0
 */
import type * as Either from "effect/Either"
import { messageFields } from "../internal/messageRecord.ts"
import { record } from "../internal/record.ts"
import type { QStashMessage } from "../QStashMessage.ts"

const message = record<QStashMessage>(messageFields)

/**
 * Reads a message of a response. It is lenient where QStash varies: a field that QStash may omit is absent if it is
 * null or empty, `callerIP` and `callerIp` are one, and unknown fields are ignored. The error names the field and
 * contains nothing of its value.
 *
 * @since 0.1.0
 * @category conversions
 */
export const decode: (json: unknown) => Either.Either<QStashMessage, string> = message.decode

/**
 * Writes a message as QStash does. If QStash's own documents disagree on a name (`callerIP`, `label`), both are
 * written.
 *
 * @since 0.1.0
 * @category conversions
 */
export const encode: (message: QStashMessage) => unknown = message.encode
