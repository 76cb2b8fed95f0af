/**
 * The story that `npm start` tells: a schedule is created, its deliveries arrive, it is paused, resumed and deleted, on
 * a local server whose clock is moved on by hand. All of it happens on the loopback interface, and no account is asked
 * for: the token is the public one of QStash's development user.
 */
import { QStashClient } from "@effect-qstash/client"
import { QStashSchedules } from "@effect-qstash/domain/QStashSchedules"
import { ScheduleId } from "@effect-qstash/domain/ScheduleId"
import { QStashReceiver } from "@effect-qstash/receiver/node"
import { DevelopmentUsers, QStashServer } from "@effect-qstash/server"
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as HttpServer from "@effect/platform/HttpServer"
import * as Console from "effect/Console"
import * as Context from "effect/Context"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as LogLevel from "effect/LogLevel"
import * as Queue from "effect/Queue"
import { createServer } from "node:http"
import { NightlyReport, worker } from "./worker.ts"

/** What the worker has taken, as lines for the reader. */
class Arrived extends Context.Tag("examples/Arrived")<Arrived, Queue.Queue<string>>() {}

const nightly = ScheduleId.make("nightly-report")
const user = DevelopmentUsers.defaultUser
const berlin = DateTime.zoneUnsafeMakeNamed("Europe/Berlin")

/** `Tue 24 Nov 2026, 04:00 in Berlin`. */
const inBerlin = (instant: DateTime.Utc): string => {
  const zoned = DateTime.setZone(instant, berlin)
  const day = DateTime.format(zoned, {
    locale: "en-GB",
    weekday: "short",
    day: "numeric",
    month: "short",
    year: "numeric"
  }).replace(",", "")
  return `${day}, ${DateTime.format(zoned, { locale: "en-GB", hour: "2-digit", minute: "2-digit" })} in Berlin`
}

const program = Effect.gen(function* () {
  const server = yield* QStashServer.QStashServer
  const schedules = yield* QStashSchedules
  const http = yield* HttpClient.HttpClient
  const publicUrl = HttpServer.formatAddress((yield* HttpServer.HttpServer).address)
  const arrived = yield* Arrived
  const destination = `${publicUrl}/jobs/nightly-report`

  /** Moves the server's clock: everything that falls due on the way has been delivered when the answer comes. */
  const pass = (duration: string) =>
    HttpClientRequest.post(`${server.url}/dev/clock/advance`).pipe(
      HttpClientRequest.bearerToken(user.token),
      HttpClientRequest.bodyUnsafeJson({ duration }),
      http.execute,
      Effect.flatMap((response) => response.text),
      Effect.scoped
    )

  const tellWhatArrived = Effect.flatMap(Queue.takeAll(arrived), (lines) =>
    Console.log(Array.from(lines, (line) => `     ✓ ${line}`).join("\n") || "     nothing arrives.")
  )

  yield* Console.log(`A schedule, from its creation to its end. Nothing leaves this machine.

  A QStash server runs at ${server.url}. Its clock moves only when it is told to.
  A worker listens at ${destination} and takes nothing that QStash has not signed.
`)

  yield* schedules.create({
    scheduleId: nightly,
    cron: "CRON_TZ=Europe/Berlin 0 4 * * *",
    destination,
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ report: "sales" })
  })
  const created = yield* schedules.get(nightly)
  yield* Console.log(
    `  1. The application creates the schedule "${nightly}": every night at 04:00 in Berlin.`
  )
  if (created.nextScheduleTime !== undefined) {
    yield* Console.log(`     It will fire next on ${inBerlin(created.nextScheduleTime)}.`)
  }
  yield* Console.log("  2. Three days pass.")
  yield* pass("3d")
  yield* tellWhatArrived

  yield* schedules.pause(nightly)
  yield* Console.log("  3. The schedule is paused, and three days pass.")
  yield* pass("3d")
  yield* tellWhatArrived

  yield* schedules.resume(nightly)
  yield* Console.log(
    "  4. The schedule is resumed, and two days pass. What fell into the pause is not made up for."
  )
  yield* pass("2d")
  yield* tellWhatArrived

  const forged = yield* Effect.scoped(http.post(destination))
  yield* Console.log(`  5. Somebody else calls the worker. It answers ${forged.status}: no signature.`)

  yield* schedules.delete(nightly)
  const left = yield* schedules.list
  yield* Console.log(`  6. The schedule is deleted; ${left.length} are left. A week passes.`)
  yield* pass("7d")
  yield* tellWhatArrived

  yield* Console.log(`
  Read on: README.md, then docs/getting-started.md. To keep a server running: npm run dev`)
})

const arrivedLayer = Layer.effect(Arrived, Queue.unbounded<string>())

const report = Layer.effect(
  NightlyReport,
  Effect.map(Arrived, (arrived) => ({
    run: ({ signed }) => {
      const when = signed.issuedAt === undefined ? "" : `${inBerlin(signed.issuedAt)}: `
      return Queue.offer(
        arrived,
        `${when}delivered, signature verified, body ${new TextDecoder().decode(signed.body)}`
      )
    }
  }))
)

/** The worker is bound to the URL that it is reached at, which is known only when its port is. */
const receiver = Layer.unwrapEffect(
  Effect.map(HttpServer.HttpServer, (server) =>
    QStashReceiver.layer({
      currentSigningKey: user.currentSigningKey,
      nextSigningKey: user.nextSigningKey,
      subject: { publicUrl: HttpServer.formatAddress(server.address) }
    })
  )
)

const workerLayer = HttpServer.serve(worker).pipe(
  Layer.provide([report, receiver]),
  Layer.provideMerge(arrivedLayer),
  Layer.provideMerge(NodeHttpServer.layer(createServer, { host: "127.0.0.1", port: 0 }))
)

const server = QStashServer.layerMemory({ port: 0, time: "virtual" })

const client = Layer.unwrapEffect(
  Effect.map(QStashServer.QStashServer, ({ url }) => QStashClient.layer({ url, token: user.token }))
)

program.pipe(
  Effect.provide(
    client.pipe(
      Layer.provideMerge(server),
      Layer.provideMerge(FetchHttpClient.layer),
      Layer.merge(workerLayer)
    )
  ),
  // The server's line for each request, and the worker's for the forged one, would stand between the lines of the story.
  Logger.withMinimumLogLevel(LogLevel.Error),
  NodeRuntime.runMain
)
