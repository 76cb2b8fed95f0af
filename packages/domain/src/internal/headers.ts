import * as Either from "effect/Either"
import { isIterable, isPlain } from "./isPlain.ts"
import type { Parsed } from "./parser.ts"
import { quote } from "./quote.ts"

/** Headers in the contracts: canonical names, and all values of a name in order. */
export type HeaderMap = Readonly<Record<string, ReadonlyArray<string>>>

const printable = /^[\t\x20-\x7e\x80-\xff]*$/
const token = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/

/** `test-header` becomes `Test-Header`: QStash stores and sends names in the form that Go's net/http gives them. */
export const canonicalName = (name: string): string =>
  name.replace(/[^-]+/g, (part) => part.charAt(0).toUpperCase() + part.slice(1).toLowerCase())

/** Whether text can be the value of an HTTP header: printable Latin-1 and tabs, no line break. */
export const isHeaderValue = (text: string): boolean => printable.test(text)

export const isHeaderName = (text: string): boolean => token.test(text)

const isBlank = (character: string): boolean => character === " " || character === "\t"

/**
 * Removes what HTTP treats as whitespace around a value: spaces and tabs only. A loop, because a pattern anchored at
 * the end takes quadratic time on a run of spaces inside the text.
 */
export const trimBlanks = (text: string): string => {
  let start = 0
  let end = text.length
  while (start < end && isBlank(text.charAt(start))) start++
  while (end > start && isBlank(text.charAt(end - 1))) end--
  return text.slice(start, end)
}

/** `Object.fromEntries` defines each key as its own property, so a header named `__proto__` is a header like any other. */
export const fromEntries = (entries: Iterable<readonly [string, ReadonlyArray<string>]>): HeaderMap =>
  Object.fromEntries(entries)

/**
 * Parses headers from a user. The reason quotes no value: it may be secret. Whitespace around a value is cut off,
 * because HTTP does not carry it.
 */
export const parseHeaders = (input: unknown): Parsed<HeaderMap> => {
  if (!isPlain(input)) {
    return Either.left(
      isIterable(input)
        ? `expected an object of header names and values, got ${quote(input)}: write Object.fromEntries(headers)`
        : `expected an object of header names and values, got ${quote(input)}`
    )
  }
  const result = new Map<string, Array<string>>()
  for (const [name, given] of Object.entries(input)) {
    if (!isHeaderName(name)) return Either.left(`${quote(name)} is not a valid header name`)
    const values: ReadonlyArray<unknown> = Array.isArray(given) ? given : [given]
    const canonical = canonicalName(name)
    const texts = result.get(canonical) ?? []
    for (const value of values) {
      if (typeof value !== "string") return Either.left(`the value of ${quote(name)} is not text`)
      if (!isHeaderValue(value)) {
        return Either.left(
          `the value of ${quote(name)} contains a character that a header cannot carry (only printable Latin-1 can be sent)`
        )
      }
      texts.push(trimBlanks(value))
    }
    if (texts.length > 0) result.set(canonical, texts)
  }
  return Either.right(fromEntries(result))
}
