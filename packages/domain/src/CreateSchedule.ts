import type * as Either from "effect/Either"
import type { CronExpression } from "./CronExpression.ts"
import { Destination } from "./Destination.ts"
import { checkSchedule, userSchedule } from "./internal/checkSchedule.ts"
import type { MessageSettings } from "./MessageSettings.ts"
import type { QStashInvalidRequest } from "./QStashError.ts"
import type { ScheduleId } from "./ScheduleId.ts"

/**
 * A checked request to create or overwrite a schedule, made by {@link CreateSchedule.make} or read from a request.
 * QStash's default applies to an absent setting.
 *
 * @since 0.1.0
 * @category models
 */
export interface CreateSchedule extends MessageSettings {
  readonly scheduleId?: ScheduleId
  readonly cron: CronExpression
  readonly destination: Destination
}

/** @since 0.1.0 */
export declare namespace CreateSchedule {
  /**
   * The options of a schedule. Overwriting a schedule replaces all its settings: an option that you leave out gets its
   * default again. A `delay` counts from each trigger.
   *
   * @since 0.1.0
   * @category models
   */
  export interface Input extends MessageSettings.Input {
    /**
     * The schedule's id. Creating a schedule with an existing id overwrites it.
     *
     * @default a new id, which the call returns
     */
    readonly scheduleId?: ScheduleId | undefined
    /** When it fires: five fields or a named descriptor, in UTC unless prefixed with `CRON_TZ=Zone `. */
    readonly cron: CronExpression | string
    /**
     * Where its messages go: an http or https URL, or a URL group. A URL that a request path cannot carry as it is gets
     * normalised, so it may look different when you read it back.
     */
    readonly destination: Destination.Input
  }
}

/** @since 0.1.0 */
export const CreateSchedule = {
  /**
   * Checks and normalises the options: durations in whole seconds, canonical header names, text as bytes. The error
   * names the option and contains no header value, body or callback URL.
   *
   * @since 0.1.0
   * @category constructors
   */
  make: (input: CreateSchedule.Input): Either.Either<CreateSchedule, QStashInvalidRequest> =>
    checkSchedule(input, Destination.parse, userSchedule)
} as const
