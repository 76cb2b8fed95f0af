import { QStashClient } from "@effect-qstash/client"
import { Jobs, Ledger } from "@effect-qstash/jobs"
import { QStashReceiver } from "@effect-qstash/receiver/node"
import { NodeHttpServer, NodeRuntime } from "@effect/platform-node"
import { FetchHttpClient, HttpServer } from "@effect/platform"
import { Config, Layer } from "effect"
import { createServer } from "node:http"
import { Handlers } from "./handlers.ts"
import { jobs } from "./jobs.ts"

HttpServer.serve(jobs.httpApp).pipe(
  Layer.provide(NodeHttpServer.layerConfig(createServer, { port: Config.integer("PORT") })),
  Layer.provide([Handlers, Ledger.layerMemory(), Jobs.layerConfig(), QStashReceiver.layerConfig()]),
  Layer.provide(QStashClient.layerConfig()),
  Layer.provide(FetchHttpClient.layer),
  Layer.launch,
  NodeRuntime.runMain
)
