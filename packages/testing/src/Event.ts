/**
 * @since 0.1.0
 */
import type { MessageId } from "@effect-qstash/domain/MessageId"
import type { QueueName } from "@effect-qstash/domain/QueueName"
import type { ScheduleId } from "@effect-qstash/domain/ScheduleId"
import type { UrlGroupName } from "@effect-qstash/domain/UrlGroupName"
import type { DeliveryEvent } from "@effect-qstash/engine/DeliveryEvent"
import type * as DateTime from "effect/DateTime"

/**
 * A step in the life of a message. Its state is one of QStash's log states, or `STALLED` when virtual time stops waiting
 * for a delivery.
 *
 * @since 0.1.0
 * @category models
 */
export interface Event {
  readonly time: DateTime.Utc
  readonly state: DeliveryEvent["state"]
  readonly messageId: MessageId
  readonly scheduleId?: ScheduleId
  readonly urlGroup?: UrlGroupName
  readonly queueName?: QueueName
  /** The message that this one is a callback of. */
  readonly callbackOf?: MessageId
  readonly method: string
  readonly url: string
  /** The number of earlier attempts. */
  readonly retried: number
  /** The status of the response, if there was one. */
  readonly responseStatus?: number
  /** Why the attempt failed. */
  readonly error?: string
  /** When the next attempt is due. */
  readonly nextDeliveryTime?: DateTime.Utc
}
