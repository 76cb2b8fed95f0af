/**
 * @since 0.1.0
 */
import type * as Either from "effect/Either"
import type { CronExpression } from "./CronExpression.ts"
import { Destination } from "./Destination.ts"
import { checkSchedule, userSchedule } from "./internal/checkSettings.ts"
import type { MessageSettings } from "./MessageSettings.ts"
import type { QStashInvalidRequest } from "./QStashError.ts"
import type { ScheduleId } from "./ScheduleId.ts"

/**
 * A checked request to create or overwrite a schedule: what {@link CreateSchedule.make} makes of a user's options, and
 * what the wire codec reads from a request. Each absent setting is QStash's default.
 *
 * @since 0.1.0
 * @category models
 */
export interface CreateSchedule extends MessageSettings {
  readonly scheduleId?: ScheduleId
  readonly cron: CronExpression
  readonly destination: Destination
}

/**
 * @since 0.1.0
 */
export declare namespace CreateSchedule {
  /**
   * What a user gives to create a schedule, or to overwrite the one with the same id: an overwrite replaces every
   * setting, and what is left out returns to its default. A `delay` counts from each trigger.
   *
   * @since 0.1.0
   * @category models
   */
  export interface Input extends MessageSettings.Input {
    /**
     * Names the schedule. With an id a repeated create overwrites.
     *
     * @default a fresh id, which the call answers
     */
    readonly scheduleId?: ScheduleId | undefined
    /** When it fires: five fields or a named descriptor, in UTC unless prefixed with `CRON_TZ=Zone `. */
    readonly cron: CronExpression | string
    /**
     * Where its messages go: an http or https URL, or a URL group. A URL that could not travel in a request path is
     * normalised, so it may read back in another spelling.
     */
    readonly destination: Destination.Input
  }
}

/**
 * @since 0.1.0
 */
export const CreateSchedule = {
  /**
   * Checks a user's options and brings them into one form: spans in whole seconds, header names as Go writes them,
   * bytes for text. The error names the option; it repeats no header value, body, or callback URL.
   *
   * @since 0.1.0
   * @category constructors
   */
  make: (input: CreateSchedule.Input): Either.Either<CreateSchedule, QStashInvalidRequest> =>
    checkSchedule(input, Destination.parse, userSchedule)
} as const
