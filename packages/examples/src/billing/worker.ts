/** The worker: the HTTP server that QStash calls, with its ledger in a SQLite file. It needs the application's own work. */
import { QStashClient } from "@effect-qstash/client"
import { Jobs } from "@effect-qstash/jobs"
import * as SqlLedger from "@effect-qstash/jobs/SqlLedger"
import { QStashReceiver } from "@effect-qstash/receiver/node"
import { SqliteClient } from "@effect-qstash/store-sql"
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import * as HttpServer from "@effect/platform/HttpServer"
import * as Config from "effect/Config"
import * as Layer from "effect/Layer"
import { createServer, type Server } from "node:http"
import { Handlers } from "./handlers.ts"
import { jobs } from "./jobs.ts"

/** One request per connection: on an open connection, another one could arrive while the worker shuts down. */
const makeServer = (): Server => {
  const server: Server = createServer((_, response) => {
    response.shouldKeepAlive = false
    if (!server.listening) response.writeHead(503, { "Retry-After": "5" }).end()
  })
  return server
}

export const WorkerLive = HttpServer.serve(jobs.httpApp).pipe(
  HttpServer.withLogAddress,
  // The last layer to start is the first to stop. It waits for running handlers, which need all the others.
  Layer.provide(
    NodeHttpServer.layerConfig(makeServer, {
      port: Config.integer("PORT"),
      host: Config.withDefault(Config.string("HOST"), undefined)
    })
  ),
  Layer.provide(Handlers),
  Layer.provide([SqlLedger.layer(), Jobs.layerConfig(), QStashReceiver.layerConfig()]),
  Layer.provide([
    QStashClient.layerConfig(),
    SqliteClient.layerConfig({ filename: Config.string("LEDGER") })
  ]),
  Layer.provide(FetchHttpClient.layer)
)
