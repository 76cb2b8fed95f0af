import * as Command from "@effect/cli/Command"
import * as Options from "@effect/cli/Options"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import { wrongUsage } from "../Failure.ts"
import { quoted } from "../render/text.ts"
import { parseUrl } from "../render/url.ts"
import { Shell } from "../Shell.ts"
import { filled } from "../Target.ts"
import * as flags from "./flags.ts"

const portFrom = flags.wholeNumberFrom(0, 65_535)

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

const config = {
  port: flags
    .wholeNumber("port", 0, 65_535)
    .pipe(
      Options.optional,
      Options.withDescription(
        "The port to listen on; 0 takes a free one (default QSTASH_DEV_PORT, else 8080)."
      )
    ),
  host: Options.text("host").pipe(
    Options.withPseudoName("address"),
    Options.optional,
    Options.withDescription(
      "The address to listen on (default 127.0.0.1 and ::1). Any other opens the server to the network."
    )
  ),
  virtualClock: Options.boolean("virtual-clock").pipe(
    Options.withDescription("Let time stand still until `effect-qstash clock` moves it on.")
  ),
  logEntries: flags.optionalCount(
    "log-entries",
    0,
    "How many entries of the log are kept, the newest (default 100000)."
  ),
  logBytes: flags.optionalCount(
    "log-bytes",
    0,
    "How many bytes the log may hold, the newest entries (default 268435456)."
  ),
  logRetention: flags.optionalSpan("log-retention", "How long the log is kept (default 3d)."),
  allowedHosts: Options.text("allow-host").pipe(
    Options.withPseudoName("name"),
    Options.repeated,
    Options.withDescription("A name or an address that a request's Host may carry. May be repeated.")
  ),
  allowedOrigins: flags
    .several("allow-origin", "origin", originFrom)
    .pipe(
      Options.withDescription("An origin whose pages may call the server from a browser. May be repeated.")
    )
}

const portOfEnvironment = Effect.flatMap(
  Effect.orDie(filled("QSTASH_DEV_PORT")),
  Option.match({
    onNone: () => Effect.succeed(8080),
    onSome: (text) =>
      Effect.mapError(portFrom(text.trim()), (reason) =>
        wrongUsage(`QSTASH_DEV_PORT: ${reason}.`, "Set it to a port, or give one with --port.")
      )
  })
)

export const dev = Command.make("dev", config, ({ allowedHosts, allowedOrigins, port, ...given }) =>
  Effect.gen(function* () {
    // The server is most of what this program could load, and no other command needs it.
    const { serve } = yield* Effect.promise(() => import("./serve.ts"))
    const shell = yield* Shell
    yield* shell.succeedWhenStopped
    return yield* serve({
      allowedHosts,
      allowedOrigins,
      host: Option.getOrUndefined(given.host),
      maxLogEntries: Option.getOrUndefined(given.logEntries),
      maxLogBytes: Option.getOrUndefined(given.logBytes),
      logRetention: Option.getOrUndefined(given.logRetention),
      port: Option.isSome(port) ? port.value : yield* portOfEnvironment,
      time: given.virtualClock ? "virtual" : "real"
    })
  })
).pipe(
  Command.withDescription(
    "Run a QStash server on this machine until it is stopped. It keeps everything in memory."
  )
)
