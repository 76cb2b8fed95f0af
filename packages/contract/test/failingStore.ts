import { mapVerbs, type Store } from "@effect-qstash/engine/Store"
import { StoreError } from "@effect-qstash/engine/StoreError"
import { Effect } from "effect"

/** Works, fails before it has done anything, or fails after it has done everything. */
export type Fate = "works" | "before" | "after"

/** What an error of a database may say, and what no caller may read. */
export const secret = "postgres://qstash:hunter2@db"

/** The Store, each call of which meets the fate that it is given. */
export const failing = (
  store: Store.Service<never>,
  fateOf: (verb: keyof Store.Service) => Fate
): Store.Service =>
  mapVerbs(store, (effect, verb) =>
    Effect.suspend(() => {
      const lost = new StoreError({ verb, cause: new Error(`connection to ${secret} was lost`) })
      switch (fateOf(verb)) {
        case "works":
          return effect
        case "before":
          return Effect.fail(lost)
        case "after":
          return Effect.zipRight(effect, Effect.fail(lost))
      }
    })
  )

/** Numbers from 0 to 1 that look random, the same ones for each seed. */
export const numbersFrom = (seed: number): (() => number) => {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}
