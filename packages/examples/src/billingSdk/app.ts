/**
 * The application of `../billing` on the official SDK, for comparison: the same three jobs, schedules and responses. It
 * checks no payload, and its errors are untyped.
 */
import type { Client, Receiver } from "@upstash/qstash"
import { createHash } from "node:crypto"
import { createServer, type IncomingMessage } from "node:http"

export interface Work {
  sendReport(region: string, night: Date | undefined): Promise<void>
  sendDigest(tenantId: string, attempt: number): Promise<void>
  runExport(exportId: string): Promise<{ fileUrl: string }>
  log(error: unknown): void
  exportFinished(exportId: string, result: { fileUrl: string } | Error): Promise<void>
}

export class DbDown extends Error {}
export class NoSuchRegion extends Error {}
export class NoSuchTable extends Error {}

interface Options {
  client: Client
  receiver: Receiver
  url: string
  work: Work
  now: () => number
}

const nightly = {
  scheduleId: "nightly-report",
  cron: "CRON_TZ=Europe/Berlin 0 4 * * *",
  body: JSON.stringify({ region: "eu", lookback: 86_400_000 }),
  retries: 5,
  timeout: 600
}

const digest = (tenantId: string) => ({
  scheduleId: `digest.${tenantId}`,
  cron: "CRON_TZ=Europe/Berlin 0 7 * * MON",
  body: JSON.stringify({ tenantId }),
  flowControl: { key: "digest", parallelism: 10, rate: 50, period: 60 }
})

export const publishExport = ({ client, url }: Options, exportId: string, rows: number) =>
  client.publish({
    url: `${url}/export`,
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ exportId, rows }),
    deduplicationId: `export.${exportId}`,
    callback: `${url}/export/outcome`,
    failureCallback: `${url}/export/outcome`
  })

export const deploy = async ({ client, url }: Options, tenants: ReadonlyArray<string>) => {
  const declared = [
    { ...nightly, path: "nightly-report" },
    ...tenants.map((id) => ({ ...digest(id), path: "digest" }))
  ]
  const known = new Map((await client.schedules.list()).map((one) => [one.scheduleId, one]))
  for (const { path, ...schedule } of declared) {
    const destination = `${url}/${path}`
    const spec = createHash("sha256")
      .update(JSON.stringify({ schedule, destination }))
      .digest("hex")
      .slice(0, 16)
    const found = known.get(schedule.scheduleId)
    known.delete(schedule.scheduleId)
    if (found?.labels?.includes(`spec:${spec}`) === true) continue
    await client.schedules.create({
      ...schedule,
      destination,
      headers: { "Content-Type": "application/json" },
      label: ["app:billing", `spec:${spec}`]
    })
    if (found?.isPaused === true) await client.schedules.pause({ schedule: schedule.scheduleId })
  }
  for (const { labels, scheduleId } of known.values()) {
    if (labels?.includes("app:billing") === true) await client.schedules.delete(scheduleId)
  }
}

const bodyOf = async (request: IncomingMessage) => {
  const chunks: Array<Buffer> = []
  for await (const chunk of request) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}

const json = (value: unknown) => ({ status: 200, headers: {}, body: JSON.stringify(value) })
const giveUp = (error: Error) => ({
  status: 489,
  headers: { "Upstash-NonRetryable-Error": "true" },
  body: JSON.stringify({ error: error.constructor.name, message: error.message })
})

export const worker = (options: Options) => {
  const { client, receiver, url, work } = options
  const done = new Map<string, unknown>()

  const once = async <A>(key: string, run: () => Promise<A>) => {
    if (done.get(key) === "running") return { status: 503, headers: { "Retry-After": "10" }, body: "" }
    if (done.has(key)) return json(done.get(key))
    done.set(key, "running")
    try {
      const result = await run()
      done.set(key, result ?? null)
      return json(result ?? null)
    } catch (error) {
      done.delete(key)
      if (error instanceof NoSuchRegion || error instanceof NoSuchTable) return giveUp(error)
      if (error instanceof DbDown) return { status: 503, headers: { "Retry-After": "30" }, body: "" }
      work.log(error)
      return { status: 500, headers: {}, body: "" }
    }
  }

  const createdAt = async (messageId: string) => {
    const message = await client.messages.get(messageId).catch(() => undefined)
    return message === undefined ? undefined : new Date(message.createdAt)
  }

  const route = async (path: string, text: string, messageId: string, retried: number) => {
    const payload = JSON.parse(text)
    if (path === "/nightly-report") {
      const night = await createdAt(messageId)
      if (night !== undefined && options.now() - night.getTime() > 12 * 3_600_000) return json("skipped")
      return once(messageId, () => work.sendReport(payload.region, night))
    }
    if (path === "/digest") return once(messageId, () => work.sendDigest(payload.tenantId, retried + 1))
    if (path === "/export") return once(`export.${payload.exportId}`, () => work.runExport(payload.exportId))
    if (path === "/export/outcome") {
      const isSuccess = payload.status >= 200 && payload.status < 300
      if (!isSuccess && payload.dlqId === undefined) return json("not final")
      const { exportId } = JSON.parse(Buffer.from(payload.sourceBody, "base64").toString())
      const body = Buffer.from(payload.body ?? "", "base64").toString()
      return once(`outcome.${payload.sourceMessageId}`, () =>
        work.exportFinished(exportId, isSuccess ? JSON.parse(body) : new Error(body))
      )
    }
    return { status: 503, headers: { "Retry-After": "60" }, body: "" }
  }

  return createServer(async (request, response) => {
    const body = await bodyOf(request)
    const path = (request.url ?? "").replace(new URL(url).pathname, "")
    const signature = String(request.headers["upstash-signature"] ?? "")
    const isValid = await receiver.verify({ signature, body, url: url + path }).catch(() => false)
    const result = isValid
      ? await route(
          path,
          body,
          String(request.headers["upstash-message-id"]),
          Number(request.headers["upstash-retried"])
        )
      : { status: 401, headers: {}, body: "" }
    response.writeHead(result.status, result.headers).end(result.body)
  })
}
