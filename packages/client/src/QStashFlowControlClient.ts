/**
 * `QStashFlowControl` over HTTPS, without the other services.
 *
 * @since 0.1.0
 */
import { QStashFlowControl } from "@effect-qstash/domain/QStashFlowControl"
import { type OneLayer, oneLayer, type OneLayerConfig, oneLayerConfig } from "./internal/oneService.ts"
import { makeFlowControl } from "./internal/services/flowControl.ts"

/**
 * Like `QStashClient.layer`, for this service alone.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer: OneLayer<QStashFlowControl> = /* @__PURE__ */ oneLayer(QStashFlowControl, makeFlowControl)

/**
 * Like `QStashClient.layerConfig`, for this service alone.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerConfig: OneLayerConfig<QStashFlowControl> = /* @__PURE__ */ oneLayerConfig(
  QStashFlowControl,
  makeFlowControl
)
