/**
 * The demo of `npm start`: the billing worker against a QStash server on this machine. The server's clock moves only when
 * the demo moves it, so a night takes no time. It needs no account: the token is the public one of QStash's development
 * user.
 */
import { QStashClient } from "@effect-qstash/client"
import { QStashDlq } from "@effect-qstash/domain/QStashDlq"
import { QStashLogs } from "@effect-qstash/domain/QStashLogs"
import { QStashSchedules } from "@effect-qstash/domain/QStashSchedules"
import { ScheduleId } from "@effect-qstash/domain/ScheduleId"
import { Job, Jobs, Plan } from "@effect-qstash/jobs"
import { Worker } from "@effect-qstash/jobs/Worker"
import { DevelopmentUsers, QStashServer } from "@effect-qstash/server"
import * as NodeContext from "@effect/platform-node/NodeContext"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import * as FileSystem from "@effect/platform/FileSystem"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Console from "effect/Console"
import * as Context from "effect/Context"
import * as DateTime from "effect/DateTime"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as LogLevel from "effect/LogLevel"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Ref from "effect/Ref"
import * as Scope from "effect/Scope"
import deployment from "./billing/deploy.ts"
import { Digest, Export, NightlyReport } from "./billing/jobs.ts"
import { DbDown, Digests, ExportId, Exports, NoSuchTable, Reports } from "./billing/work.ts"
import { WorkerLive } from "./billing/worker.ts"
import { freePort } from "./freePort.ts"
import { killedServer } from "./killedServer.ts"

const user = DevelopmentUsers.defaultUser
const berlin = DateTime.zoneUnsafeMakeNamed("Europe/Berlin")

/** `Wed 9 Dec, 04:00`. */
const dayAndTime = (instant: DateTime.DateTime): string =>
  DateTime.format(DateTime.setZone(instant, berlin), {
    locale: "en-GB",
    weekday: "short",
    day: "numeric",
    month: "short",
    hour: "2-digit",
    minute: "2-digit"
  }).replace(",", "")

/** `04:00:30`. */
const time = (instant: DateTime.Utc): string =>
  DateTime.format(DateTime.setZone(instant, berlin), { locale: "en-GB", timeStyle: "medium" })

const chapter = (title: string) => Console.log(`\n  ${title}`)
const print = (text: string) => Console.log(`     ${text}`)

/** What surrounds the application: a database that fails, an export that is slow, and a demo that watches. */
class World extends Context.Tag("examples/World")<
  World,
  {
    readonly isDbDown: Ref.Ref<boolean>
    readonly slowHasStarted: Deferred.Deferred<void>
    readonly slowMayFinish: Deferred.Deferred<void>
    /** What handlers did and nobody has printed yet, with the path of their job. */
    readonly done: Ref.Ref<ReadonlyArray<readonly [job: string, text: string]>>
  }
>() {
  static readonly layer = Layer.effect(
    World,
    Effect.all({
      isDbDown: Ref.make(false),
      slowHasStarted: Deferred.make<void>(),
      slowMayFinish: Deferred.make<void>(),
      done: Ref.make<ReadonlyArray<readonly [job: string, text: string]>>([])
    })
  )
}

const slow = ExportId.make("e2")

/** The application's own work, which here notes what it does. */
const work = Layer.unwrapEffect(
  Effect.map(World, ({ done, isDbDown, slowHasStarted, slowMayFinish }) => {
    const note = (job: string, text: string) => Ref.update(done, (notes) => [...notes, [job, text] as const])
    return Layer.mergeAll(
      Layer.succeed(Reports, {
        send: (region, night) =>
          Effect.gen(function* () {
            const isDown = yield* Ref.getAndSet(isDbDown, false)
            const forNight = Option.match(night, {
              onNone: () => "",
              onSome: (at) => ` for ${dayAndTime(at)}`
            })
            yield* note(
              NightlyReport.name,
              isDown ? "the database is down" : `sends the report of ${region}${forNight}`
            )
            if (isDown) return yield* new DbDown()
          })
      }),
      Layer.succeed(Digests, { send: (tenantId) => note(Digest.name, `sends the digest of ${tenantId}`) }),
      Layer.succeed(Exports, {
        run: (id) =>
          Effect.gen(function* () {
            if (id === "gone") {
              yield* note(Export.name, `finds no table for ${id}`)
              return yield* new NoSuchTable({ table: id })
            }
            if (id === slow) {
              yield* Deferred.succeed(slowHasStarted, undefined)
              yield* Deferred.await(slowMayFinish)
            }
            yield* note(Export.name, `writes ${id}`)
            return { fileUrl: `https://files.example.com/${id}` }
          }),
        finished: (id, exit) =>
          note(
            `${Export.name}/outcome`,
            `hears that ${id} ${Exit.isSuccess(exit) ? "is ready" : "has failed"}`
          )
      })
    )
  })
)

