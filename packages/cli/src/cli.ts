/**
 * The command line as one effect: from the arguments to the exit code.
 *
 * @since 0.1.0
 */
import * as Arr from "effect/Array"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Logger from "effect/Logger"
import type { Command, Misread } from "./Command.ts"
import * as globals from "./commands/globals.ts"
import { forPeople } from "./loggers.ts"
import { type Group, isGroup, root } from "./commands/table.ts"
import { failed, type Failure, wrongUsage } from "./Failure.ts"
import { commandHelp, groupHelp, overview } from "./help.ts"
import { type Found, find, parse } from "./parse.ts"
import { bold, cut, mostQuoted, printable, red, unstyled } from "./render/text.ts"
import { Shell } from "./Shell.ts"

/**
 * Runs the command that the arguments name, prints what it has to say, and gives the exit code: 0 for success, 1 for a
 * failure, 2 for a wrong command line or environment, 3 for a check that found a difference.
 *
 * @since 0.1.0
 * @category execution
 */
export const run = (args: ReadonlyArray<string>, options: { readonly version: string }) =>
  Effect.suspend(() => dispatch(find(args), options.version)).pipe(
    Effect.as(0),
    Effect.catchAll(show),
    Effect.catchAllDefect(() => show(fault)),
    withPlainOutput
  )

const dispatch = (found: Found, version: string) =>
  Effect.gen(function* () {
    const { entry, isBare } = found
    if (found.globals.has(globals.help) || (isGroup(entry) && isBare)) return yield* help(found)
    if (found.globals.has(globals.version)) return yield* Console.log(version)
    const shell = globals.shells.find((name) => name === found.globals.get(globals.completions))
    if (shell !== undefined) return yield* completions(shell)
    if (isGroup(entry)) return yield* noCommand(found, entry)
    if (found.isMisplaced) {
      return yield* wrongUsage(
        `The options of \`${nameOf(found)}\` come after it, and one was given before it.`,
        whereToRead(found)
      )
    }
    const command = yield* Effect.promise(entry.load)
    yield* yield* Either.mapLeft(prepare(found, command), (wrong) => misread(wrong, found, command))
  })

/** What to run. */
const prepare = ({ rest }: Found, command: Command) =>
  Either.gen(function* () {
    const texts = yield* parse(rest, command)
    const effect = yield* command.prepare(texts)
    const level = globals.levelOf(texts)
    const traced = Effect.tapDefect(effect, (cause) => Effect.logDebug(cause))
    return level === undefined ? traced : Logger.withMinimumLogLevel(traced, level)
  })

/** Prints the help of what was named, as wide as the terminal. */
const help = ({ entry, path }: Found) =>
  Effect.gen(function* () {
    const { columns } = yield* Shell
    const width = Math.min(columns === 0 ? 80 : columns, 100)
    const lines = !isGroup(entry)
      ? commandHelp(path, entry.description, yield* Effect.promise(entry.load), width)
      : path.length === 0
        ? overview(entry, width)
        : groupHelp(path, entry, width)
    yield* Console.log(lines.join("\n"))
  })

const completions = (shell: globals.ShellName) =>
  Effect.gen(function* () {
    const { placesOf, scriptFor } = yield* Effect.promise(() => import("./completions.ts"))
    yield* Console.log(scriptFor(shell, yield* Effect.promise(() => placesOf(root))))
  })

/** A group was named where a command has to be. */
const noCommand = (found: Found, { commands }: Group): Failure => {
  const { next, path, rest } = found
  const names = Array.from(commands.keys()).join(", ")
  const parent = `\`${nameOf(found)}\``
  if (next !== undefined) {
    const what = `${parent} has no command "${cut(next, mostQuoted)}"; it has ${names}.`
    return wrongUsage(what, whereToRead(found))
  }
  const read = parse(rest, { flags: [], arguments: [] })
  return wrongUsage(
    path.length === 0 && Either.isLeft(read)
      ? sentence(read.left.what)
      : `${parent} needs a command: ${names}.`,
    whereToRead(found)
  )
}

const misread = ({ isAboutArguments, what }: Misread, found: Found, { hint }: Command): Failure =>
  wrongUsage(
    sentence(what),
    isAboutArguments && hint !== undefined ? `${hint} ${whereToRead(found)}` : whereToRead(found)
  )

const sentence = (text: string): string => (/[.:]$/.test(text) ? text : `${text}.`)

const nameOf = ({ path }: Found): string => ["effect-qstash", ...path].join(" ")

const whereToRead = (found: Found): string => `See \`${nameOf(found)} --help\`.`

const fault = failed("This is a bug in effect-qstash.", "Run it again with --log-level debug to see where.")

const show = ({ exitCode, next, what }: Failure): Effect.Effect<number> =>
  Effect.as(
    Console.error(
      [`${red(bold("error:"))} ${printable(what)}`, ...Arr.ensure(next ?? []).map(printable)].join("\n")
    ),
    exitCode
  )

/** Logs go to standard error, and colours only where they show. */
const withPlainOutput = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.gen(function* () {
    const { hasColors } = yield* Shell
    const console = yield* Effect.console
    const plain = (shows: boolean, parts: ReadonlyArray<unknown>) =>
      parts.map((part) => (typeof part === "string" && !shows ? unstyled(part) : part))
    return yield* effect.pipe(
      Effect.withConsole({
        ...console,
        log: (...parts) => console.log(...plain(hasColors.stdout, parts)),
        error: (...parts) => console.error(...plain(hasColors.stderr, parts))
      }),
      Effect.provide(Logger.replace(Logger.defaultLogger, forPeople(hasColors.stderr)))
    )
  })
