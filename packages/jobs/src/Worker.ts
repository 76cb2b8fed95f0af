/**
 * Where the jobs run: what a publisher needs to know of the worker.
 *
 * @since 0.1.0
 */
import * as Config from "effect/Config"
import type * as ConfigError from "effect/ConfigError"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"

/**
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /**
   * The URL under which QStash reaches the jobs: `https://api.example.com/jobs` makes `https://api.example.com/jobs/digest`
   * the destination of the job `digest`. Without a query.
   */
  readonly url: string
  /**
   * Keeps several deployments apart that share one QStash account: `preview` makes `preview.digest` the id of the
   * schedule of `digest`. It is in front of the names of URL groups and of what a job's `key` deduplicates by, too.
   *
   * @default none
   */
  readonly environment?: string | undefined
  /**
   * Whether a message carries the publisher's span as a `traceparent` header, so that the handler's span links to it.
   *
   * @default true
   */
  readonly propagateTrace?: boolean | undefined
}

/**
 * Where each option comes from.
 *
 * @since 0.1.0
 * @category models
 */
export type ConfigOptions = {
  readonly [K in keyof Options]?: Config.Config<NonNullable<Options[K]>> | undefined
}

/**
 * The worker cannot be described by these options.
 *
 * @since 0.1.0
 * @category errors
 */
export class WorkerMisconfigured extends Schema.TaggedError<WorkerMisconfigured>()("WorkerMisconfigured", {
  option: Schema.String,
  reason: Schema.String
}) {
  override get message(): string {
    return `The worker's option ${this.option} ${this.reason}`
  }
}

/**
 * @since 0.1.0
 */
export declare namespace Worker {
  /**
   * @since 0.1.0
   * @category models
   */
  export interface Service {
    /** Without a slash at the end. */
    readonly url: string
    readonly environment: string | undefined
    readonly propagateTrace: boolean
  }
}

/**
 * The worker of an application's jobs.
 *
 * @since 0.1.0
 * @category tags
 */
export class Worker extends Context.Tag("@effect-qstash/jobs/Worker")<Worker, Worker.Service>() {}

const checkUrl = (text: string): Either.Either<string, string> => {
  const isHttp = typeof text === "string" && /^https?:\/\/[^/\\?#]/i.test(text)
  const url = isHttp ? Option.getOrUndefined(Option.liftThrowable(() => new URL(text))()) : undefined
  if (url === undefined) return Either.left("must be a URL that starts with http:// or https://")
  if (url.search !== "" || url.hash !== "") return Either.left("must have neither a query nor a fragment")
  return Either.right(url.href.replace(/\/$/, ""))
}

const checkEnvironment = (text: string): Either.Either<string, string> =>
  /^[A-Za-z0-9_-]+$/.test(text) ? Either.right(text) : Either.left("must consist of letters, digits, - and _")

/**
 * @since 0.1.0
 * @category constructors
 */
export const make = (options: Options): Either.Either<Worker.Service, WorkerMisconfigured> =>
  Either.gen(function* () {
    const { environment, propagateTrace = true } = options
    return {
      url: yield* Either.mapLeft(
        checkUrl(options.url),
        (reason) => new WorkerMisconfigured({ option: "url", reason })
      ),
      environment:
        environment === undefined
          ? undefined
          : yield* Either.mapLeft(
              checkEnvironment(environment),
              (reason) => new WorkerMisconfigured({ option: "environment", reason })
            ),
      propagateTrace
    }
  })

/**
 * @since 0.1.0
 * @category layers
 */
export const layer = (options: Options): Layer.Layer<Worker, WorkerMisconfigured> =>
  Layer.effect(Worker, make(options))

/**
 * Like `layer`, from configuration. The URL comes from `JOBS_URL` and the environment from `JOBS_ENVIRONMENT` if it is set,
 * unless the options say otherwise.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerConfig = (
  options: ConfigOptions = {}
): Layer.Layer<Worker, ConfigError.ConfigError | WorkerMisconfigured> =>
  Layer.effect(
    Worker,
    Effect.flatMap(
      Config.all({
        url: options.url ?? Config.nonEmptyString("JOBS_URL"),
        environment: Config.option(options.environment ?? Config.nonEmptyString("JOBS_ENVIRONMENT")),
        propagateTrace: options.propagateTrace ?? Config.succeed(true)
      }),
      ({ environment, propagateTrace, url }) =>
        make({ url, propagateTrace, environment: Option.getOrUndefined(environment) })
    )
  )
