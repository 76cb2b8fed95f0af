import type { MessageSettings } from "../MessageSettings.ts"
import { refuse } from "./optionChecks.ts"
import { typeName } from "./quote.ts"
import { checkAll, type UserChecks } from "./setting.ts"
import { settings } from "./settings.ts"

/** Settings before any check, from a user or from a request. */
export type Unchecked<Options, D> = { readonly [K in keyof Options]?: unknown } & { readonly destination: D }

export const namesOf = (...tables: ReadonlyArray<object>): ReadonlySet<string> =>
  new Set(["destination", ...tables.flatMap(Object.keys)])

export const notOptions = (what: string, input: unknown) =>
  refuse(`expected the options of a ${what}, got ${typeName(input)}`)

export const checkCommon = (
  input: { readonly [K in keyof MessageSettings]?: unknown },
  user: UserChecks | undefined
) => checkAll<Required<MessageSettings>>(settings, input, user)
