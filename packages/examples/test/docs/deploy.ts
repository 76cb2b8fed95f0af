import { QStashClient } from "@effect-qstash/client"
import { FetchHttpClient } from "@effect/platform"
import { NodeRuntime } from "@effect/platform-node"
import { Effect, Layer } from "effect"
import { ensureNightly } from "./schedule.ts"

const QStashLive = QStashClient.layerConfig().pipe(Layer.provide(FetchHttpClient.layer))

ensureNightly.pipe(
  Effect.tap((next) => Effect.log(`The next report is due at ${String(next)}`)),
  Effect.provide(QStashLive),
  NodeRuntime.runMain
)
