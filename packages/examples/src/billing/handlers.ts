/** What each job does. */
import * as Effect from "effect/Effect"
import { jobs } from "./jobs.ts"
import { Digests, Exports, Reports } from "./work.ts"

export const Handlers = jobs.toLayer({
  "nightly-report": ({ region }, run) =>
    Effect.gen(function* () {
      yield* (yield* Reports).send(region, yield* run.scheduledFor)
    }),
  digest: ({ tenantId }, run) => Effect.flatMap(Digests, (digests) => digests.send(tenantId, run.attempt)),
  export: ({ exportId }) => Effect.flatMap(Exports, (exports) => exports.run(exportId)),
  "export/outcome": ({ exit, payload }) =>
    Effect.flatMap(Exports, (exports) => exports.finished(payload.exportId, exit))
})
