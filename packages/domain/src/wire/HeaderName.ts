/**
 * @since 0.1.0
 */
import { canonicalName } from "../internal/headers.ts"

/**
 * Writes a header's name as QStash does in its answers, the way of Go's net/http: `content-type` becomes
 * `Content-Type`.
 *
 * @since 0.1.0
 * @category conversions
 */
export const canonical: (name: string) => string = canonicalName
