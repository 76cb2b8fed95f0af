import type * as DateTime from "effect/DateTime"
import type * as Duration from "effect/Duration"
import type { Destination } from "./Destination.ts"
import type { FlowControlKey } from "./FlowControl.ts"
import type { QStashHeaders } from "./QStashHeaders.ts"
import type { QueueName } from "./QueueName.ts"
import type { RedactedValue } from "./RedactedValue.ts"
import type { ScheduleId } from "./ScheduleId.ts"

/**
 * A schedule as QStash reports it. Values that this library may not know (an old cron dialect, a new state) are plain
 * text, so that one odd schedule never makes a whole list unreadable.
 *
 * @since 0.1.0
 * @category models
 */
export interface QStashSchedule {
  readonly scheduleId: ScheduleId
  /** As it was written, with its `CRON_TZ=` prefix but without surrounding whitespace. */
  readonly cron: string
  readonly destination: Destination
  readonly createdAt: DateTime.Utc
  readonly method: string
  readonly isPaused: boolean
  /** The headers of each delivery, including `Content-Type`. */
  readonly headers: QStashHeaders
  /** Text if the bytes are UTF-8, else bytes. Absent if empty. */
  readonly body?: string | Uint8Array | RedactedValue
  readonly retries?: number
  readonly retryDelay?: string
  readonly delay?: Duration.Duration
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
  readonly flowControlKey?: FlowControlKey
  readonly parallelism?: number
  readonly rate?: number
  readonly period?: Duration.Duration
  readonly labels: ReadonlyArray<string>
  /** The IP address of the creator. */
  readonly callerIp?: string
  /** When it last fired; absent before the first firing. */
  readonly lastScheduleTime?: DateTime.Utc
  /**
   * When it fires next. It keeps advancing while the schedule is paused, and is absent if no time matches within five
   * years.
   */
  readonly nextScheduleTime?: DateTime.Utc
  /** The messages of the last firing by id, with their state: `IN_PROGRESS`, `SUCCESS` or `FAIL`. */
  readonly lastScheduleStates: Readonly<Record<string, string>>
  /** Why the last firing created no message. */
  readonly error?: string
}
