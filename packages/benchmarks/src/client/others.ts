import { Client } from "@upstash/qstash"
import { Agent, type Dispatcher, request } from "undici"
import { batchSize, body, type Calls, cron, destination, scheduleId, tokenFor } from "./tasks.ts"

/** The official SDK with its defaults, but without telemetry. */
export const official = (url: string): Calls => {
  const clientFor = (schedules: number) =>
    new Client({ baseUrl: url, token: tokenFor(schedules), enableTelemetry: false })
  const client = clientFor(1)
  const { schedules } = client
  const message = { url: destination, body, delay: "1d" } as const
  const batch = Array.from({ length: batchSize }, () => message)
  const thousand = clientFor(1000).schedules
  const tenThousand = clientFor(10_000).schedules
  return {
    resume: () => schedules.resume({ schedule: scheduleId }),
    get: () => schedules.get(scheduleId),
    create: () => schedules.create({ scheduleId, cron, destination, body }),
    publish: () => client.publish(message),
    "batch of 100": () => client.batch(batch),
    "list of 1,000": () => thousand.list(),
    "list of 10,000": () => tenThousand.list()
  }
}

/** A request that somebody wrote by hand: it checks nothing. */
interface Raw {
  readonly method: "GET" | "POST"
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string
}

/** Sends a request and returns the text of the response. */
type Send = (raw: Raw) => Promise<string>

const callsOver = (send: Send): Calls => {
  const call =
    (raw: Omit<Raw, "headers">, headers: Raw["headers"] = {}, schedules = 1) =>
    async () => {
      const text = await send({
        ...raw,
        headers: { authorization: `Bearer ${tokenFor(schedules)}`, ...headers }
      })
      const parsed: unknown = text === "" ? undefined : JSON.parse(text)
      return parsed
    }
  const message = { "upstash-delay": "1d", "content-type": "application/json" }
  const batch = Array.from({ length: batchSize }, () => ({
    destination,
    body,
    headers: { "Upstash-Delay": "1d" }
  }))
  return {
    resume: call({ method: "POST", path: `/v2/schedules/${scheduleId}/resume` }),
    get: call({ method: "GET", path: `/v2/schedules/${scheduleId}` }),
    create: call(
      { method: "POST", path: `/v2/schedules/${destination}`, body },
      { "upstash-cron": cron, "upstash-schedule-id": scheduleId }
    ),
    publish: call({ method: "POST", path: `/v2/publish/${destination}`, body }, message),
    "batch of 100": (() => {
      const json = JSON.stringify(batch)
      return call({ method: "POST", path: "/v2/batch", body: json }, message)
    })(),
    "list of 1,000": call({ method: "GET", path: "/v2/schedules" }, {}, 1000),
    "list of 10,000": call({ method: "GET", path: "/v2/schedules" }, {}, 10_000)
  }
}

export const rawFetch = (url: string): Calls =>
  callsOver(async ({ path, ...init }) => (await fetch(url + path, init)).text())

export const rawRequest = (url: string): Calls =>
  callsOver(async ({ path, ...options }) => (await request(url + path, options)).body.text())

/** Nothing on Node sends a request with less. */
export const rawDispatch = (url: string): Calls => {
  const agent = new Agent()
  return callsOver(
    (raw) =>
      new Promise((resolve, reject) => {
        const chunks: Array<Buffer> = []
        const handler: Dispatcher.DispatchHandler = {
          onRequestStart: () => {},
          onResponseStart: () => {},
          onResponseData: (_, chunk) => void chunks.push(chunk),
          onResponseEnd: () => resolve(Buffer.concat(chunks).toString()),
          onResponseError: (_, error) => reject(error)
        }
        agent.dispatch({ origin: url, ...raw }, handler)
      })
  )
}
