import type * as Schema from "effect/Schema"
import { nameFromAnswer } from "./internal/effectSchema.ts"
import { restrictedName } from "./internal/name.ts"

/**
 * Names a queue: letters, digits, `.`, `_` and `-`.
 *
 * @since 0.1.0
 * @category schemas
 */
export const QueueName = restrictedName("QueueName", "queue name", "Names a queue within an account")

/**
 * @since 0.1.0
 * @category models
 */
export type QueueName = typeof QueueName.Type

/**
 * The name as QStash returns it: any non-empty text.
 *
 * @since 0.1.0
 * @category schemas
 */
export const QueueNameFromAnswer: Schema.Schema<QueueName, string> = nameFromAnswer("QueueName")
