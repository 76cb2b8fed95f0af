/**
 * `QStashSchedules` over HTTPS, without the other services.
 *
 * @since 0.1.0
 */
import { QStashSchedules } from "@effect-qstash/domain/QStashSchedules"
import { type OneLayer, oneLayer, type OneLayerConfig, oneLayerConfig } from "./internal/oneService.ts"
import { makeSchedules } from "./internal/services/schedules.ts"

/**
 * Like `QStashClient.layer`, for this service alone.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer: OneLayer<QStashSchedules> = /* @__PURE__ */ oneLayer(QStashSchedules, makeSchedules)

/**
 * Like `QStashClient.layerConfig`, for this service alone.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerConfig: OneLayerConfig<QStashSchedules> = /* @__PURE__ */ oneLayerConfig(
  QStashSchedules,
  makeSchedules
)
