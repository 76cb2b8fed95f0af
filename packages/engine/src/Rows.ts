/**
 * What a Store keeps, and what its verbs take and return.
 *
 * @since 0.1.0
 */
import type { CreateSchedule } from "@effect-qstash/domain/CreateSchedule"
import type { Destination } from "@effect-qstash/domain/Destination"
import type { DlqId } from "@effect-qstash/domain/DlqId"
import type { FlowControlKey } from "@effect-qstash/domain/FlowControl"
import type { MessageId } from "@effect-qstash/domain/MessageId"
import type { MessageSettings } from "@effect-qstash/domain/MessageSettings"
import type { QueueName } from "@effect-qstash/domain/QueueName"
import type { ScheduleId } from "@effect-qstash/domain/ScheduleId"
import type { UrlGroupEndpoint } from "@effect-qstash/domain/UrlGroup"
import type { UrlGroupName } from "@effect-qstash/domain/UrlGroupName"
import type { Criteria } from "@effect-qstash/domain/input/Criteria"
import type { Resolved } from "./Limits.ts"

/**
 * A schedule as it is stored.
 *
 * @since 0.1.0
 * @category models
 */
export interface StoredSchedule {
  readonly tenantId: string
  readonly scheduleId: ScheduleId
  readonly settings: CreateSchedule
  readonly callerIp: string | undefined
  readonly createdAt: number
  readonly isPaused: boolean
  readonly lastTime: number | undefined
  /** Absent where no time matches within five years. */
  readonly nextTime: number | undefined
  /** The messages of the last firing: `IN_PROGRESS`, `SUCCESS` or `FAIL` by message id. */
  readonly lastStates: Readonly<Record<string, string>>
  /** Why the last firing made no message. */
  readonly error: string | undefined
}

/**
 * A message that is not yet delivered or given up.
 *
 * @since 0.1.0
 * @category models
 */
export interface StoredMessage {
  readonly tenantId: string
  readonly messageId: MessageId
  /** Rises with every message: at one instant the older message goes first. */
  readonly sequence: number
  readonly settings: MessageSettings
  /** What is called: of a URL group the one endpoint. */
  readonly url: string
  readonly urlGroup: UrlGroupName | undefined
  readonly endpointName: string | undefined
  /** The schedule that made it. */
  readonly scheduleId: ScheduleId | undefined
  /** The message that it is a callback of. */
  readonly callbackOf: MessageId | undefined
  readonly callerIp: string | undefined
  readonly createdAt: number
  /** When the first attempt is due. */
  readonly notBefore: number
  /** When the next attempt is due. */
  readonly dueAt: number
  /** How many attempts have been made and settled. */
  readonly retried: number
  /** How many deliveries in a row have led back to QStash's own API before this message was accepted. */
  readonly hops: number
}

/**
 * A message that is to be accepted.
 *
 * @since 0.1.0
 * @category models
 */
export interface MessageDraft {
  readonly settings: MessageSettings
  /** A URL group becomes one message for each endpoint that it has in this transaction. */
  readonly destination: Destination
  readonly notBefore: number
  /** What a second draft within the window is recognised by. */
  readonly deduplicationKey: string | undefined
}

/**
 * What became of a draft.
 *
 * @since 0.1.0
 * @category models
 */
export interface AcceptedMessage {
  readonly messageId: MessageId
  readonly url: string
  /** Whether it is the message of an earlier draft with the same key. */
  readonly isDeduplicated: boolean
}

/**
 * An answer of a destination. Header names are in lower case.
 *
 * @since 0.1.0
 * @category models
 */
export interface DeliveryResponse {
  readonly status: number
  readonly headers: Readonly<Record<string, string | ReadonlyArray<string> | undefined>>
  /** Absent where there is none. */
  readonly body?: Uint8Array
}

/**
 * The right to deliver one message. A lease ends when it is settled or released, or when its time is over and the message
 * is leased again. From then on a settlement with its token is `stale` and changes nothing.
 *
 * @since 0.1.0
 * @category models
 */
