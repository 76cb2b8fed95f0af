import * as Effect from "effect/Effect"
import { client } from "./client/client.ts"
import { cron } from "./cron.ts"
import { decoding } from "./decoding.ts"
import { jobs } from "./jobs/jobs.ts"
import type { Row } from "./measure.ts"
import { receiver } from "./receiver.ts"
import { storage } from "./storage/storage.ts"
import { store } from "./store.ts"
import { years } from "./year.ts"

/** What is measured, by name. The scale is 1, or less if it only has to be seen that it runs. */
export const parts: Readonly<Record<string, (scale: number) => Effect.Effect<ReadonlyArray<Row>, unknown>>> =
  {
    years,
    cron: (scale) => Effect.promise(() => cron(scale)),
    store: (scale) => Effect.promise(() => store(scale)),
    storage,
    receiver,
    jobs,
    decoding: (scale) => Effect.promise(() => decoding(scale)),
    client
  }
