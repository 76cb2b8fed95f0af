/**
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import { checkedText } from "./internal/effectSchema.ts"

/**
 * Names what a message is about, so that a second one with the same id within 10 minutes is taken for the first: it is
 * accepted and not delivered. QStash allows neither `:` nor white space.
 *
 * @since 0.1.0
 * @category schemas
 */
export const DeduplicationId = checkedText(
  "a deduplication id of printable ASCII without blanks and colons",
  {
    pattern: /^[\x21-\x39\x3b-\x7e]+$/
  }
).pipe(
  Schema.brand("DeduplicationId"),
  Schema.annotations({ identifier: "DeduplicationId", description: "Names what a message is about" })
)

/**
 * @since 0.1.0
 * @category models
 */
export type DeduplicationId = typeof DeduplicationId.Type
