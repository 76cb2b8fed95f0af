/** `npm run crash -- --database sqlite --kills 200`. */
import { parseArgs } from "node:util"
import { crashOnSqlite } from "./sqlite.ts"

const { values } = parseArgs({
  options: {
    database: { type: "string", default: "sqlite" },
    kills: { type: "string", default: "200" }
  }
})

const progress = (line: string) => void process.stdout.write(`${line}\n`)
const { faults, ...counts } = await crashOnSqlite({ kills: Number(values.kills), speed: 60, progress })
progress(
  Object.entries(counts)
    .map(([name, count]) => `${name} ${count}`)
    .join(", ")
)
for (const fault of faults) progress(`FAULT ${fault}`)
process.exitCode = faults.length === 0 ? 0 : 1
