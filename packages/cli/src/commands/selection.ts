import * as Arr from "effect/Array"
import * as DateTime from "effect/DateTime"
import * as Either from "effect/Either"
import { type Failure, wrongUsage } from "../Failure.ts"
import { safeUrl } from "../render/url.ts"
import type { Noun } from "./noun.ts"

/** What a bulk command is about: some by their ids, those that match, or all. */
export type Selection<Id, F> =
  | { readonly _tag: "Ids"; readonly ids: Arr.NonEmptyReadonlyArray<Id> }
  | { readonly _tag: "Filter"; readonly filter: F }
  | { readonly _tag: "All" }

/** Exactly one of the three, so that nothing is everything by accident. */
export const selectionOf = <Id, F extends object, S extends F>(
  noun: Noun,
  verb: string,
  given: { readonly all: boolean; readonly ids: ReadonlyArray<Id>; readonly filter: F },
  isSelective: (filter: F) => filter is S
): Either.Either<Selection<Id, S>, Failure> => {
  const { filter } = given
  const ids = Array.from(new Set(given.ids))
  const kinds = [given.all, ids.length > 0, isSelective(filter)].filter(Boolean).length
  const next = `Give the ids of the ${noun.many} to ${verb}, filters such as --queue, or --all.`
  if (kinds > 1) return Either.left(wrongUsage("Only one of ids, filters and --all can be given.", next))
  if (given.all) return Either.right({ _tag: "All" })
  if (Arr.isNonEmptyReadonlyArray(ids)) return Either.right({ _tag: "Ids", ids })
  return isSelective(filter)
    ? Either.right({ _tag: "Filter", filter })
    : Either.left(wrongUsage(`No ${noun.one} was named.`, next))
}

const optionNames: Readonly<Record<string, string>> = {
  queueName: "--queue",
  scheduleId: "--schedule",
  urlGroup: "--url-group",
  label: "--label",
  flowControlKey: "--flow-control-key",
  url: "--url",
  messageId: "--message",
  responseStatus: "--status",
  fromDate: "--since",
  toDate: "--until"
}

/** The filters as somebody gave them, a line for each. */
export const inWords = (filter: object): ReadonlyArray<string> =>
  Object.entries(filter).map(([field, values]) => {
    const texts = Arr.ensure<unknown>(values).map((value) =>
      DateTime.isDateTime(value)
        ? DateTime.formatIso(value)
        : field === "url"
          ? safeUrl(String(value))
          : String(value)
    )
    return `${optionNames[field] ?? field} ${texts.join(" or ")}`
  })
