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

Measured by \`npm run bench\`, which writes this page. Each part ran in its own process, in which the candidates took
turns. Each time is the median over the turns, and each ratio the median of the ratios per turn. Absolute times depend on this machine; compare
them only with each other. The last column has the target, and whether it was met.

| ${heads.join(" | ")} |
| ${heads.map(() => "---").join(" | ")} |
${rows.map((row) => `| ${cellsOf(row).join(" | ")} |`).join("\n")}

Deliveries count CPU time: everything from a schedule's minute to the settled outcome, including the signature, as a multiple of
signing alone. The engine calls \`nextMillis\`; \`next\` returns an \`Option\` of a \`DateTime\`, and most of its time goes
into creating that. The official receiver and ours on WebCrypto wait for the platform's threads, whose wake-up times
differ from run to run. A receiver cannot be faster than hashing the body alone, so on a processor that hashes slowly
there is little to gain with a large body. The client's calls have no target: both sides use the same \`fetch\` against the same
server, and ours retries, times out, limits and checks what it gets.

| measured on | |
| --- | --- |
${environment.map(([name, value]) => `| ${name} | ${value} |`).join("\n")}
`
