/**
 * @since 0.1.0
 */
import * as QStashClient from "@effect-qstash/client/QStashClient"
import type {
  DlqMessageNotFound,
  FlowControlKeyNotFound,
  MessageNotFound,
  QStashError,
  QStashQuotaExceeded,
  QStashUnavailable,
  QueueNotFound,
  ScheduleNotFound,
  UrlGroupNotFound
} from "@effect-qstash/domain/QStashError"
import type { QStashServices } from "@effect-qstash/domain/QStashServices"
import { isUrlGroupNotFound } from "@effect-qstash/domain/wire/ErrorBody"
import { defaultUser } from "@effect-qstash/server/DevelopmentUsers"
import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import * as Arr from "effect/Array"
import * as Config from "effect/Config"
import * as ConfigError from "effect/ConfigError"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import { failed, type Failure, wrongUsage } from "./Failure.ts"
import { parseUrl } from "./render/url.ts"

/**
 * @since 0.1.0
 */
export declare namespace Target {
  /**
   * @since 0.1.0
   * @category models
   */
  export interface Service {
    /** Where the calls go, without anything secret. */
    readonly origin: string
    /** Whether that is this machine. */
    readonly isLocal: boolean
    /** The token of the environment; if it names none, the public one for development. */
    readonly token: Redacted.Redacted
  }
}

/**
 * The QStash that the environment names.
 *
 * @since 0.1.0
 * @category tags
 */
export class Target extends Context.Tag("effect-qstash/Target")<Target, Target.Service>() {}

/**
 * A variable of the environment; one that an env file sets to nothing is not set.
 *
 * @since 0.1.0
 * @category config
 */
export const filled = (name: string): Effect.Effect<Option.Option<string>, ConfigError.ConfigError> =>
  Effect.map(
    Config.option(Config.string(name)),
    Option.filter((text) => text.trim() !== "")
  )

const regions = ["US_EAST_1", "EU_CENTRAL_1"]

/** The URL and the token of the environment. As in the client, a region counts if both of its variables are set. */
const variables = Effect.gen(function* () {
  const region = Option.map(yield* filled("QSTASH_REGION"), (text) =>
    text.trim().toUpperCase().replaceAll("-", "_")
  )
  if (Option.isSome(region) && regions.includes(region.value)) {
    const url = yield* filled(`${region.value}_QSTASH_URL`)
    const token = yield* filled(`${region.value}_QSTASH_TOKEN`)
    if (Option.isSome(url) && Option.isSome(token)) return { url, token }
  }
  return { url: yield* filled("QSTASH_URL"), token: yield* filled("QSTASH_TOKEN") }
})

/** To connect to 0.0.0.0 or [::], as `dev --host` prints them, is to connect to this machine. */
const thisMachine = /^(?:localhost|127(?:\.\d+){3}|0\.0\.0\.0|\[::1?\])$/

const find: Effect.Effect<Target.Service, ConfigError.ConfigError> = Effect.map(
  variables,
  ({ token, url }) => ({
    // The client says what is wrong with a URL that does not parse, and sends nothing.
    ...Option.match(parseUrl(Option.getOrElse(url, () => "https://qstash.upstash.io")), {
      onNone: () => ({ origin: "QSTASH_URL", isLocal: false }),
      onSome: ({ hostname, origin }) => ({ origin, isLocal: thisMachine.test(hostname) })
    }),
    token: Option.match(token, { onNone: () => defaultUser.token, onSome: Redacted.make })
  })
)

/**
 * In milliseconds. A server on this machine is asked once; any other is tried for ten seconds, since somebody is waiting.
 *
 * @since 0.1.0
 * @category config
 */
export const retryBudgetOf = ({ isLocal }: Target.Service): number => (isLocal ? 0 : 10_000)

/**
 * All that the target offers. A server on this machine is asked with the public development token if `QSTASH_TOKEN` is
 * not set.
 */
const client = (target: Target.Service): Layer.Layer<QStashServices, ConfigError.ConfigError> =>
  Layer.unwrapEffect(
    Effect.gen(function* () {
      const hasToken = Option.isSome((yield* variables).token)
      const token = target.isLocal ? Config.succeed(target.token) : Config.fail("QSTASH_TOKEN is not set")
      return QStashClient.layerConfig({
        ...(hasToken ? {} : { token }),
        retryBudget: Config.succeed(retryBudgetOf(target))
      })
    })
  ).pipe(Layer.provide(FetchHttpClient.layer))

const layer: Layer.Layer<Target | QStashServices, Failure> = Layer.effect(Target, find).pipe(
  Layer.flatMap((context) =>
    Layer.merge(Layer.succeedContext(context), client(Context.get(context, Target)))
  ),
  Layer.catchAll((error) => Layer.fail(misconfigured(error)))
)

const console = "https://console.upstash.com/qstash"

const howToGetToken = `Set it to the token of your account (${console}), or set QSTASH_URL to a server of your own: \`effect-qstash dev\` starts one.`

