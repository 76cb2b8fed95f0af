/** The application's own work, which here writes to the log. */
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import { Digests, Exports, Reports } from "./work.ts"

export const WorkLive = Layer.mergeAll(
  Layer.succeed(Reports, {
    send: (region, night) =>
      Effect.log(
        `Report of ${region} for ${Option.match(night, { onNone: () => "today", onSome: DateTime.formatIsoZoned })}`
      )
  }),
  Layer.succeed(Digests, {
    send: (tenant, attempt) => Effect.log(`Digest of ${tenant}, attempt ${attempt}`)
  }),
  Layer.succeed(Exports, {
    run: (id) => Effect.as(Effect.log(`Export ${id}`), { fileUrl: `https://files.example.com/${id}` }),
    finished: (id, exit) =>
      Effect.log(Exit.isSuccess(exit) ? `Export ${id} is at ${exit.value.fileUrl}` : `Export ${id} failed`)
  })
)
