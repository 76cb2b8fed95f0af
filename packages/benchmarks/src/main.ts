/** `npm run bench`: measures everything and writes docs/performance.md. With `--quick` it only shows that it runs. */
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import { existsSync, readFileSync, writeFileSync } from "node:fs"
import { createRequire } from "node:module"
import { cpus, totalmem } from "node:os"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { client } from "./client.ts"
import { cron } from "./cron.ts"
import { isMet } from "./measure.ts"
import { receiver } from "./receiver.ts"
import { pageOf, terminalOf } from "./report.ts"
import { store } from "./store.ts"
import { years } from "./year.ts"

const isQuick = process.argv.includes("--quick")
const scale = isQuick ? 0.01 : 1
const require = createRequire(import.meta.url)

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

const program = Effect.gen(function* () {
  const now = yield* DateTime.now
  const rows = [
    ...(yield* years(scale)),
    ...(yield* Effect.promise(() => cron(scale))),
    ...(yield* Effect.promise(() => store(scale))),
    ...(yield* receiver(scale)),
    ...(yield* client(scale))
  ]
  process.stdout.write(`${terminalOf(rows)}\n`)
  if (isQuick) return
  const processors = cpus()
  const page = pageOf(rows, [
    ["date", DateTime.formatIsoDateUtc(now)],
    ["processor", `${processors.length} cores, ${processors[0]?.model.trim() || "of an unknown model"}`],
    ["memory", `${Math.round(totalmem() / 2 ** 30)} GiB`],
    ["Node", process.version],
    ...["effect", "@upstash/qstash", "croner", "cron-parser"].map((name) => [name, versionOf(name)] as const)
  ])
  writeFileSync(fileURLToPath(new URL("../../../docs/performance.md", import.meta.url)), page)
  const missed = rows.filter((row) => !isMet(row))
  if (missed.length > 0) process.stderr.write(`${missed.length} of the wanted ratios did not come out\n`)
})

await Effect.runPromise(program)
