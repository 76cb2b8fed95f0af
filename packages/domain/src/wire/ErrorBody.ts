/**
 * The JSON of every QStash response that is not 2xx: `{"error": "…"}`.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"

/**
 * @since 0.1.0
 * @category schemas
 */
export const ErrorBody = Schema.Struct({ error: Schema.String })

/**
 * QStash's own texts for what a local server has to report too, so they stay as they are.
 *
 * @since 0.1.0
 * @category constants
 */
export const errorTexts = {
  invalidToken: "unable to authenticate: invalid token",
  emptyDestination: "a non-empty destination must be provided",
  invalidScheme: "invalid destination url: endpoint has invalid scheme, add http:// or https://",
  colonInDeduplicationId: "DeduplicationId cannot contain ':'",
  flowControlValue:
    "Upstash-Flow-Control-Value should be either rate=X or parallelism=Y, or both as comma-separated values",
  urlGroupNotFound: (name: string): string => `topic ${name} not found`
} as const

/**
 * Whether QStash refused a message because its URL group does not exist. QStash reports that as a 400, so its text is
 * the only sign of it.
 *
 * @since 0.1.0
 * @category predicates
 */
export const isUrlGroupNotFound = (reason: string): boolean => /^topic .* not found$/.test(reason)
