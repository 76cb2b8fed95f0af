import { HttpServer } from "@effect/platform"
import { NodeHttpServer, NodeRuntime } from "@effect/platform-node"
import { Layer } from "effect"
import { createServer } from "node:http"
import { ReceiverLive, worker } from "./worker.ts"

HttpServer.serve(worker).pipe(
  HttpServer.withLogAddress,
  Layer.provide([ReceiverLive, NodeHttpServer.layer(createServer, { port: 3000 })]),
  Layer.launch,
  NodeRuntime.runMain
)
