import * as Effect from "effect/Effect"
import * as Runtime from "effect/Runtime"
import type * as Scope from "effect/Scope"
import * as Http from "node:http"
import type { Delivery } from "../Harness.ts"
import type { FullAnswer } from "./endpoints.ts"

/**
 * Starts a worker behind a socket, which sees requests as they are on the wire, and returns its origin. A delivery
 * without a response stays open until the other side or the scope closes it.
 */
export const listen = (
  take: (request: Omit<Delivery, "at">) => Effect.Effect<FullAnswer>
): Effect.Effect<string, never, Scope.Scope> =>
  Effect.gen(function* () {
    const runFork = Runtime.runFork(yield* Effect.runtime())
    let origin = ""
    const server = Http.createServer((message, response) => {
      const chunks: Array<Buffer> = []
      message.on("data", (chunk: Buffer) => chunks.push(chunk))
      message.on("end", () => {
        const request = {
          method: message.method ?? "",
          url: origin + (message.url ?? ""),
          headers: pairs(message.rawHeaders),
          body: new Uint8Array(Buffer.concat(chunks))
        }
        runFork(
          Effect.map(take(request), ({ body, headers, status }) => {
            response.writeHead(status, headers).end(body)
          })
        )
      })
    })
    yield* Effect.acquireRelease(
      Effect.async<void>((resume) => {
        server.listen(0, "127.0.0.1", () => resume(Effect.void))
      }),
      () =>
        Effect.async<void>((resume) => {
          server.close(() => resume(Effect.void))
          server.closeAllConnections()
        })
    )
    const address = server.address()
    origin = `http://127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`
    return origin
  })

const pairs = (raw: ReadonlyArray<string>): Array<readonly [string, string]> =>
  raw.flatMap((name, index) => (index % 2 === 0 ? [[name, raw[index + 1] ?? ""] as const] : []))
