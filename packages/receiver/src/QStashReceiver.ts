/**
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { Delivery } from "./Delivery.ts"
import type { ConfigOptions, Options } from "./ReceiverOptions.ts"
import { type ConfigError, fromConfig } from "./internal/fromConfig.ts"
import { makeWith } from "./internal/verify.ts"
import { webCrypto } from "./internal/webCrypto.ts"
import type { VerifiedDelivery } from "./VerifiedDelivery.ts"
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
     * Checks that a request is a delivery from QStash to this URL with this body. The order of the checks: types of the
     * arguments, size, form of the token, HMAC, issuer, times, subject, body.
     *
     * A message may be delivered twice. To skip work that is already done, use a key in the body, such as an order
     * number. The message id (`unsigned.messageId`) is the same for all attempts, but an attacker can change it, because
     * it is not signed. The token id (`signed.tokenId`) is signed, but each attempt has a new one, so it only detects
     * replayed requests.
     */
    readonly verify: (delivery: Delivery) => Effect.Effect<VerifiedDelivery, VerifyError>
  }
}

/**
 * Verifies deliveries.
 *
 * @since 0.1.0
 * @category tags
 */
export class QStashReceiver extends Context.Tag("@effect-qstash/receiver/QStashReceiver")<
  QStashReceiver,
  QStashReceiver.Service
>() {}

/**
 * Verifies with JavaScript, and with WebCrypto if the body is longer than a few kilobytes, so it runs wherever Fetch does.
 * On Node, use the same module from `@effect-qstash/receiver/node`: with `node:crypto` it is up to four times as fast.
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
 * Like {@link layer}, but reads a key that you do not pass from `QSTASH_CURRENT_SIGNING_KEY` or
 * `QSTASH_NEXT_SIGNING_KEY`.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerConfig = (
  options: ConfigOptions = {}
): Layer.Layer<QStashReceiver, ConfigError | QStashReceiverMisconfigured> =>
  Layer.effect(QStashReceiver, Effect.flatMap(fromConfig(options), make))
