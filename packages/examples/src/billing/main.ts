/** The worker in production. */
import { QStashClient } from "@effect-qstash/client"
import { Jobs } from "@effect-qstash/jobs"
import * as SqlLedger from "@effect-qstash/jobs/SqlLedger"
import { QStashReceiver } from "@effect-qstash/receiver/node"
import { SqliteClient } from "@effect-qstash/store-sql"
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import * as HttpServer from "@effect/platform/HttpServer"
import * as Config from "effect/Config"
import * as Layer from "effect/Layer"
import { createServer } from "node:http"
import { jobs } from "./jobs.ts"
import { WorkLive } from "./live.ts"
import { Handlers } from "./handlers.ts"

const Worker = HttpServer.serve(jobs.httpApp).pipe(
  HttpServer.withLogAddress,
  Layer.provide(Handlers),
  Layer.provide([SqlLedger.layer(), Jobs.layerConfig(), QStashReceiver.layerConfig(), WorkLive]),
  Layer.provide([
    QStashClient.layerConfig(),
    SqliteClient.layerConfig({ filename: Config.string("LEDGER") })
  ]),
  Layer.provide([
    FetchHttpClient.layer,
    NodeHttpServer.layerConfig(createServer, { port: Config.integer("PORT") })
  ])
)

NodeRuntime.runMain(Layer.launch(Worker))
