/**
 * @since 0.1.0
 */

/**
 * A request as it came in.
 *
 * @since 0.1.0
 * @category models
 */
export interface Delivery {
  /**
   * Names in any case. Pass Node's `IncomingMessage.headers` and the `Headers` of `@effect/platform` as they are, and
   * those of Fetch as `Object.fromEntries(request.headers)`.
   */
  readonly headers: Readonly<Record<string, string | ReadonlyArray<string> | undefined>>
  /**
   * The URL that was called, with its query and not rewritten: what QStash signed is compared with it as text. With
   * the option `subject: { publicUrl }` the path and query are enough.
   */
  readonly url: string
  /** The raw bytes, never text. A body that was parsed and written again has another hash. */
  readonly body: Uint8Array
}
