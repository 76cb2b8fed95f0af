import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import { jsonText } from "../render/json.ts"
import { printableLines } from "../render/text.ts"
import { Shell } from "../Shell.ts"

export const printJson = (value: unknown): Effect.Effect<void> => Console.log(jsonText(value, 2))

/** For output that has no end, of which each line can be read on its own. */
export const printJsonLine = (value: unknown): Effect.Effect<void> => Console.log(jsonText(value))

export const printLines = (lines: ReadonlyArray<string>): Effect.Effect<void> =>
  Console.log(lines.map((line) => line.trimEnd()).join("\n"))

/** Prints a body as it is, so that it can be piped. A terminal gets it as text that cannot control it. */
export const printBody = (bytes: Uint8Array): Effect.Effect<void, never, Shell> =>
  Effect.flatMap(Shell, ({ isTerminal, writeOutput }) =>
    isTerminal ? Console.log(printableLines(new TextDecoder().decode(bytes))) : writeOutput(bytes)
  )
