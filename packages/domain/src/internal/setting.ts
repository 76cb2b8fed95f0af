import * as Either from "effect/Either"
import * as Struct from "effect/Struct"
import { QStashInvalidRequest } from "../QStashError.ts"
import { type Checked, inPart } from "./optionChecks.ts"
import type { HeaderMap } from "./headers.ts"
import type { Parsed } from "./parser.ts"
import type { SettingsSource } from "./requestParts.ts"

/** A header and its values. */
export type HeaderEntry = readonly [name: string, values: ReadonlyArray<string>]

/** What the checks of a user's options do beyond those of a request. */
export interface UserChecks {
  /** Rejects headers that would control nothing where they are; they travel behind the prefix. */
  readonly headers: (headers: HeaderMap, prefix: string) => Parsed<HeaderMap>
  /** Which helpers take a body that is neither text nor bytes. */
  readonly jsonHelpers: string
}

/** All there is to know about one option: what it may be (`I`), its checked value (`A`), and how it travels. */
export interface Setting<A, I = unknown> {
  /** The header of each option in it, by the option's path. The setting itself has the empty path. */
  readonly headerNames: Readonly<Record<string, string>>
  /** Fields in an error are relative to the setting. The value is undefined where the input only says the default. */
  readonly check: (input: I, user: UserChecks | undefined) => Checked<A | undefined>
  readonly encode: (value: A) => ReadonlyArray<HeaderEntry>
  /** Reads a value that `check` takes. */
  readonly decode: (source: SettingsSource) => Checked<unknown>
}

/** One row for each option. */
export type Settings<A> = { readonly [K in keyof A]: Setting<A[K]> }

/** How a value looks as the text of a header. */
export interface HeaderText<A> {
  readonly write: (value: A) => string
  readonly read: (text: string) => Parsed<unknown>
}

const refuseParsed = (reason: string) => new QStashInvalidRequest({ reason })

/** A check that names no field, for a setting whose value has no parts. */
export const unnamed =
  <A>(parse: (input: unknown) => Parsed<A>) =>
  (input: unknown): Checked<A> =>
    Either.mapLeft(parse(input), refuseParsed)

/** A setting that is the text of one header. */
export const setting = <A>(
  header: string,
  parse: (input: unknown) => Parsed<A | undefined>,
  { read, write }: HeaderText<A>
): Setting<A> => ({
  headerNames: { "": header },
  check: unnamed(parse),
  encode: (value) => [[header, [write(value)]]],
  decode: ({ text }) => {
    const found = text(header)
    return found === undefined
      ? Either.right(undefined)
      : Either.mapLeft(read(found), (reason) => new QStashInvalidRequest({ field: header, reason }))
  }
})

/** Checks the options that are present. An error names the option by its path, such as `callback.url`. */
export const checkAll = <A extends object>(
  settings: Settings<A>,
  input: { readonly [K in keyof A]?: unknown },
  user?: UserChecks
): Checked<Partial<A>> => {
  const values: Partial<A> = {}
  for (const option of Struct.keys(settings)) {
    const value = input[option]
    if (value === undefined) continue
    const checked = settings[option].check(value, user)
    if (Either.isLeft(checked)) return Either.left(inPart(option)(checked.left))
    if (checked.right !== undefined) values[option] = checked.right
  }
  return Either.right(values)
}

/** Writes checked values in the order of the rows. */
export const encodeAll = <A extends object>(
  settings: Settings<A>,
  values: Partial<A>
): ReadonlyArray<HeaderEntry> => {
  const headers: Array<HeaderEntry> = []
  for (const option of Struct.keys(settings)) {
    const value = values[option]
    if (value === undefined) continue
    for (const header of settings[option].encode(value)) headers.push(header)
  }
  return headers
}

/** Reads what a request says of each option, unchecked. */
export const decodeAll = <A extends object>(
  settings: Settings<A>,
  source: SettingsSource
): Checked<{ readonly [K in keyof A]?: unknown }> => {
  const values: { [K in keyof A]?: unknown } = {}
  for (const option of Struct.keys(settings)) {
    const decoded = settings[option].decode(source)
    if (Either.isLeft(decoded)) return Either.left(decoded.left)
    values[option] = decoded.right
  }
  return Either.right(values)
}

/** The header of each option, by the option's path. */
export const headerNamesOf = (
  settings: Readonly<Record<string, Pick<Setting<never>, "headerNames">>>
): ReadonlyArray<readonly [path: string, header: string]> =>
  Object.entries(settings).flatMap(([option, { headerNames }]) =>
    Object.entries(headerNames).map(
      ([path, header]) => [path === "" ? option : `${option}.${path}`, header] as const
    )
  )