/** Starts the worker, and gives what stops it. In production that is a SIGTERM. */
const start = Effect.gen(function* () {
  const scope = yield* Scope.make()
  yield* Layer.buildWithScope(Layer.provide(WorkerLive, work), scope)
  return { stop: Scope.close(scope, Exit.void) }
})

const story = Effect.gen(function* () {
  const server = yield* QStashServer.QStashServer
  const http = yield* HttpClient.HttpClient
  const schedules = yield* QStashSchedules
  const logs = yield* QStashLogs
  const dlq = yield* QStashDlq
  const world = yield* World
  const printed = yield* Ref.make(0)

  /** Moves the server's clock. What falls due on the way has been delivered when the response arrives. */
  const moveClock = (body: { readonly duration: string } | { readonly to: string }) =>
    HttpClientRequest.post(`${server.url}/dev/clock/advance`).pipe(
      HttpClientRequest.bearerToken(user.token),
      HttpClientRequest.bodyUnsafeJson(body),
      http.execute,
      Effect.flatMap((response) => response.text),
      Effect.scoped
    )
  /** Prints the attempts that have ended since the last call: what the handler did, the response, what QStash does then. */
  const printLog = Effect.gen(function* () {
    const { items } = yield* logs.list({ order: "earliestFirst", count: 1000 })
    for (const entry of items.slice(yield* Ref.getAndSet(printed, items.length))) {
      const { nextDeliveryTime, responseStatus, state } = entry
      if (state !== "DELIVERED" && state !== "ERROR") continue
      const job = new URL(entry.url).pathname.replace("/jobs/", "")
      const did = yield* Ref.modify(world.done, (notes) => {
        const found = notes.find(([of]) => of === job)
        return [found?.[1], notes.filter((one) => one !== found)]
      })
      // A callback that says nothing final.
      if (state === "DELIVERED" && job.endsWith("/outcome") && did === undefined) continue
      const response =
        responseStatus === undefined ? "no response" : `${did ?? "nothing runs"} → ${responseStatus}`
      const then =
        state === "DELIVERED"
          ? ""
          : nextDeliveryTime === undefined
            ? ", no further attempt"
            : `, next attempt at ${time(nextDeliveryTime)}`
      yield* print(`${time(entry.time)}  ${job.padEnd(14)}  ${response}${then}`)
    }
  })
  const pass = (duration: string) => Effect.zipRight(moveClock({ duration }), printLog)

  const order = (id: ExportId) => Export.publish({ exportId: id, rows: 10 })

  const monday = DateTime.startOf(DateTime.setZone(yield* DateTime.now, berlin), "week", { weekStartsOn: 1 })
  const tuesday = DateTime.add(monday, { days: 8, hours: 20 })
  yield* moveClock({ to: DateTime.formatIso(tuesday) })
  const first = yield* start
  const { url: jobsUrl } = yield* Worker

  yield* Console.log(`A worker with three jobs, and a QStash server. Nothing leaves this machine.

  QStash runs at ${server.url}. Its clock stands at ${dayAndTime(tuesday)} in Berlin until we move it.
  The worker runs at ${jobsUrl}. It remembers finished work in a SQLite file.
  A line with a time shows the job, what its handler does, and what the worker responds.`)

  yield* chapter("1. We deploy: QStash gets the schedules that the code declares.")
  const plan = yield* deployment
  const [counts = "", ...changes] = Plan.render(plan).split("\n")
  yield* Effect.forEach([counts, ...changes.slice(0, 2), `… and ${changes.length - 2} more`], print)
  yield* Plan.apply(plan, { prune: true })
  yield* print("A second deployment has nothing to do:")
  yield* print(Plan.render(yield* deployment))

  yield* chapter("2. A night passes, and the schedule of the report fires.")
  const { nextScheduleTime = tuesday } = yield* schedules.get(ScheduleId.make(NightlyReport.name))
  yield* moveClock({ to: DateTime.formatIso(nextScheduleTime) })
  yield* printLog

  yield* chapter("3. We run the report once more. The database is down for a moment, and QStash retries.")
  yield* Ref.set(world.isDbDown, true)
  yield* Job.trigger(NightlyReport)
  yield* pass("1m")

  yield* chapter("4. A customer orders an export twice. It runs once.")
  const once = ExportId.make("e1")
  yield* order(once)
  const { isDeduplicated } = yield* order(once)
  yield* print(`QStash ${isDeduplicated ? "drops" : "takes"} the second order, because it knows the first.`)
  yield* pass("1s")
  yield* print(
    "QStash forgets after ten minutes. After eleven the customer orders again, and the worker remembers:"
  )
  yield* moveClock({ duration: "11m" })
  yield* order(once)
  yield* pass("1s")

  yield* chapter(
    "5. An export cannot succeed. The worker says so, and it becomes a dead letter without a retry."
  )
  yield* order(ExportId.make("gone"))
  yield* pass("1s")
  const { items: deadLetters } = yield* dlq.list()
  yield* Effect.forEach(deadLetters, ({ body, responseBody }) =>
    print(`In the dead letter queue: ${String(body)}, because of ${String(responseBody)}`)
  )

  yield* chapter("6. The worker is told to stop in the middle of an export.")
  yield* order(slow)
  const delivery = yield* Effect.fork(pass("1s"))
  yield* Deferred.await(world.slowHasStarted)
  const stopping = yield* Effect.fork(first.stop)
  const refused = http.get(jobsUrl).pipe(Effect.scoped, Effect.delay("5 millis"), Effect.flip)
  yield* Effect.eventually(refused)
  yield* print("It refuses new requests, and waits for the export to finish.")
  yield* Deferred.succeed(world.slowMayFinish, undefined)
  yield* Fiber.join(stopping)
  yield* Fiber.join(delivery)
  yield* print("It has stopped. A new worker starts with the same SQLite file and takes what is still to do.")
  const second = yield* start
  yield* pass("1m")
  yield* print("The customer orders the export again. The new worker knows that it is done:")
  yield* moveClock({ duration: "11m" })
  yield* order(slow)
  yield* pass("1s")
  yield* second.stop

  yield* chapter("7. Another QStash server keeps its state in a file. It is killed, and starts again.")
  const files = yield* FileSystem.FileSystem
  yield* killedServer(yield* files.makeTempDirectoryScoped(), print)

  yield* Console.log(`
  The worker is packages/examples/src/billing. Read on: packages/examples/README.md, docs/jobs.md.
  To keep a server running: npm run dev`)
})

