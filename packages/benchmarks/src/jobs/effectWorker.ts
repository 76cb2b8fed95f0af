import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import type * as HttpApp from "@effect/platform/HttpApp"
import * as HttpServer from "@effect/platform/HttpServer"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { createServer } from "node:http"
import { answerParent } from "./worker.ts"

/** Serves an app as an application does, with the tracing that Effect's server has by default. */
export const runWorker = <R, E>(
  app: HttpApp.Default<never, R>,
  services: Layer.Layer<R, E>
): Promise<never> =>
  HttpServer.addressWith((address) =>
    Effect.sync(() => answerParent(address._tag === "TcpAddress" ? address.port : undefined))
  ).pipe(
    Layer.effectDiscard,
    Layer.provide(HttpServer.serve(app)),
    Layer.provide(services),
    Layer.provide(NodeHttpServer.layer(createServer, { port: 0, host: "127.0.0.1" })),
    Layer.launch,
    Effect.runPromise
  )
