/**
 * @since 0.1.0
 */
import type * as DateTime from "effect/DateTime"
import type * as Duration from "effect/Duration"
import type { Destination } from "./Destination.ts"
import type { FlowControlKey } from "./FlowControl.ts"
import type { QStashHeaders } from "./QStashHeaders.ts"
import type { QueueName } from "./QueueName.ts"
import type { RedactedValue } from "./RedactedValue.ts"
import type { ScheduleId } from "./ScheduleId.ts"

/**
 * A schedule as QStash reports it. What QStash itself may spell in ways that this library does not know (an old cron
 * dialect, a new state) is text here, so that one odd schedule never makes a list unreadable.
 *
 * @since 0.1.0
 * @category models
 */
export interface QStashSchedule {
  readonly scheduleId: ScheduleId
  /** Verbatim as it was given, outer white space aside, with its `CRON_TZ=` prefix. */
  readonly cron: string
  readonly destination: Destination
  readonly createdAt: DateTime.Utc
  readonly method: string
  readonly isPaused: boolean
  /** What a delivery carries, `Content-Type` among them. */
  readonly headers: QStashHeaders
  /** Text where the bytes are UTF-8, else bytes; absent when empty. */
  readonly body?: string | Uint8Array | RedactedValue
  readonly retries?: number
  readonly retryDelay?: string
  readonly delay?: Duration.Duration
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
  readonly flowControlKey?: FlowControlKey
  readonly parallelism?: number
  readonly rate?: number
  readonly period?: Duration.Duration
  readonly labels: ReadonlyArray<string>
  /** The address that created it. */
  readonly callerIp?: string
  /** When it last fired; absent before the first firing. */
  readonly lastScheduleTime?: DateTime.Utc
  /** When it fires next. It keeps advancing while paused, and is absent where no time matches within five years. */
  readonly nextScheduleTime?: DateTime.Utc
  /** The messages of the last firing by id: `IN_PROGRESS`, `SUCCESS` or `FAIL`. */
  readonly lastScheduleStates: Readonly<Record<string, string>>
  /** Why the last firing could make no message. */
  readonly error?: string
}
