/**
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import { nameFromAnswer } from "./internal/effectSchema.ts"
import { nonEmptyName } from "./internal/name.ts"

/**
 * Names one message: what a publish answers, the same over all attempts to deliver it (`Upstash-Message-Id`). QStash
 * makes them, so any text will do that can stand in a path.
 *
 * @example
 * import { MessageId } from "@effect-qstash/domain"
 *
 * const id = MessageId.make("msg_5RLBWxdLydTNr99CiaTBCRb6UtrU")
 *
 * @since 0.1.0
 * @category schemas
 */
export const MessageId = nonEmptyName("message id").pipe(
  Schema.brand("MessageId"),
  Schema.annotations({ identifier: "MessageId", description: "Names one message within an account" })
)

/**
 * @since 0.1.0
 * @category models
 */
export type MessageId = typeof MessageId.Type

/**
 * The id as an answer of QStash carries it: any text but the empty one.
 *
 * @since 0.1.0
 * @category schemas
 */
export const MessageIdFromAnswer: Schema.Schema<MessageId, string> = nameFromAnswer("MessageId")
