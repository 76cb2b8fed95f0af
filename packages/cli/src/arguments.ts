import * as Either from "effect/Either"
import { marked } from "./commands/flags.ts"
import { before, optionsOf } from "./help.ts"
import { cut, mostQuoted, quoted } from "./render/text.ts"

/** Takes `--name=value` apart. */
const partsOf = (arg: string): readonly [name: string, ...value: ReadonlyArray<string>] => {
  const [, name = arg, value] = /^(--[a-z-]+)=(.*)$/s.exec(arg) ?? []
  return value === undefined ? [name] : [name, value]
}

/** `--name=value` as two arguments. */
export const separated = (args: ReadonlyArray<string>): ReadonlyArray<string> => {
  const own = before(args)
  return [...own.flatMap(partsOf), ...args.slice(own.length)]
}

/** The parser takes quadratic time over its arguments: 2 seconds for these, and minutes for ten times as many. */
const mostArguments = 10_000

/** It tries to split what starts with a hyphen into short options, in quadratic time too. */
const longestOption = 100

/**
 * The arguments as the parser reads them without fault, or what is wrong with one.
 *
 * - It takes `--name=value` apart only where no argument stands before it, and not where the value is empty.
 * - It takes a word such as `no` or `1` behind a switch for its value, so each switch gets one.
 * - It looks for `--version` and the like behind a lone `--` as well, and does not tell what stood there.
 */
export const parsableOf = (given: ReadonlyArray<string>): Either.Either<ReadonlyArray<string>, string> => {
  if (given.length > mostArguments) {
    return Either.left(`${given.length} arguments were given; at most ${mostArguments} can be read at once.`)
  }
  const own = before(given)
  const options = optionsOf(separated(given))
  const parsable: Array<string> = []
  for (let index = 0; index < own.length; index++) {
    const [name, value] = partsOf(own[index] ?? "")
    const option = options.find(({ names }) => names.includes(name))
    if (option === undefined && name.startsWith("-") && name.length > longestOption) {
      return Either.left(`${cut(name, mostQuoted)} is not an option of this command.`)
    }
    parsable.push(name)
    if (option?.isSwitch === true) {
      if (value !== undefined && value !== "true" && value !== "false") {
        return Either.left(`${name}: expected true or false, got ${quoted(value)}.`)
      }
      parsable.push(value ?? "true")
    } else if (value !== undefined) {
      parsable.push(value)
    } else if (option !== undefined) {
      index += 1
      const next = own[index]
      // What stands behind `--` is not its value.
      if (next === undefined) return Either.right(parsable)
      parsable.push(next)
    }
  }
  return Either.right([...parsable, ...given.slice(own.length + 1).map(marked)])
}
