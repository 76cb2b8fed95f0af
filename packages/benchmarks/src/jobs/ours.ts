/** A worker with the router of jobs. */
import * as QStashMessagesClient from "@effect-qstash/client/QStashMessagesClient"
import * as UndiciHttpClient from "@effect-qstash/client/UndiciHttpClient"
import { Job, Jobs, Ledger } from "@effect-qstash/jobs"
import { QStashReceiver } from "@effect-qstash/receiver/node"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { name, signingKeys, workerUrl } from "./deliveries.ts"
import { runWorker } from "./effectWorker.ts"

const Summary = Job.make(name, {
  payload: { tenant: Schema.String },
  success: Schema.Struct({ isSent: Schema.Boolean })
})
const jobs = Jobs.make("benchmark", Summary)

await runWorker(
  jobs.httpApp,
  Layer.mergeAll(
    jobs.toLayer({ [name]: ({ tenant }) => Effect.succeed({ isSent: tenant !== "" }) }),
    Ledger.layerNone,
    QStashReceiver.layer({
      currentSigningKey: Redacted.make(signingKeys.currentSigningKey),
      nextSigningKey: Redacted.make(signingKeys.nextSigningKey)
    }),
    Jobs.layer({ url: workerUrl }),
    Layer.provide(QStashMessagesClient.layer({ token: Redacted.make("token") }), UndiciHttpClient.layer)
  )
)
