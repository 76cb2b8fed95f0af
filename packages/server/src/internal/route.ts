import { Destination } from "@effect-qstash/domain/Destination"
import * as Record from "effect/Record"
import { cut } from "./cut.ts"

/** The calls without a destination: their methods and their path, in which `{id}` stands for one segment. */
const calls = {
  Batch: "POST /v2/batch",
  GetMessage: "GET /v2/messages/{id}",
  CancelMessage: "DELETE /v2/messages/{id}",
  CancelMessages: "DELETE /v2/messages",
  UpsertQueue: "POST /v2/queues",
  ListQueues: "GET /v2/queues",
  GetQueue: "GET /v2/queues/{id}",
  DeleteQueue: "DELETE /v2/queues/{id}",
  PauseQueue: "POST|PATCH /v2/queues/{id}/pause",
  ResumeQueue: "POST|PATCH /v2/queues/{id}/resume",
  ListSchedules: "GET /v2/schedules",
  GetSchedule: "GET /v2/schedules/{id}",
  DeleteSchedule: "DELETE /v2/schedules/{id}",
  PauseSchedule: "POST|PATCH /v2/schedules/{id}/pause",
  ResumeSchedule: "POST|PATCH /v2/schedules/{id}/resume",
  ListUrlGroups: "GET /v2/topics",
  GetUrlGroup: "GET /v2/topics/{id}",
  DeleteUrlGroup: "DELETE /v2/topics/{id}",
  UpsertEndpoints: "POST /v2/topics/{id}/endpoints",
  RemoveEndpoints: "DELETE /v2/topics/{id}/endpoints",
  ListDeadLetters: "GET /v2/dlq",
  DeleteDeadLetters: "DELETE /v2/dlq",
  GetDeadLetter: "GET /v2/dlq/{id}",
  DeleteDeadLetter: "DELETE /v2/dlq/{id}",
  RetryDeadLetters: "POST /v2/dlq/retry",
  RetryDeadLetter: "POST /v2/dlq/retry/{id}",
  ListFlowControl: "GET /v2/flowControl",
  GetFlowControl: "GET /v2/flowControl/{id}",
  PauseFlowControl: "POST /v2/flowControl/{id}/pause",
  ResumeFlowControl: "POST /v2/flowControl/{id}/resume",
  PinFlowControl: "POST /v2/flowControl/{id}/pin",
  UnpinFlowControl: "POST /v2/flowControl/{id}/unpin",
  ResetFlowControlRate: "POST /v2/flowControl/{id}/resetRate",
  /** What a changelog of QStash once called the one above. */
  ResetFlowControl: "POST /v2/flowControl/{id}/reset",
  GetGlobalParallelism: "GET /v2/globalParallelism",
  GetKeys: "GET /v2/keys",
  RotateKeys: "POST /v2/keys/rotate",
  ListLogs: "GET /v2/logs",
  ListEvents: "GET /v2/events",
  GetClock: "GET /dev/clock",
  AdvanceClock: "POST /dev/clock/advance"
} as const

/** The calls with a destination behind their path. Webhooks do not all `POST`. */
const sends = {
  Publish: "POST|PUT|PATCH|GET /v2/publish",
  Enqueue: "POST|PUT|PATCH|GET /v2/enqueue/{id}",
  CreateSchedule: "POST /v2/schedules"
} as const

export type CallName = keyof typeof calls | keyof typeof sends

/** What monitoring asks, at the path of this name. It belongs to no account. */
export type OperationName = "health" | "ready" | "metrics"
const operations: ReadonlyArray<OperationName> = ["health", "ready", "metrics"]

/** What a request asks for. Id and destination stand as they were written, and are empty where a call has none. */
export type Route =
  | { readonly _tag: CallName; readonly id: string; readonly destination: string }
  | { readonly _tag: "Operation"; readonly name: OperationName }
  | { readonly _tag: "Unknown"; readonly path: string }

