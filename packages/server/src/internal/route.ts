import { Destination } from "@effect-qstash/domain/Destination"
import { ScheduleId } from "@effect-qstash/domain/ScheduleId"
import * as Schema from "effect/Schema"
import { cut } from "./cut.ts"

/** What a request asks for. An id stands as it was written, not yet decoded. */
export type Route =
  | { readonly _tag: "ListSchedules" }
  | { readonly _tag: "CreateSchedule"; readonly destination: string }
  | {
      readonly _tag: "GetSchedule" | "DeleteSchedule" | "PauseSchedule" | "ResumeSchedule"
      readonly id: string
    }
  | { readonly _tag: "GetKeys" }
  | { readonly _tag: "GetClock" }
  | { readonly _tag: "AdvanceClock" }
  | { readonly _tag: "Unknown"; readonly path: string }

const schedulesPrefix = /^\/v2\/schedules(?:\/|(?=\?|$))/i
const slashesAtEnd = /\/+$/
/** `https:/…` is no id but a destination of which a proxy has merged the slashes. */
const pauseOrResume = /^(?!https?:)([^/]+)\/(pause|resume)$/i

/**
 * Finds the route of a raw request target. No router does: a destination is a URL inside the path, and routers decode
 * escapes, merge slashes and resolve dots before they look.
 */
export const parse = (method: string, target: string): Route => {
  const mark = target.indexOf("?")
  const path = (mark < 0 ? target : target.slice(0, mark)).replace(slashesAtEnd, "")
  const prefix = schedulesPrefix.exec(target)?.[0]
  const unknown: Route = { _tag: "Unknown", path }
  if (prefix === undefined) {
    const fixed = path.toLowerCase()
    if (method === "GET" && fixed === "/v2/keys") return { _tag: "GetKeys" }
    if (method === "GET" && fixed === "/dev/clock") return { _tag: "GetClock" }
    if (method === "POST" && fixed === "/dev/clock/advance") return { _tag: "AdvanceClock" }
    return unknown
  }
  const rest = path.slice(prefix.length)
  const [, id = "", verb] = pauseOrResume.exec(rest) ?? []
  if (verb !== undefined && (method === "POST" || method === "PATCH")) {
    return { _tag: verb.toLowerCase() === "pause" ? "PauseSchedule" : "ResumeSchedule", id }
  }
  if (method === "POST") return { _tag: "CreateSchedule", destination: target.slice(prefix.length) }
  if (rest === "") return method === "GET" ? { _tag: "ListSchedules" } : unknown
  if (rest.includes("/")) return unknown
  if (method === "GET") return { _tag: "GetSchedule", id: rest }
  return method === "DELETE" ? { _tag: "DeleteSchedule", id: rest } : unknown
}

/** The route as a log may show it: no query, no credentials, nothing that is not known to be harmless. */
export const toSafeText = (route: Route): string => {
  switch (route._tag) {
    case "ListSchedules":
      return "/v2/schedules"
    case "CreateSchedule":
      return `/v2/schedules/${safeDestination(route.destination)}`
    case "GetSchedule":
    case "DeleteSchedule":
      return `/v2/schedules/${safeId(route.id)}`
    case "PauseSchedule":
      return `/v2/schedules/${safeId(route.id)}/pause`
    case "ResumeSchedule":
      return `/v2/schedules/${safeId(route.id)}/resume`
    case "GetKeys":
      return "/v2/keys"
    case "GetClock":
      return "/dev/clock"
    case "AdvanceClock":
      return "/dev/clock/advance"
    case "Unknown":
      return /^(?:\/[\w.-]{1,30}){1,2}(?=\/|$)/.exec(route.path)?.[0] ?? "…"
  }
}

const isScheduleId = Schema.is(ScheduleId)

const safeId = (id: string): string => (isScheduleId(id) ? cut(id) : "…")

const safeDestination = (destination: string): string => {
  const path = destination.replace(/\?.*$/s, "")
  return /^https?:/i.test(path) ? cut(Destination.toSafeText(Destination.fromText(path))) : safeId(path)
}
