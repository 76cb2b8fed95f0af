/**
 * `QStashDlq` over HTTPS, without the other services.
 *
 * @since 0.1.0
 */
import { QStashDlq } from "@effect-qstash/domain/QStashDlq"
import { type OneLayer, oneLayer, type OneLayerConfig, oneLayerConfig } from "./internal/oneService.ts"
import { makeDlq } from "./internal/services/dlq.ts"

/**
 * Like `QStashClient.layer`, for this service alone.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer: OneLayer<QStashDlq> = /* @__PURE__ */ oneLayer(QStashDlq, makeDlq)

/**
 * Like `QStashClient.layerConfig`, for this service alone.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerConfig: OneLayerConfig<QStashDlq> = /* @__PURE__ */ oneLayerConfig(QStashDlq, makeDlq)
