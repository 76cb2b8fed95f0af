import * as Config from "effect/Config"
import * as ConfigErrors from "effect/ConfigError"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import type { ConfigOptions } from "../ClientOptions.ts"
import { checks, defaults, type Settings } from "./settings.ts"

/** Why the options could not be read from the configuration. */
export type ConfigError = ConfigErrors.ConfigError

/** Apply it directly to a named `Config`: only then does the error of a failed check have that name. */
const checked = <A, B>(
  option: keyof typeof checks,
  config: Config.Config<A>,
  check: (value: A) => Either.Either<B, string>
): Config.Config<B> =>
  Config.mapOrFail(config, (value) =>
    Either.mapLeft(check(value), (reason) => ConfigErrors.InvalidData([], `${option} ${reason}`))
  )

/** A variable that an env file sets to nothing is not set. */
const isFilled = (text: string): boolean => text.trim() !== ""

const filled = (name: string): Config.Config<Option.Option<string>> =>
  Config.map(Config.option(Config.string(name)), Option.filter(isFilled))

interface Home {
  readonly token: Config.Config<Redacted.Redacted>
  readonly url: Config.Config<string>
}

/** The values of two variables. */
const homeOf = (token: string, url: string): Home => ({
  token: checked("token", Config.string(token), (text) => checks.token(Redacted.make(text))),
  url: checked("url", Config.string(url), (text) =>
    isFilled(text) ? checks.url(text) : Either.right(defaults.url)
  ).pipe(Config.withDefault(defaults.url))
})

const plain = homeOf("QSTASH_TOKEN", "QSTASH_URL")

const regional = (region: string): Effect.Effect<Home, ConfigError> =>
  Effect.gen(function* () {
    const name = region.trim().toUpperCase().replaceAll("-", "_")
    if (name !== "US_EAST_1" && name !== "EU_CENTRAL_1") {
      yield* Effect.logWarning("QSTASH_REGION is neither US_EAST_1 nor EU_CENTRAL_1 and is ignored")
      return plain
    }
    const [token, url] = [`${name}_QSTASH_TOKEN`, `${name}_QSTASH_URL`]
    if (Option.isSome(yield* filled(token)) && Option.isSome(yield* filled(url))) return homeOf(token, url)
    yield* Effect.logWarning(`QSTASH_REGION is ignored, because ${token} and ${url} are not both set`)
    return plain
  })

const home: Effect.Effect<Home, ConfigError> = Effect.flatMap(
  filled("QSTASH_REGION"),
  Option.match({ onNone: () => Effect.succeed(plain), onSome: regional })
)

export const fromConfig = (options: ConfigOptions): Effect.Effect<Settings, ConfigError> =>
  Effect.gen(function* () {
    const given = {
      ...(options.token === undefined ? {} : { token: checked("token", options.token, checks.token) }),
      ...(options.url === undefined ? {} : { url: checked("url", options.url, checks.url) })
    }
    // The region is not even looked at where it has nothing to say.
    const { token, url } = {
      ...(given.token === undefined || given.url === undefined ? yield* home : plain),
      ...given
    }
    return yield* Config.all({
      token,
      url,
      requestTimeout: checked(
        "requestTimeout",
        options.requestTimeout ?? Config.succeed(defaults.requestTimeout),
        checks.requestTimeout
      ),
      retryBudget: checked(
        "retryBudget",
        options.retryBudget ?? Config.succeed(defaults.retryBudget),
        checks.retryBudget
      ),
      maxResponseBytes: checked(
        "maxResponseBytes",
        options.maxResponseBytes ?? Config.succeed(defaults.maxResponseBytes),
        checks.maxResponseBytes
      ),
      transformClient: options.transformClient ?? Config.succeed(defaults.transformClient)
    })
  })
