/**
 * The messages of a bulk operation, a page of dead letters or a page of logs: a user's filters in one checked form.
 * Client, server and engine share it.
 *
 * @since 0.1.0
 */
import * as Arr from "effect/Array"
import * as DateTime from "effect/DateTime"
import * as Either from "effect/Either"
import {
  distinct,
  filterNames,
  type Kind,
  listOf,
  single,
  spell,
  statusesOf,
  type Text,
  texts
} from "../internal/filters.ts"
import { isPlain } from "../internal/isPlain.ts"
import { omitUndefined } from "../internal/omitUndefined.ts"
import { type Checked, optional, parsePreciseInstant, refuse, required } from "../internal/optionChecks.ts"
import type { Parsed } from "../internal/parser.ts"
import { quote, typeName } from "../internal/quote.ts"
import type { DlqFilter, DlqSelector, LogFilter, MessageFilter, MessageSelector } from "../MessageFilter.ts"

/**
 * Checked filters. A message matches if it has one of the values of each filter; ids take precedence over all other
 * filters, and without any filter every message matches. Dates are milliseconds since 1970, both inclusive.
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

type Filter = MessageFilter & Pick<DlqFilter, "responseStatus"> & Pick<LogFilter, "messageId" | "state">

const isText = (value: unknown): value is string => typeof value === "string" && value !== ""

const textsOf = listOf(isText, "non-empty text")
const urlsOf = listOf(
  (value): value is string | URL => isText(value) || value instanceof URL,
  "non-empty text"
)

const parseMillis = (value: unknown): Parsed<number> =>
  Either.map(parsePreciseInstant(value), DateTime.toEpochMillis)

const parseTexts =
  (name: Text) =>
  (value: unknown): Parsed<Arr.NonEmptyReadonlyArray<string>> =>
    Either.gen(function* () {
      const list = yield* (name === "url" ? urlsOf : textsOf)(value)
      const spelled = yield* Either.all(
        list.map((one) => spell(name, typeof one === "string" ? one : one.href))
      )
      const all = distinct(spelled.flat())
      return Arr.isNonEmptyArray(all) ? all : yield* Either.left("expected text")
    })

const check = (kind: Kind, filter: Filter): Checked<Criteria> =>
  Either.gen(function* () {
    const isObject: boolean = isPlain(filter)
    if (!isObject) return yield* refuse(`expected filters, got ${typeName(filter)}`)
    for (const [name, value] of Object.entries(filter)) {
      if (value !== undefined && !filterNames[kind].has(name)) {
        return yield* refuse("is not a filter of this call", /^\w{1,100}$/.test(name) ? name : quote(name))
      }
    }
    const criteria: { -readonly [K in keyof Criteria]: Criteria[K] } = {}
    for (const name of texts) {
      const value = filter[name]
      if (value !== undefined) criteria[name] = yield* required(name, value, parseTexts(name))
    }
    return {
      ...criteria,
      ...omitUndefined({
        responseStatus: yield* optional("responseStatus", filter.responseStatus, statusesOf),
        fromDate: yield* optional("fromDate", filter.fromDate, parseMillis),
        toDate: yield* optional("toDate", filter.toDate, parseMillis)
      })
    }
  })

/** The options of all selectors. */
interface Selector {
  readonly all?: unknown
  readonly messageIds?: ReadonlyArray<string>
  readonly dlqIds?: ReadonlyArray<string>
}

const parseIds = (value: unknown): Parsed<Arr.NonEmptyReadonlyArray<string>> =>
  Either.flatMap(textsOf(value), (list) => Either.all(Arr.map(list, single("id"))))

const checkSelector = (
  kind: Kind,
  selector: Selector & Filter,
  idsName: "messageIds" | "dlqIds"
): Checked<Criteria> => {
  const isObject: boolean = isPlain(selector)
  if (!isObject) return refuse(`expected a selector, got ${typeName(selector)}`)
  const { [idsName]: ids, all, ...filter } = selector
  const isFiltered = Object.values(filter).some((value) => value !== undefined)
  if (all !== undefined) {
    return all === true && ids === undefined && !isFiltered
      ? Either.right({})
      : refuse("expected true and no other filter", "all")
  }
  if (ids !== undefined) {
    return isFiltered
      ? refuse("cannot be combined with other filters", idsName)
      : Either.map(required(idsName, ids, parseIds), (list) => ({ [idsName]: list }))
  }
  if (!isFiltered) {
    return refuse(`an empty selector would select everything: pass ${idsName}, filters, or { all: true }`)
  }
  const missing = Object.entries(selector).find(([name, value]) => name !== "all" && value === undefined)
  return missing === undefined
    ? check(kind, filter)
    : refuse("is undefined, which would select more: leave it out if you want that", missing[0])
}

/**
 * Checks a user's filters for the dead letter queue.
 *
 * @since 0.1.0
 * @category constructors
 */
export const fromDlqFilter = (filter: DlqFilter): Checked<Criteria> => check("dlq", filter)

/**
 * Checks a user's filters for the logs.
 *
 * @since 0.1.0
 * @category constructors
 */
export const fromLogFilter = (filter: LogFilter): Checked<Criteria> => check("log", filter)

/**
 * Checks a user's selection of pending messages. An empty selector is an error.
 *
 * @since 0.1.0
 * @category constructors
 */
export const fromMessageSelector = (selector: MessageSelector): Checked<Criteria> =>
  checkSelector("message", selector, "messageIds")

/**
 * Checks a user's selection of dead letters. An empty selector is an error.
 *
 * @since 0.1.0
 * @category constructors
 */
export const fromDlqSelector = (selector: DlqSelector): Checked<Criteria> =>
  checkSelector("dlq", selector, "dlqIds")
