import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import type { Reader } from "../render/reader.ts"
import { Shell } from "../Shell.ts"

/** Who reads what a command prints. */
export const reader: Effect.Effect<Reader, never, Shell | DateTime.CurrentTimeZone> = Effect.gen(
  function* () {
    const { columns } = yield* Shell
    return { columns, zone: yield* DateTime.CurrentTimeZone }
  }
)
