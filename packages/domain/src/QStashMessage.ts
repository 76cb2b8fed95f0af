import type * as DateTime from "effect/DateTime"
import type * as Duration from "effect/Duration"
import type { DlqId } from "./DlqId.ts"
import type { FlowControlKey } from "./FlowControl.ts"
import type { MessageId } from "./MessageId.ts"
import type { QStashHeaders } from "./QStashHeaders.ts"
import type { QueueName } from "./QueueName.ts"
import type { RedactedValue } from "./RedactedValue.ts"
import type { ScheduleId } from "./ScheduleId.ts"
import type { UrlGroupName } from "./UrlGroupName.ts"

/**
 * A pending message as QStash reports it. Values that this library may not know, such as a new HTTP method, are plain
 * text.
 *
 * @since 0.1.0
 * @category models
 */
export interface QStashMessage {
  readonly messageId: MessageId
  /** The URL to call. In a URL group it is that of one endpoint. */
  readonly url: string
  readonly urlGroup?: UrlGroupName
  /** The endpoint's name within its group, if it has one. */
  readonly endpointName?: string
  readonly method: string
  /** The headers of each delivery, including `Content-Type`. */
  readonly headers: QStashHeaders
  /** Text if the bytes are UTF-8, else bytes. Absent if empty. */
  readonly body?: string | Uint8Array | RedactedValue
  readonly createdAt: DateTime.Utc
  /** The earliest time of the first delivery. */
  readonly notBefore: DateTime.Utc
  readonly maxRetries: number
  readonly retryDelay?: string
  /**
   * QStash does not document the unit. This library's own server and engine use seconds. To use it in a new setting,
   * add the unit, such as `Duration.seconds(timeout)`: a plain number would be milliseconds.
   */
  readonly timeout?: number
  readonly callback?: string
  readonly callbackHeaders?: QStashHeaders
  readonly failureCallback?: string
  readonly failureCallbackHeaders?: QStashHeaders
  readonly queueName?: QueueName
  /** The schedule that created it. */
  readonly scheduleId?: ScheduleId
  readonly flowControlKey?: FlowControlKey
  readonly parallelism?: number
  readonly rate?: number
  readonly period?: Duration.Duration
  readonly labels: ReadonlyArray<string>
  /** The IP address of the publisher. */
  readonly callerIp?: string
}

/**
 * A message that failed permanently, with the last response of its destination.
 *
 * @since 0.1.0
 * @category models
 */
export interface DlqMessage extends QStashMessage {
  readonly dlqId: DlqId
  /** Absent if the destination sent no response. The filter for those dead letters is the status 0. */
  readonly responseStatus?: number
  readonly responseHeaders?: QStashHeaders
  /** Text if the bytes are UTF-8, else bytes. Absent if empty. */
  readonly responseBody?: string | Uint8Array | RedactedValue
}
