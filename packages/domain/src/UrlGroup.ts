import type * as DateTime from "effect/DateTime"
import type { UrlGroupName } from "./UrlGroupName.ts"

/**
 * An endpoint of a URL group. QStash does not restrict its name.
 *
 * @since 0.1.0
 * @category models
 */
export interface UrlGroupEndpoint {
  readonly url: string
  readonly name?: string
}

/**
 * A group of endpoints as QStash reports it.
 *
 * @since 0.1.0
 * @category models
 */
export interface UrlGroup {
  readonly name: UrlGroupName
  readonly createdAt: DateTime.Utc
  readonly updatedAt: DateTime.Utc
  readonly endpoints: ReadonlyArray<UrlGroupEndpoint>
}

/** @since 0.1.0 */
export declare namespace UrlGroup {
  /**
   * An endpoint to add to a group.
   *
   * @since 0.1.0
   * @category models
   */
  export interface EndpointInput {
    /** An http or https URL. */
    readonly url: string | URL
    /** Any non-empty text. */
    readonly name?: string | undefined
  }

  /**
   * An endpoint to remove, by its URL or by its name.
   *
   * @since 0.1.0
   * @category models
   */
  export type EndpointSelector =
    | { readonly url: string | URL; readonly name?: never }
    | { readonly name: string; readonly url?: never }
}
