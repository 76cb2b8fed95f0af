import { QStashInvalidRequest } from "@effect-qstash/domain"
import * as Either from "effect/Either"
import * as Encoding from "effect/Encoding"
import { cut } from "./foreignText.ts"

/**
 * Writes an id or a name as one segment of a path. Checked although it is branded: ids of answers are any text, and
 * an empty one or a dot segment would turn the call into another one, such as a delete of everything.
 */
export const pathSegment = (field: string, value: unknown): Either.Either<string, QStashInvalidRequest> => {
  const refuse = (reason: string) => Either.left(new QStashInvalidRequest({ field, reason }))
  if (typeof value !== "string" || value.trim() === "") return refuse("must not be empty")
  if (value === "." || value === "..") return refuse(`${JSON.stringify(value)} would name another route`)
  return Either.mapLeft(
    Encoding.encodeUriComponent(value),
    () => new QStashInvalidRequest({ field, reason: `${JSON.stringify(cut(value))} is not well-formed text` })
  )
}
