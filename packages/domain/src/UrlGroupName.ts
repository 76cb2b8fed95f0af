import type * as Schema from "effect/Schema"
import { nameFromAnswer } from "./internal/effectSchema.ts"
import { restrictedName } from "./internal/name.ts"

/**
 * Names a URL group (a "topic" on the wire): letters, digits, `.`, `_` and `-`.
 *
 * @since 0.1.0
 * @category schemas
 */
export const UrlGroupName = restrictedName("UrlGroupName", "URL group name", "Names a group of endpoints")

/**
 * @since 0.1.0
 * @category models
 */
export type UrlGroupName = typeof UrlGroupName.Type

/**
 * The name as QStash returns it: any non-empty text.
 *
 * @since 0.1.0
 * @category schemas
 */
export const UrlGroupNameFromAnswer: Schema.Schema<UrlGroupName, string> = nameFromAnswer("UrlGroupName")
