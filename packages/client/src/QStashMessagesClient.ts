/**
 * `QStashMessages` over HTTPS, without the other services.
 *
 * @since 0.1.0
 */
import { QStashMessages } from "@effect-qstash/domain/QStashMessages"
import { type OneLayer, oneLayer, type OneLayerConfig, oneLayerConfig } from "./internal/oneService.ts"
import { makeMessages } from "./internal/services/messages.ts"

/**
 * Like `QStashClient.layer`, for this service alone.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer: OneLayer<QStashMessages> = /* @__PURE__ */ oneLayer(QStashMessages, makeMessages)

/**
 * Like `QStashClient.layerConfig`, for this service alone.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerConfig: OneLayerConfig<QStashMessages> = /* @__PURE__ */ oneLayerConfig(
  QStashMessages,
  makeMessages
)
