import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import { command } from "../Command.ts"
import { databaseFlag, databaseOf, defaultDirectory } from "../Database.ts"
import { wrongUsage } from "../Failure.ts"
import * as Flag from "../Flag.ts"
import { Shell } from "../Shell.ts"
import { filled } from "../Target.ts"
import * as flags from "./flags.ts"
import { portFlag, portOf, shared } from "./serverFlags.ts"
import { tenantsFile, tenantsFlag } from "./tenantsFlag.ts"

const portVariable = "QSTASH_PORT"
const databaseVariable = "QSTASH_DB"
const serveFile = `${defaultDirectory}/serve.db`

export const serve = command({
  flags: {
    tenants: tenantsFlag,
    port: portFlag(portVariable),
    host: Flag.text(
      "host",
      "address",
      "The address to listen on (default 127.0.0.1 and ::1), such as 0.0.0.0 for every one of this machine."
    ),
    shutdownGrace: flags.span(
      "shutdown-grace",
      "How long it waits when it is stopped, for requests and then for deliveries (default 10s)."
    ),
    db: databaseFlag(databaseVariable, serveFile),
    ...shared
  },
  run: ({ allowedHosts, db, log, port, tenants, ...options }) =>
    Effect.gen(function* () {
      const { tenantsFrom, readText, watch } = yield* Effect.promise(() => import("../TenantsFile.ts"))
      const { logging, run } = yield* Effect.promise(() => import("./server.ts"))
      const variable = tenants === undefined ? yield* Effect.orDie(filled("QSTASH_TENANTS")) : Option.none()
      if (Option.isSome(variable) && Option.isSome(yield* Effect.orDie(filled("QSTASH_TENANTS_FILE")))) {
        return yield* wrongUsage(
          "QSTASH_TENANTS and QSTASH_TENANTS_FILE are both set, and there can be only one list of tenants.",
          "Unset one of them."
        )
      }
      const file = yield* tenantsFile(tenants)
      const text = Option.isSome(variable) ? variable.value : yield* readText(file)
      let current = yield* tenantsFrom(Option.isSome(variable) ? "QSTASH_TENANTS" : file, text)

      const metricsToken = yield* Effect.orDie(filled("QSTASH_METRICS_TOKEN"))
      if (Option.exists(metricsToken, (token) => !/^[\x21-\x7e]{16,}$/.test(token))) {
        return yield* wrongUsage(
          "QSTASH_METRICS_TOKEN: expected at least 16 characters without whitespace.",
          "Draw one, such as with: openssl rand -hex 32"
        )
      }

      const shell = yield* Shell
      yield* shell.succeedWhenStopped
      const serving = run(
        {
          users: () => current.users,
          allowedHosts: () => [...allowedHosts, ...current.allowedHosts],
          allowedOrigins: options.allowedOrigins,
          host: options.host,
          logFields: log === "json",
          port: yield* portOf(port, portVariable),
          maxLogEntries: options.logEntries,
          maxLogBytes: options.logBytes,
          logRetention: options.logRetention,
          shutdownGrace: options.shutdownGrace,
          metrics: Option.getOrUndefined(Option.map(metricsToken, Redacted.make))
        },
        yield* databaseOf(db, databaseVariable, { _tag: "File", path: serveFile }),
        portVariable,
        (url) => {
          const names = current.users.map(({ name }) => name).join(", ")
          const line = `QStash is running at ${url} for ${names}`
          return log === "json" ? Effect.logInfo(line) : Console.log(line)
        }
      )
      const followFile = watch(file, text, (changed) => {
        current = changed
      })
      return yield* logging(log)(Option.isSome(variable) ? serving : Effect.raceFirst(serving, followFile))
    })
})
