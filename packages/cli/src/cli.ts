/**
 * The command line as one effect: from the arguments to the exit code.
 *
 * @since 0.1.0
 */
import * as CliConfig from "@effect/cli/CliConfig"
import * as Command from "@effect/cli/Command"
import * as HelpDoc from "@effect/cli/HelpDoc"
import * as ValidationError from "@effect/cli/ValidationError"
import * as Terminal from "@effect/platform/Terminal"
import * as Arr from "effect/Array"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Logger from "effect/Logger"
import { parsableOf, separated } from "./arguments.ts"
import { failed, Failure, wrongUsage } from "./Failure.ts"
import { unmarked } from "./commands/flags.ts"
import { root } from "./commands/root.ts"
import { mended } from "./completions.ts"
import { before, commandOf, helpFor, wrongCommand, wrongOption } from "./help.ts"
import { bold, cut, mostQuoted, printable, red, unstyled } from "./render/text.ts"
import { Shell } from "./Shell.ts"

/**
 * Runs the command that the arguments name, prints what it has to say, and gives the exit code: 0 for success, 1 for a
 * failure, 2 for a wrong command line or environment.
 *
 * @since 0.1.0
 * @category execution
 */
export const run = (given: ReadonlyArray<string>, options: { readonly version: string }) => {
  const args = separated(given)
  return Effect.gen(function* () {
    const terminal = yield* Terminal.Terminal
    const help = helpFor(args, yield* terminal.columns)
    if (help !== undefined) return yield* Effect.as(Console.log(help), 0)
    const parsable = yield* Either.mapLeft(parsableOf(given), (reason) =>
      wrongUsage(reason, whereToRead(args))
    )
    return yield* Effect.as(dispatch(parsable, options.version), 0)
  }).pipe(
    Effect.catchAll((error) => show(error instanceof Failure ? error : misread(error, args))),
    Effect.catchAllDefect(() => show(fault)),
    withPlainOutput
  )
}

const dispatch = (args: ReadonlyArray<string>, version: string) =>
  Effect.consoleWith((console) => {
    const traced = Command.transformHandler(root, (effect) =>
      effect.pipe(
        Effect.tapDefect((cause) => Effect.logDebug(cause)),
        Effect.withConsole(console)
      )
    )
    const program = Command.run(traced, { name: "effect-qstash", executable: "effect-qstash", version })
    return program(["node", "effect-qstash", ...args]).pipe(
      Effect.provide(CliConfig.layer({ isCaseSensitive: true })),
      // The parser prints what it fails with, which is then shown as any other failure.
      Effect.withConsole({
        ...console,
        error: () => Effect.void,
        log: (...parts) =>
          console.log(...parts.map((part) => (typeof part === "string" ? mended(part) : part)))
      })
    )
  })

const fault = failed("This is a bug in effect-qstash.", "Run it again with --log-level debug to see where.")

const show = ({ exitCode, next, what }: Failure): Effect.Effect<number> =>
  Effect.as(
    Console.error(
      [`${red(bold("error:"))} ${printable(what)}`, ...Arr.ensure(next ?? []).map(printable)].join("\n")
    ),
    exitCode
  )

/** What the parser could not read, and where to read on. */
const misread = (error: ValidationError.ValidationError, args: ReadonlyArray<string>): Failure => {
  if (ValidationError.isCommandMismatch(error)) return wrongCommand(args)
  const command = commandOf(args)
  const told = unmarked(unstyled(HelpDoc.toAnsiText(error.error)).trim())
  // The parser takes an option that it cannot read for an argument, and then finds fault with what follows on it.
  const isVague =
    /^$|^Received unknown argument|^Expected (?:one of|a value|to find)|is not an option of this command/.test(
      told
    )
  const what =
    (isVague ? wrongOption(args) : undefined) ??
    told.replace(/^Expected to find option: '(.*)'$/, "$1 is missing.")
  // The parser says nothing about what looks like a negative number.
  const unknown = before(args).find((arg) => /^-\d/.test(arg)) ?? "This"
  return wrongUsage(
    what === ""
      ? `${cut(unknown, mostQuoted)} is not an option of this command.`
      : /[.:]$/.test(what)
        ? what
        : `${what}.`,
    (command === "schedules next" || command === "schedules create") && !what.includes("--")
      ? `A cron expression goes in quotes. ${whereToRead(args)}`
      : whereToRead(args)
  )
}

const whereToRead = (args: ReadonlyArray<string>): string =>
  `See \`${["effect-qstash", commandOf(args)].filter(Boolean).join(" ")} --help\`.`

/** Logs go to standard error, and colours only where they show. */
const withPlainOutput = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.gen(function* () {
    const { hasColors } = yield* Shell
    const terminal = yield* Terminal.Terminal
    const console = yield* Effect.console
    const plain = (shows: boolean, parts: ReadonlyArray<unknown>) =>
      parts.map((part) => (typeof part === "string" && !shows ? unstyled(part) : part))
    return yield* effect.pipe(
      Effect.withConsole({
        ...console,
        log: (...parts) => console.log(...plain(hasColors.stdout, parts)),
        error: (...parts) => console.error(...plain(hasColors.stderr, parts))
      }),
      Effect.provideService(Terminal.Terminal, {
        ...terminal,
        display: (text) => terminal.display(hasColors.stdout ? text : unstyled(text))
      }),
      Effect.provide(
        Logger.replace(Logger.defaultLogger, Logger.prettyLogger({ colors: hasColors.stderr, stderr: true }))
      )
    )
  })
