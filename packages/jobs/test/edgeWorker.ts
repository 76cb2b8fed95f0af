/** A worker as it runs at the edge: what `edge.test.ts` bundles. */
import { QStashClient } from "@effect-qstash/client"
import { Job, Jobs, Ledger } from "@effect-qstash/jobs"
import { QStashReceiver } from "@effect-qstash/receiver"
import { FetchHttpClient } from "@effect/platform"
import { Effect, Layer, Schema } from "effect"

const jobs = Jobs.make("app", Job.make("mail", { payload: { to: Schema.String } }))

const services = Layer.mergeAll(
  jobs.toLayer({ mail: ({ to }) => Effect.log(to) }),
  Ledger.layerMemory(),
  QStashReceiver.layerConfig(),
  Jobs.layerConfig(),
  Layer.provide(QStashClient.layerConfig(), FetchHttpClient.layer)
)

export default { fetch: Jobs.toWebHandler(jobs, services).handler }
