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
 * The known states of QStash's log. A success is `CREATED`, `ACTIVE`, `DELIVERED`. A failed attempt is `ERROR`,
 * followed by `RETRY`, or by `FAILED` if no attempt is left. A cancelled message is `CANCEL_REQUESTED`, then
 * `CANCELED`, which QStash also spells with two Ls.
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
 * A state of QStash's log: a known one, or any other text.
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
  /** Text if the bytes are UTF-8, else bytes. Absent if empty. */
  readonly body?: string | Uint8Array | RedactedValue
  /** Why the attempt or the message failed. */
  readonly error?: string
  /** When the next attempt is due. */
  readonly nextDeliveryTime?: DateTime.Utc
  readonly responseStatus?: number
  readonly responseHeaders?: QStashHeaders
  /** Text if the bytes are UTF-8, else bytes. Absent if empty. */
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
