/**
 * `QStashQueues` over HTTPS, without the other services.
 *
 * @since 0.1.0
 */
import { QStashQueues } from "@effect-qstash/domain/QStashQueues"
import { type OneLayer, oneLayer, type OneLayerConfig, oneLayerConfig } from "./internal/oneService.ts"
import { makeQueues } from "./internal/services/queues.ts"

/**
 * Like `QStashClient.layer`, for this service alone.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer: OneLayer<QStashQueues> = /* @__PURE__ */ oneLayer(QStashQueues, makeQueues)

/**
 * Like `QStashClient.layerConfig`, for this service alone.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerConfig: OneLayerConfig<QStashQueues> = /* @__PURE__ */ oneLayerConfig(
  QStashQueues,
  makeQueues
)
