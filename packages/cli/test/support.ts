import {
  QStashDlq,
  QStashFlowControl,
  QStashLogs,
  QStashMessages,
  QStashQueues,
  QStashSchedules,
  QStashSigningKeys,
  QStashUrlGroups
} from "@effect-qstash/domain"
import { QStashClient } from "@effect-qstash/client"
import { DevelopmentUsers, QStashServer } from "@effect-qstash/server"
import { FetchHttpClient } from "@effect/platform"
import {
  ConfigProvider,
  Context,
  DateTime,
  Effect,
  Layer,
  Logger,
  Option,
  Redacted,
  Schema,
  type Scope
} from "effect"
import { type ChildProcess, spawn } from "node:child_process"
import { mkdtempSync, rmSync } from "node:fs"
import { createServer, type IncomingMessage, type Server } from "node:http"
import { createRequire } from "node:module"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { run } from "../src/cli.ts"
import { Shell, layer as shellOfNode } from "../src/Shell.ts"

export const token = Redacted.value(DevelopmentUsers.defaultUser.token)

const quiet = Logger.remove(Logger.defaultLogger)

/** A server of its own for a test, and what it holds. */
const serverWith = (options: QStashServer.Options) =>
  Effect.gen(function* () {
    const server = yield* Layer.build(QStashServer.layerMemory({ port: 0, ...options }))
    const { port, url } = Context.get(server, QStashServer.QStashServer)
    const client = QStashClient.layer({ url, token: DevelopmentUsers.defaultUser.token })
    const services = yield* Layer.build(Layer.provide(client, FetchHttpClient.layer))
    return {
      url,
      port,
      env: { QSTASH_URL: url },
      schedules: Context.get(services, QStashSchedules),
      messages: Context.get(services, QStashMessages),
      queues: Context.get(services, QStashQueues),
      urlGroups: Context.get(services, QStashUrlGroups),
      dlq: Context.get(services, QStashDlq),
      flowControl: Context.get(services, QStashFlowControl),
      logs: Context.get(services, QStashLogs),
      signingKeys: Context.get(services, QStashSigningKeys)
    }
  }).pipe(Effect.provide(quiet))

export const serve = serverWith({})

/** The same where nothing happens but when a test moves time on. */
export const serveVirtual = Effect.map(serverWith({ time: "virtual" }), (server) => ({
  ...server,
  advance: (duration: string) =>
    Effect.promise(() =>
      fetch(`${server.url}/dev/clock/advance`, {
        method: "POST",
        headers: { Authorization: `Bearer ${token}` },
        body: JSON.stringify({ duration })
      })
    )
}))

interface Response {
  readonly status: number
  readonly body: string | Uint8Array
  readonly headers?: Readonly<Record<string, string>>
}

/** A server that responds to each request as it is told. */
export const responding = (
  respond: (request: IncomingMessage) => Response
): Effect.Effect<string, never, Scope.Scope> =>
  Effect.map(
    Effect.acquireRelease(
      Effect.async<Server>((resume) => {
        const server = createServer((request, response) => {
          const { body, headers, status } = respond(request)
          response.writeHead(status, headers).end(body)
        })
        server.listen(0, "127.0.0.1", () => resume(Effect.succeed(server)))
      }),
      (server) =>
        Effect.sync(() => {
          server.closeAllConnections()
          server.close()
        })
    ),
    (server) => {
      const address = server.address()
      return `http://127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`
    }
  )

/** The same for a server that has one response for everything. */
export const answering = (
  status: number,
  body: string | Uint8Array,
  headers: Readonly<Record<string, string>> = {}
): Effect.Effect<string, never, Scope.Scope> => responding(() => ({ status, body, headers }))

/** Nothing listens there. */
export const nowhere = "http://127.0.0.1:9/jobs"

