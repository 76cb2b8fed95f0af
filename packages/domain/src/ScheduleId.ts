import type * as Schema from "effect/Schema"
import { nameFromAnswer } from "./internal/effectSchema.ts"
import { restrictedName } from "./internal/name.ts"

/**
 * Identifies a schedule within an account: letters, digits, `.`, `_` and `-`, as QStash enforces it, but not `.` or
 * `..`, which would be another route.
 *
 * @example
 * import { ScheduleId } from "@effect-qstash/domain"
 *
 * const nightly = ScheduleId.make("nightly-report")
 *
 * @since 0.1.0
 * @category schemas
 */
export const ScheduleId = restrictedName(
  "ScheduleId",
  "schedule id",
  "Identifies a schedule within an account"
)

/**
 * @since 0.1.0
 * @category models
 */
export type ScheduleId = typeof ScheduleId.Type

/**
 * The id as QStash returns it: any non-empty text, so that one old schedule with an odd id does not make a whole list
 * unreadable.
 *
 * @since 0.1.0
 * @category schemas
 */
export const ScheduleIdFromAnswer: Schema.Schema<ScheduleId, string> = nameFromAnswer("ScheduleId")
