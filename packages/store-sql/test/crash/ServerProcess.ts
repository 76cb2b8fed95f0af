import { build } from "esbuild"
import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { openSync, rmSync } from "node:fs"
import { setTimeout } from "node:timers/promises"
import { fileURLToPath } from "node:url"
import type { Said, Settings } from "./settings.ts"

const directory = fileURLToPath(new URL("../..", import.meta.url))
/** Two runs at once have two. It must be in the package, to find libsql. */
const bundle = `${directory}build/crash/server-${process.pid}.mjs`

export const removeServer = (): void => rmSync(bundle, { force: true })

/** Makes one file of the server, because it starts a few hundred times. */
export const buildServer = async (): Promise<void> => {
  await build({
    absWorkingDir: directory,
    entryPoints: ["test/crash/server.ts"],
    outfile: bundle,
    bundle: true,
    external: ["libsql", "pg-native"],
    banner: {
      js: 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);'
    },
    format: "esm",
    platform: "node",
    target: "node20.19",
    logLevel: "warning"
  })
}

/** A server that is killed, stopped and started again. */
export class ServerProcess {
  isStopped = false
  readonly settings: Settings
  /** What it said when it ended without having been told to. */
  readonly deaths: Array<string> = []
  #child: ChildProcess | undefined
  #isWanted = false
  readonly #log: number

  constructor(settings: Settings, logFile: string) {
    this.settings = settings
    this.#log = openSync(logFile, "a")
  }

  /** Starts it, and ends when it is ready; or when it is killed before. */
  async start(): Promise<void> {
    this.#isWanted = true
    while (this.#isWanted && !(await this.#attempt())) await setTimeout(200)
  }

  /** Returns whether it was ready, or killed. A database that is down must not keep it from trying again. */
  #attempt(): Promise<boolean> {
    const child = spawn(process.execPath, ["--enable-source-maps", bundle, JSON.stringify(this.settings)], {
      cwd: directory,
      stdio: ["ignore", this.#log, this.#log, "ipc"]
    })
    this.#child = child
    return new Promise((resolve) => {
      let isReady = false
      child.on("message", (said: Said) => {
        if (said._tag !== "Ready") return
        isReady = true
        resolve(true)
      })
      child.on("exit", (code, signal) => {
        const isWanted = this.#isWanted && this.#child === child
        if (isWanted && (isReady || "filename" in this.settings.database)) {
          this.deaths.push(`ended with ${code ?? signal}`)
        }
        resolve(!isWanted || "filename" in this.settings.database)
      })
    })
  }

  async end(signal: "SIGKILL" | "SIGTERM"): Promise<void> {
    const child = this.#child
    this.#isWanted = false
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
    const exited = once(child, "exit")
    child.kill(signal)
    if (this.isStopped) this.wake()
    await exited
  }

  stop(): void {
    this.isStopped = true
    this.#child?.kill("SIGSTOP")
  }

  wake(): void {
    this.isStopped = false
    this.#child?.kill("SIGCONT")
  }

  /** How many messages are not done yet; undefined if it does not say. */
  async pending(): Promise<number | undefined> {
    const child = this.#child
    if (child === undefined) return undefined
    const answer = new Promise<number>((resolve) => {
      child.on("message", function listen(said: Said) {
        if (said._tag !== "Pending") return
        child.off("message", listen)
        resolve(said.count)
      })
    })
    child.send({})
    return Promise.race([answer, setTimeout(2000, undefined, { ref: false })])
  }
}
