/** Constructors for flags. They need no schema, so that help does not have to load one. */
import * as Either from "effect/Either"
import type { Parameter, Parse } from "./Parameter.ts"

/** A flag, such as `--queue name`. */
export interface Flag<out A> extends Parameter<A> {
  /** One letter. */
  readonly alias?: string
  /** Whether it is on or off. A switch takes its value only with `=`, as `true` or `false`. */
  readonly isSwitch: boolean
  /** Stands for the value in help. */
  readonly placeholder: string
  /** The only values that it takes; any value if there are none. */
  readonly choices: ReadonlyArray<string>
}

const isOn = (texts: ReadonlyArray<string>): boolean => texts[0] === "true"

/** A switch that is off unless it is given. */
export const toggle = (name: string, description: string, alias?: string): Flag<boolean> => ({
  name,
  description,
  isRequired: false,
  isRepeated: false,
  isSwitch: true,
  placeholder: "",
  choices: [],
  read: (texts) => Either.right(isOn(texts)),
  ...(alias === undefined ? {} : { alias })
})

/** A switch for which off is not the same as left out: `--name` or `--name=false`. */
export const optionalToggle = (name: string, description: string): Flag<boolean | undefined> => ({
  ...toggle(name, description),
  placeholder: "[=false]",
  read: (texts) => Either.right(texts.length === 0 ? undefined : isOn(texts))
})

/** A flag that may be given once. */
export const optional = <A>(
  name: string,
  placeholder: string,
  parse: Parse<A>,
  description: string
): Flag<A | undefined> => ({
  name,
  description,
  isRequired: false,
  isRepeated: false,
  isSwitch: false,
  placeholder,
  choices: [],
  read: ([text]) => (text === undefined ? Either.right(undefined) : parse(text))
})

/** Any text. */
export const text = (name: string, placeholder: string, description: string): Flag<string | undefined> =>
  optional(name, placeholder, Either.right<string>, description)

/** Text that has to be given. */
export const requiredText = (name: string, placeholder: string, description: string): Flag<string> => ({
  ...text(name, placeholder, description),
  isRequired: true,
  read: ([only = ""]) => Either.right(only)
})

/** One of several values. */
export const choice = <A extends string>(
  name: string,
  choices: ReadonlyArray<A>,
  description: string,
  separator = " | "
): Flag<A | undefined> => ({
  ...text(name, choices.join(separator), description),
  choices,
  // The parser takes no other values.
  read: ([only]) => Either.right(choices.find((one) => one === only))
})

/** A flag that may be repeated. */
export const several = <A>(
  name: string,
  placeholder: string,
  parse: Parse<A>,
  description: string
): Flag<ReadonlyArray<A>> => ({
  ...text(name, placeholder, description),
  isRepeated: true,
  read: (texts) => Either.all(texts.map(parse))
})

export const map = <A, B>(flag: Flag<A>, change: (value: A) => B): Flag<B> => ({
  ...flag,
  read: (texts) => Either.map(flag.read(texts), change)
})

export const withDefault = <A>(flag: Flag<A | undefined>, value: A): Flag<A> =>
  map(flag, (read) => read ?? value)
