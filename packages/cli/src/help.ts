import * as CliConfig from "@effect/cli/CliConfig"
import * as Command from "@effect/cli/Command"
import * as HelpDoc from "@effect/cli/HelpDoc"
import type * as Span from "@effect/cli/HelpDoc/Span"
import { pause, remove, resume } from "./commands/change.ts"
import { create } from "./commands/create.ts"
import { dev } from "./commands/dev.ts"
import { get } from "./commands/get.ts"
import { list } from "./commands/list.ts"
import { next } from "./commands/next.ts"
import { bold, unstyled, widthOf } from "./render/text.ts"

/** An argument or an option, as it is written, and what it does. */
type Definition = readonly [name: string, description: string]

interface Help {
  readonly description: string
  readonly arguments: ReadonlyArray<Definition>
  readonly options: ReadonlyArray<Definition>
}

const textOf = (doc: HelpDoc.HelpDoc): string => unstyled(HelpDoc.toAnsiText(doc)).trim()
const textOfSpan = (span: Span.Span): string => textOf(HelpDoc.p(span))

const blocksOf = (doc: HelpDoc.HelpDoc): ReadonlyArray<HelpDoc.HelpDoc> =>
  HelpDoc.isSequence(doc) ? [...blocksOf(doc.left), ...blocksOf(doc.right)] : [doc]

/** The parser describes a type first, then what the option is for, then whether it may be left out. */
const definitionsOf = (doc: HelpDoc.HelpDoc): ReadonlyArray<Definition> =>
  HelpDoc.isDescriptionList(doc)
    ? doc.definitions.map(([name, description]) => {
        const [, purpose] = blocksOf(description)
        return [textOfSpan(name), purpose === undefined ? "" : textOf(purpose)]
      })
    : []

/** What the parser knows of a command, which it prints on five lines an option. */
const helpOf = <Name extends string, R, E, A>(command: Command.Command<Name, R, E, A>): Help => {
  const sections = new Map<string, Array<HelpDoc.HelpDoc>>()
  let section: Array<HelpDoc.HelpDoc> = []
  for (const block of blocksOf(Command.getHelp(command, CliConfig.make({ showBuiltIns: false })))) {
    if (HelpDoc.isHeader(block)) sections.set(textOfSpan(block.value), (section = []))
    else section.push(block)
  }
  return {
    description: (sections.get("DESCRIPTION") ?? []).map(textOf).join("\n"),
    arguments: (sections.get("ARGUMENTS") ?? []).flatMap(definitionsOf),
    options: (sections.get("OPTIONS") ?? []).flatMap(definitionsOf)
  }
}

const commands: ReadonlyMap<string, () => Help> = new Map([
  ["dev", () => helpOf(dev)],
  ["schedules list", () => helpOf(list)],
  ["schedules get", () => helpOf(get)],
  ["schedules create", () => helpOf(create)],
  ["schedules pause", () => helpOf(pause)],
  ["schedules resume", () => helpOf(resume)],
  ["schedules delete", () => helpOf(remove)],
  ["schedules next", () => helpOf(next)]
])

/** The command that these arguments name, such as `schedules list`; undefined where they name none. */
export const commandOf = (args: ReadonlyArray<string>): string | undefined => {
  const words = args.filter((arg) => !arg.startsWith("-"))
  return [words.slice(0, 1), words.slice(0, 2)]
    .map((path) => path.join(" "))
    .find((name) => commands.has(name))
}

const asksForHelp = (arg: string): boolean => arg === "--help" || arg === "-h"

/** The help that the arguments ask for, by an option or by naming no command; undefined where they ask for none. */
export const helpFor = (args: ReadonlyArray<string>, columns: number): string | undefined => {
  const own = args.includes("--") ? args.slice(0, args.indexOf("--")) : args
  const isBare = own.length === 0 || (own.length === 1 && own[0] === "schedules")
  if (!isBare && !own.some(asksForHelp)) return undefined
  const width = Math.min(columns === 0 ? 80 : columns, 100)
  const name = commandOf(own)
  const help = name === undefined ? undefined : commands.get(name)?.()
  return (name === undefined || help === undefined ? overview(width) : details(name, help, width)).join("\n")
}

const everyCommand: ReadonlyArray<Definition> = [
  ["-h, --help", "Show this, or the help of a command."],
  ["--version", "Show the version."],
  ["--completions bash|zsh|fish|sh", "Print a script that completes commands and options."],
  ["--log-level level", "Log what happens on standard error, such as debug."]
]

const environment: ReadonlyArray<Definition> = [
  ["QSTASH_TOKEN", "The token of the account. Not needed for a server on this machine."],
  ["QSTASH_URL", "Which QStash to ask (default https://qstash.upstash.io)."],
  ["QSTASH_REGION", "US_EAST_1 or EU_CENTRAL_1, to use the variables of that region."],
  ["QSTASH_DEV_PORT", "The port of `effect-qstash dev`."]
]

const overview = (width: number): ReadonlyArray<string> => [
  "QStash at the shell: a local server, and the schedules of any account.",
  "",
  `${bold("Usage:")} effect-qstash <command> [options]`,
  ...listing(
    "Commands",
    Array.from(commands, ([name, help]) => [name, help().description]),
    width
  ),
  ...listing("Options", everyCommand, width),
  ...listing("Environment", environment, width)
]

const details = (name: string, help: Help, width: number): ReadonlyArray<string> => [
  ...wrap(help.description, width),
  "",
  `${bold("Usage:")} effect-qstash ${[name, "[options]", ...help.arguments.map(([argument]) => argument)].join(" ")}`,
  ...listing("Arguments", help.arguments, width),
  ...listing("Options", [...help.options, ...everyCommand.slice(0, 1)], width)
]

/** The most columns that names get beside their descriptions; a longer name stands on a line of its own. */
const widestName = 28

const listing = (
  title: string,
  definitions: ReadonlyArray<Definition>,
  width: number
): ReadonlyArray<string> => {
  if (definitions.length === 0) return []
  const names = definitions.map(([name]) => widthOf(plainName(name))).filter((size) => size <= widestName)
  const indent = 2 + Math.max(0, ...names) + 2
  return [
    "",
    bold(`${title}:`),
    ...definitions.flatMap(([name, description]) => {
      const start = `  ${plainName(name)}`
      const [first = "", ...rest] = wrap(description, width - indent)
      const more = rest.map((line) => " ".repeat(indent) + line)
      return widthOf(start) + 2 <= indent
        ? [start.padEnd(indent) + first, ...more]
        : [start, " ".repeat(indent) + first, ...more]
    })
  ]
}

/** The parser writes several names of one option in brackets. */
const plainName = (name: string): string => name.replace(/^\((.*)\)$/, "$1")

const wrap = (text: string, width: number): ReadonlyArray<string> => {
  const lines: Array<string> = []
  let line = ""
  for (const word of text.split(/\s+/)) {
    if (line !== "" && widthOf(line) + 1 + widthOf(word) > width) {
      lines.push(line)
      line = word
    } else line = line === "" ? word : `${line} ${word}`
  }
  return [...lines, line]
}
