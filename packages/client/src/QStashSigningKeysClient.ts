/**
 * `QStashSigningKeys` over HTTPS, without the other services.
 *
 * @since 0.1.0
 */
import { QStashSigningKeys } from "@effect-qstash/domain/QStashSigningKeys"
import { type OneLayer, oneLayer, type OneLayerConfig, oneLayerConfig } from "./internal/oneService.ts"
import { makeSigningKeys } from "./internal/services/signingKeys.ts"

/**
 * Like `QStashClient.layer`, for this service alone.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer: OneLayer<QStashSigningKeys> = /* @__PURE__ */ oneLayer(QStashSigningKeys, makeSigningKeys)

/**
 * Like `QStashClient.layerConfig`, for this service alone.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerConfig: OneLayerConfig<QStashSigningKeys> = /* @__PURE__ */ oneLayerConfig(
  QStashSigningKeys,
  makeSigningKeys
)
