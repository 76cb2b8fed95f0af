import { brandedText } from "./internal/effectSchema.ts"

/**
 * Identifies what a message is about. QStash accepts a second message with the same id within 10 minutes, but does not
 * deliver it. Neither `:` nor whitespace is allowed.
 *
 * @since 0.1.0
 * @category schemas
 */
export const DeduplicationId = brandedText("DeduplicationId", {
  description: "Identifies what a message is about",
  expected: "a deduplication id of printable ASCII without spaces or colons",
  pattern: /^[\x21-\x39\x3b-\x7e]+$/
})

/**
 * @since 0.1.0
 * @category models
 */
export type DeduplicationId = typeof DeduplicationId.Type
