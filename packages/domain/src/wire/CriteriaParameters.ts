/**
 * Filters as query parameters.
 *
 * @since 0.1.0
 */
import * as Arr from "effect/Array"
import * as Either from "effect/Either"
import type { Criteria } from "../input/Criteria.ts"
import {
  distinct,
  filterNames,
  isSpelt,
  type Kind,
  partsOf,
  spell,
  statusesOf,
  texts
} from "../internal/filters.ts"
import { type Checked, refuse } from "../internal/optionChecks.ts"
import { quote } from "../internal/quote.ts"

/** Only the group has another name on the wire, and several message ids have. */
const wireName = (name: string, count: number): string =>
  name === "urlGroup" ? "topicName" : name === "messageId" && count > 1 ? "messageIds" : name

/** QStash's documents spell this state with two Ls as a filter, its clients' types with one. */
const wireState = (state: string): string => (state === "CANCELED" ? "CANCELLED" : state)
const domainState = (state: string): string => (state === "CANCELLED" ? "CANCELED" : state)

/**
 * Writes checked filters as query parameters, several values of one filter as several parameters.
 *
 * @since 0.1.0
 * @category conversions
 */
export const encode = (criteria: Criteria): ReadonlyArray<readonly [name: string, value: string]> =>
  Object.entries(criteria).flatMap(([name, value]) => {
    const list = typeof value === "number" ? [value] : (value ?? [])
    return list.map(
      (one) => [wireName(name, list.length), name === "state" ? wireState(String(one)) : String(one)] as const
    )
  })

const domainNames: ReadonlyMap<string, string> = new Map([
  ["topicName", "urlGroup"],
  ["callerIP", "callerIp"]
])

/** In the logs the ids are a filter like any other; elsewhere they take precedence over all others. */
const domainName = (kind: Kind, name: string): string =>
  kind === "log" && name === "messageIds" ? "messageId" : (domainNames.get(name) ?? name)

const idsNames: Readonly<Record<Kind, string | undefined>> = {
  message: "messageIds",
  dlq: "dlqIds",
  log: undefined
}

/** `Number` reads more as a number than a query should. */
const wholeNumber = (text: string): number | undefined => {
  const number = /^-?\d+$/.test(text) ? Number(text) : undefined
  return Number.isSafeInteger(number) ? number : undefined
}

/**
 * Reads filters from a query or, for deletes, from a JSON body. A value may hold several between commas. A URL, a path
 * and a flow-control key may also contain commas, so these match as a whole too; their parts count if each of them
 * is a URL or a path. An unknown name is an error, as it is for QStash; empty values are ignored.
 *
 * @since 0.1.0
 * @category conversions
 */
export const decode = (
  kind: Kind,
  parameters: Iterable<readonly [name: string, value: string]>
): Checked<Criteria> => {
  const lists = new Map<string, Array<string>>()
  for (const [given, value] of parameters) {
    const name = domainName(kind, given)
    const isKnown = filterNames[kind].has(name) || name === idsNames[kind]
    if (!isKnown || given === "urlGroup") return refuse(`${quote(given)} is not a filter of this call`)
    const list = lists.get(name) ?? []
    for (const part of partsOf(name, value)) {
      if (part === "") continue
      // What does not parse matches as it is.
      if (isSpelt(name)) for (const text of Either.getOrElse(spell(name, part), () => [part])) list.push(text)
      else list.push(part)
    }
    lists.set(name, list)
  }
  return Either.gen(function* () {
    const criteria: { -readonly [K in keyof Criteria]: Criteria[K] } = {}
    for (const [name, list] of lists) {
      if (!Arr.isNonEmptyArray(list)) continue
      if (name === "fromDate" || name === "toDate") {
        const millis = list.length === 1 ? wholeNumber(list[0]) : undefined
        if (millis === undefined) {
          return yield* refuse(`expected milliseconds since 1970, got ${quote(list.join(","))}`, name)
        }
        criteria[name] = millis
      } else if (name === "responseStatus") {
        criteria.responseStatus = yield* Either.orElse(statusesOf(list.map(wholeNumber)), () =>
          refuse(`expected a status, got ${quote(list.join(","))}`, name)
        )
      } else if (name === "dlqIds" || name === "messageIds") {
        criteria[name] = list
      } else {
        const known = texts.find((text) => text === name)
        if (known === undefined) continue
        const distinctList = isSpelt(known) ? distinct(list) : list
        if (!Arr.isNonEmptyArray(distinctList)) continue
        criteria[known] = known === "state" ? Arr.map(distinctList, domainState) : distinctList
      }
    }
    return criteria
  })
}
