import * as Console from "effect/Console"
import type * as Effect from "effect/Effect"

export const printJson = (value: unknown): Effect.Effect<void> => Console.log(JSON.stringify(value, null, 2))

export const printLines = (lines: ReadonlyArray<string>): Effect.Effect<void> =>
  Console.log(lines.map((line) => line.trimEnd()).join("\n"))
