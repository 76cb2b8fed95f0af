/**
 * @since 0.1.0
 */
import type * as DateTime from "effect/DateTime"
import type * as Duration from "effect/Duration"
import type { FlowControlKey } from "./FlowControl.ts"
import type { MessageId } from "./MessageId.ts"
import type { QStashHeaders } from "./QStashHeaders.ts"
import type { QueueName } from "./QueueName.ts"
import type { RedactedValue } from "./RedactedValue.ts"
import type { ScheduleId } from "./ScheduleId.ts"
import type { UrlGroupName } from "./UrlGroupName.ts"

/**
 * The states that QStash's log is known to use. A success is `CREATED`, `ACTIVE`, `DELIVERED`; a failed attempt is
 * `ERROR`, followed by `RETRY` or, when no attempt is left, by `FAILED`; a cancel is `CANCEL_REQUESTED`, then
 * `CANCELED`, which QStash also spells with two L.
 *
 * @since 0.1.0
 * @category models
 */
export type KnownLogState =
  | "CREATED"
  | "ACTIVE"
  | "RETRY"
  | "ERROR"
  | "DELIVERED"
  | "FAILED"
  | "CANCEL_REQUESTED"
  | "CANCELED"

/**
 * A state of QStash's log: a known one, or whatever text QStash comes to use.
 *
 * @since 0.1.0
 * @category models
 */
export type LogState = KnownLogState | (string & Record<never, never>)

/**
 * One step in the life of a message.
 *
 * @since 0.1.0
 * @category models
 */
export interface LogEntry {
  readonly time: DateTime.Utc
  readonly state: LogState
  readonly messageId: MessageId
  readonly url: string
  readonly urlGroup?: UrlGroupName
  readonly endpointName?: string
  readonly scheduleId?: ScheduleId
  readonly queueName?: QueueName
  readonly method?: string
  readonly headers: QStashHeaders
  /** Text where the bytes are UTF-8, else bytes; absent when empty. */
  readonly body?: string | Uint8Array | RedactedValue
  /** Why an attempt, or the message, has failed. */
  readonly error?: string
  /** When the next attempt is due. */
  readonly nextDeliveryTime?: DateTime.Utc
  readonly responseStatus?: number
  readonly responseHeaders?: QStashHeaders
  /** Text where the bytes are UTF-8, else bytes; absent when empty. */
  readonly responseBody?: string | Uint8Array | RedactedValue
  readonly maxRetries?: number
  readonly retryDelay?: string
  /** The longest that one attempt may take. */
  readonly timeout?: Duration.Duration
  readonly callback?: string
  readonly callbackHeaders?: QStashHeaders
  readonly failureCallback?: string
  readonly failureCallbackHeaders?: QStashHeaders
  readonly flowControlKey?: FlowControlKey
  readonly parallelism?: number
  readonly rate?: number
  readonly period?: Duration.Duration
  readonly labels: ReadonlyArray<string>
}
