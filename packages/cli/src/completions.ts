import * as globals from "./commands/globals.ts"
import { type Group, isGroup } from "./commands/table.ts"
import type { Flag } from "./Flag.ts"

/** What can follow on a path: commands, or the flags of one. */
interface Place {
  /** The words of the path, such as `schedules list`; empty at the beginning. */
  readonly path: string
  readonly commands: ReadonlyArray<readonly [name: string, description: string]>
  readonly flags: ReadonlyArray<Flag<unknown>>
}

/** Every place of a line at which there is something to complete. */
export const placesOf = async (
  group: Group,
  path: ReadonlyArray<string> = []
): Promise<ReadonlyArray<Place>> => {
  const places: Array<Place> = [
    {
      path: path.join(" "),
      commands: Array.from(group.commands, ([name, { description }]) => [name, description]),
      flags: path.length === 0 ? globals.all : [globals.help]
    }
  ]
  for (const [name, entry] of group.commands) {
    const below = [...path, name]
    if (isGroup(entry)) for (const place of await placesOf(entry, below)) places.push(place)
    else {
      const { flags } = await entry.load()
      places.push({ path: below.join(" "), commands: [], flags: [...flags, globals.help, globals.logLevel] })
    }
  }
  return places
}

/** A script for a shell, which completes commands, flags and those values that are known. */
export const scriptFor = (shell: globals.ShellName, places: ReadonlyArray<Place>): string =>
  scripts[shell](places).join("\n")

type Script = (places: ReadonlyArray<Place>) => ReadonlyArray<string>

/**
 * Each step from a place to the one below it, as a word of the form `place/command`: `/schedules` from the beginning,
 * `schedules/list` from there. In this form a shell can match both at once.
 */
const steps = (places: ReadonlyArray<Place>): ReadonlyArray<string> =>
  places.flatMap(({ commands, path }) => commands.map(([name]) => `"${path}/${name}"`))

/** Every flag with a value, in the same form; those of the beginning go everywhere. */
const valued = (
  places: ReadonlyArray<Place>
): ReadonlyArray<readonly [pattern: string, flag: Flag<unknown>]> =>
  places.flatMap(({ flags, path }) =>
    flags.flatMap((flag) =>
      flag.isSwitch ? [] : [[`${path === "" ? "*" : `"${path}"`}/--${flag.name}`, flag] as const]
    )
  )

const namesOf = ({ commands, flags }: Place): ReadonlyArray<string> => [
  ...commands.map(([name]) => name),
  ...flags.map(({ name }) => `--${name}`)
]

const isPath = ({ placeholder }: Flag<unknown>): boolean => placeholder === "path"

const bash: Script = (places) => [
  "_effect_qstash() {",
  '  local word at="" current="${COMP_WORDS[COMP_CWORD]}" previous="${COMP_WORDS[COMP_CWORD - 1]}"',
  "  # Bash takes --name=value for three words.",
  '  if [[ "$current" == "=" ]]; then current=""',
  '  elif [[ "$previous" == "=" ]]; then previous="${COMP_WORDS[COMP_CWORD - 2]}"; fi',
  '  for word in "${COMP_WORDS[@]:1:COMP_CWORD - 1}"; do',
  '    case "$at/$word" in',
  `      ${steps(places).join(" | ")}) at="\${at:+$at }$word" ;;`,
  "    esac",
  "  done",
  '  case "$at/$previous" in',
  ...valued(places).map(
    ([pattern, flag]) =>
      `    ${pattern}) ${isPath(flag) ? "COMPREPLY=(); compopt -o default" : `COMPREPLY=($(compgen -W "${flag.choices.join(" ")}" -- "$current"))`}; return ;;`
  ),
  "  esac",
  '  case "$at" in',
  ...places.map(
    (place) => `    "${place.path}") COMPREPLY=($(compgen -W "${namesOf(place).join(" ")}" -- "$current")) ;;`
  ),
  "  esac",
  "}",
  "complete -F _effect_qstash effect-qstash"
]

/** In bash and zsh a single quote cannot be escaped within single quotes. */
const inQuotes = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`

const zsh: Script = (places) => [
  "#compdef effect-qstash",
  "_effect_qstash() {",
  '  local word at="" current="${words[CURRENT]}" previous="${words[CURRENT - 1]}"',
  "  local -a subcommands flags",
  '  if [[ "$current" == --*=* ]]; then previous="${current%%=*}"; compset -P \'*=\'; fi',
  '  for word in "${(@)words[2,CURRENT - 1]}"; do',
  '    case "$at/$word" in',
  `      (${steps(places).join("|")}) at="\${at:+$at }$word" ;;`,
  "    esac",
  "  done",
  '  case "$at/$previous" in',
  ...valued(places).map(
    ([pattern, flag]) =>
      `    (${pattern}) ${isPath(flag) ? "_files" : flag.choices.length === 0 ? "_message value" : `compadd -- ${flag.choices.join(" ")}`}; return ;;`
  ),
  "  esac",
  '  case "$at" in',
  ...places.map(
    ({ commands, flags, path }) =>
      `    ("${path}") subcommands=(${commands.map(([name, text]) => inQuotes(`${name}:${text}`)).join(" ")}); flags=(${flags.map(({ description, name }) => inQuotes(`--${name}:${description}`)).join(" ")}) ;;`
  ),
  "  esac",
  '  [[ "$current" == -* ]] || _describe -t commands command subcommands',
  "  _describe -o -t options option flags",
  "}",
  "compdef _effect_qstash effect-qstash"
]

const inFishQuotes = (text: string): string => `'${text.replace(/[\\']/g, "\\$&")}'`

const fish: Script = (places) => [
  "function __effect_qstash_at --argument-names wanted",
  '  set -l at ""',
  "  for word in (commandline -opc)[2..]",
  '    switch "$at/$word"',
  `      case ${steps(places).join(" ")}`,
  '        set at (string trim -- "$at $word")',
  "    end",
  "  end",
  '  test "$at" = "$wanted"',
  "end",
  "complete -c effect-qstash -f",
  ...places.flatMap(({ commands, flags, path }) => {
    const here = `complete -c effect-qstash -n ${inFishQuotes(`__effect_qstash_at "${path}"`)}`
    return [
      ...commands.map(([name, description]) => `${here} -a ${name} -d ${inFishQuotes(description)}`),
      ...flags.map((flag) => `${here} ${fishFlag(flag)} -d ${inFishQuotes(flag.description)}`)
    ]
  })
]

const fishFlag = (flag: Flag<unknown>): string =>
  [
    ...(flag.alias === undefined ? [] : [`-s ${flag.alias}`]),
    `-l ${flag.name}`,
    ...(flag.isSwitch ? [] : [isPath(flag) ? "-r -F" : `-x -a ${inFishQuotes(flag.choices.join(" "))}`])
  ].join(" ")

const scripts: Readonly<Record<globals.ShellName, Script>> = { bash, sh: bash, zsh, fish }
