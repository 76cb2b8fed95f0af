/** The flags that `dev` and `serve` share. */
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import { wrongUsage } from "../Failure.ts"
import * as Flag from "../Flag.ts"
import { quoted } from "../render/text.ts"
import { parseUrl } from "../render/url.ts"
import { filled } from "../Target.ts"
import * as flags from "./flags.ts"

/** The port, which a variable of the environment may name as well. */
export const portFlag = (variable: string) =>
  flags.wholeNumber(
    "port",
    0,
    65_535,
    `The port to listen on; 0 takes a free one (default ${variable}, else 8080).`
  )

const portFrom = flags.parseWholeNumber(0, 65_535)

export const portOf = (port: number | undefined, variable: string) =>
  port === undefined
    ? Effect.flatMap(
        Effect.orDie(filled(variable)),
        Option.match({
          onNone: () => Effect.succeed(8080),
          onSome: (text) =>
            Effect.mapError(portFrom(text.trim()), (reason) =>
              wrongUsage(`${variable}: ${reason}.`, "Set it to a port, or give one with --port.")
            )
        })
      )
    : Effect.succeed(port)

/** As a browser writes it: `null` stands for a page without an origin, such as a file. */
const isOrigin = (text: string): boolean => {
  if (text === "null") return true
  const url = Option.getOrUndefined(parseUrl(text))
  if (url === undefined) return false
  // Of a scheme of its own, such as that of browser extensions, a URL does not tell the origin.
  return url.origin === "null" ? /^[a-z][a-z\d+.-]*:\/\/[^/?#@\s]+$/.test(text) : url.origin === text
}

const originFrom = (text: string): Either.Either<string, string> =>
  isOrigin(text)
    ? Either.right(text)
    : Either.left(`expected an origin such as http://localhost:3000, got ${quoted(text)}`)

export const shared = {
  logEntries: flags.count(
    "log-entries",
    0,
    "How many entries of the log are kept, the newest (default 100000)."
  ),
  logBytes: flags.count(
    "log-bytes",
    0,
    "How many bytes the log may hold, the newest entries (default 268435456)."
  ),
  logRetention: flags.span("log-retention", "How long the log is kept (default 3d)."),
  allowedHosts: Flag.several(
    "allow-host",
    "name",
    Either.right<string>,
    "A name or an address that a request's Host may carry. May be repeated."
  ),
  allowedOrigins: Flag.several(
    "allow-origin",
    "origin",
    originFrom,
    "An origin whose pages may call the server from a browser. May be repeated."
  ),
  log: Flag.choice(
    "log",
    ["text", "json"],
    "How to log on standard error: for people, or a JSON object on each line (default text)."
  )
}
