/** Measures one part of the benchmark, in a process of its own. */
import * as Effect from "effect/Effect"
import { parts } from "./parts.ts"

const [part = "", scale = ""] = process.argv.slice(2)
process.send?.(await Effect.runPromise(parts[part]?.(Number(scale)) ?? Effect.succeed([])))
