/**
 * Plants each fault in turn, runs the laws, and prints which of them caught it. Fails if a fault is not caught or does
 * not fit the sources.
 */
import { execFile } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { type Fault, faults, type HomeFile, homesOf, plant } from "../src/Faults.ts"

const packages = fileURLToPath(new URL("../..", import.meta.url))
const vitest = join(packages, "contract/node_modules/.bin/vitest")
const config = join(packages, "contract/scripts/mutants.vitest.ts")
const atOnce = 2
const limitMillis = 300_000

/** The part of vitest's JSON that is read here. */
interface Report {
  readonly testResults: ReadonlyArray<{
    readonly name: string
    readonly message: string
    readonly assertionResults: ReadonlyArray<{ readonly title: string; readonly status: string }>
  }>
}

interface Catch {
  readonly home: HomeFile
  readonly laws: ReadonlyArray<string>
}

interface Finding {
  readonly fault: Fault
  readonly catches: ReadonlyArray<Catch>
  /** Why the fault could not be tested. */
  readonly problem: string | undefined
}

const scratch = mkdtempSync(join(tmpdir(), "mutants-"))

/** The homes that are tests of another package. */
const packageOf: { readonly [home in HomeFile]?: string } = {
  transport: "client",
  groupedMessages: "client",
  semantics: "jobs",
  outcomes: "jobs",
  run: "jobs",
  plan: "jobs",
  observability: "jobs",
  jobsTest: "jobs",
  ledger: "jobs",
  deploy: "cli",
  file: "store-sql",
  statements: "store-sql",
  transactions: "store-sql",
  sqlite: "store-sql"
}

/** Runs the laws of some homes, with or without a fault. Returns the report, or why there is none. */
const runLaws = (homes: ReadonlyArray<HomeFile>, fault?: Fault): Promise<Report | string> =>
  new Promise((resolve) => {
    const output = join(scratch, `${fault?.id ?? "none"}.json`)
    // lostReplies makes every call of every service, and an outage is about no service.
    const isOfService =
      fault !== undefined &&
      fault.home !== "lostReplies" &&
      fault.home !== "outages" &&
      (fault.home === undefined || packageOf[fault.home] === undefined)
    execFile(
      vitest,
      [
        "run",
        "--config",
        config,
        "--reporter=json",
        `--outputFile=${output}`,
        ...(isOfService ? [`--testNamePattern=^${fault.service} `] : []),
        ...homes.map((home) => `${packageOf[home] ?? "contract"}/test/${home}.test.ts`)
      ],
      {
        cwd: join(packages, "contract"),
        env: { ...process.env, MUTANT: fault?.id ?? "" },
        timeout: limitMillis,
        killSignal: "SIGKILL",
        maxBuffer: 2 ** 28
      },
      (error, stdout, stderr) => {
        try {
          resolve(JSON.parse(readFileSync(output, "utf8")))
        } catch {
          resolve(error?.killed === true ? "the laws did not end" : `no report: ${stderr || stdout}`)
        }
      }
    )
  })

/** The laws that fail in each home. A file that could not be loaded is not a catch. */
const catchesOf = (report: Report, homes: ReadonlyArray<HomeFile>): ReadonlyArray<Catch> | string => {
  const catches: Array<Catch> = []
  for (const home of homes) {
    const result = report.testResults.find(({ name }) => name.endsWith(`/${home}.test.ts`))
    if (result === undefined || !result.assertionResults.some(({ status }) => status === "passed")) {
      return `no law of ${home} ran through: ${result?.message ?? "no result"}`
    }
    const laws = result.assertionResults.filter(({ status }) => status === "failed").map(({ title }) => title)
    if (laws.length > 0) catches.push({ home, laws })
  }
  return catches
}

const examine = async (fault: Fault): Promise<Finding> => {
  try {
    plant(fault, readFileSync(join(packages, fault.file), "utf8"))
  } catch (error) {
    return { fault, catches: [], problem: error instanceof Error ? error.message : String(error) }
  }
  const homes = homesOf(fault)
  const report = await runLaws(homes, fault)
  const catches = typeof report === "string" ? report : catchesOf(report, homes)
  return typeof catches === "string"
    ? { fault, catches: [], problem: catches }
    : { fault, catches, problem: undefined }
}

const describeFinding = ({ catches, problem }: Finding): readonly [law: string, homes: string] =>
  problem !== undefined
    ? [`DOES NOT RUN: ${problem.split("\n")[0] ?? ""}`, ""]
    : [
        catches[0]?.laws[0] ?? "SURVIVED",
        catches.map(({ home, laws }) => `${home} (${laws.length})`).join(", ")
      ]

const table = (rows: ReadonlyArray<ReadonlyArray<string>>): string => {
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? []
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd()
    )
    .join("\n")
}

const main = async (): Promise<void> => {
  const wanted = process.argv.slice(2)
  const chosen = wanted.length === 0 ? faults : faults.filter(({ id }) => wanted.includes(id))
  const homes = [...new Set(chosen.flatMap(homesOf))]
  process.stderr.write("Running the laws without a fault\n")
  const healthy = await runLaws(homes)
  const broken = typeof healthy === "string" ? healthy : catchesOf(healthy, homes)
  if (typeof broken === "string" || broken.length > 0) {
    process.stderr.write(`The laws must pass without a fault: ${JSON.stringify(broken, undefined, 2)}\n`)
    process.exitCode = 1
    return
  }
  const findings: Array<Finding> = []
  const queue = chosen.values()
  const began = performance.now()
  const minutesLeft = (): number => {
    const minutes = (performance.now() - began) / 60_000
    return Math.ceil((minutes / findings.length) * (chosen.length - findings.length))
  }
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      for (const fault of queue) {
        const finding = await examine(fault)
        findings.push(finding)
        process.stderr.write(
          `${findings.length}/${chosen.length}, ${minutesLeft()} min left: ${fault.id}: ${describeFinding(finding)[0]}\n`
        )
      }
    })
  )
  findings.sort((self, that) => chosen.indexOf(self.fault) - chosen.indexOf(that.fault))
  const rows = findings.map((finding) => [
    finding.fault.id,
    finding.fault.file,
    finding.fault.fault,
    ...describeFinding(finding)
  ])
  process.stdout.write(
    `${table([["id", "file", "fault", "first law to find it", "laws in which homes"], ...rows])}\n`
  )
  const caught = findings.filter(({ catches }) => catches.length > 0).length
  process.stdout.write(`\n${caught} of ${findings.length} faults are caught.\n`)
  if (caught < findings.length || caught === 0) process.exitCode = 1
}

try {
  await main()
} finally {
  rmSync(scratch, { recursive: true, force: true })
}
