/**
 * @since 0.1.0
 */
import { IdGenerator } from "@effect-qstash/domain/IdGenerator"
import { QStashServices } from "@effect-qstash/domain/QStashServices"
import type * as HttpClient from "@effect/platform/HttpClient"
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { ConfigOptions, Options } from "./ClientOptions.ts"
import { makeDlq } from "./internal/services/dlq.ts"
import { makeFlowControl } from "./internal/services/flowControl.ts"
import { type ConfigError, fromConfig } from "./internal/fromConfig.ts"
import { makeHttp } from "./internal/http.ts"
import { makeLogs } from "./internal/services/logs.ts"
import { makeMessages } from "./internal/services/messages.ts"
import { makeQueues } from "./internal/services/queues.ts"
import { makeSchedules } from "./internal/services/schedules.ts"
import { fromOptions, type Settings } from "./internal/settings.ts"
import { makeSigningKeys } from "./internal/services/signingKeys.ts"
import { makeUrlGroups } from "./internal/services/urlGroups.ts"
import type { QStashClientMisconfigured } from "./QStashClientMisconfigured.ts"

export {
  /**
   * @since 0.1.0
   * @category models
   */
  type ConfigOptions,
  /**
   * @since 0.1.0
   * @category models
   */
  type Options
} from "./ClientOptions.ts"

const fromSettings = (
  settings: Settings
): Effect.Effect<Context.Context<QStashServices>, never, HttpClient.HttpClient> =>
  Effect.zipWith(makeHttp(settings), IdGenerator, (http, ids) =>
    QStashServices.context({
      schedules: makeSchedules(http, ids),
      messages: makeMessages(http, ids),
      queues: makeQueues(http),
      urlGroups: makeUrlGroups(http),
      dlq: makeDlq(http),
      flowControl: makeFlowControl(http),
      logs: makeLogs(http),
      signingKeys: makeSigningKeys(http)
    })
  )

/**
 * All services of QStash, for one account. See {@link layer} for how calls behave.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (
  options: Options
): Effect.Effect<Context.Context<QStashServices>, QStashClientMisconfigured, HttpClient.HttpClient> =>
  Effect.flatMap(fromOptions(options), fromSettings)

/**
 * QStash over HTTPS, on any `HttpClient`.
 *
 * - Transport failures, timeouts, 408 and 5xx are retried with exponential backoff and jitter, at most 10 times and within
 *   `retryBudget`. A 429 is retried after its reset if the budget allows it. A 429 without a reset and every other 4xx
 *   fail immediately.
 * - The retry of dead letters and the rotation of the signing keys are retried only after a 429: otherwise they could
 *   happen twice.
 * - A create always sends a schedule id, and a message a deduplication id, unless it is deduplicated by content. It is
 *   your id, or one that is generated once for all attempts of the call. Such a generated id is never reported as a
 *   duplicate.
 * - If an earlier attempt of a delete or a cancel may have worked and a retry finds nothing, the call succeeds. A bulk
 *   operation returns the count of its last attempt.
 * - More than 100 ids are split over several calls.
 * - Redirects are not followed, because they would send the token elsewhere. With `FetchHttpClient`, this layer sets a
 *   `RequestInit` for that. If you have one too, provide it to this layer, which merges the two; one that is provided only
 *   to `FetchHttpClient.layer` is ignored.
 * - Each call (each page, for a stream) is one span of kind client, named after its service and method, such as
 *   `QStashSchedules.create`. Its attributes are the ids and names in the call (`qstash.schedule_id`, `qstash.message_id`,
 *   `qstash.dlq_id`, `qstash.queue_name`, `qstash.url_group`, `qstash.flow_control_key`) and, after a retry,
 *   `http.request.resend_count`. The `HttpClient`'s own spans contain headers and URLs, so they are switched off, and
 *   QStash gets no tracing headers.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (
  options: Options
): Layer.Layer<QStashServices, QStashClientMisconfigured, HttpClient.HttpClient> =>
  Layer.effectContext(make(options))

/**
 * Like {@link layer}, but reads an option that you do not pass from `QSTASH_TOKEN` and `QSTASH_URL`. The URL may be unset
 * or empty.
 *
 * If `QSTASH_REGION` is `US_EAST_1` or `EU_CENTRAL_1` (in any case, with `-` or `_`), the token and the URL come from the
 * variables of that region, such as `US_EAST_1_QSTASH_TOKEN` and `US_EAST_1_QSTASH_URL`. As in the official SDK, an
 * unknown region or an incomplete pair logs a warning, and the plain variables are used.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerConfig = (
  options: ConfigOptions = {}
): Layer.Layer<QStashServices, ConfigError, HttpClient.HttpClient> =>
  Layer.effectContext(Effect.flatMap(fromConfig(options), fromSettings))
