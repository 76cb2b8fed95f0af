/**
 * QStash itself, by the token in the environment. The laws make schedules with a cron that comes up once in four years,
 * messages that wait for hours, queues and groups under names of their own, and take each of them away at the end of the
 * law, whatever happens; they touch nothing else of the account. What would be about everything in it, such as a cancel
 * of all messages or a rotation of its keys, is never asked here.
 *
 * @since 0.1.0
 */
import * as QStashClient from "@effect-qstash/client/QStashClient"
import type { QStashServices } from "@effect-qstash/domain/QStashServices"
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
export const layer: Layer.Layer<QStashServices | Harness, ConfigError.ConfigError> = Layer.merge(
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
  ownAccount: "would touch what is not the laws' own",
  quotas: "would fill the account up",
  slowly: "needs a destination that can be told when to answer"
}
