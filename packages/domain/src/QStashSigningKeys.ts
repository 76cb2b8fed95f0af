/**
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { QStashError } from "./QStashError.ts"
import type { SigningKeys } from "./SigningKeys.ts"

/**
 * @since 0.1.0
 */
export declare namespace QStashSigningKeys {
  /**
   * @since 0.1.0
   * @category models
   */
  export interface Service {
    /** Both keys, as they stand now. */
    readonly get: Effect.Effect<SigningKeys, QStashError>

    /**
     * Makes the next key the current one and draws a new next one, and answers both. Receivers that know both old keys go
     * on; give them the new ones before another rotation, which would leave them without. It is not repeated by itself:
     * when it fails with `QStashUnavailable` it may have taken effect, so look before you call it again.
     */
    readonly rotate: Effect.Effect<SigningKeys, QStashError>
  }
}

/**
 * The keys that one QStash account's deliveries are signed with.
 *
 * @since 0.1.0
 * @category tags
 */
export class QStashSigningKeys extends Context.Tag("@effect-qstash/domain/QStashSigningKeys")<
  QStashSigningKeys,
  QStashSigningKeys.Service
>() {}
