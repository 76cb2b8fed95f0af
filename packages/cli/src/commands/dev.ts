import * as Effect from "effect/Effect"
import * as Flag from "../Flag.ts"
import { command } from "../Command.ts"
import { wrongUsage } from "../Failure.ts"
import { type Database, databaseFlag, databaseOf, defaultDirectory } from "../Database.ts"
import { quoted } from "../render/text.ts"
import { Shell } from "../Shell.ts"
import { portFlag, portOf, shared } from "./serverFlags.ts"

const portVariable = "QSTASH_DEV_PORT"
const databaseVariable = "QSTASH_DEV_DB"
const devFile = `${defaultDirectory}/dev.db`

export const dev = command({
  flags: {
    port: portFlag(portVariable),
    host: Flag.text(
      "host",
      "address",
      "The address of this machine to listen on (default 127.0.0.1 and ::1). Only a loopback one: the tokens are public."
    ),
    virtualClock: Flag.toggle(
      "virtual-clock",
      "Let time stand still until `effect-qstash clock` moves it on."
    ),
    db: databaseFlag(databaseVariable, devFile),
    ...shared
  },
  run: ({ allowedHosts, allowedOrigins, db, host, log, port, ...options }) =>
    Effect.gen(function* () {
      if (host !== undefined && !isLoopback(host)) {
        return yield* wrongUsage(
          `--host: with \`dev\` everybody who reaches ${quoted(host)} could use the server, because its tokens are public.`,
          "Leave it out, or run `effect-qstash serve`, whose tokens only you know."
        )
      }
      // The server is most of what this program could load, and no other command needs it.
      const { logging, runDev } = yield* Effect.promise(() => import("./server.ts"))
      // Virtual time begins at the real time with each start, so what is left from the last one would lie in its future.
      const byDefault: Database = options.virtualClock ? { _tag: "Memory" } : { _tag: "File", path: devFile }
      const database = yield* databaseOf(db, databaseVariable, byDefault)
      const shell = yield* Shell
      yield* shell.succeedWhenStopped
      const serving = runDev(
        {
          allowedHosts,
          allowedOrigins,
          host,
          logFields: log === "json",
          maxLogEntries: options.logEntries,
          maxLogBytes: options.logBytes,
          logRetention: options.logRetention,
          port: yield* portOf(port, portVariable),
          time: options.virtualClock ? "virtual" : "real"
        },
        database
      )
      return yield* logging(log)(serving)
    })
})

const isLoopback = (host: string): boolean => /^(?:localhost|127(?:\.\d+){3}|::1)$/.test(host)
