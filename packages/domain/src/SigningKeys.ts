import type * as Redacted from "effect/Redacted"

/**
 * The keys that sign an account's deliveries. A receiver accepts both, so that it keeps working during a rotation.
 *
 * @since 0.1.0
 * @category models
 */
export interface SigningKeys {
  /** Signs every delivery. */
  readonly current: Redacted.Redacted
  /** Replaces the current key at the next rotation. */
  readonly next: Redacted.Redacted
}
