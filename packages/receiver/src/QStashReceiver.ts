/**
 * @since 0.1.0
 */
import type * as ConfigError from "effect/ConfigError"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { ConfigOptions, Options } from "./ReceiverOptions.ts"
import { fromConfig } from "./internal/fromConfig.ts"
import { makeWith } from "./internal/verify.ts"
import { webCrypto } from "./internal/webCrypto.ts"
import type { Delivery, VerifiedDelivery } from "./VerifiedDelivery.ts"
import type { QStashReceiverMisconfigured, VerifyError } from "./VerifyError.ts"

export {
  /**
   * @since 0.1.0
   * @category models
   */
  type ConfigOptions,
  /**
   * @since 0.1.0
   * @category models
   */
  type Options
} from "./ReceiverOptions.ts"

/**
 * @since 0.1.0
 */
export declare namespace QStashReceiver {
  /**
   * @since 0.1.0
   * @category models
   */
  export interface Service {
    /**
     * Checks that a request is a delivery of QStash to this URL with this body. Checked in this order: the
     * types of the arguments, the size, the token's form, the HMAC, the issuer, the times, the subject, the body.
     *
     * A delivery may arrive twice. The token id (`signed.tokenId`) protects against replays: it is new for each attempt,
     * and signed. The message id (`unsigned.messageId`) protects against retries: it is the same for all attempts, but
     * not signed. Best of all is a key in the signed body, such as an order number: it does both.
     */
    readonly verify: (delivery: Delivery) => Effect.Effect<VerifiedDelivery, VerifyError>
  }
}

/**
 * The receiving end of a delivery.
 *
 * @since 0.1.0
 * @category tags
 */
export class QStashReceiver extends Context.Tag("@effect-qstash/receiver/QStashReceiver")<
  QStashReceiver,
  QStashReceiver.Service
>() {}

/**
 * Verifies with JavaScript and, where the body is longer than a few kilobytes, WebCrypto, so it runs wherever Fetch does.
 * On Node, `@effect-qstash/receiver/node` has the same module on `node:crypto`, which is up to four times as fast.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make: (options: Options) => Effect.Effect<QStashReceiver.Service, QStashReceiverMisconfigured> =
  makeWith(webCrypto)

/**
 * @since 0.1.0
 * @category layers
 */
export const layer = (options: Options): Layer.Layer<QStashReceiver, QStashReceiverMisconfigured> =>
  Layer.effect(QStashReceiver, make(options))

/**
 * The same from configuration. A key that is not given comes from `QSTASH_CURRENT_SIGNING_KEY` or
 * `QSTASH_NEXT_SIGNING_KEY`.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerConfig = (
  options: ConfigOptions = {}
): Layer.Layer<QStashReceiver, ConfigError.ConfigError | QStashReceiverMisconfigured> =>
  Layer.effect(QStashReceiver, Effect.flatMap(fromConfig(options), make))
