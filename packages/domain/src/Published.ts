import type { Destination } from "./Destination.ts"
import type { MessageId } from "./MessageId.ts"

/**
 * A message that QStash has accepted.
 *
 * @since 0.1.0
 * @category models
 */
export interface Published {
  readonly messageId: MessageId
  /** The URL to deliver to, if QStash reports it, as it does for the endpoints of a URL group. */
  readonly url?: string
  /** Whether QStash already had this message. Then `messageId` is that of the earlier one, and nothing new is sent. */
  readonly isDeduplicated: boolean
}

/** @since 0.1.0 */
export declare namespace Published {
  /**
   * What a publish returns: one message for a URL; for a URL group one for each endpoint, in their order.
   *
   * @since 0.1.0
   * @category models
   */
  export type To<D extends Destination.Input> = D extends string | URL ? Published : ReadonlyArray<Published>
}
