/** What every side of the comparison does, and what it gets back. */
export const scheduleId = "nightly-report"
export const cron = "0 4 * * *"
export const destination = "https://api.example.com/jobs/nightly"
export const body = '{"tenant":"acme"}'
export const batchSize = 100

/** The token says how many schedules the server lists. */
export const tokenFor = (schedules: number): string => `lists-${schedules}`

/** How many schedules the lists hold. */
export const listSizes = [1000, 10_000] as const

export type Task =
  | "resume"
  | "get"
  | "create"
  | "publish"
  | "batch of 100"
  | "list of 1,000"
  | "list of 10,000"

export const tasks: ReadonlyArray<Task> = [
  "resume",
  "get",
  "create",
  "publish",
  "batch of 100",
  "list of 1,000",
  "list of 10,000"
]

export const isList = (task: Task): boolean => task.startsWith("list")

/** One side's way to do each task. */
export type Calls = Readonly<Record<Task, () => Promise<unknown>>>

export const sides = {
  official: "@upstash/qstash",
  undici: "`client/node`",
  undiciUntraced: "`client/node`, tracer off",
  fetch: "`FetchHttpClient`",
  rawFetch: "raw `fetch`",
  rawRequest: "undici `request`",
  rawDispatch: "undici `dispatch`"
} as const

export type Side = keyof typeof sides

export const isSide = (name: string): name is Side => name in sides

export const sideNames: ReadonlyArray<Side> = Object.keys(sides).filter(isSide)

/** What the parent asks of a side: to do a task until the time is up, so many calls at once. */
export interface Turn {
  readonly task: Task
  readonly concurrency: number
  readonly millis: number
}

/** What a side reports about a turn. */
export interface Spent {
  readonly calls: number
  readonly seconds: number
  readonly cpuMicros: number
}
