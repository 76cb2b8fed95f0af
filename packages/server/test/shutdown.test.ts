import { QStashServer } from "@effect-qstash/server"
import { describe, it } from "@effect/vitest"
import { assertInclude, assertTrue, strictEqual } from "@effect/vitest/utils"
import { Context, Deferred, Effect, Exit, Fiber, Layer, Schedule, Scope } from "effect"
import type * as Http from "node:http"
import * as Net from "node:net"
import { advance, bearer, call, create, logsInto, serve, worker } from "./support.ts"

/** A server in a scope of its own, to be closed while the test goes on. */
const serveIn = (scope: Scope.Scope, options: QStashServer.Options) =>
  Effect.map(
    Layer.buildWithScope(QStashServer.layerMemory({ port: 0, ...options }), scope),
    Context.get(QStashServer.QStashServer)
  )

/** A worker that holds its answers back until it is told. */
const holdingWorker = Effect.gen(function* () {
  const arrived = yield* Deferred.make<Http.ServerResponse>()
  const gone = yield* Deferred.make<void>()
  const { port } = yield* worker((response) => {
    Deferred.unsafeDone(arrived, Exit.succeed(response))
    response.on("close", () => Deferred.unsafeDone(gone, Exit.void))
  })
  return { port, arrived, gone }
})

/** Asks until nobody listens any more. */
const untilRefused = (port: number) =>
  Effect.retry(Effect.flip(call(port, "GET", "/v2/keys")), {
    times: 500,
    schedule: Schedule.spaced("10 millis")
  })

describe("the end of the server", () => {
  it.scopedLive("waits for a request under way and its delivery, and takes no other", () =>
    Effect.gen(function* () {
      const lines: Array<string> = []
      yield* Effect.gen(function* () {
        const scope = yield* Scope.make()
        const { port } = yield* serveIn(scope, { time: "virtual" })
        const { arrived, port: there } = yield* holdingWorker
        const idle = yield* Effect.async<Net.Socket>((resume) => {
          const socket = Net.connect(port, "127.0.0.1", () => resume(Effect.succeed(socket)))
          socket.on("error", () => {})
          socket.resume()
        })
        yield* create(port, `http://127.0.0.1:${there}/`, { "Upstash-Cron": "0 0 1 1 *" })
        const advancing = yield* Effect.fork(
          call(port, "POST", "/dev/clock/advance", {
            headers: { ...bearer, Connection: "keep-alive" },
            body: '{"duration":"366 days"}'
          })
        )
        const held = yield* Deferred.await(arrived)
        const closing = yield* Effect.fork(Scope.close(scope, Exit.void))
        const refusals = yield* untilRefused(port)
        assertInclude(refusals.message, "ECONNREFUSED")
        held.end()
        const advanced = yield* Fiber.join(advancing)
        strictEqual(advanced.status, 200)
        strictEqual(advanced.headers.connection, "close")
        yield* Fiber.join(closing)
        yield* Effect.async<void>((resume) => {
          if (idle.closed) resume(Effect.void)
          else idle.on("close", () => resume(Effect.void))
        })
        strictEqual((yield* serve({ port })).port, port)
      }).pipe(Effect.provide(logsInto(lines)))
      assertTrue(lines.some((line) => line.includes("delivered, 200")))
    })
  )

  it.scopedLive("releases a delivery that does not end in its grace, and cuts off a request", () =>
    Effect.gen(function* () {
      const lines: Array<string> = []
      yield* Effect.gen(function* () {
        const scope = yield* Scope.make()
        const { port } = yield* serveIn(scope, { time: "virtual", shutdownGrace: "50 millis" })
        const { arrived, gone, port: there } = yield* holdingWorker
        yield* create(port, `http://127.0.0.1:${there}/`, { "Upstash-Cron": "0 0 1 1 *" })
        const advancing = yield* Effect.fork(Effect.exit(advance(port, "366 days")))
        yield* Deferred.await(arrived)
        yield* Scope.close(scope, Exit.void)
        yield* Deferred.await(gone)
        assertTrue(Exit.isFailure(yield* Fiber.join(advancing)))
      }).pipe(Effect.provide(logsInto(lines)))
      assertTrue(lines.some((line) => line.includes("Released 1 ")))
    })
  )
})
