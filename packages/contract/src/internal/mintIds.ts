import { IdGenerator } from "@effect-qstash/domain/IdGenerator"
import * as Effect from "effect/Effect"

/** Counts up after a random prefix, so that leftovers in an account show which run they are from. */
export const mintIds: Effect.Effect<Effect.Effect<string>> = Effect.map(
  Effect.flatMap(IdGenerator, (ids) => ids.next("contract")),
  (run) => {
    let count = 0
    return Effect.sync(() => `${run}-${++count}`)
  }
)
