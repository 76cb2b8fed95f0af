/**
 * `QStashUrlGroups` over HTTPS, without the other services.
 *
 * @since 0.1.0
 */
import { QStashUrlGroups } from "@effect-qstash/domain/QStashUrlGroups"
import { type OneLayer, oneLayer, type OneLayerConfig, oneLayerConfig } from "./internal/oneService.ts"
import { makeUrlGroups } from "./internal/services/urlGroups.ts"

/**
 * Like `QStashClient.layer`, for this service alone.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer: OneLayer<QStashUrlGroups> = /* @__PURE__ */ oneLayer(QStashUrlGroups, makeUrlGroups)

/**
 * Like `QStashClient.layerConfig`, for this service alone.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerConfig: OneLayerConfig<QStashUrlGroups> = /* @__PURE__ */ oneLayerConfig(
  QStashUrlGroups,
  makeUrlGroups
)
