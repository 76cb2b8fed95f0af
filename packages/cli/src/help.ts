import * as CliConfig from "@effect/cli/CliConfig"
import * as CommandDescriptor from "@effect/cli/CommandDescriptor"
import * as HelpDoc from "@effect/cli/HelpDoc"
import type * as Span from "@effect/cli/HelpDoc/Span"
import * as HashMap from "effect/HashMap"
import * as Option from "effect/Option"
import { root, topLevel } from "./commands/root.ts"
import { type Failure, wrongUsage } from "./Failure.ts"
import { largest } from "./render/table.ts"
import { bold, cut, mostQuoted, quoted, unstyled, widthOf } from "./render/text.ts"

/** An argument or an option, as it is written, and what it does. */
type Definition = readonly [name: string, description: string]

interface Help {
  readonly description: string
  /** Those below it, in order. */
  readonly commands: ReadonlyArray<string>
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

/** The parser tells whether an argument may be left out after what it is for. */
const argumentsOf = (doc: HelpDoc.HelpDoc): ReadonlyArray<Definition> => {
  const notes = HelpDoc.isDescriptionList(doc)
    ? doc.definitions.map(([, description]) => blocksOf(description).slice(2).map(textOf).join(" "))
    : []
  return definitionsOf(doc).map(([written, description], index) => {
    const name = written.replace(/ 1\+$/, "...")
    const isOptional = /is optional|zero or more/.test(notes[index] ?? "")
    return [isOptional ? name.replace(/^<(.*)>(.*)$/, "[$1$2]") : name, description]
  })
}

/** The parser lists commands by their usage. */
const firstWordsOf = (doc: HelpDoc.HelpDoc): ReadonlyArray<string> =>
  HelpDoc.isEnumeration(doc) ? doc.elements.map((element) => textOf(element).split(" ", 1)[0] ?? "") : []

type Descriptor = CommandDescriptor.Command<unknown>

/** What the parser knows of a command, which it prints on five lines an option. */
const helpOf = (command: Descriptor): Help => {
  const sections = new Map<string, Array<HelpDoc.HelpDoc>>()
  let section: Array<HelpDoc.HelpDoc> = []
  for (const block of blocksOf(CommandDescriptor.getHelp(command, CliConfig.make({ showBuiltIns: false })))) {
    if (HelpDoc.isHeader(block)) sections.set(textOfSpan(block.value), (section = []))
    else section.push(block)
  }
  return {
    description: (sections.get("DESCRIPTION") ?? []).map(textOf).join("\n"),
    commands: Array.from(new Set((sections.get("COMMANDS") ?? []).flatMap(firstWordsOf))),
    arguments: (sections.get("ARGUMENTS") ?? []).flatMap(argumentsOf),
    options: (sections.get("OPTIONS") ?? []).flatMap(definitionsOf)
  }
}
/** A command, and the names that lead to it. */
interface Found {
  readonly path: ReadonlyArray<string>
  readonly command: Descriptor
}

const start: Found = { path: [], command: root.descriptor }

const below = ({ command, path }: Found): HashMap.HashMap<string, Descriptor> =>
  path.length === 0
    ? HashMap.fromIterable(
        topLevel.flatMap((one) => Array.from(CommandDescriptor.getNames(one), (name) => [name, one] as const))
      )
    : CommandDescriptor.getSubcommands(command)

const child = (found: Found, name: string): Option.Option<Found> =>
  Option.map(HashMap.get(below(found), name), (command) => ({ path: [...found.path, name], command }))

/** These stand before a command with a value, which is no name of one. */
const takesValue = (option: string | undefined): boolean =>
  option === "--log-level" || option === "--completions"

/** Those before a lone `--`; what stands behind it is no option. */
export const before = (args: ReadonlyArray<string>): ReadonlyArray<string> =>
  args.includes("--") ? args.slice(0, args.indexOf("--")) : args

const wordsOf = (args: ReadonlyArray<string>): ReadonlyArray<string> => {
  const own = before(args)
  return [
    ...own.filter((arg, index) => !arg.startsWith("-") && !takesValue(own[index - 1])),
    ...args.slice(own.length + 1)
  ]
}

/** As far down as the arguments lead, and the words after that. */
const lookUp = (args: ReadonlyArray<string>): Found & { readonly rest: ReadonlyArray<string> } => {
  let found = start
  const words = wordsOf(args)
  for (const [index, word] of words.entries()) {
    const next = child(found, word)
    if (Option.isNone(next)) return { ...found, rest: words.slice(index) }
    found = next.value
  }
  return { ...found, rest: [] }
}

/** The command that these arguments name, such as `schedules list`; undefined where they name none. */
export const commandOf = (args: ReadonlyArray<string>): string | undefined =>
  lookUp(args).path.join(" ") || undefined

/** What there is instead of a command that there is not. */
export const wrongCommand = (args: ReadonlyArray<string>): Failure => {
  const { command, path, rest } = lookUp(args)
  const parent = ["effect-qstash", ...path].join(" ")
  const names = helpOf(command).commands.join(", ")
  // A command at its end is found, so it is an option before it that was in the way.
  if (names === "") {
    return wrongUsage(
      wrongOption(args) ?? `The options of \`${parent}\` come after it, and one was given before it.`,
      `See \`${parent} --help\`.`
    )
  }
  return wrongUsage(
    rest[0] === undefined
      ? ((path.length === 0 ? wrongOption(args) : undefined) ?? `\`${parent}\` needs a command: ${names}.`)
      : `\`${parent}\` has no command "${cut(rest[0], mostQuoted)}"; it has ${names}.`,
    `See \`${parent} --help\`.`
  )
}

/** An option as the arguments may give it: its names, and what it wants behind them. */
export interface Wanted {
  readonly names: ReadonlyArray<string>
  /** Empty where it takes none. */
  readonly value: string
  /** Whether it is on or off, and takes no value but with `=`. */
  readonly isSwitch: boolean
  readonly choices: ReadonlyArray<string>
  readonly isRepeated: boolean
}

/** The choices of a switch that makes a difference when it is off. */
const onOrOff = "true | false"

/** Reads `(-l, --label text...)` and `--method GET | POST`. */
const wantedBy = ([definition]: Definition): Wanted => {
  const [, names = "", rest = ""] =
    /^((?:--?[a-z][a-z-]*(?:, )?)+) ?(.*)$/s.exec(plainName(definition).replace(/\s+/g, " ")) ?? []
  const value = rest.replace(/\.\.\.$/, "")
  return {
    names: names.split(", "),
    value,
    isSwitch: value === "" || value === onOrOff,
    choices: value.includes("|") ? value.split("|").map((choice) => choice.trim()) : [],
    isRepeated: value !== rest
  }
}

/** The options of the command that these arguments name, beside those that every command has. */
export const optionsOf = (args: ReadonlyArray<string>): ReadonlyArray<Wanted> =>
  helpOf(lookUp(args).command).options.map(wantedBy)

/** What is wrong with the options among the arguments, which the parser tells of the argument that it stumbles on. */
export const wrongOption = (args: ReadonlyArray<string>): string | undefined => {
  const options = [...optionsOf(args), ...everyCommand.map(wantedBy)]
  const own = before(args)
  const given = new Set<Wanted>()
  for (let index = 0; index < own.length; index++) {
    const name = own[index]
    // A negative number is an argument.
    if (name === undefined || !/^--?[a-z]/i.test(name)) continue
    const option = options.find(({ names }) => names.includes(name))
    if (option === undefined) return `${cut(name, mostQuoted)} is not an option of this command.`
    if (given.has(option) && !option.isRepeated) return `${name} is given more than once.`
    given.add(option)
    if (option.isSwitch) continue
    const value = own[++index]
    if (value === undefined) return `${name} needs a value: ${option.choices.join(", ") || option.value}.`
    if (option.choices.length > 0 && !option.choices.includes(value)) {
      return `${name}: expected one of ${option.choices.join(", ")}, but got ${quoted(value)}.`
    }
  }
  return undefined
}

/** What the arguments ask for, beside how much is logged. */
const withoutLogLevel = (args: ReadonlyArray<string>): ReadonlyArray<string> =>
  args.filter((arg, index) => !/^--log-level(?:=|$)/.test(arg) && args[index - 1] !== "--log-level")

const asksForHelp = (arg: string): boolean => arg === "--help" || arg === "-h"

/** The help that the arguments ask for, by an option or by naming no command; undefined where they ask for none. */
export const helpFor = (args: ReadonlyArray<string>, columns: number): string | undefined => {
  const own = before(args)
  const found = lookUp(own)
  const help = helpOf(found.command)
  const isBare = withoutLogLevel(own).length === found.path.length && help.commands.length > 0
  if (!isBare && !own.some(asksForHelp)) return undefined
  const width = Math.min(columns === 0 ? 80 : columns, 100)
  const page = found.path.length === 0 ? overview : help.commands.length > 0 ? group : details
  return page(found, help, width).join("\n")
}

const everyCommand: ReadonlyArray<Definition> = [
  ["-h, --help", "Show this, or the help of a command."],
  ["--version", "Show the version."],
  ["--completions bash|zsh|fish|sh", "Print a script that completes commands and options."],
  ["--log-level all|trace|debug|info|warning|error|fatal|none", "Log what happens on standard error."]
]

const environment: ReadonlyArray<Definition> = [
  ["QSTASH_TOKEN", "The token of the account. Not needed for a server on this machine."],
  ["QSTASH_URL", "Which QStash to ask (default https://qstash.upstash.io)."],
  ["QSTASH_REGION", "US_EAST_1 or EU_CENTRAL_1, to use the variables of that region."],
  ["QSTASH_DEV_PORT", "The port of `effect-qstash dev`."]
]

const childrenOf = (found: Found, help: Help): ReadonlyArray<readonly [name: string, help: Help]> =>
  help.commands.flatMap((name) =>
    Option.match(child(found, name), { onNone: () => [], onSome: ({ command }) => [[name, helpOf(command)]] })
  )

type Page = (found: Found, help: Help, width: number) => ReadonlyArray<string>

const overview: Page = (found, help, width) => [
  "QStash at the shell: a local server, and everything in an account.",
  "",
  `${bold("Usage:")} effect-qstash <command> [options]`,
  ...listing(
    "Commands",
    childrenOf(found, help).map(([name, { commands, description }]) => [
      name,
      commands.length === 0 ? description : `${description}\n${commands.join(", ")}`
    ]),
    width
  ),
  ...listing("Options", everyCommand, width),
  ...listing("Environment", environment, width)
]

const group: Page = (found, help, width) => [
  ...wrap(help.description, width),
  "",
  `${bold("Usage:")} effect-qstash ${found.path.join(" ")} <command> [options]`,
  ...listing(
    "Commands",
    childrenOf(found, help).map(([name, { description }]) => [name, description]),
    width
  ),
  ...listing("Options", everyCommand.slice(0, 1), width)
]

const details: Page = ({ path }, help, width) => [
  ...wrap(help.description, width),
  "",
  `${bold("Usage:")} effect-qstash ${[...path, "[options]", ...help.arguments.map(([argument]) => argument)].join(" ")}`,
  ...listing("Arguments", help.arguments, width),
  ...listing("Options", [...help.options.map(withSwitch), ...everyCommand.slice(0, 1)], width)
]

/** `--paused true | false` as it is written. */
const withSwitch = ([name, description]: Definition): Definition => [
  name.endsWith(` ${onOrOff}`) ? name.replace(` ${onOrOff}`, "[=false]") : name,
  description
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
  const indent = 2 + largest(names) + 2
  return [
    "",
    bold(`${title}:`),
    ...definitions.flatMap(([name, description]) => {
      const head = `  ${plainName(name)}`
      const [first = "", ...rest] = description.split("\n").flatMap((line) => wrap(line, width - indent))
      const more = rest.map((line) => " ".repeat(indent) + line)
      return widthOf(head) + 2 <= indent
        ? [head.padEnd(indent) + first, ...more]
        : [...wrap(plainName(name), width - 4).map(hung), " ".repeat(indent) + first, ...more]
    })
  ]
}

/** A name on lines of its own. */
const hung = (line: string, index: number): string => (index === 0 ? "  " : "    ") + line

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
