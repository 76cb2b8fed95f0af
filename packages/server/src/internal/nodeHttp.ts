import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as FiberId from "effect/FiberId"
import * as FiberSet from "effect/FiberSet"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import * as Http from "node:http"
import type { Duplex } from "node:stream"
import { ListenFailed, PortInUse } from "../ListenError.ts"
import { BodyBudget } from "./BodyBudget.ts"
import { type Answer, overQuota, Refusal, refused, type Request } from "./http.ts"

export interface ListenOptions {
  /** Tried in turn; all share one port. */
  readonly hosts: ReadonlyArray<string>
  readonly port: number
  readonly headerBytes: number
  readonly connections: number
  /** How many bytes of request bodies may be in memory at once. */
  readonly bodyBytesInFlight: number
  readonly requestTimeout: Duration.DurationInput
  readonly shutdownGrace: Duration.DurationInput
}

const realClock = Clock.make()

/**
 * Serves until the scope closes. Then it accepts no more connections, waits for requests in progress for the grace
 * period, and closes the rest.
 *
 * It uses Node's server, because the API needs the raw target, repeated headers and the way a connection ends, which
 * platform's request does not show. Platform's span would also contain the query with the token.
 */
export const listen = (
  options: ListenOptions,
  serve: (request: Request) => Effect.Effect<Answer>
): Effect.Effect<
  { readonly port: number; readonly hosts: ReadonlyArray<string> },
  PortInUse | ListenFailed,
  Scope.Scope
> =>
  Effect.gen(function* () {
    const fibers = yield* FiberSet.make<void>()
    const run = yield* FiberSet.runtime(fibers)()
    const timeout = Duration.toMillis(options.requestTimeout)
    const bodies = new BodyBudget(options.bodyBytesInFlight)
    let isClosing = false

    const onRequest = (message: Http.IncomingMessage, response: Http.ServerResponse): void => {
      const fiber = run(
        Effect.flatMap(serve(requestOf(message, bodies)), (answer) =>
          write(response, answer, options.requestTimeout, isClosing)
        )
      )
      const end = (): void => {
        bodies.release(message)
        // The client has gone, so nobody waits for the response.
        fiber.unsafeInterruptAsFork(FiberId.none)
      }
      const { socket } = message
      // Node does not close a response that still waits for the one before it on the same connection.
      socket.setMaxListeners(0).once("close", end)
      response.once("close", () => {
        socket.off("close", end)
        end()
      })
      // Nor one that is destroyed while it waits.
      fiber.addObserver(() => bodies.release(message))
    }

    const create = (): Http.Server => {
      const server = Http.createServer(
        {
          maxHeaderSize: options.headerBytes,
          headersTimeout: timeout,
          requestTimeout: timeout,
          connectionsCheckingInterval: Math.ceil(Math.min(timeout / 4, 1000)),
          // Without a Host, Node would respond with 400 itself, but not in JSON.
          requireHostHeader: false
        },
        onRequest
      )
      // Node would silently drop headers above this count. `maxHeaderSize` limits them already.
      server.maxHeadersCount = 0
      server.maxConnections = options.connections
      return server.on("clientError", refuseMalformed)
    }

    const open = Effect.gen(function* () {
      const servers: Array<Http.Server> = []
      const hosts: Array<string> = []
      let port = options.port
      for (const host of options.hosts) {
        const server = create()
        const bound = yield* Effect.either(bind(server, host, port))
        if (bound._tag === "Right") {
          port = bound.right
          servers.push(server)
          hosts.push(host)
        } else if (host !== "::1" || !hasNoIpv6(bound.left)) {
          for (const other of servers) other.close()
          return yield* bound.left
        }
      }
      return { servers, hosts, port }
    }).pipe(
      // A port that was free for the first address may be taken for the second: then another one is drawn.
      Effect.retry({ times: options.port === 0 ? 5 : 0, while: (error) => error._tag === "PortInUse" })
    )

    const close = (servers: ReadonlyArray<Http.Server>) =>
      Effect.gen(function* () {
        isClosing = true
        const closed = servers.map((server) =>
          Effect.async<void>((resume) => void server.close(() => resume(Effect.void)))
        )
        const closing = yield* Effect.fork(Effect.all(closed, { concurrency: "unbounded" }))
        yield* Effect.yieldNow()
        for (const server of servers) server.closeIdleConnections()
        yield* FiberSet.awaitEmpty(fibers).pipe(
          // A finalizer cannot be interrupted, and so could not be timed out.
          Effect.interruptible,
          Effect.timeoutOption(options.shutdownGrace),
          Effect.withClock(realClock)
        )
        for (const server of servers) server.closeAllConnections()
        yield* closing
      })

    return yield* Effect.acquireRelease(open, ({ servers }) => close(servers))
  })

