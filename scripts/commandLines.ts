/**
 * Runs every command of the published command line against a server that it has started itself, and times its start.
 * All of it is in one bundled file, so that each command has to show that its part of the file works.
 */
import { spawn } from "node:child_process"
import { writeFile } from "node:fs/promises"
import { join } from "node:path"
import { type Entry, isGroup, root as commands } from "../packages/cli/src/commands/table.ts"
import { bareEnvironment, type Faults, run, startServer } from "./running.ts"

/** The command lines in the order in which they run, and what each prints. `$ID` is the last id of a JSON output. */
const lines: ReadonlyArray<readonly [line: string, expected: string]> = [
  ["clock now", "T"],
  ["schedules create http://127.0.0.1:9/nightly --cron @daily --id nightly", "nightly"],
  ["schedules list", "nightly"],
  ["schedules get nightly", "http://127.0.0.1:9/nightly"],
  ["schedules pause nightly", "nightly"],
  ["schedules resume nightly", "nightly"],
  ["schedules delete nightly --yes", "nightly"],
  ["schedules next @daily --count 1", "00:00"],
  ["queues upsert mails --parallelism 2", "mails"],
  ["queues list", "mails"],
  ["queues get mails", "2"],
  ["queues pause mails", "mails"],
  ["queues resume mails", "mails"],
  ["queues delete mails --yes", "mails"],
  ["url-groups add all http://127.0.0.1:9/one", "all"],
  ["url-groups list", "all"],
  ["url-groups get all", "http://127.0.0.1:9/one"],
  ["url-groups remove all http://127.0.0.1:9/one", "all"],
  ["url-groups add all http://127.0.0.1:9/one", "all"],
  ["url-groups delete all --yes", "all"],
  [
    "messages publish http://127.0.0.1:9/later --delay 1d --flow-control-key shop --flow-control-rate 5 --json",
    "messageId"
  ],
  ["messages get $ID", "http://127.0.0.1:9/later"],
  ["messages list", "http://127.0.0.1:9/later"],
  ["flow-control list", "shop"],
  ["flow-control get shop", "shop"],
  ["flow-control pause shop", "shop"],
  ["flow-control resume shop", "shop"],
  ["flow-control pin shop --rate 3", "shop"],
  ["flow-control reset-rate shop", "shop"],
  ["flow-control unpin shop --rate", "shop"],
  ["messages cancel $ID --yes", "cancelled"],
  ["messages publish http://127.0.0.1:9/fails --retries 0", "msg_"],
  ["clock advance 1h", "T"],
  ["dlq list --json", "http://127.0.0.1:9/fails"],
  ["dlq get $ID", "http://127.0.0.1:9/fails"],
  ["dlq retry $ID", "1"],
  ["logs --json", "http://127.0.0.1:9/fails"],
  ["clock to 2099-01-01T00:00:00Z", "2099"],
  ["dlq delete --all --yes", ""],
  ["jobs plan deploy.ts --url http://127.0.0.1:9/jobs", "1 to create"],
  ["jobs apply deploy.ts --url http://127.0.0.1:9/jobs --yes", "Applied"],
  ["jobs plan deploy.ts --url http://127.0.0.1:9/jobs --check", "1 unchanged"],
  ["tenants add shop", "QSTASH_TOKEN"],
  ["tenants list", "shop"],
  ["tenants rotate shop --yes", "QSTASH_TOKEN"],
  ["keys get", "QSTASH_NEXT_SIGNING_KEY"],
  ["keys rotate --yes", "QSTASH_NEXT_SIGNING_KEY"],
  ["--completions bash", "effect-qstash"]
]

/**
 * The module of the `jobs` commands. Its enum is more than types that could be cut out, and its timer would keep Node
 * running.
 */
const deploy = `
import { Job, Jobs, Plan } from "@effect-qstash/jobs"
import { Schema } from "effect"
enum At { Four = "0 4 * * *" }
setInterval(() => {}, 1000)
export default Plan.make(
  Jobs.make(
    "billing",
    Job.make("report", {
      payload: { n: Schema.Int },
      schedule: { cron: At.Four, payload: { n: 1 } }
    })
  )
)
`

