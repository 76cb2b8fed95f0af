/** One side of the client's benchmark, in a process of its own. The parent sends it turns, one at a time. */
import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import { cpuMicros } from "../measure.ts"
import { type Calls, isList, isSide, type Side, type Spent, type Task, type Turn } from "./tasks.ts"

const [side = "", url = ""] = process.argv.slice(2)

/** Each loads only what it needs. */
const makers: Readonly<Record<Side, () => Promise<Calls>>> = {
  official: async () => (await import("./others.ts")).official(url),
  undici: async () => ourClient((await import("@effect-qstash/client/node")).UndiciHttpClient.layer, true),
  undiciUntraced: async () =>
    ourClient((await import("@effect-qstash/client/node")).UndiciHttpClient.layer, false),
  fetch: () => ourClient(FetchHttpClient.layer, true),
  rawFetch: async () => (await import("./others.ts")).rawFetch(url),
  rawRequest: async () => (await import("./others.ts")).rawRequest(url),
  rawDispatch: async () => (await import("./others.ts")).rawDispatch(url)
}

const ourClient = async (transport: typeof FetchHttpClient.layer, isTraced: boolean): Promise<Calls> =>
  (await import("./ours.ts")).ours(url, transport, isTraced)

/** A side that does not do its work is not fast. */
const check = (task: Task, result: unknown): void => {
  const isRight =
    task === "resume"
      ? result === undefined || result === null || result === ""
      : task === "batch of 100" || isList(task)
        ? Array.isArray(result) && result.length === Number(task.replaceAll(/\D/g, ""))
        : result !== undefined
  if (!isRight) throw new Error(`${side} does not do "${task}"`)
}

const take = async (calls: Calls, { concurrency, millis, task }: Turn): Promise<Spent> => {
  const call = calls[task]
  const begin = performance.now()
  const cpu = cpuMicros()
  let made = 0
  const worker = async () => {
    do {
      made += 1
      check(task, await call())
    } while (performance.now() - begin < millis)
  }
  await Promise.all(Array.from({ length: concurrency }, worker))
  return { calls: made, seconds: (performance.now() - begin) / 1000, cpuMicros: cpuMicros() - cpu }
}

if (!isSide(side)) throw new Error(`There is no side ${side}`)
const calls = await makers[side]()
process.on("message", async (turn: Turn) => process.send?.(await take(calls, turn)))
process.send?.("ready")
