/**
 * `QStashLogs` over HTTPS, without the other services.
 *
 * @since 0.1.0
 */
import { QStashLogs } from "@effect-qstash/domain/QStashLogs"
import { type OneLayer, oneLayer, type OneLayerConfig, oneLayerConfig } from "./internal/oneService.ts"
import { makeLogs } from "./internal/services/logs.ts"

/**
 * Like `QStashClient.layer`, for this service alone.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer: OneLayer<QStashLogs> = /* @__PURE__ */ oneLayer(QStashLogs, makeLogs)

/**
 * Like `QStashClient.layerConfig`, for this service alone.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerConfig: OneLayerConfig<QStashLogs> = /* @__PURE__ */ oneLayerConfig(QStashLogs, makeLogs)
