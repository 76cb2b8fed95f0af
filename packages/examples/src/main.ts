/**
 * The worker in production. Reads `PORT`, `PUBLIC_URL` (where QStash reaches it), `QSTASH_CURRENT_SIGNING_KEY` and
 * `QSTASH_NEXT_SIGNING_KEY`.
 */
import { QStashReceiver } from "@effect-qstash/receiver/node"
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as HttpServer from "@effect/platform/HttpServer"
import * as Config from "effect/Config"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { createServer } from "node:http"
import { Mails, NightlyReport, worker } from "./worker.ts"

const report = Layer.succeed(NightlyReport, {
  run: (delivery) =>
    Effect.log(`Sending the report that ${delivery.unsigned.messageId ?? "a message"} asks for`)
})

const mails = Layer.succeed(Mails, {
  send: ({ to }) => Effect.log(`Sending a mail to ${to}`),
  failed: ({ dlqId, sourceMessageId }) =>
    Effect.logError(`${sourceMessageId} has failed permanently: dead letter ${dlqId}`)
})

/** Behind a proxy the worker sees another host than the one that QStash called. */
const receiver = QStashReceiver.layerConfig({
  subject: Config.map(Config.string("PUBLIC_URL"), (publicUrl) => ({ publicUrl }))
})

worker.pipe(
  HttpServer.serve(),
  HttpServer.withLogAddress,
  Layer.provide([report, mails, receiver]),
  Layer.provide(NodeHttpServer.layerConfig(createServer, { port: Config.integer("PORT") })),
  Layer.launch,
  NodeRuntime.runMain
)
