import { DevelopmentUsers, QStashServer } from "@effect-qstash/server"
import { Context, Effect, HashMap, Layer, Logger, Predicate, Redacted } from "effect"
import * as Http from "node:http"
import * as Net from "node:net"

export const token = Redacted.value(DevelopmentUsers.defaultUser.token)
export const bearer = { Authorization: `Bearer ${token}` }

/** A server on a free port, until the scope closes. */
export const serve = (options?: QStashServer.Options) =>
  Effect.map(
    Layer.build(QStashServer.layerMemory({ port: 0, ...options })),
    Context.get(QStashServer.QStashServer)
  )

/** What is logged below this layer goes into `lines`, and not to the terminal. */
export const logsInto = (lines: Array<string>) =>
  Logger.replace(
    Logger.defaultLogger,
    Logger.make(({ annotations, cause, message }) => {
      const notes = HashMap.toEntries(annotations).map(([key, value]) => `${key}=${String(value)}`)
      lines.push([String(message), ...notes, cause._tag === "Empty" ? "" : String(cause)].join(" ").trim())
    })
  )

export const quiet = Logger.remove(Logger.defaultLogger)

export interface Reply {
  readonly status: number
  readonly headers: Http.IncomingHttpHeaders
  readonly text: string
  readonly json: unknown
}

/** A field of an answer, `undefined` where there is none. */
export const field = (json: unknown, name: string): unknown =>
  Predicate.hasProperty(json, name) ? json[name] : undefined

interface Call {
  readonly headers?: Http.OutgoingHttpHeaders | ReadonlyArray<string>
  readonly body?: string | Uint8Array
  readonly host?: string
}

/** A request whose target goes over the wire as it is given. */
export const call = (
  port: number,
  method: string,
  target: string,
  { body, headers = bearer, host }: Call = {}
) =>
  Effect.async<Reply, Error>((resume) => {
    const request = Http.request(
      { host: host ?? "127.0.0.1", port, method, path: target, headers, agent: false },
      (response) => {
        const chunks: Array<Buffer> = []
        response.on("data", (chunk: Buffer) => chunks.push(chunk))
        response.on("error", (error) => resume(Effect.fail(error)))
        response.on("end", () => {
          const text = Buffer.concat(chunks).toString()
          resume(
            Effect.succeed({
              status: response.statusCode ?? 0,
              headers: response.headers,
              text,
              json: text.startsWith("{") || text.startsWith("[") ? JSON.parse(text) : undefined
            })
          )
        })
      }
    )
    request.on("error", (error) => resume(Effect.fail(error)))
    // Node says how long a body is by itself, but not that of a DELETE.
    if (body !== undefined && method === "DELETE") {
      request.setHeader("Content-Length", Buffer.byteLength(body))
    }
    request.end(body)
    return Effect.sync(() => request.destroy())
  })

/** Creates a schedule through the API and answers its id. */
export const create = (
  port: number,
  destination: string,
  headers: Readonly<Record<string, string>> = {},
  body?: string | Uint8Array
) =>
  call(port, "POST", `/v2/schedules/${destination}`, {
    headers: { ...bearer, "Upstash-Cron": "* * * * *", ...headers },
    ...(body === undefined ? {} : { body })
  }).pipe(
    Effect.filterOrElse(
      (reply) => reply.status === 200,
      (reply) => Effect.dieMessage(`the schedule was not created: ${reply.text}`)
    ),
    Effect.map((reply) => String(field(reply.json, "scheduleId")))
  )

/** Publishes a message to a URL through the API and answers its id. */
export const publish = (
  port: number,
  destination: string,
  headers: Readonly<Record<string, string>> = {},
  body?: string | Uint8Array
) =>
  call(port, "POST", `/v2/publish/${destination}`, {
    headers: { ...bearer, ...headers },
    ...(body === undefined ? {} : { body })
  }).pipe(
    Effect.filterOrElse(
      (reply) => reply.status === 200,
      (reply) => Effect.dieMessage(`the message was not accepted: ${reply.text}`)
    ),
    Effect.map((reply) => String(field(reply.json, "messageId")))
  )

