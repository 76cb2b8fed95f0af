/**
 * The demo of `npm start`. It creates a schedule, whose deliveries arrive, then pauses, resumes and deletes it. It sends
 * mails through a queue; one of them fails permanently and is retried. All of it happens on a local server with virtual
 * time, so it needs no account: the token is the public one of QStash's development user.
 */
import { QStashClient } from "@effect-qstash/client"
import { QStashDlq } from "@effect-qstash/domain/QStashDlq"
import { QStashMessages } from "@effect-qstash/domain/QStashMessages"
import { QStashSchedules } from "@effect-qstash/domain/QStashSchedules"
import { QueueName } from "@effect-qstash/domain/QueueName"
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
import * as Ref from "effect/Ref"
import { createServer } from "node:http"
import { Mail, Mails, MailServerDown, NightlyReport, worker } from "./worker.ts"

/** What the worker has received, as lines to print. */
class Arrived extends Context.Tag("examples/Arrived")<Arrived, Queue.Queue<string>>() {}

/** How many of the next mails find the mail server down. */
class Outage extends Context.Tag("examples/Outage")<Outage, Ref.Ref<number>>() {}

const nightly = ScheduleId.make("nightly-report")
const outbox = QueueName.make("outbox")
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
  const dlq = yield* QStashDlq
  const outage = yield* Outage
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
    Console.log(Array.from(lines, (line) => `     ${line}`).join("\n") || "     Nothing arrives.")
  )

  const mail = (to: string) =>
    QStashMessages.enqueueJson(Mail, outbox, {
      destination: `${publicUrl}/mails`,
      body: { to, text: "Good morning." },
      retries: 1,
      failureCallback: `${publicUrl}/mails/failed`
    })

  yield* Console.log(`A schedule, a queue and a dead letter. Nothing leaves this machine.

  A QStash server runs at ${server.url}. Its clock moves only when we move it.
  A worker listens at ${publicUrl} and rejects what QStash has not signed.
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
    "  4. The schedule is resumed, and two days pass. The firings during the pause are not made up for."
  )
  yield* pass("2d")
  yield* tellWhatArrived

  const forged = yield* Effect.scoped(http.post(destination))
  yield* Console.log(`  5. Somebody else calls the worker. It responds with ${forged.status}: no signature.`)

  yield* schedules.delete(nightly)
  const left = yield* schedules.list
  yield* Console.log(`  6. The schedule is deleted; ${left.length} are left. A week passes.`)
  yield* pass("7d")
  yield* tellWhatArrived

  yield* Console.log(
    "  7. Two mails are put into a queue. The mail server is down at first. A minute passes."
  )
  yield* Ref.set(outage, 1)
  yield* mail("ada@example.com")
  yield* mail("bob@example.com")
  yield* pass("1m")
  yield* tellWhatArrived

  yield* Console.log("  8. The mail server stays down until no retry is left. A minute passes.")
  yield* Ref.set(outage, 2)
  yield* mail("eve@example.com")
  yield* pass("1m")
  yield* tellWhatArrived

  yield* Console.log(
    "  9. The mail server is back, and the application retries the dead letters of the queue."
  )
  yield* dlq.retryMany({ queueName: outbox })
  yield* pass("1s")
  yield* tellWhatArrived

  yield* Console.log(`
  Read on: README.md, then docs/getting-started.md. To keep a server running: npm run dev`)
})

const told = Layer.merge(Layer.effect(Arrived, Queue.unbounded<string>()), Layer.effect(Outage, Ref.make(0)))

const report = Layer.effect(
  NightlyReport,
  Effect.map(Arrived, (arrived) => ({
    run: ({ signed }) => {
      const when = signed.issuedAt === undefined ? "" : `${inBerlin(signed.issuedAt)}: `
      return Queue.offer(
        arrived,
        `✓ ${when}delivered, signature verified, body ${new TextDecoder().decode(signed.body)}`
      )
    }
  }))
)

const mails = Layer.effect(
  Mails,
  Effect.gen(function* () {
    const arrived = yield* Arrived
    const outage = yield* Outage
    return {
      send: ({ to }) =>
        Effect.gen(function* () {
          const isDown = yield* Ref.modify(outage, (left) => [left > 0, Math.max(0, left - 1)])
          yield* Queue.offer(
            arrived,
            isDown ? `✗ mail to ${to}: the mail server is down` : `✓ mail to ${to}: sent`
          )
          if (isDown) return yield* new MailServerDown()
        }),
      failed: ({ dlqId, sourceMessageId }) =>
        Queue.offer(
          arrived,
          `✓ QStash reports that ${sourceMessageId} has failed permanently: dead letter ${dlqId}`
        )
    }
  })
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
  Layer.provide([report, mails, receiver]),
  Layer.provideMerge(told),
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
  // The log lines of the server and the worker would clutter the demo.
  Logger.withMinimumLogLevel(LogLevel.Fatal),
  NodeRuntime.runMain
)
