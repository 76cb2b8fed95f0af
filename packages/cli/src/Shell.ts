/**
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import { readFile } from "node:fs/promises"
import process from "node:process"
import { createInterface } from "node:readline"
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
    /** The width of the terminal; 0 where standard output is not a terminal. */
    readonly columns: number
    /** Whether standard output is a terminal. */
    readonly isTerminal: boolean
    /** Whether somebody can see a question and answer it. */
    readonly canAsk: boolean
    /** Shows a question and waits for a line; none comes on Ctrl-C and at the end of the input. */
    readonly ask: (question: string) => Effect.Effect<Option.Option<string>>
    /** A file, or why it could not be read. */
    readonly readFile: (path: string) => Effect.Effect<Uint8Array, string>
    /** All of standard input, or why it could not be read. */
    readonly readInput: Effect.Effect<Uint8Array, string>
    /** Writes bytes to standard output as they are. */
    readonly writeOutput: (bytes: Uint8Array) => Effect.Effect<void>
    /** Ends once standard output takes nothing more, as when `head` has seen enough. */
    readonly outputLost: Effect.Effect<void>
    /** From here on, being stopped by a signal is success: that is how a server ends. */
    readonly succeedWhenStopped: Effect.Effect<void>
    /** Ends the program with success once its output is written, whatever code of the user still keeps open. */
    readonly exit: Effect.Effect<void>
  }
}

/**
 * What the program knows of the shell that started it.
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
  columns: process.stdout.isTTY ? process.stdout.columns : 0,
  isTerminal: process.stdout.isTTY,
  canAsk: process.stdin.isTTY && process.stdout.isTTY,
  ask: (question) =>
    Effect.async((resume) => {
      const lines = createInterface({ input: process.stdin, output: process.stdout })
      let answer = Option.none<string>()
      lines.question(question, (line) => {
        answer = Option.some(line)
        lines.close()
      })
      lines.once("SIGINT", () => lines.close())
      lines.once("close", () => resume(Effect.succeed(answer)))
      return Effect.sync(() => lines.close())
    }),
  readFile: (path) => Effect.tryPromise({ try: () => readFile(path), catch: reasonOf }),
  readInput: Effect.tryPromise({ try: () => buffer(process.stdin), catch: String }),
  // A failure is an event of the stream as well, which `bin.ts` reports.
  writeOutput: (bytes) =>
    Effect.async((resume) => void process.stdout.write(bytes, () => resume(Effect.void))),
  outputLost: Effect.async((resume) => void process.stdout.once("error", () => resume(Effect.void))),
  succeedWhenStopped: Effect.sync(() => {
    process.exitCode = 0
    // A terminal that closes is a request to stop too. Without a listener Node would end at once.
    process.once("SIGHUP", () => process.kill(process.pid, "SIGTERM"))
  }),
  exit: Effect.async<void>((resume) => void process.stdout.write("", () => resume(Effect.void))).pipe(
    // What could not be written is an event of its own, which `bin.ts` has to see first.
    Effect.zipRight(Effect.sleep(1)),
    Effect.zipRight(Effect.sync(() => process.exit()))
  )
}))

/**
 * Why Node could not do something with a file, in few words.
 *
 * @since 0.1.0
 * @category conversions
 */
export const reasonOf = (error: unknown): string =>
  error instanceof Error && "code" in error
    ? (reasons[String(error.code)] ?? String(error.code))
    : String(error)

/** The usual codes in words. */
const reasons: Readonly<Record<string, string>> = {
  ENOENT: "NotFound",
  EACCES: "PermissionDenied",
  EISDIR: "BadResource"
}

const hasColors = (stream: NodeJS.WriteStream): boolean => stream.isTTY && stream.hasColors()