/** Adds endpoints to a URL group. */
export const group = (
  port: number,
  name: string,
  endpoints: ReadonlyArray<{ readonly url: string; readonly name?: string }>
) =>
  call(port, "POST", `/v2/topics/${name}/endpoints`, { body: JSON.stringify({ endpoints }) }).pipe(
    Effect.filterOrElse(
      (reply) => reply.status === 200,
      (reply) => Effect.dieMessage(`the endpoints were not added: ${reply.text}`)
    )
  )

/** Status and error text of an answer. */
export const refusalOf = ({ json, status }: Reply) => [status, field(json, "error")] as const

/** The elements of an answer that is a list, or has one under a name. */
export const itemsOf = (json: unknown, name?: string): ReadonlyArray<unknown> => {
  const list = name === undefined ? json : field(json, name)
  return Array.isArray(list) ? list : []
}

/** One field of each element. */
export const each = (list: ReadonlyArray<unknown>, name: string): ReadonlyArray<unknown> =>
  list.map((one) => field(one, name))

/** Moves a server with virtual time on. */
export const advance = (port: number, duration: string) =>
  call(port, "POST", "/dev/clock/advance", { body: JSON.stringify({ duration }) }).pipe(
    Effect.filterOrElse(
      (reply) => reply.status === 200,
      (reply) => Effect.dieMessage(`time did not move: ${reply.text}`)
    )
  )

/** Sends bytes on a bare connection, and answers what has come back when the other side has closed it. */
export const exchange = (port: number, bytes: string | Uint8Array, { halfClose = false } = {}) =>
  Effect.async<string>((resume) => {
    const chunks: Array<Buffer> = []
    const socket = Net.connect({ port, host: "127.0.0.1", allowHalfOpen: true }, () => {
      if (typeof bytes === "string") socket.write(bytes, "latin1")
      else socket.write(bytes)
      if (halfClose) socket.end()
    })
    socket.on("data", (chunk: Buffer) => chunks.push(chunk))
    socket.on("end", () => socket.end())
    socket.on("error", () => socket.destroy())
    socket.on("close", () => resume(Effect.succeed(Buffer.concat(chunks).toString("latin1"))))
    return Effect.sync(() => socket.destroy())
  })

export interface Received {
  readonly method: string
  readonly target: string
  /** As they stood on the wire. */
  readonly headers: ReadonlyArray<readonly [name: string, value: string]>
  readonly body: Buffer
}

export const headerOf = ({ headers }: Received, name: string) =>
  headers.find(([known]) => known.toLowerCase() === name.toLowerCase())?.[1]

/** A worker on a free port, which keeps what it receives. */
export const worker = (
  answer: (response: Http.ServerResponse, received: Received) => void = (response) => response.end()
) =>
  Effect.acquireRelease(
    Effect.async<{ readonly port: number; readonly received: Array<Received>; readonly server: Http.Server }>(
      (resume) => {
        const received: Array<Received> = []
        const server = Http.createServer((message, response) => {
          const chunks: Array<Buffer> = []
          message.on("data", (chunk: Buffer) => chunks.push(chunk))
          message.on("end", () => {
            const one: Received = {
              method: message.method ?? "",
              target: message.url ?? "",
              headers: pairs(message.rawHeaders),
              body: Buffer.concat(chunks)
            }
            received.push(one)
            answer(response, one)
          })
        })
        server.listen(0, "127.0.0.1", () => {
          const address = server.address()
          const port = typeof address === "object" && address !== null ? address.port : 0
          resume(Effect.succeed({ port, received, server }))
        })
      }
    ),
    ({ server }) =>
      Effect.sync(() => {
        server.closeAllConnections()
        server.close()
      })
  )

const pairs = (raw: ReadonlyArray<string>): Array<readonly [string, string]> =>
  raw.flatMap((name, index) => (index % 2 === 0 ? [[name, raw[index + 1] ?? ""] as const] : []))