const namesOf = (entry: Entry): ReadonlyArray<string> =>
  isGroup(entry)
    ? Array.from(entry.commands).flatMap(([name, part]) =>
        isGroup(part) ? namesOf(part).map((rest) => `${name} ${rest}`) : [name]
      )
    : []

/** `dev` is the server that the others talk to, and `serve` has to find its port taken. */
const untried = namesOf(commands).filter(
  (name) => name !== "dev" && name !== "serve" && !lines.some(([line]) => `${line} `.startsWith(`${name} `))
)

export const faultsOfCommands = async (project: string, cli: string): Promise<Faults> => {
  await writeFile(join(project, "deploy.ts"), deploy)
  const faults = untried.map((name) => `${name} is not tried; scripts/commandLines.ts lists what is`)
  const { environment, stop } = await startServer(project, cli, [
    "dev",
    "--port",
    "0",
    "--virtual-clock",
    "--log-level",
    "none"
  ])
  const env = { ...bareEnvironment, ...environment }
  try {
    let id = ""
    for (const [line, expected] of lines) {
      const { ok, output, stdout } = await run(cli, line.replace("$ID", id).split(" "), { cwd: project, env })
      if (!ok) faults.push(`effect-qstash ${line} failed:\n${output}`)
      else if (!stdout.includes(expected))
        faults.push(`effect-qstash ${line} prints no "${expected}", but:\n${output}`)
      id = Array.from(stdout.matchAll(/"(?:messageId|dlqId)": "([^"]+)"/g)).at(-1)?.[1] ?? id
    }
    const { port } = new URL(environment["QSTASH_URL"] ?? "")
    const served = await run(cli, ["serve", "--port", port], { cwd: project, env })
    if (!served.output.includes(`Port ${port} is in use`)) {
      faults.push(`effect-qstash serve does not find port ${port} taken:\n${served.output}`)
    }
  } finally {
    await stop()
  }
  return faults
}

/** The milliseconds that the start may take. */
const limits = { "--help": 300, "dev --port 0": 400 }

/**
 * How long `--help` takes, and `dev` until it has answered a request and stopped. That is processor time, which on a
 * quiet machine is no less than what a clock on the wall shows, and hardly grows on a busy one.
 */
export const faultsOfStart = async (project: string, cli: string): Promise<Faults> => {
  const faults: Array<string> = []
  for (const [line, limit] of Object.entries(limits)) {
    const times = [0, 0, 0, 0, 0]
    for (const round of times.keys()) times[round] = await processorTime(project, [cli, ...line.split(" ")])
    const median = times.toSorted((a, b) => a - b)[2] ?? NaN
    if (!(median < limit)) faults.push(`effect-qstash ${line} takes ${median} ms; the limit is ${limit} ms`)
  }
  return faults
}

/** Has Node print the milliseconds that it has used, as its last line on standard error. */
const printTime =
  'data:text/javascript,process.on("exit",()=>console.error(Math.round((process.cpuUsage().user+process.cpuUsage().system)/1000)))'

/** The milliseconds of a run. A server gets one request, and is stopped. */
const processorTime = (project: string, args: ReadonlyArray<string>): Promise<number> =>
  new Promise((resolve) => {
    const child = spawn(process.execPath, ["--import", printTime, ...args], {
      cwd: project,
      env: bareEnvironment
    })
    let stderr = ""
    child.stderr.on("data", (chunk) => (stderr += chunk))
    child.stdout.on("data", (chunk) => {
      const url = /QSTASH_URL=(\S+)/.exec(String(chunk))?.[1]
      if (url !== undefined) void fetch(`${url}/v2/queues`).finally(() => child.kill())
    })
    child.once("close", () => resolve(Number(stderr.trim().split("\n").at(-1))))
  })
