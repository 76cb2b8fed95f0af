/**
 * @since 0.1.0
 */
import type * as Config from "effect/Config"
import type * as Duration from "effect/Duration"
import type * as Redacted from "effect/Redacted"

/**
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** The key that QStash signs with now, `sig_` included. */
  readonly currentSigningKey: Redacted.Redacted
  /**
   * The key that QStash signs with after the next rotation. It is tried if the current key does not match, so the receiver
   * keeps working after one rotation. After a second one it needs the new keys.
   */
  readonly nextSigningKey: Redacted.Redacted
  /**
   * Which URL a token must be signed for. URLs are compared as text, without normalising case, port or escapes; only the
   * slash of a URL without a path is optional.
   * - `"url"`: the URL that was called.
   * - `{ publicUrl }`: for an application behind a proxy, which sees another host than the one QStash called. The token
   *   must be for this URL followed by the path and query that were called. If it has a path, where the application is
   *   mounted, the root of the application is accepted with and without a slash at the end.
   * - `"any"`: accepts a delivery to any endpoint of the account, for the five minutes of its token. Check
   *   `signed.subject` yourself.
   *
   * @default "url"
   */
  readonly subject?: "url" | "any" | { readonly publicUrl: string } | undefined
  /**
   * How far the local clock may be off, from 0 to 5 minutes. A minute is plenty: tokens stay valid this much longer.
   * Anything else is a `QStashReceiverMisconfigured`.
   *
   * @default 0 seconds
   */
  readonly clockTolerance?: Duration.DurationInput | undefined
  /**
   * The largest body that is accepted, in bytes. The default is above the largest message of any plan (50 MB).
   *
   * @default 67_108_864 (64 MiB)
   */
  readonly maxBodyBytes?: number | undefined
}

/**
 * Where each option comes from. An option that is left out has its default.
 *
 * @since 0.1.0
 * @category models
 */
export type ConfigOptions = {
  readonly [K in keyof Options]?: Config.Config<NonNullable<Options[K]>> | undefined
}
