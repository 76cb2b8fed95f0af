import type { Store } from "../../Store.ts"
import type * as Effect from "effect/Effect"

/** Makes a test of a law. Its title is a sentence about a Store; its body gets an empty one. */
export type Law = <A, E>(title: string, body: Effect.Effect<A, E, Store>) => void
