/**
 * QStash itself, by the token in the environment. The laws make schedules under ids of their own with a cron that comes
 * up once in four years, and delete each of them, whatever happens; they touch nothing else of the account.
 *
 * @since 0.1.0
 */
import * as QStashClient from "@effect-qstash/client/QStashClient"
import type { QStashSchedules } from "@effect-qstash/domain/QStashSchedules"
import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import type * as ConfigError from "effect/ConfigError"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { Harness } from "../Harness.ts"
import { mintIds } from "../internal/mintIds.ts"

/**
 * Reads `QSTASH_TOKEN`, and `QSTASH_URL` if it is set.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer: Layer.Layer<QStashSchedules | Harness, ConfigError.ConfigError> = Layer.merge(
  QStashClient.layerConfig().pipe(Layer.provide(FetchHttpClient.layer)),
  Layer.effect(
    Harness,
    Effect.map(mintIds, (mintId) => ({ mintId }))
  )
)

/**
 * @since 0.1.0
 * @category constants
 */
export const lacks = {
  time: "needs a clock that can be moved, and a destination that can be seen",
  neighbour: "needs a second account",
  quota: "would fill the account up"
}

/**
 * @since 0.1.0
 * @category constants
 */
export const differs = {
  "a setting that is not supported is refused, not passed over": "QStash supports them all"
}