export interface Ended {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

interface Surroundings {
  readonly env?: Readonly<Record<string, string>>
  /** The width of the terminal; without one there is no terminal. */
  readonly columns?: number
  readonly hasColors?: boolean
  /** What somebody types when asked; without it nobody could be asked. */
  readonly types?: string
  readonly input?: string
  /** Is called with each piece of standard output, for a command that does not end by itself. */
  readonly prints?: (text: string) => void
  /** Ends when standard output takes nothing more. */
  readonly outputLost?: Effect.Effect<void>
}

/** A command line as words, where single quotes hold a word together. */
const words = (line: string): ReadonlyArray<string> =>
  Array.from(line.matchAll(/'([^']*)'|\S+/g), ([word, quoted]) => quoted ?? word)

/** Runs a command line within this process, in a shell that the test describes. Its reader lives in London. */
export const cli = (
  line: string,
  {
    columns,
    env = {},
    hasColors = false,
    input = "",
    outputLost = Effect.never,
    prints = () => {},
    types
  }: Surroundings = {}
): Effect.Effect<Ended> => {
  let stdout = ""
  let stderr = ""
  const print = (text: string) => {
    stdout += text
    prints(text)
  }
  const write = {
    log: (...parts: ReadonlyArray<unknown>) => Effect.sync(() => print(`${parts.join(" ")}\n`)),
    error: (...parts: ReadonlyArray<unknown>) => Effect.sync(() => void (stderr += `${parts.join(" ")}\n`))
  }
  const shell = Layer.map(shellOfNode, (context) =>
    Context.make(Shell, {
      ...Context.get(context, Shell),
      hasColors: { stdout: hasColors, stderr: hasColors },
      columns: columns ?? 0,
      isTerminal: columns !== undefined,
      canAsk: types !== undefined,
      // A line counts with its Enter key only.
      ask: (question) =>
        Effect.sync(() => {
          print(question)
          return types?.endsWith("\r") === true ? Option.some(types.slice(0, -1)) : Option.none()
        }),
      readInput: Effect.succeed(new TextEncoder().encode(input)),
      // One character for each byte.
      writeOutput: (bytes) => Effect.sync(() => print(Buffer.from(bytes).toString("latin1"))),
      outputLost,
      succeedWhenStopped: Effect.void,
      exit: Effect.void
    })
  )
  return Effect.console.pipe(
    Effect.flatMap((console) =>
      Effect.withConsole(run(words(line), { version: "1.2.3" }), { ...console, ...write })
    ),
    Effect.map((code) => ({ code, stdout, stderr })),
    Effect.provide([shell, DateTime.layerCurrentZone(DateTime.zoneUnsafeMakeNamed("Europe/London"))]),
    Effect.withConfigProvider(ConfigProvider.fromMap(new Map(Object.entries(env))))
  )
}

const Fields = Schema.Record({ key: Schema.String, value: Schema.Unknown })

/** What a command has printed as JSON. */
export const json = ({ stdout }: Ended): unknown => JSON.parse(stdout)
export const jsonObject = Schema.decodeUnknownSync(Fields)
export const jsonObjects = Schema.decodeUnknownSync(Schema.Array(Fields))

export const loader = createRequire(import.meta.url).resolve("tsx")
export const bin = fileURLToPath(new URL("../src/bin.ts", import.meta.url))

export interface Started {
  readonly child: ChildProcess
  /** Waits until this has been printed on standard output. */
  readonly printed: (text: string) => Effect.Effect<string>
  /** The same on standard error, so many times. */
  readonly logged: (text: string, times?: number) => Effect.Effect<string>
  readonly ended: Effect.Effect<{
    readonly code: number | null
    readonly stdout: string
    readonly stderr: string
  }>
}

/** Starts the program as a process of its own, without a terminal. */
export const start = (line: string, env: Readonly<Record<string, string>> = {}, cwd?: string) =>
  Effect.acquireRelease(
    Effect.sync((): Started => {
      const child = spawn(process.execPath, ["--import", loader, bin, ...words(line)], {
        env: { PATH: process.env["PATH"], TZ: "Asia/Tokyo", ...env },
        stdio: ["ignore", "pipe", "pipe"],
        cwd
      })
      let stdout = ""
      let stderr = ""
      child.stdout.on("data", (chunk: Buffer) => (stdout += chunk.toString()))
      child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()))
      return {
        child,
        printed: (text) =>
          Effect.async((resume) => {
            const look = () => {
              if (stdout.includes(text)) resume(Effect.succeed(stdout))
            }
            child.stdout.on("data", look)
            look()
          }),
        logged: (text, times = 1) =>
          Effect.async((resume) => {
            const look = () => {
              if (stderr.split(text).length > times) resume(Effect.succeed(stderr))
            }
            child.stderr.on("data", look)
            look()
          }),
        ended: Effect.async((resume) => {
          const end = () => resume(Effect.succeed({ code: child.exitCode, stdout, stderr }))
          if (child.exitCode !== null || child.signalCode !== null) end()
          else child.once("close", end)
        })
      }
    }),
    ({ child }) => Effect.sync(() => child.kill("SIGKILL"))
  )

/** Runs the program as a process of its own to its end. */
export const spawned = (line: string, env?: Readonly<Record<string, string>>) =>
  Effect.scoped(Effect.flatMap(start(line, env), ({ ended }) => ended))

export const temporaryDirectory = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "effect-qstash-"))),
  (directory) => Effect.sync(() => rmSync(directory, { recursive: true }))
)

/** The lines of a table or a card, each as its cells. */
export const cells = ({ stdout }: Ended): ReadonlyArray<ReadonlyArray<string>> =>
  stdout
    .trimEnd()
    .split("\n")
    .map((line) => line.trim().split(/ {2,}/))
