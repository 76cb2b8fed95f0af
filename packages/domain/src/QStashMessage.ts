/**
 * @since 0.1.0
 */
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
 * A message that QStash has accepted and neither delivered nor given up, as QStash reports it. What QStash may spell in
 * ways that this library does not know is text here.
 *
 * @since 0.1.0
 * @category models
 */
export interface QStashMessage {
  readonly messageId: MessageId
  /** What is called; for a URL group that of the one endpoint. */
  readonly url: string
  readonly urlGroup?: UrlGroupName
  /** The endpoint's name within its group, if it has one. */
  readonly endpointName?: string
  readonly method: string
  /** What a delivery carries, `Content-Type` among them. */
  readonly headers: QStashHeaders
  /** Text where the bytes are UTF-8, else bytes; absent when empty. */
  readonly body?: string | Uint8Array | RedactedValue
  readonly createdAt: DateTime.Utc
  /** The first delivery comes at this instant or later. */
  readonly notBefore: DateTime.Utc
  readonly maxRetries: number
  readonly retryDelay?: string
  /**
   * QStash does not document the unit; this library's own server and engine use seconds. A new setting wants its unit, such
   * as `Duration.seconds(timeout)`: a plain number there is in milliseconds.
   */
  readonly timeout?: number
  readonly callback?: string
  readonly callbackHeaders?: QStashHeaders
  readonly failureCallback?: string
  readonly failureCallbackHeaders?: QStashHeaders
  readonly queueName?: QueueName
  /** The schedule that made it. */
  readonly scheduleId?: ScheduleId
  readonly flowControlKey?: FlowControlKey
  readonly parallelism?: number
  readonly rate?: number
  readonly period?: Duration.Duration
  readonly labels: ReadonlyArray<string>
  /** The address of whoever published it. */
  readonly callerIp?: string
}

/**
 * A message that has failed for good, with the last answer of its destination.
 *
 * @since 0.1.0
 * @category models
 */
export interface DlqMessage extends QStashMessage {
  readonly dlqId: DlqId
  /** Absent if the destination sent no response. A filter finds those dead letters by the status 0. */
  readonly responseStatus?: number
  readonly responseHeaders?: QStashHeaders
  /** Text where the bytes are UTF-8, else bytes; absent when empty. */
  readonly responseBody?: string | Uint8Array | RedactedValue
}
