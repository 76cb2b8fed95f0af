/** What the checks of the packages share: running programs, and the examples and the server that they run. */
import { execFile, spawn } from "node:child_process"
import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"

export type Faults = ReadonlyArray<string>

export interface Tarball {
  readonly name: string
  readonly filename: string
}

export interface Manifest {
  readonly name: string
  readonly version: string
  readonly private?: boolean
  readonly bin?: string
  readonly exports?: Readonly<Record<string, unknown>>
  readonly dependencies?: Readonly<Record<string, string>>
  readonly peerDependencies?: Readonly<Record<string, string>>
  readonly license?: string
  readonly author?: string | { readonly name: string }
}

export const readManifest = (directory: string): Manifest =>
  JSON.parse(readFileSync(join(directory, "package.json"), "utf8"))

/** Says on standard error what is being done, and how many seconds after the start. */
export const progress = (what: string): void => {
  process.stderr.write(`… ${what} (${Math.round(performance.now() / 1000)} s)\n`)
}

export const root = fileURLToPath(new URL("..", import.meta.url))

export const tool = (name: string): string => join(root, "node_modules/.bin", name)

export interface Options {
  readonly cwd: string
  readonly env?: NodeJS.ProcessEnv
}

/** Runs a program to its end, or for two minutes. */
export const run = (program: string, args: ReadonlyArray<string>, options: Options) =>
  new Promise<{ readonly ok: boolean; readonly stdout: string; readonly output: string }>((resolve) => {
    const limits = { timeout: 120_000, maxBuffer: 64 * 1024 * 1024 }
    execFile(program, args, { ...options, ...limits }, (error, stdout, stderr) => {
      const ended = error?.killed === true ? "It was stopped after two minutes." : ""
      resolve({ ok: error === null, stdout, output: `${stdout}${stderr}${ended}`.trim() })
    })
  })

/** The standard output of a program without whose success there is nothing left to check. */
export const demand = async (
  what: string,
  program: string,
  args: ReadonlyArray<string>,
  options: Options
): Promise<string> => {
  const { ok, output, stdout } = await run(program, args, options)
  if (!ok) throw new Error(`${what} failed:\n${output}`)
  return stdout
}

/** The first TypeScript example of a document. */
export const exampleOf = (document: string): string | undefined =>
  existsSync(document)
    ? /^```(?:ts|typescript)\n(.*?)^```$/ms.exec(readFileSync(document, "utf8"))?.[1]
    : undefined

/** Without what npm and pnpm add, such as a `NODE_PATH` that leads into the workspace. */
export const bareEnvironment = { PATH: process.env["PATH"] }

/** Starts a program that serves QStash, and takes from its output the variables that connect others to it. */
export const startServer = async (project: string, program: string, args: ReadonlyArray<string> = []) => {
  const server = spawn(process.execPath, [program, ...args], {
    cwd: project,
    stdio: ["ignore", "pipe", "inherit"]
  })
  const exited = new Promise<void>((resolve) => server.once("exit", () => resolve()))
  const limit = setTimeout(() => server.kill("SIGKILL"), 300_000)
  const stop = (): Promise<void> => {
    clearTimeout(limit)
    server.kill("SIGTERM")
    return exited
  }
  const variables = new Map<string, string>()
  const isReady = new Promise<boolean>((resolve) => {
    const lines = createInterface(server.stdout)
    lines.on("close", () => resolve(false))
    lines.on("line", (line) => {
      const [, name, value] = /^ *(?:export )?(QSTASH_\w+)=(.+)$/.exec(line) ?? []
      if (name !== undefined && value !== undefined) variables.set(name, value)
      if (variables.has("QSTASH_URL") && variables.has("QSTASH_TOKEN")) resolve(true)
    })
  })
  if (await isReady) return { environment: Object.fromEntries(variables), stop }
  await stop()
  throw new Error(`${program} ended, and had not printed how to connect to it.`)
}
