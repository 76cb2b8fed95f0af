import { isMet, type Row } from "./measure.ts"

const ratioCell = ({ meaning, ratio }: Row): string =>
  `${ratio >= 100 ? ratio.toFixed(0) : ratio.toFixed(1)} ${meaning}`

const wantedOf = (row: Row): string => {
  const { wanted } = row
  if (wanted === undefined) return ""
  const bound = "least" in wanted ? `at least ${wanted.least}` : `at most ${wanted.most}`
  return `${bound}: ${isMet(row) ? "yes" : "no"}`
}

const heads = ["what", "ours", "against", "ratio", "wanted"]

const cellsOf = (row: Row): ReadonlyArray<string> => [
  row.what,
  row.ours,
  row.theirs,
  ratioCell(row),
  wantedOf(row)
]

/** Lines for a terminal. */
export const terminalOf = (rows: ReadonlyArray<Row>): string => {
  const cells = [heads, ...rows.map(cellsOf)]
  const widths = heads.map((_, column) =>
    cells.reduce((most, row) => Math.max(most, (row[column] ?? "").length), 0)
  )
  return cells
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd()
    )
    .join("\n")
}

/** The page of the documentation. */
export const pageOf = (
  rows: ReadonlyArray<Row>,
  environment: ReadonlyArray<readonly [string, string]>
): string => `# Performance

Measured by \`npm run bench\`, which writes this page. Each part had a process of its own, in which the sides took
turns: each time is the median of its turns, and each ratio the median of what it was in each turn. Absolute times are this machine's, and only good for a look at their neighbour.
What is wanted stands beside what came out, also where it did not come out.

| ${heads.join(" | ")} |
| ${heads.map(() => "---").join(" | ")} |
${rows.map((row) => `| ${cellsOf(row).join(" | ")} |`).join("\n")}

Deliveries count CPU time: everything between a schedule's minute and the settled answer, signature included, as a multiple of
signing alone. \`nextMillis\` is what the engine calls; \`next\` answers with an \`Option\` of a \`DateTime\`, and most of its time goes
into making that. The official receiver and ours on WebCrypto wait for the platform's threads, whose wake-ups
differ from run to run. What hashing the body alone takes is the least that a receiver can take, so on a processor that hashes slowly
a large body leaves little to be faster in. The client's calls have no bound: both sides use the same \`fetch\` against the same
server, and ours retries, times out, limits and checks what it gets.

| measured on | |
| --- | --- |
${environment.map(([name, value]) => `| ${name} | ${value} |`).join("\n")}
`
