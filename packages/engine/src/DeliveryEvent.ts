/**
 * @since 0.1.0
 */
import type { ScheduleId } from "@effect-qstash/domain/ScheduleId"

/**
 * A step in the life of a message, in the states that QStash's own log uses. A success is `CREATED`, `ACTIVE`,
 * `DELIVERED`; a failed attempt is `ERROR`, followed by `RETRY` or, when no attempt is left, by `FAILED`. `STALLED` is not
 * QStash's: virtual time went on without waiting for this delivery any longer, so its order is not certain. Holds the
 * destination whole, so whoever prints it cuts off credentials and query.
 *
 * @since 0.1.0
 * @category models
 */
export interface DeliveryEvent {
  /** Milliseconds since 1970. */
  readonly time: number
  readonly state: "CREATED" | "ACTIVE" | "DELIVERED" | "ERROR" | "RETRY" | "FAILED" | "STALLED"
  readonly tenantId: string
  readonly messageId: string
  readonly scheduleId: ScheduleId
  readonly method: string
  readonly url: string
  /** How many attempts came before the one that this is about. */
  readonly retried: number
  /** The status of the answer, where there was one. */
  readonly responseStatus?: number
  /** Why the attempt failed. */
  readonly error?: string
  /** When the next attempt is due, milliseconds since 1970. */
  readonly nextDeliveryTime?: number
}
