/**
 * @since 0.1.0
 */
import type { KnownLogState } from "@effect-qstash/domain/LogEntry"
import type { StoredMessage } from "./Rows.ts"

/**
 * A step in the life of a message, in the states of QStash's own log. `STALLED` is ours and not in the log: virtual time
 * went on without this delivery, so its order is not certain. An event holds the whole message: before you print it, remove
 * credentials, query, headers and body.
 *
 * @since 0.1.0
 * @category models
 */
export interface DeliveryEvent {
  /** Milliseconds since 1970. */
  readonly time: number
  readonly state: KnownLogState | "STALLED"
  /** The message at that time: `retried` is the number of attempts before this one. */
  readonly message: StoredMessage
  /** The status of the response, if there was one. */
  readonly responseStatus?: number
  /** Names in lower case. */
  readonly responseHeaders?: Readonly<Record<string, string | ReadonlyArray<string> | undefined>>
  readonly responseBody?: Uint8Array
  /** Why the attempt failed. */
  readonly error?: string
  /** When the next attempt is due, milliseconds since 1970. */
  readonly nextDeliveryTime?: number
}
