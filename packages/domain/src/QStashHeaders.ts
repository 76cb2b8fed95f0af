/**
 * @since 0.1.0
 */
import type { RedactedValue } from "./RedactedValue.ts"

/**
 * Headers of an answer: canonical names, every value of a name in order, redacted ones as {@link RedactedValue}.
 *
 * @since 0.1.0
 * @category models
 */
export type QStashHeaders = Readonly<Record<string, ReadonlyArray<string | RedactedValue>>>
