/**
 * `npm run bench`: measures everything and writes docs/performance.md. `npm run bench -- client` measures one part and only
 * shows it. With `--quick` it only shows that it runs.
 */
import * as DateTime from "effect/DateTime"
import { existsSync, readFileSync, writeFileSync } from "node:fs"
import { createRequire } from "node:module"
import { cpus, totalmem } from "node:os"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { bundle } from "./bundle.ts"
import { chartOf } from "./chart.ts"
import { forkBundle } from "./forkBundle.ts"
import { isMet, type Row } from "./measure.ts"
import { parts } from "./parts.ts"
import { pageOf, terminalOf } from "./report.ts"

const isQuick = process.argv.includes("--quick")
const scale = isQuick ? 0.01 : 1
const require = createRequire(import.meta.url)

/** A process of its own for each part: none finds the heap and the compiled code of another. */
const measure = (part: string): Promise<ReadonlyArray<Row>> =>
  new Promise((resolve, reject) => {
    let rows: ReadonlyArray<Row> | undefined
    forkBundle("part", [part, String(scale)])
      .on("message", (message: ReadonlyArray<Row>) => {
        rows = message
      })
      .on("error", reject)
      .on("exit", () =>
        rows === undefined ? reject(new Error(`${part}: nothing was measured`)) : resolve(rows)
      )
  })

/** Not every package exports its package.json, so it is looked for above the entry. */
const versionOf = (name: string): string => {
  let folder = dirname(require.resolve(name))
  while (folder !== dirname(folder)) {
    const file = join(folder, "package.json")
    if (existsSync(file)) {
      const manifest: { readonly name?: string; readonly version?: string } = JSON.parse(
        readFileSync(file, "utf8")
      )
      if (manifest.name === name && manifest.version !== undefined) return manifest.version
    }
    folder = dirname(folder)
  }
  return "unknown"
}

const docs = (name: string): string => fileURLToPath(new URL(`../../../docs/${name}`, import.meta.url))

/** Some parts are only shown: the page has all of them. */
const report = async (chosen: ReadonlyArray<string>): Promise<void> => {
  const date = DateTime.formatIsoDateUtc(DateTime.unsafeNow())
  let rows: ReadonlyArray<Row> = []
  for (const part of chosen) {
    process.stderr.write(`${part} ...\n`)
    rows = [...rows, ...(await measure(part))]
  }
  process.stdout.write(`${terminalOf(rows)}\n`)
  const missed = rows.filter((row) => !isMet(row))
  if (!isQuick && missed.length > 0)
    process.stderr.write(`${missed.length} of the wanted ratios did not come out\n`)
  if (isQuick || chosen.length < Object.keys(parts).length) return
  const processors = cpus()
  writeFileSync(
    docs("performance-client.svg"),
    chartOf("client", "The client, 16 calls at once: times as fast as @upstash/qstash", rows)
  )
  writeFileSync(
    docs("performance-others.svg"),
    chartOf("others", "The rest: times as fast as each peer (logarithmic)", rows)
  )
  writeFileSync(
    docs("performance.md"),
    pageOf(rows, [
      ["date", date],
      ["processor", `${processors.length} cores, ${processors[0]?.model.trim() || "of an unknown model"}`],
      ["memory", `${Math.round(totalmem() / 2 ** 30)} GiB`],
      ["Node", process.version],
      ...["effect", "@upstash/qstash", "undici", "croner", "cron-parser"].map(
        (name) => [name, versionOf(name)] as const
      )
    ])
  )
}

const named = process.argv.slice(2).filter((argument) => !argument.startsWith("--"))
const unknown = named.find((part) => !(part in parts))
if (unknown !== undefined) {
  process.stderr.write(`There is no part ${unknown}; there are ${Object.keys(parts).join(", ")}\n`)
  process.exitCode = 1
} else {
  await bundle()
  await report(named.length === 0 ? Object.keys(parts) : named)
}
