import * as Either from "effect/Either"
import * as Struct from "effect/Struct"
import { QStashInvalidRequest } from "../QStashError.ts"
import { type Checked, inPart } from "./optionChecks.ts"
import type { HeaderMap } from "./headers.ts"
import type { Parsed } from "./parser.ts"
import type { SettingsSource } from "./requestParts.ts"

/** A header and its values. */
export type HeaderEntry = readonly [name: string, values: ReadonlyArray<string>]

/** What is checked only in options from a user, not from a request. */
export interface UserChecks {
  /** Rejects headers that would control nothing. The prefix is that of their names on the wire. */
  readonly headers: (headers: HeaderMap, prefix: string) => Parsed<HeaderMap>
  /** Which helpers take a body that is neither text nor bytes. */
  readonly jsonHelpers: string
}

/** Everything about one option: its input (`I`), its checked value (`A`), and how it is sent. */
export interface Setting<A, I = unknown> {
  /** The header of each part of the option, by its path. The option itself has the empty path. */
  readonly headerNames: Readonly<Record<string, string>>
  /** Fields in an error are relative to the option. The value is undefined if the input is the default. */
  readonly check: (input: I, user: UserChecks | undefined) => Checked<A | undefined>
  readonly encode: (value: A) => ReadonlyArray<HeaderEntry>
  /** Reads a value for `check`. */
  readonly decode: (source: SettingsSource) => Checked<unknown>
}

/** One row for each option. */
export type Settings<A> = { readonly [K in keyof A]: Setting<A[K]> }

/** A value as the text of a header. */
export interface HeaderText<A> {
  readonly write: (value: A) => string
  readonly read: (text: string) => Parsed<unknown>
}

const refuseParsed = (reason: string) => new QStashInvalidRequest({ reason })

/** A check whose error has no field, for an option without parts. */
export const unnamed =
  <A>(parse: (input: unknown) => Parsed<A>) =>
  (input: unknown): Checked<A> =>
    Either.mapLeft(parse(input), refuseParsed)

/** An option that is the text of one header. */
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

/** Reads the options of a request, unchecked. */
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
