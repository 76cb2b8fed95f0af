/**
 * Part of a list.
 *
 * @since 0.1.0
 * @category models
 */
export interface Page<A> {
  readonly items: ReadonlyArray<A>
  /** Pass it to the next call to get the next page. Absent on the last page. Opaque text. */
  readonly cursor?: string
}
