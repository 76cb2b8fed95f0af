/**
 * @since 0.1.0
 */
import type * as Redacted from "effect/Redacted"

/**
 * What an account's deliveries are signed with. A receiver accepts both, so that it keeps working over a rotation.
 *
 * @since 0.1.0
 * @category models
 */
export interface SigningKeys {
  /** Signs every delivery. */
  readonly current: Redacted.Redacted
  /** Takes the current one's place at the next rotation. */
  readonly next: Redacted.Redacted
}
