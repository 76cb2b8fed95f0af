/**
 * QStash itself, with the token in the environment. The laws create schedules that fire on 29 February, messages that
 * wait for hours, and queues and groups with unique names. Each is removed at the end of its law, even if the law fails.
 * The laws touch nothing else in the account: those about everything in an account, such as cancelling all messages or
 * rotating the keys, are skipped.
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
  time: "needs a clock that can be moved and a destination that can be observed",
  neighbour: "needs a second account",
  ownAccount: "would touch more than the laws have created",
  quotas: "would use up the account's quota",
  slowly: "needs a destination that can delay its response"
}
