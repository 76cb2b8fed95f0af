/**
 * @since 0.1.0
 */
import type { KnownLogState } from "@effect-qstash/domain/LogEntry"
import type { StoredMessage } from "./Store.ts"

/**
 * A step in the life of a message, in the states that QStash's own log uses. `STALLED` is not QStash's and stands in no
 * log: virtual time went on without waiting for this delivery any longer, so its order is not certain. Holds the message
 * whole, so whoever prints it cuts off credentials, query, headers and body.
 *
 * @since 0.1.0
 * @category models
 */
export interface DeliveryEvent {
  /** Milliseconds since 1970. */
  readonly time: number
  readonly state: KnownLogState | "STALLED"
  /** As it stood then: its `retried` tells how many attempts came before the one that this is about. */
  readonly message: StoredMessage
  /** The status of the answer, where there was one. */
  readonly responseStatus?: number
  /** Names in lower case. */
  readonly responseHeaders?: Readonly<Record<string, string | ReadonlyArray<string> | undefined>>
  readonly responseBody?: Uint8Array
  /** Why the attempt failed. */
  readonly error?: string
  /** When the next attempt is due, milliseconds since 1970. */
  readonly nextDeliveryTime?: number
}
