/**
 * @since 0.1.0
 */

/**
 * Part of a list, and where the next part begins.
 *
 * @since 0.1.0
 * @category models
 */
export interface Page<A> {
  readonly items: ReadonlyArray<A>
  /** Given to the next call it answers the next page; absent on the last one. Opaque text. */
  readonly cursor?: string
}
