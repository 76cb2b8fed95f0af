/** The last part of the demo: a server that keeps its state in a file is killed, and goes on when it is started again. */
import { QStashClient } from "@effect-qstash/client"
import { QStashMessages } from "@effect-qstash/domain/QStashMessages"
import { QStashSchedules } from "@effect-qstash/domain/QStashSchedules"
import { ScheduleId } from "@effect-qstash/domain/ScheduleId"
import { DevelopmentUsers } from "@effect-qstash/server"
import * as HttpClient from "@effect/platform/HttpClient"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import { spawn } from "node:child_process"
import { createServer } from "node:http"
import { fileURLToPath } from "node:url"
import { freePort } from "./freePort.ts"

const commandLine = fileURLToPath(new URL("../../cli/src/bin.ts", import.meta.url))

/** `effect-qstash dev` in a process of its own, once it is ready, and how to kill it. */
const startServer = (port: number, database: string) =>
  Effect.gen(function* () {
    const http = yield* HttpClient.HttpClient
    const kill = yield* Effect.acquireRelease(
      Effect.sync(() => {
        const args = ["dev", "--port", String(port), "--db", database]
        const child = spawn(process.execPath, [...process.execArgv, commandLine, ...args], {
          stdio: "ignore"
        })
        const ended = new Promise((resolve) => child.once("exit", resolve))
        return Effect.promise(() => {
          child.kill("SIGKILL")
          return ended
        })
      }),
      (killed) => killed
    )
    yield* http
      .get(`http://127.0.0.1:${port}/ready`)
      .pipe(Effect.scoped, Effect.retry(Schedule.spaced("50 millis")))
    return { kill }
  })

/** A destination that notes the first message. */
const destination = Effect.gen(function* () {
  const arrived = yield* Deferred.make<string>()
  const port = yield* freePort
  yield* Effect.acquireRelease(
    Effect.sync(() =>
      createServer((request, response) => {
        Deferred.unsafeDone(arrived, Effect.succeed(request.url ?? ""))
        response.end()
      }).listen(port, "127.0.0.1")
    ),
    (server) => Effect.sync(() => server.close())
  )
  return { url: `http://127.0.0.1:${port}`, arrived: Deferred.await(arrived) }
})

export const killedServer = (directory: string, print: (text: string) => Effect.Effect<void>) =>
  Effect.gen(function* () {
    const database = `${directory}/qstash.db`
    const port = yield* freePort
    const orders = yield* destination
    const first = yield* startServer(port, database)
    yield* Effect.gen(function* () {
      const schedules = yield* QStashSchedules
      const messages = yield* QStashMessages
      const scheduleId = ScheduleId.make("nightly")
      yield* schedules.create({ scheduleId, cron: "0 4 * * *", destination: orders.url })
      yield* messages.publish({ destination: `${orders.url}/late-order`, delay: "2 seconds" })
      yield* print("It has a schedule, and an order that is due in two seconds. We kill it with SIGKILL.")
      yield* first.kill
      yield* startServer(port, database)
      yield* print(`Started again, it has the schedule: ${(yield* schedules.get(scheduleId)).cron}.`)
      yield* print(`And it delivers the order: ${yield* orders.arrived}.`)
    }).pipe(
      Effect.provide(
        QStashClient.layer({
          url: `http://127.0.0.1:${port}`,
          token: DevelopmentUsers.defaultUser.token
        })
      )
    )
  }).pipe(Effect.scoped)