const parsed = <Name extends string>(table: Readonly<Record<Name, string>>) =>
  Record.toEntries(table).map(([name, text]) => {
    const [methods = "", path = ""] = text.split(" ")
    return { name, methods: methods.split("|"), path, segments: path.toLowerCase().split("/") }
  })

const fixed = parsed(calls)

const open = parsed(sends).map((send) => ({
  ...send,
  prefix: new RegExp(`^${send.path.replace("{id}", "((?!https?:/)[^/?]*)")}(?:/|(?=\\?|$))`, "i")
}))

/**
 * `https:/…` is not an id but a destination whose slashes a proxy has merged. An empty segment counts as an id, so that
 * the call can refuse it: a client that forgot an id must not reach another call.
 */
const isId = (segment: string): boolean => !/^https?:$/i.test(segment)

/**
 * Finds the route of a raw request target. No router does: a destination is a URL inside the path, and routers decode
 * escapes, merge slashes and resolve dots before they look.
 */
export const parse = (method: string, target: string): Route => {
  const whole = target.split("?", 1)[0] ?? ""
  const operation = operations.find((name) => whole === `/${name}`)
  if (operation !== undefined && (method === "GET" || method === "HEAD")) {
    return { _tag: "Operation", name: operation }
  }
  const isAll = (method === "DELETE" || method === "POST") && emptyIdAtEnd.test(whole)
  const path = withoutSlashesAtEnd(whole) + (isAll ? "/" : "")
  const given = path.split("/")
  const lower = path.toLowerCase().split("/")
  for (const { methods, name, segments } of fixed) {
    const isFound =
      methods.includes(method) &&
      segments.length === given.length &&
      segments.every((segment, index) =>
        segment === "{id}" ? isId(given[index] ?? "") : segment === lower[index]
      )
    if (isFound) return { _tag: name, id: given[segments.indexOf("{id}")] ?? "", destination: "" }
  }
  for (const { methods, name, prefix } of open) {
    const found = methods.includes(method) ? prefix.exec(target) : null
    if (found !== null) {
      return { _tag: name, id: found[1] ?? "", destination: target.slice(found[0].length) }
    }
  }
  return { _tag: "Unknown", path }
}

/** One slash at the end is tolerated. Two are an empty id, which must not stand for every message. */
const emptyIdAtEnd = /^\/v2\/(?:messages|dlq|dlq\/retry)\/{2,}$/i

/** Whether the route changes nothing. */
export const isRead = (route: Route): boolean => reads.has(route._tag)

const reads: ReadonlySet<string> = new Set(
  fixed.filter(({ methods }) => methods.includes("GET")).map(({ name }) => name)
)

/** Whether the route ends in a destination. */
export const isSend = (route: Route): boolean => route._tag in sends

/** By hand, for a pattern would take its time over a target that is nothing but slashes. */
const withoutSlashesAtEnd = (path: string): string => {
  let end = path.length
  while (path[end - 1] === "/") end--
  return path.slice(0, end)
}

const paths: ReadonlyMap<string, string> = new Map([...fixed, ...open].map(({ name, path }) => [name, path]))

/** The route as a log may show it: no query, no credentials, nothing that is not known to be harmless. */
export const toSafeText = (route: Route): string => {
  if (route._tag === "Unknown") return /^(?:\/[\w.-]{1,30}){1,2}(?=\/|$)/.exec(route.path)?.[0] ?? "…"
  if (route._tag === "Operation") return `/${route.name}`
  const path = (paths.get(route._tag) ?? "").replace("{id}", () => safeName(route.id))
  return isSend(route) ? `${path}/${safeDestination(route.destination)}` : path
}

/** Ids, and names of the characters that QStash allows in most of them. */
const safeName = (text: string): string => (/^[\w.-]+$/.test(text) ? cut(text) : "…")

const safeDestination = (destination: string): string => {
  const path = destination.replace(/\?.*$/s, "").replace(/^(https?:)\/(?!\/)/i, "$1//")
  return /^https?:\/\//i.test(path) ? cut(Destination.toSafeText(Destination.fromText(path))) : safeName(path)
}
