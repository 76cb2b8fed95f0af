/**
 * @since 0.1.0
 */
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
  /** What it is delivered to, where QStash says so: always for the endpoints of a URL group. */
  readonly url?: string
  /** Whether it was taken for a message that QStash had already: `messageId` is that one's, and nothing new is sent. */
  readonly isDeduplicated: boolean
}

/**
 * @since 0.1.0
 */
export declare namespace Published {
  /**
   * What a publish to a destination answers: one message for a URL; for a URL group one for each endpoint, in the
   * order of the endpoints.
   *
   * @since 0.1.0
   * @category models
   */
  export type To<D extends Destination.Input> = D extends string | URL ? Published : ReadonlyArray<Published>
}
