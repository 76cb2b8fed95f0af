/**
 * @since 0.1.0
 */
import type * as Config from "effect/Config"
import type * as ConfigError from "effect/ConfigError"
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Redacted from "effect/Redacted"
import { fromConfig } from "./internal/fromConfig.ts"
import { makeWith } from "./internal/verify.ts"
import { webCrypto } from "./internal/webCrypto.ts"
import type { Delivery, VerifiedDelivery } from "./VerifiedDelivery.ts"
import type { QStashReceiverMisconfigured, VerifyError } from "./VerifyError.ts"

/**
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** The key that QStash signs with now, `sig_` included. */
  readonly currentSigningKey: Redacted.Redacted
  /**
   * The key that QStash signs with after the next rotation. Tried only where the current one did not make the signature:
   * one rotation goes unnoticed, after a second one the receiver needs the new keys.
   */
  readonly nextSigningKey: Redacted.Redacted
  /**
   * Which URL a token must have been signed for, compared as text: no case, port or escape is evened out, and no slash
   * but the one that a URL without a path is called with.
   * - `"url"`: the one that was called.
   * - `{ publicUrl }`: for an application behind a proxy, which sees another host than QStash called: this URL, followed
   *   by the path and query that were called. Where it has a path, as of an application that is mounted there, the
   *   root of the application is taken with a slash at the end and without.
   * - `"any"`: a delivery to any endpoint of the account passes here as well, for the five minutes of its token. The
   *   caller has to look at `signed.subject` itself.
   *
   * @default "url"
   */
  readonly subject?: "url" | "any" | { readonly publicUrl: string } | undefined
  /**
   * How far the local clock may be off, from 0 to 5 minutes. A minute is plenty: tokens are valid this much longer.
   * Anything else is a `QStashReceiverMisconfigured`.
   *
   * @default 0 seconds
   */
  readonly clockTolerance?: Duration.DurationInput | undefined
  /**
   * The longest body that is taken, in bytes. The default is above the largest message of any plan (50 MB).
   *
   * @default 67_108_864 (64 MiB)
   */
  readonly maxBodyBytes?: number | undefined
}

/**
 * Where each option comes from; what is left out has its default.
 *
 * @since 0.1.0
 * @category models
 */
export type ConfigOptions = {
  readonly [K in keyof Options]?: Config.Config<NonNullable<Options[K]>> | undefined
}

/**
 * @since 0.1.0
 */
export declare namespace QStashReceiver {
  /**
   * @since 0.1.0
   * @category models
   */
  export interface Service {
    /**
     * Checks that a request is a delivery of QStash to this URL with this body. Checked in this order: the
     * types of the arguments, the size, the token's form, the HMAC, the issuer, the times, the subject, the body.
     *
     * A delivery may arrive twice. The token id (`signed.tokenId`) protects against replays: it is new for each attempt,
     * and signed. The message id (`unsigned.messageId`) protects against retries: it is the same for all attempts, but
     * not signed. Best of all is a key in the signed body, such as an order number: it does both.
     */
    readonly verify: (delivery: Delivery) => Effect.Effect<VerifiedDelivery, VerifyError>
  }
}

/**
 * The receiving end of a delivery.
 *
 * @since 0.1.0
 * @category tags
 */
export class QStashReceiver extends Context.Tag("@effect-qstash/receiver/QStashReceiver")<
  QStashReceiver,
  QStashReceiver.Service
>() {}

/**
 * Verifies with JavaScript and, where the body is longer than a few kilobytes, WebCrypto, so it runs wherever Fetch does.
 * On Node, `@effect-qstash/receiver/node` has the same module on `node:crypto`, which is up to four times as fast.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make: (options: Options) => Effect.Effect<QStashReceiver.Service, QStashReceiverMisconfigured> =
  makeWith(webCrypto)

/**
 * @since 0.1.0
 * @category layers
 */
export const layer = (options: Options): Layer.Layer<QStashReceiver, QStashReceiverMisconfigured> =>
  Layer.effect(QStashReceiver, make(options))

/**
 * The same from configuration. A key that is not given comes from `QSTASH_CURRENT_SIGNING_KEY` or
 * `QSTASH_NEXT_SIGNING_KEY`.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerConfig = (
  options: ConfigOptions = {}
): Layer.Layer<QStashReceiver, ConfigError.ConfigError | QStashReceiverMisconfigured> =>
  Layer.effect(QStashReceiver, Effect.flatMap(fromConfig(options), make))