/** What is wrong counts before what is missing: a server on this machine needs no token. */
const misconfigured = (error: ConfigError.ConfigError): Failure => {
  const wrong = leavesOf(error).find(ConfigError.isInvalidData)
  if (wrong === undefined) {
    return wrongUsage("QSTASH_TOKEN is not set. It tells QStash which account to use.", howToGetToken)
  }
  const name = wrong.path.join(".")
  return wrongUsage(
    `${name}: ${wrong.message}.`,
    name.endsWith("QSTASH_TOKEN") ? howToGetToken : "Fix the variable, or unset it to use its default."
  )
}

const leavesOf = (error: ConfigError.ConfigError): ReadonlyArray<ConfigError.ConfigError> =>
  ConfigError.isAnd(error) || ConfigError.isOr(error)
    ? [...leavesOf(error.left), ...leavesOf(error.right)]
    : [error]

/**
 * What any command can meet.
 *
 * @since 0.1.0
 * @category models
 */
export type CallError =
  | QStashError
  | QStashQuotaExceeded
  | ScheduleNotFound
  | MessageNotFound
  | QueueNotFound
  | UrlGroupNotFound
  | DlqMessageNotFound
  | FlowControlKeyNotFound

/**
 * What an error of QStash means to somebody at a shell, and what to do next.
 *
 * @since 0.1.0
 * @category conversions
 */
export const explain = (error: CallError, { isLocal, origin }: Target.Service): Failure => {
  switch (error._tag) {
    case "ScheduleNotFound":
      return failed(`${error.message} at ${origin}.`, "`effect-qstash schedules list` lists the schedules.")
    case "MessageNotFound":
      return failed(
        `${error.message} at ${origin}.`,
        "`effect-qstash logs --message <id>` shows what happened to a message."
      )
    case "QueueNotFound":
      return failed(`${error.message} at ${origin}.`, "`effect-qstash queues list` lists the queues.")
    case "UrlGroupNotFound":
      return failed(
        `No URL group has the name "${error.urlGroup}" at ${origin}.`,
        "`effect-qstash url-groups list` lists the groups."
      )
    case "DlqMessageNotFound":
      return failed(
        `${error.message} at ${origin}.`,
        "`effect-qstash dlq list` lists the dead letters. One that was retried is gone as well."
      )
    case "FlowControlKeyNotFound":
      return failed(
        `${error.message} at ${origin}.`,
        "`effect-qstash flow-control list` lists the keys in use."
      )
    case "QStashInvalidRequest":
      if (error.status === undefined) return wrongUsage(`${error.message}.`)
      return failed(
        `${error.message}.`,
        isUrlGroupNotFound(error.reason)
          ? "`effect-qstash url-groups add <group> <url>` makes a URL group."
          : undefined
      )
    case "QStashUnauthorized":
      return failed(
        `${origin} did not accept the token (${error.status}): ${error.reason}.`,
        isLocal
          ? "A server that `dev` has started knows the public development token: unset QSTASH_TOKEN to use it. One that `serve` has started knows the tokens that `tenants add` has printed."
          : `Set QSTASH_TOKEN to a token of the same region as QSTASH_URL: ${console}`
      )
    case "QStashQuotaExceeded":
      return failed(
        `${error.message}.`,
        `Delete what you no longer need, ask for less, or change the plan: ${console}`
      )
    case "QStashRateLimited":
      return failed(`${error.message}.`, "Wait for it, and run the command again.")
    case "QStashUnavailable":
      return error.status === undefined
        ? failed(
            `${error.message}.`,
            isLocal
              ? "Start a server with `effect-qstash dev`, or set QSTASH_URL to another one."
              : "Check the network and QSTASH_URL, and run the command again."
          )
        : failed(`${origin} responded with ${error.status}: ${error.reason}.`, "Run the command again later.")
    case "QStashResponseTooLarge":
      return failed(
        `The response from ${origin} is larger than this program reads (${error.limit / 1024 / 1024} MiB).`,
        "Ask for less: give a lower --count, or filters such as --queue."
      )
    case "QStashUnexpectedResponse":
      return failed(
        `${origin} did not respond as QStash does (${error.status}): ${error.reason}.`,
        "Set QSTASH_URL to the origin of QStash, without a path."
      )
  }
}

/**
 * The same for a call that must not simply be made again where no answer came: the hint says what to do instead.
 *
 * @since 0.1.0
 * @category conversions
 */
export const explainUnsure = (error: QStashUnavailable, target: Target.Service, hint: string): Failure => {
  const { next, what } = explain(error, target)
  const isMissing = target.isLocal && error.status === undefined
  return failed(what, isMissing ? [...Arr.ensure(next ?? []), hint] : hint)
}

/**
 * Gives a command the QStash that the environment names, and puts its errors into the words of a shell.
 *
 * @since 0.1.0
 * @category combinators
 */
export const withTarget = <R>(
  command: Effect.Effect<void, Failure | CallError, R>
): Effect.Effect<void, Failure, Exclude<R, Target | QStashServices>> =>
  Effect.flatMap(Target, (target) =>
    command.pipe(
      Effect.tapErrorCause((cause) => Effect.logDebug(cause)),
      Effect.mapError((error) => (error._tag === "Failure" ? error : explain(error, target)))
    )
  ).pipe(Effect.provide(layer))
