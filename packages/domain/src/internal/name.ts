import * as Schema from "effect/Schema"
import { quote } from "./quote.ts"

const characters = /^[A-Za-z0-9._-]+$/

/**
 * The rule of every id and name that QStash restricts: letters, digits, `.`, `_` and `-`. `.` and `..` are refused
 * too, because URL parsing resolves them, which would turn `DELETE /v2/schedules/..` into another call.
 */
export const restrictedName = (what: string) => {
  const message = (issue: { readonly actual: unknown }) =>
    `Expected a ${what} of letters, digits, ".", "_" and "-", and not "." or "..", got ${quote(issue.actual)}`
  return Schema.String.annotations({ message }).pipe(
    Schema.pattern(characters, { message }),
    Schema.filter((text) => text !== "." && text !== "..", { message })
  )
}

/** The rule of an id that QStash itself makes: any text that can be one segment of a path. */
export const nonEmptyName = (what: string) => {
  const message = (issue: { readonly actual: unknown }) =>
    `Expected a ${what}, neither empty nor "." or "..", got ${quote(issue.actual)}`
  return Schema.String.annotations({ message }).pipe(
    Schema.filter((text) => text.trim() !== "" && text !== "." && text !== ".." && !/\p{Cs}/u.test(text), {
      message
    })
  )
}

/** An id or a name as QStash's answers may carry it: its own rule is newer than some of what it stores. */
export const nameFromAnswer = <const B extends string>(brand: B) =>
  Schema.NonEmptyString.pipe(Schema.brand(brand))
