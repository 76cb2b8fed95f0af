/**
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import process from "node:process"
import { buffer } from "node:stream/consumers"

/**
 * @since 0.1.0
 */
export declare namespace Shell {
  /**
   * @since 0.1.0
   * @category models
   */
  export interface Service {
    /** Whether colours show: on a terminal that has them, and not with `NO_COLOR`. */
    readonly hasColors: { readonly stdout: boolean; readonly stderr: boolean }
    /** Whether somebody can see a question and answer it. */
    readonly canAsk: boolean
    /** All of standard input, or why it could not be read. */
    readonly readInput: Effect.Effect<Uint8Array, string>
    /** Writes bytes to standard output as they are. */
    readonly writeOutput: (bytes: Uint8Array) => Effect.Effect<void>
    /** Ends once standard output takes nothing more, as when `head` has seen enough. */
    readonly outputLost: Effect.Effect<void>
    /** From here on, being stopped by a signal is success: that is how a server ends. */
    readonly succeedWhenStopped: Effect.Effect<void>
  }
}

/**
 * What the program knows of the shell that started it, beside the `Terminal`.
 *
 * @since 0.1.0
 * @category tags
 */
export class Shell extends Context.Tag("effect-qstash/Shell")<Shell, Shell.Service>() {}

/**
 * The shell of this Node process.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer: Layer.Layer<Shell> = Layer.sync(Shell, () => ({
  hasColors: { stdout: hasColors(process.stdout), stderr: hasColors(process.stderr) },
  canAsk: process.stdin.isTTY && process.stdout.isTTY,
  readInput: Effect.tryPromise({ try: () => buffer(process.stdin), catch: String }),
  // A failure is an event of the stream as well, which `bin.ts` reports.
  writeOutput: (bytes) =>
    Effect.async((resume) => void process.stdout.write(bytes, () => resume(Effect.void))),
  outputLost: Effect.async((resume) => void process.stdout.once("error", () => resume(Effect.void))),
  succeedWhenStopped: Effect.sync(() => {
    process.exitCode = 0
    // A terminal that closes is a request to stop too. Without a listener Node would end at once.
    process.once("SIGHUP", () => process.kill(process.pid, "SIGTERM"))
  })
}))

const hasColors = (stream: NodeJS.WriteStream): boolean => stream.isTTY && stream.hasColors()
