import { canonicalName } from "../internal/headers.ts"

/**
 * Writes a header's name as QStash returns it, in the form of Go's net/http: `content-type` becomes `Content-Type`.
 *
 * @since 0.1.0
 * @category conversions
 */
export const canonical: (name: string) => string = canonicalName
