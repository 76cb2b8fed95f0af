import * as DurationInput from "@effect-qstash/domain/input/DurationInput"
import type * as HttpClient from "@effect/platform/HttpClient"
import * as Duration from "effect/Duration"
import * as Either from "effect/Either"
import { identity } from "effect/Function"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import type { Options } from "../ClientOptions.ts"
import { QStashClientMisconfigured } from "../QStashClientMisconfigured.ts"

/** The options, checked, with every default in its place. */
export interface Settings {
  readonly token: Redacted.Redacted
  /** Scheme, host and port, without a slash at the end. */
  readonly url: string
  readonly requestTimeout: Duration.Duration
  readonly retryBudget: Duration.Duration
  readonly maxResponseBytes: number
  readonly transformClient: (client: HttpClient.HttpClient) => HttpClient.HttpClient
}

export const defaults: Omit<Settings, "token"> = {
  url: "https://qstash.upstash.io",
  requestTimeout: Duration.seconds(10),
  retryBudget: Duration.seconds(30),
  maxResponseBytes: 64 * 1024 * 1024,
  transformClient: identity
}

type Checked<A> = Either.Either<A, string>

const checkToken = (token: Redacted.Redacted): Checked<Redacted.Redacted> => {
  // Often made of an environment variable that is not set, which no type tells.
  const text: unknown = Redacted.value(token)
  if (typeof text !== "string" || text === "") return Either.left("is empty")
  if (/^(["']).*\1$/s.test(text)) return Either.left("is in quotes, which are not part of a token")
  return /^[\x21-\x7e]+$/.test(text)
    ? Either.right(token)
    : Either.left("contains whitespace or another character not allowed in a token")
}

const parseUrl = (given: string | URL): Checked<URL> =>
  Either.try({
    try: () => new URL(given),
    catch: () => `is not a URL; expected an origin such as ${defaults.url}`
  })

const checkUrl = (given: string | URL): Checked<string> =>
  Either.flatMap(parseUrl(given), (url) => {
    if (url.protocol !== "https:" && url.protocol !== "http:") {
      return Either.left(`is neither http nor https; expected an origin such as ${defaults.url}`)
    }
    if (url.username !== "" || url.password !== "") {
      return Either.left("contains credentials; QStash takes only the token")
    }
    if (url.search !== "" || url.hash !== "") {
      return Either.left("has a query or a fragment; give only the origin")
    }
    if (/^\/+$/.test(url.pathname)) return Either.right(url.origin)
    return /^\/+v\d+(\/|$)/.test(url.pathname)
      ? Either.left("has a path such as /v2/publish; leave the path out, each call adds its own")
      : Either.left("has a path; give only the origin")
  })

const checkSpan =
  (least: Duration.Duration, expected: string) =>
  (given: Duration.DurationInput): Checked<Duration.Duration> =>
    DurationInput.parse(given).pipe(
      Option.filter(Duration.greaterThanOrEqualTo(least)),
      Either.fromOption(() => expected)
    )

const checkBytes = (given: number): Checked<number> =>
  Number.isSafeInteger(given) && given > 0
    ? Either.right(given)
    : Either.left("is not a whole number of bytes of at least 1")

export const checks = {
  token: checkToken,
  url: checkUrl,
  requestTimeout: checkSpan(Duration.millis(1), "is not a duration of at least 1 millisecond"),
  retryBudget: checkSpan(Duration.zero, "is not a duration"),
  maxResponseBytes: checkBytes
}

export const fromOptions = (options: Options): Either.Either<Settings, QStashClientMisconfigured> => {
  const checked = <A, B>(option: string, check: (value: A) => Checked<B>, value: A) =>
    Either.mapLeft(check(value), (reason) => new QStashClientMisconfigured({ option, reason }))
  return Either.all({
    token: checked("token", checks.token, options.token),
    url: checked("url", checks.url, options.url ?? defaults.url),
    requestTimeout: checked(
      "requestTimeout",
      checks.requestTimeout,
      options.requestTimeout ?? defaults.requestTimeout
    ),
    retryBudget: checked("retryBudget", checks.retryBudget, options.retryBudget ?? defaults.retryBudget),
    maxResponseBytes: checked(
      "maxResponseBytes",
      checks.maxResponseBytes,
      options.maxResponseBytes ?? defaults.maxResponseBytes
    ),
    transformClient: Either.right(options.transformClient ?? defaults.transformClient)
  })
}
