import { isMet, type Row } from "./measure.ts"

const ratioCell = ({ meaning, ratio }: Row): string =>
  `${ratio >= 100 ? ratio.toFixed(0) : ratio < 3 ? ratio.toFixed(2) : ratio.toFixed(1)} ${meaning}`

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

const shortTable = (rows: ReadonlyArray<Row>): string => {
  const lines = rows.flatMap((row) =>
    row.headline === undefined
      ? []
      : [`| ${row.headline} | ${row.ours} | ${row.theirs} | ${ratioCell(row)} |`]
  )
  return ["| to | takes | compared with | |", "| --- | --- | --- | --- |", ...lines].join("\n")
}

const slower = (rows: ReadonlyArray<Row>): string => {
  const found = rows.filter(
    ({ headline, meaning, ratio }) => headline !== undefined && meaning === "times as fast" && ratio < 1
  )
  return found.length === 0
    ? "In this run, nowhere in the table above."
    : found.map((row) => `- to ${row.headline}: ${row.ratio.toFixed(2)} times as fast`).join("\n")
}

/** The page of the documentation. */
export const pageOf = (
  rows: ReadonlyArray<Row>,
  environment: ReadonlyArray<readonly [string, string]>
): string => `# Performance

\`npm run bench\` measures everything here and writes this page. Times depend on the machine, so compare them only with
each other.

## In short

${shortTable(rows)}

![How many times as fast the client is as the official SDK](./performance-client.svg)

![How many times as fast the rest is as its peers](./performance-others.svg)

## What it means for you

- **On Node, use [\`client/node\`](../packages/client/README.md#on-node).** A call costs a fraction of the CPU that it
  costs on \`fetch\`. The official SDK checks nothing; ours checks the input, decodes the response, limits time and
  size, and retries. A single call still costs less than with the SDK. What needs more checking, such as a batch or a
  list, may cost more: see below.
- **On \`fetch\`, a call costs more CPU than with the official SDK.** It is still a fraction of a millisecond, where the
  network takes tens of them. It matters only to a process that makes thousands of calls a second.
- **A list costs more CPU than with the official SDK**, which returns what \`JSON.parse\` gives it. Ours checks and
  converts each record.
- **A job costs what Effect's HTTP server costs.** An \`HttpApp\` that verifies nothing already takes about twice as long
  as the official receiver on \`node:http\`. In the same server, the router of jobs takes about as long as the official
  receiver, and it also checks the payload, traces, counts and asks the ledger.
- **A server on SQLite accepts less in a second than BullMQ on a Redis that waits for the disk as well**: about a third
  as much, and a bit less than half where the messages are delivered too. It writes more for each message: the log, the
  limits, the order of queues. It is still thousands of messages a second on one machine.
- **TLS levels the field.** These calls go over plain HTTP on one machine. Encryption costs both sides the same, so with
  it the difference between transports shrinks to a factor of about two.
- **Tests can simulate years.** Deliveries in virtual time cost a small multiple of the signature that each of them
  carries.

## Where we are slower

${slower(rows)}

## How it is measured

Each part runs in its own process, compiled as it is published, and its candidates take turns. A time is the median over
the turns, a ratio the median of the ratios per turn.

The client's figures are CPU time per call, with the least and the most of its turns, and calls per second. Each side
has a process of its own, and so has the server, which responds from memory. Our client has its defaults, but for a
longer timeout; "tracer off" means \`Effect.withTracerEnabled(false)\`. The raw sides send requests that are already
built, and only parse the JSON of the response: they are what a client can reach at best.

A job's figures are CPU time of the worker for each delivery, 16 at once over HTTP. Every worker has a process of its
own, with the tracing that Effect's server has by default.

Deliveries count CPU time: everything from a schedule's minute to the settled outcome, including the signature, as a
multiple of signing alone. The engine calls \`nextMillis\`; \`next\` returns an \`Option\` of a \`DateTime\`, and most
of its time goes into creating that. The official receiver and ours on WebCrypto wait for the platform's threads, whose
wake-up times differ from run to run. A receiver cannot be faster than hashing the body alone, so on a processor that
hashes slowly there is little to gain with a large body.

| measured on | |
| --- | --- |
${environment.map(([name, value]) => `| ${name} | ${value} |`).join("\n")}

## All figures

The last column has the target, and whether it was met.

| ${heads.join(" | ")} |
| ${heads.map(() => "---").join(" | ")} |
${rows.map((row) => `| ${cellsOf(row).join(" | ")} |`).join("\n")}
`
