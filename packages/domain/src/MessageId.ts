import type * as Schema from "effect/Schema"
import { nameFromAnswer } from "./internal/effectSchema.ts"
import { nonEmptyName } from "./internal/name.ts"

/**
 * Identifies a message. A publish returns it, and all attempts to deliver the message share it (`Upstash-Message-Id`).
 * QStash makes these ids, so any text that fits into a path is valid.
 *
 * @example
 * import { MessageId } from "@effect-qstash/domain"
 *
 * const id = MessageId.make("msg_5RLBWxdLydTNr99CiaTBCRb6UtrU")
 *
 * @since 0.1.0
 * @category schemas
 */
export const MessageId = nonEmptyName("MessageId", "message id", "Identifies a message within an account")

/**
 * @since 0.1.0
 * @category models
 */
export type MessageId = typeof MessageId.Type

/**
 * The id as QStash returns it: any non-empty text.
 *
 * @since 0.1.0
 * @category schemas
 */
export const MessageIdFromAnswer: Schema.Schema<MessageId, string> = nameFromAnswer("MessageId")
