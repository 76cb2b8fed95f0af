/**
 * @since 0.1.0
 */
import { IdGenerator, QStashSchedules } from "@effect-qstash/domain"
import type * as HttpClient from "@effect/platform/HttpClient"
import type * as Config from "effect/Config"
import type * as ConfigError from "effect/ConfigError"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Redacted from "effect/Redacted"
import { fromConfig } from "./internal/fromConfig.ts"
import { makeHttp } from "./internal/http.ts"
import { schedulesOver } from "./internal/schedules.ts"
import { fromOptions, type Settings } from "./internal/settings.ts"
import type { QStashClientMisconfigured } from "./QStashClientMisconfigured.ts"

/**
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** The token of the account, as the console shows it. It belongs to one region. */
  readonly token: Redacted.Redacted
  /**
   * The origin of the token's region or of a local server, without a path.
   *
   * @default "https://qstash.upstash.io"
   */
  readonly url?: string | URL | undefined
  /**
   * The longest that one attempt may take, from the connection to the end of the reply.
   *
   * @default 10 seconds
   */
  readonly requestTimeout?: Duration.DurationInput | undefined
  /**
   * The longest that a call may take over all its attempts and the waits between them. The first attempt has its whole
   * `requestTimeout` in any case; another one is begun only if at least a second is left for it. Zero turns retries off.
   *
   * @default 30 seconds
   */
  readonly retryBudget?: Duration.DurationInput | undefined
  /**
   * The longest reply that is read, in bytes after decompression.
   *
   * @default 67_108_864 (64 MiB)
   */
  readonly maxResponseBytes?: number | undefined
  /**
   * Wraps the `HttpClient` of every attempt, to log, count or rate-limit. It sees the bearer token in the request's
   * headers. Whatever it retries, it retries within one attempt.
   *
   * @default identity
   */
  readonly transformClient?: ((client: HttpClient.HttpClient) => HttpClient.HttpClient) | undefined
}

/**
 * Where each option comes from; what is left out is read from the environment or has its default.
 *
 * @since 0.1.0
 * @category models
 */
export type ConfigOptions = {
  readonly [K in keyof Options]?: Config.Config<NonNullable<Options[K]>> | undefined
}

const fromSettings = (
  settings: Settings
): Effect.Effect<QStashSchedules.Service, never, HttpClient.HttpClient> =>
  Effect.zipWith(makeHttp(settings), IdGenerator, schedulesOver)

/**
 * The schedules alone. See {@link layer} for how calls behave.
 *
 * @since 0.1.0
 * @category constructors
 */
export const makeSchedules = (
  options: Options
): Effect.Effect<QStashSchedules.Service, QStashClientMisconfigured, HttpClient.HttpClient> =>
  Effect.flatMap(fromOptions(options), fromSettings)

/**
 * QStash over HTTPS, on any `HttpClient`.
 *
 * - Every call is safe to repeat, so one that fails with a transport fault, a timeout, 408 or 5xx is tried again, with
 *   exponential backoff and jitter, at most 10 times and within `retryBudget`. 429 waits for the reset that it names if
 *   that fits the budget; a 429 that names none fails at once, as every other 4xx does.
 * - A create always carries a schedule id: the caller's, or one that is minted once for all attempts of the call.
 * - A delete that finds nothing after an attempt of its own got no reply has succeeded.
 * - Redirects are not followed, since they would carry the token elsewhere. For `FetchHttpClient` this takes a
 *   `RequestInit`, which replaces one that only its own layer was given: provide yours to this layer as well, and the
 *   two are merged.
 * - Each call is one span, `QStashSchedules.<method>`, of kind client, with `qstash.schedule_id`, and
 *   `http.request.resend_count` if it was retried. The `HttpClient`'s own spans, which hold headers and URLs, are
 *   switched off, and no tracing header is sent to QStash.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (
  options: Options
): Layer.Layer<QStashSchedules, QStashClientMisconfigured, HttpClient.HttpClient> =>
  Layer.effect(QStashSchedules, makeSchedules(options))

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
): Layer.Layer<QStashSchedules, ConfigError.ConfigError, HttpClient.HttpClient> =>
  Layer.effect(QStashSchedules, Effect.flatMap(fromConfig(options), fromSettings))
