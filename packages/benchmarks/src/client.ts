import { QStashClient } from "@effect-qstash/client"
import { QStashMessages } from "@effect-qstash/domain/QStashMessages"
import { QStashSchedules } from "@effect-qstash/domain/QStashSchedules"
import { ScheduleId } from "@effect-qstash/domain/ScheduleId"
import { DevelopmentUsers, QStashServer } from "@effect-qstash/server"
import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import { Client } from "@upstash/qstash"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Logger from "effect/Logger"
import * as LogLevel from "effect/LogLevel"
import * as Redacted from "effect/Redacted"
import { byTurns, micros, microsEachAsync, ratioOf, type Row } from "./measure.ts"

const scheduleId = "nightly-report"
const cron = "0 4 * * *"
const destination = "https://api.example.com/jobs/nightly"
const body = '{"tenant":"acme"}'

/** Calls to a local server, one after the other. Both sides pay the same server and the same fetch. */
export const client = (scale: number): Effect.Effect<ReadonlyArray<Row>> =>
  Effect.gen(function* () {
    const { url } = yield* QStashServer.QStashServer
    const { token } = DevelopmentUsers.defaultUser
    const official = new Client({ baseUrl: url, token: Redacted.value(token), enableTelemetry: false })
    const ours = yield* QStashClient.make({ url, token })
    const schedules = Context.get(ours, QStashSchedules)
    const messages = Context.get(ours, QStashMessages)
    const id = ScheduleId.make(scheduleId)
    const calls = Math.max(1, Math.round(300 * scale))
    const rows: Array<Row> = []
    for (const [what, us, them] of [
      [
        "create",
        () => Effect.runPromise(schedules.create({ scheduleId: id, cron, destination })),
        () => official.schedules.create({ scheduleId, cron, destination })
      ],
      ["get", () => Effect.runPromise(schedules.get(id)), () => official.schedules.get(scheduleId)],
      [
        "pause",
        () => Effect.runPromise(schedules.pause(id)),
        () => official.schedules.pause({ schedule: scheduleId })
      ],
      ["list", () => Effect.runPromise(schedules.list), () => official.schedules.list()],
      [
        "publish",
        () => Effect.runPromise(messages.publish({ destination, body, delay: "1 day" })),
        () => official.publish({ url: destination, body, delay: "1d" })
      ]
    ] as const) {
      const measured = yield* Effect.promise(() =>
        byTurns(5, {
          ours: () => microsEachAsync(calls, us),
          theirs: () => microsEachAsync(calls, them)
        })
      )
      rows.push({
        what: `client: \`${what}\` against a local server`,
        ours: micros(measured.ours),
        theirs: `@upstash/qstash ${micros(measured.theirs)}`,
        ratio: ratioOf(measured.theirs, measured.ours),
        meaning: "times as fast"
      })
    }
    return rows
  }).pipe(
    Effect.provide([QStashServer.layerMemory({ port: 0 }), FetchHttpClient.layer]),
    Logger.withMinimumLogLevel(LogLevel.None),
    Effect.orDie
  )
