import * as Either from "effect/Either"
import type { Command, Misread, Texts } from "./Command.ts"
import * as globals from "./commands/globals.ts"
import { type Entry, isGroup, root } from "./commands/table.ts"
import type { Flag } from "./Flag.ts"
import type { Parameter } from "./Parameter.ts"
import { cut, mostQuoted, quoted } from "./render/text.ts"

/** A part of a line: a flag with its value, or a word. */
interface Token {
  readonly index: number
  /** As it was written, without the value of a flag. */
  readonly text: string
  readonly kind: "flag" | "word" | "word after --"
  /** Unknown flags have none. */
  readonly flag?: Flag<unknown> | undefined
  readonly value?: string | undefined
}

/** Splits the arguments. A flag that is not in the list is treated as a switch. */
const tokensOf = (args: ReadonlyArray<string>, flags: ReadonlyArray<Flag<unknown>>): ReadonlyArray<Token> => {
  const tokens: Array<Token> = []
  let isEnded = false
  for (let index = 0; index < args.length; index++) {
    const arg = args[index] ?? ""
    if (isEnded) tokens.push({ index, text: arg, kind: "word after --" })
    else if (arg === "--") isEnded = true
    else if (!arg.startsWith("-")) tokens.push({ index, text: arg, kind: "word" })
    else {
      const [, text = arg, inline] = /^(--[^=]+)=(.*)$/s.exec(arg) ?? []
      const flag = flags.find(({ alias, name }) => text === `--${name}` || text === `-${alias}`)
      // The value may begin with a hyphen, but a lone `--` ends the flags even here.
      const isNext = flag?.isSwitch === false && inline === undefined && args[index + 1] !== "--"
      tokens.push({ index, text, kind: "flag", flag, value: isNext ? args[index + 1] : inline })
      if (isNext) index += 1
    }
  }
  return tokens
}

/** The command that the words of a line name. */
export interface Found {
  readonly path: ReadonlyArray<string>
  readonly entry: Entry
  /** The line without the path. */
  readonly rest: ReadonlyArray<string>
  /** The first word that is not part of the path. */
  readonly next: string | undefined
  /** Whether flags of a command come before its name. */
  readonly isMisplaced: boolean
  /** The global flags with their values, which nobody has checked yet. */
  readonly globals: ReadonlyMap<Flag<unknown>, string>
  /** Whether there is only the path, and perhaps a log level. */
  readonly isBare: boolean
}

/** Finds the command. Until it is found only the global flags are known, and any other is treated as a switch. */
export const find = (args: ReadonlyArray<string>): Found => {
  const path: Array<string> = []
  const places = new Set<number>()
  const seen = new Map<Flag<unknown>, string>()
  let entry: Entry = root
  let next: string | undefined
  let hasOthers = false
  let isMisplaced = false
  for (const { flag, index, kind, text, value } of tokensOf(args, globals.all)) {
    if (kind === "word after --") break
    if (kind === "flag") {
      if (flag === undefined) hasOthers = true
      else seen.set(flag, value ?? "")
      continue
    }
    const below: Entry | undefined =
      next === undefined && isGroup(entry) ? entry.commands.get(text) : undefined
    if (below === undefined) {
      next ??= text
      continue
    }
    entry = below
    path.push(text)
    places.add(index)
    isMisplaced = hasOthers
  }
  return {
    path,
    entry,
    rest: args.filter((_, index) => !places.has(index)),
    next,
    isMisplaced,
    globals: seen,
    isBare: next === undefined && !hasOthers && seen.size === (seen.has(globals.logLevel) ? 1 : 0)
  }
}

/** The texts of each parameter, or what is wrong with the line. */
export const parse = (
  args: ReadonlyArray<string>,
  { arguments: wanted, flags: own }: Pick<Command, "arguments" | "flags">
): Either.Either<Texts, Misread> => {
  const all = new Map<Parameter<unknown>, Array<string>>()
  const flags = [...own, ...globals.all]
  const words: Array<string> = []
  for (const token of tokensOf(args, flags)) {
    if (token.kind !== "flag") {
      words.push(token.text)
      continue
    }
    const { flag, text: written } = token
    if (flag === undefined) {
      return wrongFlag(`unknown option ${cut(written, mostQuoted)}`)
    }
    const texts = all.get(flag) ?? []
    if (texts.length > 0 && !flag.isRepeated) return wrongFlag(`repeated option ${written}`)
    const value = valueOf(token.value, flag)
    if (Either.isLeft(value)) return wrongFlag(`${written}: ${value.left}`)
    texts.push(value.right)
    all.set(flag, texts)
  }
  const missing = flags.find((flag) => flag.isRequired && !all.has(flag))
  if (missing !== undefined) return wrongFlag(`missing option --${missing.name}`)
  let taken = 0
  for (const argument of wanted) {
    const texts = words.slice(taken, argument.isRepeated ? undefined : taken + 1)
    if (texts.length === 0 && argument.isRequired) return wrongArgument(`missing argument <${argument.name}>`)
    all.set(argument, texts)
    taken += texts.length
  }
  const extra = words[taken]
  return extra === undefined
    ? Either.right(all)
    : wrongArgument(`unexpected argument '${cut(extra, mostQuoted)}'`)
}

/** The value of a flag, or what is wrong with it. */
const valueOf = (
  value: string | undefined,
  { choices, isSwitch, placeholder }: Flag<unknown>
): Either.Either<string, string> => {
  if (isSwitch) {
    const text = value ?? "true"
    return text === "true" || text === "false"
      ? Either.right(text)
      : Either.left(`expected true or false, got ${quoted(text)}`)
  }
  const known = choices.join(", ")
  if (value === undefined) return Either.left(`expected a value: ${known || placeholder}`)
  return choices.length === 0 || choices.includes(value)
    ? Either.right(value)
    : Either.left(`expected one of ${known}, got ${quoted(value)}`)
}

const wrongFlag = (what: string) => Either.left<Misread>({ what, isAboutArguments: false })
const wrongArgument = (what: string) => Either.left<Misread>({ what, isAboutArguments: true })
