import * as Arr from "effect/Array"
import * as Either from "effect/Either"
import type * as Predicate from "effect/Predicate"
import { trimBlanks } from "./headers.ts"
import type { Parsed } from "./parser.ts"
import { quote } from "./quote.ts"
import { spellingsOfHost, spellingsOfPath, spellingsOfUrl } from "./spellings.ts"

/** The filters by text, which match if one of several texts does. */
export const texts = [
  "messageId",
  "urlGroup",
  "queueName",
  "scheduleId",
  "flowControlKey",
  "label",
  "url",
  "host",
  "path",
  "callerIp",
  "state"
] as const

export type Text = (typeof texts)[number]

/** What a call lists or selects. */
export type Kind = "message" | "dlq" | "log"

const common = [
  "urlGroup",
  "queueName",
  "scheduleId",
  "flowControlKey",
  "label",
  "url",
  "callerIp",
  "fromDate",
  "toDate"
]

/** The names of the filters that a call takes. */
export const filterNames: Readonly<Record<Kind, ReadonlySet<string>>> = {
  message: new Set([...common, "host", "path"]),
  dlq: new Set([...common, "messageId", "responseStatus"]),
  log: new Set([...common, "host", "path", "messageId", "state"])
}

/** One value or a list of them, none of them empty. An empty list would match nothing, or everything. */
export const listOf =
  <A>(isOne: Predicate.Refinement<unknown, A>, what: string) =>
  (value: unknown): Parsed<Arr.NonEmptyReadonlyArray<A>> => {
    const list: ReadonlyArray<unknown> = Array.from(Arr.ensure(value))
    const wrong = list.find((one) => !isOne(one))
    const found = list.filter(isOne)
    return found.length === list.length && Arr.isNonEmptyArray(found)
      ? Either.right(found)
      : Either.left(
          `expected ${what}, or a list of at least one, got ${quote(list.length === 0 ? value : wrong)}`
        )
  }

export const statusesOf = listOf(
  (value): value is number => typeof value === "number" && Number.isSafeInteger(value) && value >= 0,
  "a status"
)

/** The separators of several values in one text, for filters whose values may contain commas. */
const separators: ReadonlyMap<string, RegExp> = new Map([
  ["url", /,[ \t]*(?=https?:\/\/)/i],
  ["path", /,[ \t]*(?=\/)/],
  ["flowControlKey", /,/]
])

/** The values between the commas, and first the text as a whole if a comma may be part of a value. */
export const partsOf = (name: string, value: string): ReadonlyArray<string> => {
  const separator = separators.get(name)
  const parts = value.split(separator ?? ",").map(trimBlanks)
  return separator === undefined || parts.length === 1 ? parts : [trimBlanks(value), ...parts]
}

/** Whether one value of a filter can have several spellings. */
export const isSpelt = (name: string): boolean => separators.has(name) || name === "host"

/** `Arr.dedupe` compares each value with all others. */
export const distinct = (values: Iterable<string>): Array<string> => Array.from(new Set(values))

/** One value as it is stored. In a query a comma would make it several, and blanks around it would be lost. */
export const single =
  (what: string) =>
  (text: string): Parsed<string> => {
    const value = trimBlanks(text)
    if (value === "") return Either.left("is blank")
    return value.includes(",")
      ? Either.left(`contains a comma; write several ${what}s as a list`)
      : Either.right(value)
  }

/**
 * All texts that one value stands for. A user's filter and one from a query go through here, so that all
 * implementations find the same. The reason repeats no value: a URL may contain secrets.
 */
export const spell = (name: string, value: string): Parsed<ReadonlyArray<string>> => {
  if (!separators.has(name)) {
    const parsed = single(name === "label" || name === "host" ? name : "value")(value)
    return name === "host" ? Either.flatMap(parsed, spellingsOfHost) : Either.map(parsed, Arr.of)
  }
  const spellings = name === "url" ? spellingsOfUrl : name === "path" ? spellingsOfPath : undefined
  const parts = partsOf(name, value).filter((part) => part !== "")
  if (parts.length === 0) return Either.left("expected non-empty text")
  return spellings === undefined
    ? Either.right(parts)
    : Either.map(Either.all(parts.map(spellings)), (found) => found.flat())
}
