import type { RedactedValue } from "./RedactedValue.ts"

/**
 * Headers as QStash returns them: canonical names, and all values of a name in order. A redacted value is a {@link
 * RedactedValue}.
 *
 * @since 0.1.0
 * @category models
 */
export type QStashHeaders = Readonly<Record<string, ReadonlyArray<string | RedactedValue>>>
