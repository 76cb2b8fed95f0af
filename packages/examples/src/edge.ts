/** A worker at the edge, for example on Cloudflare Workers: a function from `Request` to `Response`, without Node. */
import { QStashClient } from "@effect-qstash/client"
import { Job, Jobs, Ledger } from "@effect-qstash/jobs"
import { QStashReceiver } from "@effect-qstash/receiver"
import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"

export const Purge = Job.make("purge", { payload: { path: Schema.String } })

const jobs = Jobs.make("site", Purge)

const services = Layer.mergeAll(
  jobs.toLayer({ purge: ({ path }) => Effect.log(`Purging ${path}`) }),
  // The instances at the edge share no memory. Purging twice does no harm, so none is needed.
  Ledger.layerNone,
  QStashReceiver.layerConfig(),
  Jobs.layerConfig(),
  Layer.provide(QStashClient.layerConfig(), FetchHttpClient.layer)
)

/** `JOBS_URL`, `QSTASH_TOKEN`, `QSTASH_CURRENT_SIGNING_KEY` and `QSTASH_NEXT_SIGNING_KEY`. */
type Env = Readonly<Record<string, string>>

const make = (env: Env) =>
  Jobs.toWebHandler(
    jobs,
    Layer.provide(services, Layer.setConfigProvider(ConfigProvider.fromMap(new Map(Object.entries(env)))))
  )

/** Made on the first request, because the edge passes the environment with it. */
let worker: ReturnType<typeof make> | undefined

export default {
  fetch: (request: Request, env: Env): Promise<Response> => (worker ??= make(env)).handler(request)
}
