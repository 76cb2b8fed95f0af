import type * as Duration from "effect/Duration"
import type { DeliveryMethod } from "./DeliveryMethod.ts"
import type { FlowControl } from "./FlowControl.ts"
import type { HeaderMap } from "./internal/headers.ts"
import type { QueueName } from "./QueueName.ts"
import type { RetryDelayExpression } from "./RetryDelayExpression.ts"

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
 * What QStash leaves out when it returns a message. Deliveries are not affected.
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
 * How a message is delivered, already checked. A schedule has the settings of the messages that it creates. QStash's
 * default applies to an absent setting.
 *
 * @since 0.1.0
 * @category models
 */
export interface MessageSettings {
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

/** @since 0.1.0 */
export declare namespace MessageSettings {
  /**
   * Header values by name. A list sends the header several times.
   *
   * @since 0.1.0
   * @category models
   */
  export type HeadersInput = Readonly<Record<string, string | ReadonlyArray<string>>>

  /**
   * The options of a callback.
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
    /** @default the message's own `retries` */
    readonly retries?: number | undefined
    /** As in the message's options. */
    readonly retryDelay?: RetryDelayExpression | string | undefined
    /** Headers that the callback carries. */
    readonly headers?: HeadersInput | undefined
  }

  /**
   * The options of a message or a schedule.
   *
   * @since 0.1.0
   * @category models
   */
  export interface Input {
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
     * How often a failed delivery is retried; 0 or more.
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
     * How long a message waits before its first delivery, in whole seconds.
     *
     * @default no wait
     */
    readonly delay?: Duration.DurationInput | undefined
    /** Receives the outcome of each attempt. */
    readonly callback?: CallbackInput | string | URL | undefined
    /** Receives the outcome once, if the message fails permanently. */
    readonly failureCallback?: CallbackInput | string | URL | undefined
    /** The queue to deliver through. QStash creates it on first use. */
    readonly queueName?: QueueName | undefined
    /** Limits how fast messages with the same key are delivered. */
    readonly flowControl?: FlowControl.Input | undefined
    /** For finding messages in the logs. A label cannot contain a comma. */
    readonly labels?: ReadonlyArray<string> | undefined
    /** What QStash leaves out when it returns the message: the body, all headers, or the headers that you name. */
    readonly redact?:
      | {
          readonly body?: boolean | undefined
          readonly headers?: boolean | ReadonlyArray<string> | undefined
        }
      | undefined
  }
}
