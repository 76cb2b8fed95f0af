import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as Flag from "../Flag.ts"
import { command } from "../Command.ts"
import { wrongUsage } from "../Failure.ts"
import { quoted } from "../render/text.ts"
import { parseUrl } from "../render/url.ts"
import { Shell } from "../Shell.ts"
import { filled } from "../Target.ts"
import * as flags from "./flags.ts"

const portFrom = flags.parseWholeNumber(0, 65_535)

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

export const dev = command({
  flags: {
    port: flags.wholeNumber(
      "port",
      0,
      65_535,
      "The port to listen on; 0 takes a free one (default QSTASH_DEV_PORT, else 8080)."
    ),
    host: Flag.text(
      "host",
      "address",
      "The address to listen on (default 127.0.0.1 and ::1). Any other opens the server to the network."
    ),
    virtualClock: Flag.toggle(
      "virtual-clock",
      "Let time stand still until `effect-qstash clock` moves it on."
    ),
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
    )
  },
  run: ({ allowedHosts, allowedOrigins, port, ...options }) =>
    Effect.gen(function* () {
      // The server is most of what this program could load, and no other command needs it.
      const { serve } = yield* Effect.promise(() => import("./server.ts"))
      const shell = yield* Shell
      yield* shell.succeedWhenStopped
      return yield* serve({
        allowedHosts,
        allowedOrigins,
        host: options.host,
        maxLogEntries: options.logEntries,
        maxLogBytes: options.logBytes,
        logRetention: options.logRetention,
        port: port ?? (yield* portOfEnvironment),
        time: options.virtualClock ? "virtual" : "real"
      })
    })
})
