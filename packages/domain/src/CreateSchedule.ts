/**
 * @since 0.1.0
 */
import type * as Duration from "effect/Duration"
import type * as Either from "effect/Either"
import type { CronExpression } from "./CronExpression.ts"
import type { DeliveryMethod } from "./DeliveryMethod.ts"
import { Destination } from "./Destination.ts"
import type { FlowControl } from "./FlowControl.ts"
import { checkSchedule } from "./internal/checkSchedule.ts"
import type { HeaderMap } from "./internal/headers.ts"
import type { QStashInvalidRequest } from "./QStashError.ts"
import type { QueueName } from "./QueueName.ts"
import type { RetryDelayExpression } from "./RetryDelayExpression.ts"
import type { ScheduleId } from "./ScheduleId.ts"
import type { UrlGroupName } from "./UrlGroupName.ts"

/**
 * A message that QStash sends about a delivery: after every attempt as `callback`, once at final failure as
 * `failureCallback`.
 *
 * @since 0.1.0
 * @category models
 */
export interface Callback {
  readonly url: string
  readonly method?: DeliveryMethod
  readonly timeout?: Duration.Duration
  readonly retries?: number
  readonly retryDelay?: RetryDelayExpression
  readonly headers?: HeaderMap
}

/**
 * What QStash keeps out of its answers; deliveries carry the originals.
 *
 * @since 0.1.0
 * @category models
 */
export interface Redact {
  readonly body: boolean
  /** All header values, or those of the named headers. */
  readonly headers: boolean | ReadonlyArray<string>
}

/**
 * A checked request to create or overwrite a schedule: what {@link CreateSchedule.make} makes of a user's options, and
 * what the wire codec reads from a request. Each absent setting is QStash's default.
 *
 * @since 0.1.0
 * @category models
 */
export interface CreateSchedule {
  readonly scheduleId?: ScheduleId
  readonly cron: CronExpression
  readonly destination: Destination
  readonly method?: DeliveryMethod
  readonly headers?: HeaderMap
  readonly body?: Uint8Array
  readonly retries?: number
  readonly retryDelay?: RetryDelayExpression
  readonly timeout?: Duration.Duration
  readonly delay?: Duration.Duration
  readonly callback?: Callback
  readonly failureCallback?: Callback
  readonly queueName?: QueueName
  readonly flowControl?: FlowControl
  readonly labels?: ReadonlyArray<string>
  readonly redact?: Redact
}

/**
 * @since 0.1.0
 */
export declare namespace CreateSchedule {
  /**
   * Header names and values; a list stands for several values of one name.
   *
   * @since 0.1.0
   * @category models
   */
  export type HeadersInput = Readonly<Record<string, string | ReadonlyArray<string>>>

  /**
   * What a user gives for a callback.
   *
   * @since 0.1.0
   * @category models
   */
  export interface CallbackInput {
    /** An http or https URL. */
    readonly url: string | URL
    /** @default "POST" */
    readonly method?: DeliveryMethod | undefined
    /** The longest that one attempt may take, in whole seconds. */
    readonly timeout?: Duration.DurationInput | undefined
    /** @default the retries of the message that it is about */
    readonly retries?: number | undefined
    /** See the option of the schedule. */
    readonly retryDelay?: RetryDelayExpression | string | undefined
    /** Headers that the callback carries. */
    readonly headers?: HeadersInput | undefined
  }

  /**
   * What a user gives to create a schedule, or to overwrite the one with the same id: an overwrite replaces every
   * setting, and what is left out returns to its default.
   *
   * @since 0.1.0
   * @category models
   */
  export interface Input {
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
    readonly destination: string | URL | { readonly urlGroup: UrlGroupName }
    /** @default "POST" */
    readonly method?: DeliveryMethod | undefined
    /**
     * Headers that each delivery carries, `Content-Type` among them. QStash's own headers (`Upstash-…` and
     * `User-Agent`) cannot be overridden.
     */
    readonly headers?: HeadersInput | undefined
    /** The body of each delivery; text is sent as UTF-8. */
    readonly body?: string | Uint8Array | undefined
    /**
     * How often a failed delivery is tried again, at least 0.
     *
     * @default 3
     */
    readonly retries?: number | undefined
    /**
     * The wait before a retry in milliseconds, as an arithmetic expression over `retried` (0 before the first retry).
     *
     * @default 12 s, 2 m 28 s, 30 m 8 s, 6 h 7 m 6 s, then 24 h
     */
    readonly retryDelay?: RetryDelayExpression | string | undefined
    /**
     * The longest that one attempt may take, in whole seconds; it can only shorten the plan's maximum.
     *
     * @default the plan's maximum
     */
    readonly timeout?: Duration.DurationInput | undefined
    /**
     * How long each message waits after its trigger, in whole seconds.
     *
     * @default no wait
     */
    readonly delay?: Duration.DurationInput | undefined
    /** Told of every attempt until one succeeds or none is left. */
    readonly callback?: CallbackInput | string | URL | undefined
    /** Told once, when a message has failed for good. */
    readonly failureCallback?: CallbackInput | string | URL | undefined
    /** The queue that its messages go through; QStash makes it on first use. */
    readonly queueName?: QueueName | undefined
    /** The limit that its messages share. */
    readonly flowControl?: FlowControl.Input | undefined
    /** Marks its messages in the logs; text without commas. */
    readonly labels?: ReadonlyArray<string> | undefined
    /** What QStash keeps out of its answers: the body, all headers, or some headers by name. */
    readonly redact?:
      | {
          readonly body?: boolean | undefined
          readonly headers?: boolean | ReadonlyArray<string> | undefined
        }
      | undefined
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
    checkSchedule(input, Destination.parse, (option) => option)
} as const
