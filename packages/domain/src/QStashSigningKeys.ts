import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { QStashError } from "./QStashError.ts"
import type { SigningKeys } from "./SigningKeys.ts"

/** @since 0.1.0 */
export declare namespace QStashSigningKeys {
  /**
   * @since 0.1.0
   * @category models
   */
  export interface Service {
    /** The two keys. */
    readonly get: Effect.Effect<SigningKeys, QStashError>

    /**
     * Makes the next key the current one, generates a new next key, and returns both. Receivers that know both old keys
     * keep working. Give them the new keys before you rotate again. The call is not repeated automatically: if it fails
     * with `QStashUnavailable` it may have taken effect, so look at the keys before you call it again.
     */
    readonly rotate: Effect.Effect<SigningKeys, QStashError>
  }
}

/**
 * The keys that sign the deliveries of a QStash account.
 *
 * @since 0.1.0
 * @category tags
 */
export class QStashSigningKeys extends Context.Tag("@effect-qstash/domain/QStashSigningKeys")<
  QStashSigningKeys,
  QStashSigningKeys.Service
>() {}