const bind = (
  server: Http.Server,
  host: string,
  port: number
): Effect.Effect<number, PortInUse | ListenFailed> =>
  Effect.async((resume) => {
    const fail = (error: NodeJS.ErrnoException): void =>
      resume(
        error.code === "EADDRINUSE"
          ? new PortInUse({ host, port })
          : new ListenFailed({ host, port, code: error.code ?? error.name })
      )
    server.once("error", fail)
    try {
      server.listen({ host, port }, () => {
        server.off("error", fail)
        const address = server.address()
        resume(Effect.succeed(typeof address === "object" && address !== null ? address.port : port))
      })
    } catch (error) {
      // Node throws for an invalid port instead of emitting an error.
      fail(error instanceof Error ? error : new Error(String(error)))
    }
  })

const hasNoIpv6 = (error: PortInUse | ListenFailed): boolean =>
  error._tag === "ListenFailed" && ["EADDRNOTAVAIL", "EAFNOSUPPORT", "EINVAL"].includes(error.code)

const requestOf = (message: Http.IncomingMessage, bodies: BodyBudget): Request => ({
  method: message.method ?? "",
  target: message.url ?? "",
  headers: headersOf(message.rawHeaders),
  // An IPv4 client of an IPv6 socket shows in the mapped form.
  callerIp: message.socket.remoteAddress?.replace(/^::ffff:(?=\d+\.)/i, ""),
  body: (limit, quota) => bodyOf(message, bodies, limit, quota)
})

/** Keeps each value of a repeated header; Node's `headers` joins or drops them. */
const headersOf = (raw: ReadonlyArray<string>): Request["headers"] => {
  const headers = new Map<string, Array<string>>()
  for (let index = 0; index + 1 < raw.length; index += 2) {
    const name = raw[index]?.toLowerCase() ?? ""
    const values = headers.get(name) ?? []
    values.push(raw[index + 1] ?? "")
    headers.set(name, values)
  }
  return Object.fromEntries(headers)
}

/**
 * Reads the body to its end. One over the limit is refused at once. What still arrives is discarded for a while, since a
 * client that is cut off while it sends does not see the response.
 */
const bodyOf = (
  message: Http.IncomingMessage,
  bodies: BodyBudget,
  limit: number,
  quota: string
): Effect.Effect<Uint8Array, Refusal> =>
  Effect.async((resume) => {
    const chunks: Array<Buffer> = []
    let length = 0
    let isRefused = false
    const refuse = (refusal: Refusal): void => {
      isRefused = true
      chunks.length = 0
      bodies.release(message)
      resume(refusal)
    }
    bodies.begin(message, refuse)
    if (Number(message.headers["content-length"] ?? 0) > limit) refuse(overQuota(quota, limit))
    message.on("data", (chunk: Buffer) => {
      length += chunk.length
      if (!isRefused && length > limit) refuse(overQuota(quota, limit))
      if (!isRefused) {
        chunks.push(chunk)
        bodies.add(message, chunk.length)
      } else if (length > 2 * limit + lingerBytes) message.destroy()
    })
    message.on("end", () => {
      bodies.complete(message)
      resume(Effect.succeed(Buffer.concat(chunks)))
    })
  })

const lingerBytes = 1024 * 1024

/** Ends when the answer has left. A client that does not take it in time is cut off. */
const write = (
  response: Http.ServerResponse,
  { body, headers, status }: Answer,
  timeout: Duration.DurationInput,
  isLast: boolean
): Effect.Effect<void> =>
  Effect.async<void>((resume) => {
    const end = (): void => resume(Effect.void)
    response.once("finish", end).once("close", end)
    response.writeHead(status, {
      "X-Content-Type-Options": "nosniff",
      ...headers,
      ...(status === 204 ? {} : { "Content-Length": Buffer.byteLength(body ?? "") }),
      ...(isLast ? { Connection: "close" } : {})
    })
    response.end(body)
  }).pipe(
    // Node's own timeout restarts with every byte, so a slow client could hold the response open indefinitely.
    Effect.timeoutOption(timeout),
    Effect.tap((ended) => (Option.isNone(ended) ? Effect.sync(() => response.destroy()) : Effect.void)),
    Effect.asVoid,
    Effect.withClock(realClock)
  )

/** Responds in QStash's form to a request that Node's parser rejects, and closes the connection. */
const refuseMalformed = (error: NodeJS.ErrnoException, socket: Duplex): void => {
  if (!socket.writable || error.code === "ECONNRESET") {
    socket.destroy()
    return
  }
  const { body = "", status } = refused(malformed(error.code))
  socket.end(
    `HTTP/1.1 ${status} ${Http.STATUS_CODES[status]}\r\nContent-Type: application/json\r\nX-Content-Type-Options: nosniff\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
    () => socket.destroy()
  )
}

const malformed = (code: string | undefined): Refusal => {
  switch (code) {
    case "HPE_HEADER_OVERFLOW":
      return new Refusal({ status: 431, error: "the headers of the request are too large" })
    case "ERR_HTTP_REQUEST_TIMEOUT":
      return new Refusal({ status: 408, error: "the request did not arrive in time" })
    default:
      return new Refusal({ status: 400, error: "the request is malformed" })
  }
}
