/**
 * @since 0.1.0
 */
import { IdGenerator, QStashServices } from "@effect-qstash/domain"
import type * as HttpClient from "@effect/platform/HttpClient"
import type * as ConfigError from "effect/ConfigError"
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { ConfigOptions, Options } from "./ClientOptions.ts"
import { makeDlq } from "./internal/services/dlq.ts"
import { makeFlowControl } from "./internal/services/flowControl.ts"
import { fromConfig } from "./internal/fromConfig.ts"
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
 * - A call that fails with a transport fault, a timeout, 408 or 5xx is tried again, with exponential backoff and jitter,
 *   at most 10 times and within `retryBudget`. 429 waits for the reset that it names if that fits the budget; a 429 that
 *   names none fails at once, as every other 4xx does.
 * - What a repeat could do twice is tried again after a 429 alone: the retry of dead letters and the rotation of the
 *   signing keys.
 * - A create always carries a schedule id, and a publish, an enqueue and each message of a batch a deduplication id
 *   unless they are deduplicated by content: the caller's, or one generated once for all attempts of the call.
 *   For a generated id a duplicate is not reported, because there was no other message.
 * - A delete or a cancel that finds nothing after an attempt without a response has succeeded. The count of a bulk
 *   operation is what its last attempt found.
 * - More than 100 ids are spread over several calls.
 * - Redirects are not followed, since they would carry the token elsewhere. For `FetchHttpClient` this takes a
 *   `RequestInit`, which replaces one that only its own layer was given: provide yours to this layer as well, and the
 *   two are merged.
 * - Each call is one span of kind client, named after its service and method, such as `QStashSchedules.create`; of a
 *   stream it is each page. It tells what the call names or makes (`qstash.schedule_id`, `qstash.message_id`, `qstash.dlq_id`,
 *   `qstash.queue_name`, `qstash.url_group`, `qstash.flow_control_key`), and `http.request.resend_count` if it was
 *   retried. The `HttpClient`'s own spans, which hold headers and URLs, are switched off, and no tracing header is sent
 *   to QStash.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (
  options: Options
): Layer.Layer<QStashServices, QStashClientMisconfigured, HttpClient.HttpClient> =>
  Layer.effectContext(make(options))

/**
 * The same from configuration: `QSTASH_TOKEN`, and `QSTASH_URL` if it is set and not empty.
 *
 * With `QSTASH_REGION` (`US_EAST_1` or `EU_CENTRAL_1`, in any case, with `-` or `_`) the token and the URL are those of
 * the region: `US_EAST_1_QSTASH_TOKEN` and `US_EAST_1_QSTASH_URL`. As in the official SDK, an unknown region or an
 * incomplete pair is a warning and the plain variables count. An option that is given counts before them all.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerConfig = (
  options: ConfigOptions = {}
): Layer.Layer<QStashServices, ConfigError.ConfigError, HttpClient.HttpClient> =>
  Layer.effectContext(Effect.flatMap(fromConfig(options), fromSettings))
