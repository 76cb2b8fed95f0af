/** `npm run crash -- --database postgres --kills 100`. */
import { whyNoPostgres } from "@effect-qstash/contract/Postgres"
import { parseArgs } from "node:util"
import { crashOnPostgres } from "./postgres.ts"
import { crashOnSqlite } from "./sqlite.ts"

const { values } = parseArgs({
  options: {
    /** `sqlite` or `postgres`; both if it is left out. */
    database: { type: "string" },
    kills: { type: "string", default: "200" }
  }
})

const progress = (line: string) => void process.stdout.write(`${line}\n`)

const runs = {
  sqlite: crashOnSqlite,
  postgres: (options: Parameters<typeof crashOnSqlite>[0]) =>
    crashOnPostgres({ ...options, snapshotSeconds: 180 })
}

for (const [name, run] of Object.entries(runs)) {
  if (values.database !== undefined && values.database !== name) continue
  if (name === "postgres" && whyNoPostgres !== undefined) {
    progress(`Skipped Postgres: ${whyNoPostgres}`)
    continue
  }
  progress(`On ${name}`)
  const { faults, ...counts } = await run({ kills: Number(values.kills), speed: 60, pace: 1, progress })
  const shown = Object.entries(counts).map(([what, count]) => `${what} ${count}`)
  progress(`${name}: ${shown.join(", ")}`)
  for (const fault of faults) progress(`FAULT ${fault}`)
  if (faults.length > 0) process.exitCode = 1
}
