import * as Either from "effect/Either"
import { marked } from "./commands/flags.ts"
import { before, optionsOf } from "./help.ts"
import { quoted } from "./render/text.ts"

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

/**
 * The arguments as the parser reads them without fault, or what is wrong with one.
 *
 * - It takes `--name=value` apart only where no argument stands before it, and not where the value is empty.
 * - It takes a word such as `no` or `1` behind a switch for its value, so each switch gets one.
 * - It looks for `--version` and the like behind a lone `--` as well, and does not tell what stood there.
 */
export const parsableOf = (given: ReadonlyArray<string>): Either.Either<ReadonlyArray<string>, string> => {
  const own = before(given)
  const options = optionsOf(separated(given))
  const parsable: Array<string> = []
  for (let index = 0; index < own.length; index++) {
    const [name, value] = partsOf(own[index] ?? "")
    const option = options.find(({ names }) => names.includes(name))
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
      parsable.push(...own.slice(index, index + 1))
      // What stands behind `--` is not its value.
      if (index >= own.length) return Either.right(parsable)
    }
  }
  return Either.right([...parsable, ...given.slice(own.length + 1).map(marked)])
}
