/**
 * Which messages a bulk operation, a page of dead letters or a page of logs is about: filters in one checked form, and
 * how they travel as query parameters. Client, server and engine share this.
 *
 * @since 0.1.0
 */
import * as Arr from "effect/Array"
import * as DateTime from "effect/DateTime"
import * as Either from "effect/Either"
import type * as Predicate from "effect/Predicate"
import { trimBlanks } from "../internal/headers.ts"
import { isPlain } from "../internal/isPlain.ts"
import { parsePreciseInstant } from "../internal/optionChecks.ts"
import type { Parsed } from "../internal/parser.ts"
import { typeName, quote } from "../internal/quote.ts"
import { spellingsOfHost, spellingsOfPath, spellingsOfUrl } from "../internal/spellings.ts"
import type { DlqFilter, DlqSelector, LogFilter, MessageFilter, MessageSelector } from "../MessageFilter.ts"
import { QStashInvalidRequest } from "../QStashError.ts"

/** The filters of which any of several texts will do. */
const texts = [
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

type Text = (typeof texts)[number]

/**
 * Checked filters. A message matches if it has one of the values of each filter that is there; the ids go before all
 * else, and where there is nothing at all every message matches. Dates are milliseconds since 1970, both included.
 *
 * @since 0.1.0
 * @category models
 */
export type Criteria = { readonly [K in Text]?: Arr.NonEmptyReadonlyArray<string> } & {
  readonly dlqIds?: Arr.NonEmptyReadonlyArray<string>
  readonly messageIds?: Arr.NonEmptyReadonlyArray<string>
  readonly responseStatus?: Arr.NonEmptyReadonlyArray<number>
  readonly fromDate?: number
  readonly toDate?: number
}

type Given = MessageFilter & Pick<DlqFilter, "responseStatus"> & Pick<LogFilter, "messageId" | "state">

type Checked = Either.Either<Criteria, QStashInvalidRequest>

const refuse = (reason: string, field?: string) =>
  Either.left(new QStashInvalidRequest(field === undefined ? { reason } : { field, reason }))

const isText = (value: unknown): value is string => typeof value === "string" && value !== ""

/** `Number` takes more for a number than a query should. */
const wholeNumber = (text: string): number | undefined => {
  const number = /^-?\d+$/.test(text) ? Number(text) : undefined
  return Number.isSafeInteger(number) ? number : undefined
}

const isStatus = (value: unknown): value is number =>
  typeof value === "number" && Number.isSafeInteger(value) && value >= 0

/** One value or a list of them, and none of them empty: an empty list would match nothing, or everything. */
const listOf =
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

const textsOf = listOf(isText, "text that is not empty")
const urlsOf = listOf(
  (value): value is string | URL => isText(value) || value instanceof URL,
  "text that is not empty"
)
const statusesOf = listOf(isStatus, "a status")

const instantOf = (value: DateTime.DateTime.Input): Parsed<number> =>
  Either.map(parsePreciseInstant(value), DateTime.toEpochMillis)

/** What comes after a comma that separates two values, where a value may hold commas of its own. */
const separators: ReadonlyMap<string, RegExp> = new Map([
  ["url", /,[ \t]*(?=https?:\/\/)/i],
  ["path", /,[ \t]*(?=\/)/],
  ["flowControlKey", /,/]
])

/** Several values between commas, and the value as a whole where a comma may be part of it. */
const partsOf = (name: string, value: string): ReadonlyArray<string> => {
  const separator = separators.get(name)
  const parts = value.split(separator ?? ",").map(trimBlanks)
  return separator === undefined || parts.length === 1 ? parts : [trimBlanks(value), ...parts]
}

/** The filters of which one value may stand for several texts. */
const isSpelt = (name: string): boolean => separators.has(name) || name === "host"

/** `Arr.dedupe` compares each value with all others. */
const distinct = (values: Iterable<string>): Array<string> => Array.from(new Set(values))

type Texts = Arr.NonEmptyReadonlyArray<string>

/** One value as it is stored. On the wire a comma would make it several, and blanks around it would be lost. */
const single =
  (what: string) =>
  (text: string): Parsed<string> => {
    const value = trimBlanks(text)
    if (value === "") return Either.left("is blank")
    return value.includes(",")
      ? Either.left(`contains a comma; write several ${what}s as a list`)
      : Either.right(value)
  }

const idOf = single("id")

/**
 * All texts that one value stands for. The same for a user's filter and for one from the wire, so that each
 * implementation finds the same. The reason repeats no value: a URL may hold secrets.
 */
const spell = (name: string, value: string): Parsed<ReadonlyArray<string>> => {
  if (!separators.has(name)) {
    const one = single(name === "label" || name === "host" ? name : "value")(value)
    return name === "host" ? Either.flatMap(one, spellingsOfHost) : Either.map(one, Arr.of)
  }
  const spellings = name === "url" ? spellingsOfUrl : name === "path" ? spellingsOfPath : undefined
  const parts = partsOf(name, value).filter((part) => part !== "")
  if (parts.length === 0) return Either.left("expected text that is not empty")
  return spellings === undefined
    ? Either.right(parts)
    : Either.map(Either.all(parts.map(spellings)), (found) => found.flat())
}

/** Reads a user's filter of texts. */
const spelled = (name: Text, value: unknown): Parsed<Texts> =>
  Either.flatMap((name === "url" ? urlsOf : textsOf)(value), (list) =>
    Either.flatMap(
      Either.all(list.map((one) => spell(name, typeof one === "string" ? one : one.href))),
      (found) => {
        const all = distinct(found.flat())
        return Arr.isNonEmptyArray(all) ? Either.right(all) : Either.left("expected text")
      }
    )
  )

const isKnown = (name: string, known: ReadonlyArray<string>): boolean => known.includes(name)

/** Which filters a call takes beside those that all have. */
const own = {
  message: ["host", "path"],
  dlq: ["messageId", "responseStatus"],
  log: ["host", "path", "messageId", "state"]
} as const

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

const isRecord = (value: unknown): boolean => isPlain(value)

const check = (kind: keyof typeof own, filter: Given): Checked =>
  Either.gen(function* () {
    if (!isRecord(filter)) return yield* refuse(`expected filters, got ${typeName(filter)}`)
    const criteria: { -readonly [K in keyof Criteria]: Criteria[K] } = {}
    const field = <A>(name: string, parsed: Parsed<A>) =>
      Either.mapLeft(parsed, (reason) => new QStashInvalidRequest({ field: name, reason }))
    for (const [name, value] of Object.entries(filter)) {
      if (value !== undefined && !isKnown(name, common) && !isKnown(name, own[kind])) {
        return yield* refuse("is no filter of this call", /^\w{1,100}$/.test(name) ? name : quote(name))
      }
    }
    for (const name of texts) {
      const value = filter[name]
      if (value !== undefined) criteria[name] = yield* field(name, spelled(name, value))
    }
    if (filter.responseStatus !== undefined) {
      criteria.responseStatus = yield* field("responseStatus", statusesOf(filter.responseStatus))
    }
    if (filter.fromDate !== undefined) {
      criteria.fromDate = yield* field("fromDate", instantOf(filter.fromDate))
    }
    if (filter.toDate !== undefined) criteria.toDate = yield* field("toDate", instantOf(filter.toDate))
    return criteria
  })

/** What every selector may be. */
interface Selector {
  readonly all?: unknown
  readonly messageIds?: ReadonlyArray<string>
  readonly dlqIds?: ReadonlyArray<string>
}

const checkSelector = (
  kind: "message" | "dlq",
  selector: Selector & Given,
  ids: "messageIds" | "dlqIds"
): Checked => {
  if (!isRecord(selector)) return refuse(`expected a selector, got ${typeName(selector)}`)
  const { [ids]: given, all, ...filter } = selector
  const isFiltered = Object.values(filter).some((value) => value !== undefined)
  if (all !== undefined) {
    return all === true && given === undefined && !isFiltered
      ? Either.right({})
      : refuse("expected true, and no other filter beside it", "all")
  }
  if (given !== undefined) {
    return isFiltered
      ? refuse("cannot be combined with other filters", ids)
      : Either.mapBoth(
          Either.flatMap(textsOf(given), (list) => Either.all(list.map(idOf))),
          {
            onLeft: (reason) => new QStashInvalidRequest({ field: ids, reason }),
            onRight: (list) => ({ [ids]: list })
          }
        )
  }
  const missing = Object.entries(selector).find(([name, value]) => name !== "all" && value === undefined)
  return isFiltered
    ? missing === undefined
      ? check(kind, filter)
      : refuse(
          "is undefined, and without it more would be selected: leave it out if that is meant",
          missing[0]
        )
    : refuse(`an empty selector would be everything: give ${ids}, filters, or { all: true }`)
}

/**
 * Checks a user's filters for the dead letter queue.
 *
 * @since 0.1.0
 * @category constructors
 */
export const fromDlqFilter = (filter: DlqFilter): Checked => check("dlq", filter)

/**
 * Checks a user's filters for the logs.
 *
 * @since 0.1.0
 * @category constructors
 */
export const fromLogFilter = (filter: LogFilter): Checked => check("log", filter)

/**
 * Checks a user's selection of pending messages. An empty one is refused.
 *
 * @since 0.1.0
 * @category constructors
 */
export const fromMessageSelector = (selector: MessageSelector): Checked =>
  checkSelector("message", selector, "messageIds")

/**
 * Checks a user's selection of dead letters. An empty one is refused.
 *
 * @since 0.1.0
 * @category constructors
 */
export const fromDlqSelector = (selector: DlqSelector): Checked => checkSelector("dlq", selector, "dlqIds")

/** Only the group has another name on the wire, and several ids of messages have. */
const wireName = (name: string, count: number): string =>
  name === "urlGroup" ? "topicName" : name === "messageId" && count > 1 ? "messageIds" : name

/** QStash's documents spell this state with two L where it is a filter, its clients' types with one. */
const wireState = (state: string): string => (state === "CANCELED" ? "CANCELLED" : state)
const domainState = (state: string): string => (state === "CANCELLED" ? "CANCELED" : state)

/**
 * Writes checked filters as query parameters, several values of one filter as several parameters.
 *
 * @since 0.1.0
 * @category conversions
 */
export const toParameters = (criteria: Criteria): ReadonlyArray<readonly [name: string, value: string]> =>
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

/** In a log the ids are a filter like any other; else they go before all others. */
const domainName = (kind: keyof typeof own, name: string): string =>
  kind === "log" && name === "messageIds" ? "messageId" : (domainNames.get(name) ?? name)

/**
 * Reads filters from a query or, for deletes, from a JSON body. A value may hold several between commas. A URL, a path
 * and a flow-control key may also contain commas, so these match as a whole too; their parts count where each one
 * is a URL or a path. An unknown name is refused, as QStash does; empty values are ignored.
 *
 * @since 0.1.0
 * @category conversions
 */
export const fromParameters = (
  kind: "message" | "dlq" | "log",
  parameters: Iterable<readonly [name: string, value: string]>
): Checked => {
  const ids = { message: ["messageIds"], dlq: ["dlqIds"], log: [] }[kind]
  const lists = new Map<string, Array<string>>()
  for (const [given, value] of parameters) {
    const name = domainName(kind, given)
    const isDomainName = name !== given || name !== "urlGroup"
    const isAllowed = isKnown(name, common) || isKnown(name, own[kind]) || isKnown(name, ids)
    if (!isAllowed || !isDomainName) return refuse(`${quote(given)} is no filter of this call`)
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
        criteria.responseStatus = yield* Either.mapLeft(
          statusesOf(list.map(wholeNumber)),
          () =>
            new QStashInvalidRequest({
              field: name,
              reason: `expected a status, got ${quote(list.join(","))}`
            })
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
