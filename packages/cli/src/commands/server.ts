import { defaultUser } from "@effect-qstash/server/DevelopmentUsers"
import type { ListenFailed, PortInUse } from "@effect-qstash/server/ListenError"
import * as QStashServer from "@effect-qstash/server/QStashServer"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { failed, type Failure } from "../Failure.ts"

/** Serves until it is interrupted. */
export const serve = (options: QStashServer.Options): Effect.Effect<never, Failure> => {
  const hello = Effect.gen(function* () {
    const { url } = yield* QStashServer.QStashServer
    yield* Console.log(howToConnect(url))
    if (options.time === "virtual") yield* Console.log(howToMoveTime(url))
  })
  const isOpen = options.host !== undefined && !loopback.test(options.host)
  return Effect.zipRight(
    isOpen ? Console.error(openToNetwork) : Effect.void,
    Layer.effectDiscard(hello).pipe(
      Layer.provide(QStashServer.layerMemory(options)),
      Layer.launch,
      Effect.mapError(cannotStart)
    )
  )
}

const loopback = /^(?:localhost|127(?:\.\d+){3}|::1)$/

const cannotStart = (error: PortInUse | ListenFailed): Failure =>
  failed(
    error._tag === "PortInUse" ? `${error.message} with --port or QSTASH_DEV_PORT.` : `${error.message}.`
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

const howToMoveTime = (url: string): string => `Time is virtual: it stands still until you move it:

  export QSTASH_URL=${url}
  npx effect-qstash clock advance 7d
`

const openToNetwork =
  "warning: anyone who can reach this address can use the server: its tokens are public.\n"