export interface Lease {
  readonly token: number
  readonly message: StoredMessage
}

/**
 * What an attempt means for its message.
 *
 * @since 0.1.0
 * @category models
 */
export type Settlement = {
  readonly token: number
  /** Absent where no answer came. */
  readonly response: DeliveryResponse | undefined
} & (
  | { readonly _tag: "Delivered" }
  | { readonly _tag: "Retry"; readonly error: string; readonly dueAt: number }
  | { readonly _tag: "Failed"; readonly error: string }
)

/**
 * A message that has failed for good.
 *
 * @since 0.1.0
 * @category models
 */
export interface StoredDeadLetter {
  readonly dlqId: DlqId
  readonly message: StoredMessage
  readonly failedAt: number
  readonly response: DeliveryResponse | undefined
}

/**
 * @since 0.1.0
 * @category models
 */
export interface StoredQueue {
  readonly queueName: QueueName
  readonly createdAt: number
  readonly updatedAt: number
  readonly parallelism: number
  readonly isPaused: boolean
  /** How many of its messages are not done yet. */
  readonly lag: number
}

/**
 * @since 0.1.0
 * @category models
 */
export interface StoredUrlGroup {
  readonly urlGroup: UrlGroupName
  readonly createdAt: number
  readonly updatedAt: number
  readonly endpoints: ReadonlyArray<UrlGroupEndpoint>
}

/**
 * The limits of a flow-control key, and how far they are used.
 *
 * @since 0.1.0
 * @category models
 */
export interface StoredFlowControl {
  readonly flowControlKey: FlowControlKey
  readonly parallelism: number | undefined
  readonly rate: number | undefined
  /** The window of the rate, in milliseconds. */
  readonly period: number
  readonly isPaused: boolean
  readonly isPinnedParallelism: boolean
  readonly isPinnedRate: boolean
  readonly underWay: number
  /** How many attempts have started in the window. */
  readonly started: number
  /** When the window began. */
  readonly windowStart: number | undefined
  readonly waiting: number
}

/**
 * A change of a flow-control key. A key that no message has used is made by the first three.
 *
 * @since 0.1.0
 * @category models
 */
export type FlowControlChange =
  | { readonly _tag: "Pause" }
  | { readonly _tag: "Resume" }
  | {
      readonly _tag: "Pin"
      readonly parallelism: number | undefined
      readonly rate: number | undefined
      /** In milliseconds. */
      readonly period: number | undefined
    }
  | { readonly _tag: "Unpin"; readonly parallelism: boolean; readonly rate: boolean }
  | { readonly _tag: "ResetRate" }

/**
 * Part of a list. Rows are numbered as they come and keep their numbers.
 *
 * @since 0.1.0
 * @category models
 */
export interface StoredPage<A> {
  readonly items: ReadonlyArray<A>
  /** The number of the last of them, where more would follow. */
  readonly last: number | undefined
}

/**
 * Which part of which rows.
 *
 * @since 0.1.0
 * @category models
 */
export interface PageRequest {
  readonly tenantId: string
  readonly criteria: Criteria
  /** The number of the row after which it begins, in the order asked for. */
  readonly after: number | undefined
  readonly count: number
  /** The page ends before the row that would make it larger, but has at least one row. Sizes.ts says what counts. */
  readonly maxBytes: number
  readonly order: "latestFirst" | "earliestFirst"
}

/**
 * Which rows are kept: none from before an instant, and no more than so many and so large. The oldest go first.
 *
 * @since 0.1.0
 * @category models
 */
export interface Retention {
  readonly before: number
  readonly maxEntries: number
  readonly maxBytes: number
}

/**
 * The limits that a Store checks where it accepts messages.
 *
 * @since 0.1.0
 * @category models
 */
export type AcceptLimits = Pick<
  Resolved,
  | "maxQueues"
  | "maxFlowControlKeys"
  | "maxMessages"
  | "maxPendingBytes"
  | "maxMessagesPerRequest"
  | "maxBytesPerRequest"
  | "maxHops"
>
