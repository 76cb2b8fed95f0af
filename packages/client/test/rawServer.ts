import { UndiciHttpClient } from "@effect-qstash/client/node"
import { FetchHttpClient } from "@effect/platform"
import { Deferred, Effect, FiberId, type Scope } from "effect"
import * as net from "node:net"
import { Agent } from "undici"
import { answerOf, over } from "./stub.ts"

/** A request as it stood on the wire. */
export interface RawRequest {
  readonly method: string
  readonly target: string
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  readonly socket: net.Socket
  /** Succeeds when the connection is gone. */
  readonly closed: Effect.Effect<void>
}

export interface RawServer {
  readonly url: string
  readonly requests: ReadonlyArray<RawRequest>
  /** How many connections there were so far. */
  readonly opened: () => number
}

const parse = (text: string): Omit<RawRequest, "socket" | "closed"> | undefined => {
  const end = text.indexOf("\r\n\r\n")
  if (end < 0) return undefined
  const [line = "", ...fields] = text.slice(0, end).split("\r\n")
  const [method = "", target = ""] = line.split(" ")
  const headers = Object.fromEntries(
    fields.map((field) => {
      const colon = field.indexOf(":")
      return [field.slice(0, colon).toLowerCase(), field.slice(colon + 1).trim()]
    })
  )
  const body = text.slice(end + 4)
  return body.length < Number(headers["content-length"] ?? 0) ? undefined : { method, target, headers, body }
}

/** A server on plain sockets: it can answer what no HTTP server would. Gone, with its connections, at the end of the scope. */
export const rawServer = (
  respond: (request: RawRequest, index: number) => void
): Effect.Effect<RawServer, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.async<RawServer & { readonly server: net.Server; readonly sockets: Set<net.Socket> }>((resume) => {
      const requests: Array<RawRequest> = []
      const sockets = new Set<net.Socket>()
      let opened = 0
      const server = net.createServer((socket) => {
        opened += 1
        sockets.add(socket)
        const closed = Deferred.unsafeMake<void>(FiberId.none)
        let received = ""
        socket.on("error", () => {})
        socket.on("close", () => {
          sockets.delete(socket)
          Deferred.unsafeDone(closed, Effect.void)
        })
        socket.on("data", (data) => {
          received += data.toString("latin1")
          const request = parse(received)
          if (request === undefined) return
          received = ""
          const complete = { ...request, socket, closed: Deferred.await(closed) }
          requests.push(complete)
          respond(complete, requests.length - 1)
        })
      })
      server.listen(0, "127.0.0.1", () => {
        const address = server.address()
        const port = typeof address === "object" && address !== null ? address.port : 0
        resume(
          Effect.succeed({
            url: `http://127.0.0.1:${port}`,
            requests,
            opened: () => opened,
            server,
            sockets
          })
        )
      })
    }),
    ({ server, sockets }) =>
      Effect.async<void>((resume) => {
        for (const socket of sockets) socket.destroy()
        server.close(() => resume(Effect.void))
      })
  )

type OverSockets = (server: RawServer, options?: Parameters<typeof over>[1]) => ReturnType<typeof over>

/** Runs an effect with a client over fetch. */
const overFetch: OverSockets = (server, options = {}) =>
  over(FetchHttpClient, { url: server.url, ...options })

/** Its connections outlast each client, as those of fetch do: only what is cut off closes. */
const undici = UndiciHttpClient.layerDispatcher(new Agent())

export const overUndici: OverSockets = (server, options = {}) =>
  over({ layer: undici }, { url: server.url, ...options })

export const transports = { fetch: overFetch, undici: overUndici }

export const reply = (status: number, body: string, headers: ReadonlyArray<string> = []): string =>
  [`HTTP/1.1 ${status} Whatever`, `Content-Length: ${Buffer.byteLength(body)}`, ...headers, "", body].join(
    "\r\n"
  )

/** What QStash answers to a request where nothing goes wrong. */
export const rawAnswer = (request: RawRequest): string => {
  const answer = answerOf(request)
  return reply(200, answer === undefined ? "" : JSON.stringify(answer))
}
