/**
 * An id or a name as one segment of a path, percent-encoded.
 *
 * @since 0.1.0
 */
import * as Either from "effect/Either"
import { quote } from "../internal/quote.ts"
import { QStashInvalidRequest } from "../QStashError.ts"

/**
 * Writes an id or a name. Even a branded one is checked: ids from responses are any text, and an empty one or a dot
 * segment would turn the call into another one, such as a delete of everything.
 *
 * @since 0.1.0
 * @category conversions
 */
export const encode = (field: string, value: unknown): Either.Either<string, QStashInvalidRequest> => {
  const refuse = (reason: string) => Either.left(new QStashInvalidRequest({ field, reason }))
  if (typeof value !== "string" || value.trim() === "") return refuse("must not be empty")
  if (value === "." || value === "..") return refuse(`${quote(value)} would be another route`)
  return Either.try({
    try: () => encodeURIComponent(value),
    catch: () => new QStashInvalidRequest({ field, reason: `${quote(value)} is not valid Unicode` })
  })
}
