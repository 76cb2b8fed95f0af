import * as Config from "effect/Config"
import type * as ConfigErrors from "effect/ConfigError"
import * as Option from "effect/Option"
import type { ConfigOptions, Options } from "../ReceiverOptions.ts"

/** Why the options could not be read from the configuration. */
export type ConfigError = ConfigErrors.ConfigError

/** What is left out, and what is there as `undefined`, has its default. */
const optional = <A>(config: Config.Config<A> | undefined): Config.Config<Option.Option<A>> =>
  config === undefined ? Config.succeed(Option.none()) : Config.map(config, Option.some)

export const fromConfig = (options: ConfigOptions): Config.Config<Options> =>
  Config.map(
    Config.all({
      currentSigningKey: options.currentSigningKey ?? Config.redacted("QSTASH_CURRENT_SIGNING_KEY"),
      nextSigningKey: options.nextSigningKey ?? Config.redacted("QSTASH_NEXT_SIGNING_KEY"),
      subject: optional(options.subject),
      clockTolerance: optional(options.clockTolerance),
      maxBodyBytes: optional(options.maxBodyBytes)
    }),
    ({ clockTolerance, currentSigningKey, maxBodyBytes, nextSigningKey, subject }): Options => ({
      currentSigningKey,
      nextSigningKey,
      subject: Option.getOrUndefined(subject),
      clockTolerance: Option.getOrUndefined(clockTolerance),
      maxBodyBytes: Option.getOrUndefined(maxBodyBytes)
    })
  )
