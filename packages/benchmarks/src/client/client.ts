import * as Effect from "effect/Effect"
import type { ChildProcess } from "node:child_process"
import { nextMessage, start } from "../child.ts"
import { median, ratioOf, type Row } from "../measure.ts"
import { isList, type Side, sideNames, sides, type Spent, type Task, tasks, type Turn } from "./tasks.ts"

const concurrencies = [1, 16, 64] as const

/** How many times as efficient as the official SDK the client on undici has to be. */
const targets = { 1: 1.4, 16: 1.6, 64: 1.5 } as const

const verbs: Readonly<Record<Task, string>> = {
  resume: "resume a schedule",
  get: "read a schedule",
  create: "create a schedule",
  publish: "publish a message",
  "batch of 100": "publish a batch of 100",
  "list of 1,000": "list 1,000 schedules",
  "list of 10,000": "list 10,000 schedules"
}

/** The longest take seconds each. */
const roundsOf = (task: Task, concurrency: number): number =>
  task === "list of 10,000" && concurrency === 64 ? 1 : isList(task) ? 3 : 5

/** The calls that have a target. Decoding a list costs more than `JSON.parse`, which is all that the SDK does. */
const leastOf = (task: Task, side: Side, concurrency: keyof typeof targets): Row["wanted"] =>
  side === "undici" && (task === "resume" || task === "get" || task === "publish")
    ? { least: targets[concurrency] }
    : side === "undici" && task === "list of 1,000"
      ? { least: 0.3 }
      : undefined

const cpuEach = ({ calls, cpuMicros }: Spent): number => cpuMicros / calls

const figures = (turns: ReadonlyArray<Spent>): string => {
  const cpu = turns.map(cpuEach)
  const sorted = cpu.toSorted((self, that) => self - that)
  const rate = median(turns.map(({ calls, seconds }) => calls / seconds))
  const digits = (value: number) => value.toLocaleString("en", { maximumFractionDigits: 0 })
  return `${digits(median(cpu))} µs (${digits(sorted[0] ?? Number.NaN)} to ${digits(sorted.at(-1) ?? Number.NaN)}), ${digits(rate)}/s`
}

/**
 * CPU time per call of each client, in a process of its own, against a server in another. The sides take turns of the same
 * length.
 */
export const client = (scale: number): Effect.Effect<ReadonlyArray<Row>> =>
  Effect.gen(function* () {
    const [, port] = yield* start<number>("server", [])
    const children = yield* Effect.all(
      sideNames.map((side) =>
        Effect.map(
          start<string>("side", [side, `http://127.0.0.1:${port}`]),
          ([child]) => [side, child] as const
        )
      ),
      { concurrency: "unbounded" }
    )
    const take = (child: ChildProcess, turn: Turn): Promise<Spent> => {
      const spent = nextMessage<Spent>(child)
      child.send(turn)
      return spent
    }
    const isQuick = scale < 1
    const chosen = isQuick ? tasks.filter((task) => task !== "list of 10,000") : tasks
    const everybody = (turn: Turn): Effect.Effect<void> =>
      Effect.promise(async () => {
        for (const [, child] of children) await take(child, turn)
      })
    const rows: Array<Row> = []
    // All calls share code. It is compiled before the first one is measured, which takes ours thousands of calls.
    process.stderr.write("client: warming up\n")
    for (const task of chosen)
      if (!isList(task)) yield* everybody({ task, concurrency: isQuick ? 1 : 16, millis: 1000 * scale })
    for (const task of chosen) {
      yield* everybody({ task, concurrency: isQuick ? 1 : 16, millis: 400 * scale })
      for (const concurrency of isQuick ? ([1] as const) : concurrencies) {
        const spent = new Map<Side, Array<Spent>>()
        for (let round = 0; round < (isQuick ? 1 : roundsOf(task, concurrency)); round++) {
          for (const [side, child] of children) {
            const turns = spent.get(side) ?? []
            turns.push(yield* Effect.promise(() => take(child, { task, concurrency, millis: 250 * scale })))
            spent.set(side, turns)
          }
        }
        const theirs = spent.get("official") ?? []
        for (const [side, mine] of spent) {
          if (side === "official") continue
          const wanted = leastOf(task, side, concurrency)
          rows.push({
            what: `client: ${task}, ${concurrency} at once, ${sides[side]}`,
            ours: figures(mine),
            theirs: `${sides.official} ${figures(theirs)}`,
            ratio: ratioOf(theirs.map(cpuEach), mine.map(cpuEach)),
            meaning: "times as fast",
            ...(wanted === undefined ? {} : { wanted }),
            ...(concurrency === 16 && (side === "undici" || side === "fetch")
              ? {
                  bar: {
                    chart: "client",
                    group: task,
                    label: side === "undici" ? "client/node" : "over fetch"
                  },
                  headline: `${verbs[task]}, ${side === "undici" ? "`client/node`" : "over `fetch`"}`
                }
              : {})
          })
        }
        process.stderr.write(
          `client: ${task}, ${concurrency} at once: ${[...spent]
            .map(([side, turns]) => `${side} ${Math.round(median(turns.map(cpuEach)))} µs`)
            .join(", ")}\n`
        )
      }
    }
    return rows
  }).pipe(Effect.scoped)
