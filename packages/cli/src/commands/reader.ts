import * as Terminal from "@effect/platform/Terminal"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import type { Reader } from "../render/reader.ts"

/** Who reads what a command prints. */
export const reader: Effect.Effect<Reader, never, Terminal.Terminal | DateTime.CurrentTimeZone> = Effect.gen(
  function* () {
    const terminal = yield* Terminal.Terminal
    const columns = (yield* terminal.isTTY) ? yield* terminal.columns : 0
    return { columns, zone: yield* DateTime.CurrentTimeZone }
  }
)