/** What the worker and those who publish read from the environment in production. */
const environment = Effect.gen(function* () {
  const { url } = yield* QStashServer.QStashServer
  const directory = yield* (yield* FileSystem.FileSystem).makeTempDirectoryScoped()
  const port = yield* freePort
  return ConfigProvider.fromMap(
    new Map([
      ["HOST", "127.0.0.1"],
      ["PORT", String(port)],
      ["JOBS_URL", `http://127.0.0.1:${port}/jobs`],
      ["LEDGER", `${directory}/ledger.db`],
      ["QSTASH_URL", url],
      ["QSTASH_TOKEN", Redacted.value(user.token)],
      ["QSTASH_CURRENT_SIGNING_KEY", Redacted.value(user.currentSigningKey)],
      ["QSTASH_NEXT_SIGNING_KEY", Redacted.value(user.nextSigningKey)]
    ])
  )
})

const publisher = Layer.merge(QStashClient.layerConfig(), Jobs.layerConfig())

Effect.flatMap(environment, (provider) =>
  story.pipe(
    Effect.timeout("60 seconds"),
    Effect.provide(Layer.merge(publisher, World.layer)),
    Effect.withConfigProvider(provider)
  )
).pipe(
  Effect.scoped,
  Effect.provide(
    Layer.mergeAll(
      QStashServer.layerMemory({ port: 0, time: "virtual" }),
      FetchHttpClient.layer,
      NodeContext.layer
    )
  ),
  // The log lines of the server and the worker would clutter the demo.
  Logger.withMinimumLogLevel(LogLevel.Fatal),
  NodeRuntime.runMain
)
