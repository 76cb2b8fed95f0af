import { once } from "node:events"
import { createServer, type IncomingMessage } from "node:http"
import { setTimeout } from "node:timers/promises"
import { getOr, type Attempt, type World } from "./World.ts"

const textOf = async (request: IncomingMessage): Promise<string> => {
  const parts: Array<Buffer> = []
  for await (const part of request) parts.push(part)
  return Buffer.concat(parts).toString("utf8")
}

const headerOf = (request: IncomingMessage, name: string): string => String(request.headers[name] ?? "")

/** How a destination `/kind/name/behaviour` answers. */
const answers: Readonly<Record<string, () => Promise<number>>> = {
  ok: () => Promise.resolve(200),
  slow: () => setTimeout(Math.random() * 40, 200),
  flaky: () => setTimeout(Math.random() * 10, Math.random() < 0.2 ? 500 : 200),
  late: () => setTimeout(Math.random() * 100, Math.random() < 0.2 ? 500 : 200),
  dead: () => Promise.resolve(500)
}

/** The destinations of all messages. They write down every attempt. */
export const openDestinations = async (world: World) => {
  const server = createServer((request, response) => {
    const begin = performance.now()
    const messageId = headerOf(request, "upstash-message-id")
    const [, kind = "", name = "", behaviour = "ok"] = (request.url ?? "").split("/")
    const attempt: Attempt = { kind, begin, end: Infinity, isSuccess: false, isCut: false }
    getOr(world.attempts, messageId, () => []).push(attempt)
    if (kind === "queue") world.starts.push({ at: begin, of: name })
    if (name.startsWith("defaultUser") && world.isStale(headerOf(request, "upstash-signature"), begin)) {
      world.faults.push(`${messageId} was signed with a key that is out of use`)
    }
    const flow = kind === "flow" ? getOr(world.flows, name, () => ({ now: 0, most: 0 })) : undefined
    if (flow !== undefined) flow.most = Math.max(flow.most, ++flow.now)
    response.on("close", () => {
      attempt.isCut = attempt.end === Infinity
      attempt.end = Math.min(attempt.end, performance.now())
      if (flow !== undefined) flow.now -= 1
    })
    const answer = async () => {
      const body = await textOf(request)
      const status = await (answers[behaviour] ?? answers["ok"])?.()
      if (response.destroyed || status === undefined) return
      attempt.end = performance.now()
      attempt.isSuccess = status === 200
      if (attempt.isSuccess) world.succeed()
      const isLast = Number(headerOf(request, "upstash-retried")) >= 1 && behaviour === "dead"
      if (attempt.isSuccess || isLast) world.open.get(kind)?.delete(messageId)
      if (kind === "callback") {
        const { sourceMessageId }: { readonly sourceMessageId?: string } = JSON.parse(body)
        if (attempt.isSuccess && sourceMessageId !== undefined) world.callbacks.add(sourceMessageId)
      } else if (body.startsWith("publish ")) {
        getOr(world.messagesOf, `${body} to ${request.url}`, () => new Set()).add(messageId)
      }
      response.writeHead(status).end("done")
    }
    // What is lost on the way is not an answer.
    answer().catch(() => response.destroy())
  })
  server.keepAliveTimeout = 60_000
  server.listen(0, "127.0.0.1")
  await once(server, "listening")
  const address = server.address()
  return {
    url: `http://127.0.0.1:${address instanceof Object ? address.port : 0}`,
    close: () => {
      server.closeAllConnections()
      server.close()
    }
  }
}
