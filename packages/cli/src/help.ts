import type { Argument } from "./Argument.ts"
import type { Command } from "./Command.ts"
import * as globals from "./commands/globals.ts"
import { type Entry, type Group, isGroup } from "./commands/table.ts"
import type { Flag } from "./Flag.ts"
import { largest } from "./render/table.ts"
import { bold, widthOf } from "./render/text.ts"

/** A name as it is written, and what it stands for. */
type Definition = readonly [name: string, description: string]

const environment: ReadonlyArray<Definition> = [
  ["QSTASH_TOKEN", "The token of the account. Not needed for a server on this machine."],
  ["QSTASH_URL", "Which QStash to ask (default https://qstash.upstash.io)."],
  ["QSTASH_REGION", "US_EAST_1 or EU_CENTRAL_1, to use the variables of that region."],
  ["QSTASH_DEV_PORT", "The port of `effect-qstash dev`."],
  ["QSTASH_PORT", "The port of `effect-qstash serve`."],
  ["QSTASH_TENANTS_FILE", "The file with the tenants of `effect-qstash serve` (default tenants.json)."],
  ["QSTASH_TENANTS", "What is in that file, for `effect-qstash serve` without one."],
  [
    "QSTASH_METRICS_TOKEN",
    "The token with which `effect-qstash serve` shows its metrics; none are shown without it."
  ]
]

/** The help of everything: what the groups are about, and which commands they have. */
export const overview = ({ commands, description }: Group, width: number): ReadonlyArray<string> => [
  description,
  "",
  `${bold("Usage:")} effect-qstash <command> [options]`,
  ...listing(
    "Commands",
    Array.from(commands, ([name, entry]) => [name, [entry.description, ...namesOf(entry)].join("\n")]),
    width
  ),
  ...listing("Options", globals.all.map(definitionOf), width),
  ...listing("Environment", environment, width)
]

const namesOf = (entry: Entry): ReadonlyArray<string> =>
  isGroup(entry) ? [Array.from(entry.commands.keys()).join(", ")] : []

/** The help of a group. */
export const groupHelp = (
  path: ReadonlyArray<string>,
  { commands, description }: Group,
  width: number
): ReadonlyArray<string> => [
  ...wrap(description, width),
  "",
  `${bold("Usage:")} effect-qstash ${path.join(" ")} <command> [options]`,
  ...listing(
    "Commands",
    Array.from(commands, ([name, entry]) => [name, entry.description]),
    width
  ),
  ...listing("Options", [definitionOf(globals.help)], width)
]

/** The help of a command. */
export const commandHelp = (
  path: ReadonlyArray<string>,
  description: string,
  command: Pick<Command, "arguments" | "flags">,
  width: number
): ReadonlyArray<string> => [
  ...wrap(description, width),
  "",
  `${bold("Usage:")} effect-qstash ${[...path, "[options]", ...command.arguments.map(written)].join(" ")}`,
  ...listing(
    "Arguments",
    command.arguments.map((argument) => [written(argument), argument.description]),
    width
  ),
  ...listing("Options", [...command.flags, globals.help].map(definitionOf), width)
]

/** What may be left out is in brackets. */
const written = ({ isRepeated, isRequired, name }: Argument<unknown>): string => {
  const dots = isRepeated ? "..." : ""
  return isRequired ? `<${name}>${dots}` : `[${name}${dots}]`
}

const definitionOf = ({
  alias,
  description,
  isRepeated,
  isSwitch,
  name,
  placeholder
}: Flag<unknown>): Definition => [
  [
    alias === undefined ? "" : `-${alias}, `,
    `--${name}`,
    isSwitch ? placeholder : ` ${placeholder}${isRepeated ? "..." : ""}`
  ].join(""),
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
  const names = definitions.map(([name]) => widthOf(name)).filter((size) => size <= widestName)
  const indent = 2 + largest(names) + 2
  return [
    "",
    bold(`${title}:`),
    ...definitions.flatMap(([name, description]) => {
      const head = `  ${name}`
      const [first = "", ...rest] = description.split("\n").flatMap((line) => wrap(line, width - indent))
      const more = rest.map((line) => " ".repeat(indent) + line)
      return widthOf(head) + 2 <= indent
        ? [head.padEnd(indent) + first, ...more]
        : [...wrap(name, width - 4).map(hung), " ".repeat(indent) + first, ...more]
    })
  ]
}

/** A name on lines of its own. */
const hung = (line: string, index: number): string => (index === 0 ? "  " : "    ") + line

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
