/**
 * `QStashReceiver` on `node:crypto`: the same service, options and errors.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { type ConfigError, fromConfig } from "./internal/fromConfig.ts"
import { nodeCrypto } from "./internal/nodeCrypto.ts"
import { makeWith } from "./internal/verify.ts"
import { QStashReceiver } from "./QStashReceiver.ts"
import type { ConfigOptions, Options } from "./ReceiverOptions.ts"
import type { QStashReceiverMisconfigured } from "./VerifyError.ts"

export {
  /**
   * The tag of the main entry, so a layer of either provides it.
   *
   * @since 0.1.0
   * @category tags
   */
  QStashReceiver
} from "./QStashReceiver.ts"
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
 * Verifies on the calling thread, which a large body holds up for as long as its hash takes: some milliseconds for ten
 * megabytes.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make: (options: Options) => Effect.Effect<QStashReceiver.Service, QStashReceiverMisconfigured> =
  makeWith(nodeCrypto)

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
