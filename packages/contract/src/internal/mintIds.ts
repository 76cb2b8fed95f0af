import { IdGenerator } from "@effect-qstash/domain/IdGenerator"
import * as Effect from "effect/Effect"

/** Counts behind a prefix that is drawn once: whoever looks at the account afterwards sees which run left what. */
export const mintIds: Effect.Effect<Effect.Effect<string>> = Effect.map(
  Effect.flatMap(IdGenerator, (ids) => ids.next("contract")),
  (run) => {
    let count = 0
    return Effect.sync(() => `${run}-${++count}`)
  }
)
