import type * as Schema from "effect/Schema"
import { nameFromAnswer } from "./internal/effectSchema.ts"
import { nonEmptyName } from "./internal/name.ts"

/**
 * Identifies an entry of the dead letter queue, such as `1725323658779-0`. It is not the id of the message that failed.
 *
 * @since 0.1.0
 * @category schemas
 */
export const DlqId = nonEmptyName("DlqId", "dead letter id", "Identifies an entry of the dead letter queue")

/**
 * @since 0.1.0
 * @category models
 */
export type DlqId = typeof DlqId.Type

/**
 * The id as QStash returns it: any non-empty text.
 *
 * @since 0.1.0
 * @category schemas
 */
export const DlqIdFromAnswer: Schema.Schema<DlqId, string> = nameFromAnswer("DlqId")
