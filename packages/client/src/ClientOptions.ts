/**
 * @since 0.1.0
 */
import type * as HttpClient from "@effect/platform/HttpClient"
import type * as Config from "effect/Config"
import type * as Duration from "effect/Duration"
import type * as Redacted from "effect/Redacted"

/**
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** The token of the account, as the console shows it. It belongs to one region. */
  readonly token: Redacted.Redacted
  /**
   * The origin of the token's region or of a local server, without a path. Plain http to another machine logs a warning
   * when the client is built, because anyone on the network path can read the token.
   *
   * @default "https://qstash.upstash.io"
   */
  readonly url?: string | URL | undefined
  /**
   * How long one attempt may take, from the connection to the end of the response.
   *
   * @default 10 seconds
   */
  readonly requestTimeout?: Duration.DurationInput | undefined
  /**
   * How long a call may take, with all its attempts and the waits between them. The first attempt always has its whole
   * `requestTimeout`. A retry starts only if at least a second is left for it, and there are at most 10. Zero turns
   * retries off.
   *
   * @default 30 seconds
   */
  readonly retryBudget?: Duration.DurationInput | undefined
  /**
   * The largest response to read, in bytes after decompression. A larger one fails with `QStashResponseTooLarge`; streams
   * first ask for smaller pages.
   *
   * @default 67_108_864 (64 MiB)
   */
  readonly maxResponseBytes?: number | undefined
  /**
   * Wraps the `HttpClient` of every attempt, to log, count or rate-limit. It sees the bearer token in the request's
   * headers. Retries inside it happen within one attempt, even for calls that are not idempotent. It runs in a fiber of
   * its own, so a FiberRef that it sets does not change for the caller.
   *
   * @default identity
   */
  readonly transformClient?: ((client: HttpClient.HttpClient) => HttpClient.HttpClient) | undefined
}

/**
 * Where each option comes from. An option that is left out is read from the environment or has its default.
 *
 * @since 0.1.0
 * @category models
 */
export type ConfigOptions = {
  readonly [K in keyof Options]?: Config.Config<NonNullable<Options[K]>> | undefined
}
