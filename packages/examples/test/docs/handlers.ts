import { DateTime, Effect, Exit, Option } from "effect"
import { jobs } from "./jobs.ts"

export const Handlers = jobs.toLayer({
  "nightly-report": ({ region }, run) =>
    Effect.gen(function* () {
      const night = yield* run.scheduledFor
      const day = Option.match(night, { onNone: () => "today", onSome: DateTime.formatIsoDate })
      yield* Effect.log(`Report of ${region} for ${day}`)
    }),
  digest: ({ tenant }, run) => Effect.log(`Digest of ${tenant}, attempt ${run.attempt}`),
  export: ({ exportId }) => Effect.succeed({ fileUrl: `https://files.example.com/${exportId}` }),
  "export/outcome": ({ exit, payload }) =>
    Effect.log(
      `Export ${payload.exportId} ${Exit.isSuccess(exit) ? `is at ${exit.value.fileUrl}` : "failed"}`
    )
})
