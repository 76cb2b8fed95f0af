import { defaultUser } from "@effect-qstash/server/DevelopmentUsers"
import type { ListenFailed, PortInUse } from "@effect-qstash/server/ListenError"
import * as QStashServer from "@effect-qstash/server/QStashServer"
import * as UndiciCourier from "@effect-qstash/server/UndiciCourier"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as Redacted from "effect/Redacted"
import type { Database } from "../Database.ts"
import { failed, type Failure } from "../Failure.ts"
import { asJson, forPeople } from "../loggers.ts"
import { Shell } from "../Shell.ts"
import { storeOf } from "./store.ts"

/** Logs as `--log` says. */
export const logging =
  (format: "text" | "json" | undefined) =>
  <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R | Shell> =>
    format === "json"
      ? Effect.flatMap(Shell, ({ hasColors }) =>
          Effect.provide(effect, Logger.replace(forPeople(hasColors.stderr), asJson))
        )
      : effect

/** Serves until it is interrupted. Once it listens, it says where. */
export const run = (
  options: QStashServer.Options,
  database: Database,
  portVariable: string,
  hello: (url: string) => Effect.Effect<void>
): Effect.Effect<never, Failure> =>
  Layer.effectDiscard(Effect.flatMap(QStashServer.QStashServer, ({ url }) => hello(url))).pipe(
    Layer.provide(serverOf(options, database)),
    Layer.launch,
    Effect.mapError((error) => (error._tag === "Failure" ? error : cannotStart(error, portVariable)))
  )

/** The server with the Store that keeps its state. */
const serverOf = (options: QStashServer.Options, database: Database) =>
  QStashServer.layer(options).pipe(Layer.provide([storeOf(database), UndiciCourier.layer()]))

const cannotStart = (error: PortInUse | ListenFailed, portVariable: string): Failure =>
  failed(
    error._tag === "PortInUse" ? `${error.message} with --port or ${portVariable}.` : `${error.message}.`
  )

/** A server for development: its users are public, so whoever reaches it may use it. */
export const runDev = (options: QStashServer.Options, database: Database): Effect.Effect<never, Failure> =>
  run({ ...options, metrics: "anyone" }, database, "QSTASH_DEV_PORT", (url) =>
    Effect.gen(function* () {
      yield* Console.log(howToConnect(url))
      if (database._tag === "File") yield* Console.log(howToStartOver(database.path))
      if (options.time === "virtual") yield* Console.log(howToMoveTime(url))
    })
  )

const howToConnect = (url: string): string => {
  const token = Redacted.value(defaultUser.token)
  return `QStash is running at ${url}

  export QSTASH_URL=${url}
  export QSTASH_TOKEN=${token}
  export QSTASH_CURRENT_SIGNING_KEY=${Redacted.value(defaultUser.currentSigningKey)}
  export QSTASH_NEXT_SIGNING_KEY=${Redacted.value(defaultUser.nextSigningKey)}

A read-only token:

  ${Redacted.value(defaultUser.readOnlyToken)}

Call your worker every minute:

  curl -X POST ${url}/v2/schedules/http://localhost:3000/jobs/hello \\
    -H "Authorization: Bearer ${token}" \\
    -H "Upstash-Cron: * * * * *"

Publish a message to it, and watch what happens to it:

  export QSTASH_URL=${url}
  npx effect-qstash messages publish http://localhost:3000/jobs/hello
  npx effect-qstash logs --follow
`
}

const howToStartOver = (
  path: string
): string => `It keeps its state in ${path}. To start over, stop it and run: rm ${path}*
`

const howToMoveTime = (url: string): string => `Time is virtual: it stands still until you move it:

  export QSTASH_URL=${url}
  npx effect-qstash clock advance 7d
`
