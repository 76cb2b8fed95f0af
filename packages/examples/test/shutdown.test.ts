/** The billing worker in a process of its own, stopped while a handler runs. */
import { QStashClient } from "@effect-qstash/client"
import { QStashLogs } from "@effect-qstash/domain"
import { Export } from "@effect-qstash/examples/billing/jobs"
import { ExportId } from "@effect-qstash/examples/billing/work"
import { freePort } from "@effect-qstash/examples/freePort"
import { Jobs } from "@effect-qstash/jobs"
import { DevelopmentUsers, QStashServer } from "@effect-qstash/server"
import { SqliteClient } from "@effect-qstash/store-sql"
import { FetchHttpClient } from "@effect/platform"
import { SqlClient } from "@effect/sql"
import { describe, it } from "@effect/vitest"
import { assertMatch, deepStrictEqual } from "@effect/vitest/utils"
import { Effect, Logger, LogLevel, Redacted } from "effect"
import { spawn } from "node:child_process"
import { once } from "node:events"
import { mkdtempSync, rmSync } from "node:fs"
import { connect } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"

const workspace = fileURLToPath(new URL("../../..", import.meta.url))
const user = DevelopmentUsers.defaultUser

const temporaryDirectory = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "worker-"))),
  (directory) => Effect.sync(() => rmSync(directory, { recursive: true }))
)

const startWorker = (env: Record<string, string>) =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const child = spawn(
        process.execPath,
        ["--import", "tsx", fileURLToPath(new URL("slowWorker.ts", import.meta.url))],
        { cwd: workspace, env: { ...process.env, ...env }, stdio: ["pipe", "pipe", "inherit"] }
      )
      let printed = ""
      child.stdout.on("data", (data: Buffer) => (printed += data.toString()))
      const hasPrinted = (text: string) =>
        Effect.repeat(Effect.sleep("5 millis"), { until: () => printed.includes(text) })
      return { child, hasPrinted, exit: once(child, "exit") }
    }),
    ({ child }) => Effect.sync(() => child.kill("SIGKILL"))
  )

/** Sends a request over a connection, and gives what comes back until the connection closes. */
const requestOver = (socket: ReturnType<typeof connect>) =>
  Effect.async<string>((resume) => {
    let received = ""
    socket.on("data", (data) => (received += data.toString()))
    socket.on("close", () => resume(Effect.succeed(received)))
    socket.write("POST /jobs/export HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n")
  })

const isRefused = (port: number) =>
  Effect.async<boolean>((resume) => {
    const socket = connect(port, "127.0.0.1")
    socket.on("connect", () => {
      socket.destroy()
      resume(Effect.succeed(false))
    })
    socket.on("error", () => resume(Effect.succeed(true)))
  })

describe("a worker that is stopped", () => {
  it.scopedLive(
    "lets its handler finish, sends the response, remembers the work and takes nothing new",
    () =>
      Effect.gen(function* () {
        const filename = join(yield* temporaryDirectory, "ledger.db")
        const port = yield* freePort
        const { url } = yield* QStashServer.QStashServer
        const jobsUrl = `http://127.0.0.1:${port}/jobs`
        const { child, exit, hasPrinted } = yield* startWorker({
          HOST: "127.0.0.1",
          PORT: String(port),
          JOBS_URL: jobsUrl,
          LEDGER: filename,
          QSTASH_URL: url,
          QSTASH_TOKEN: Redacted.value(user.token),
          QSTASH_CURRENT_SIGNING_KEY: Redacted.value(user.currentSigningKey),
          QSTASH_NEXT_SIGNING_KEY: Redacted.value(user.nextSigningKey)
        })
        yield* hasPrinted("ready")

        yield* Effect.gen(function* () {
          yield* Export.publish({ exportId: ExportId.make("e1"), rows: 1 })
          yield* hasPrinted("started")
          const early = connect(port, "127.0.0.1")
          yield* Effect.promise(() => once(early, "connect"))

          child.kill("SIGTERM")
          yield* Effect.repeat(Effect.delay(isRefused(port), "5 millis"), { until: (refused) => refused })
          assertMatch(yield* requestOver(early), /^HTTP\/1.1 503 .*\r\nRetry-After: 5\r\n/s)

          child.stdin.write("finish\n")
          deepStrictEqual(yield* Effect.promise(() => exit), [0, null])

          const logs = yield* QStashLogs
          const delivered = logs.list({ url: `${jobsUrl}/export`, order: "earliestFirst" })
          const { items } = yield* Effect.repeat(Effect.delay(delivered, "5 millis"), {
            until: ({ items: entries }) => entries.length >= 3
          })
          deepStrictEqual(
            items.map(({ responseBody, state }) => [state, responseBody]),
            [
              ["CREATED", undefined],
              ["ACTIVE", undefined],
              ["DELIVERED", `{"fileUrl":"e1"}`]
            ]
          )
        }).pipe(
          Effect.provide([QStashClient.layer({ url, token: user.token }), Jobs.layer({ url: jobsUrl })])
        )

        const rows = yield* Effect.flatMap(
          SqlClient.SqlClient,
          (sql) => sql`select business, response from effect_qstash_ledger`.values
        ).pipe(Effect.provide(SqliteClient.layer({ filename })))
        deepStrictEqual(rows, [["billing/export/e1", `{"fileUrl":"e1"}`]])
      }).pipe(
        Effect.timeout("50 seconds"),
        Effect.provide([QStashServer.layerMemory({ port: 0 }), FetchHttpClient.layer]),
        Logger.withMinimumLogLevel(LogLevel.Fatal)
      ),
    60_000
  )
})
