import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type { MessageSettings } from "../MessageSettings.ts"
import { QStashInvalidRequest } from "../QStashError.ts"
import { describeIssue } from "./effectSchema.ts"
import { isPlain } from "./isPlain.ts"
import { quote } from "./quote.ts"

/** A value as JSON text. The error says where it does not encode, and contains nothing of the value. */
export const encodeJson = <A, I, R>(
  schema: Schema.Schema<A, I, R>,
  value: A
): Effect.Effect<string, QStashInvalidRequest, R> =>
  Schema.encode(schema)(value).pipe(
    Effect.mapError(describeIssue),
    Effect.flatMap((encoded) => Effect.try({ try: () => stringify(encoded), catch: reasonOf })),
    Effect.mapError(
      (reason) => new QStashInvalidRequest({ field: "body", reason: `cannot be encoded: ${reason}` })
    )
  )

class Lossy extends Data.TaggedError("Lossy")<{ readonly reason: string }> {}

/** Other errors of JSON.stringify may quote the value. */
const reasonOf = (error: unknown): string =>
  error instanceof Lossy ? error.reason : "the JSON is not of the expected shape"

const stringify = (encoded: unknown): string => {
  const text: unknown = JSON.stringify(encoded, refuseLossy())
  if (typeof text === "string") return text
  throw new Lossy({ reason: `JSON has no ${quote(encoded)}` })
}

/** JSON.stringify would write a Map, a Set or a Blob as `{}` and NaN as null, and its errors name no place. */
const refuseLossy = () => {
  const around: Array<{ readonly key: string; readonly value: object }> = []
  return function (this: unknown, key: string, value: unknown): unknown {
    while (around.length > 0 && around.at(-1)?.value !== this) around.pop()
    const refuse = (reason: string) => {
      const path = [...around.map((one) => one.key), key].filter((name) => name !== "").join(".")
      throw new Lossy({ reason: `${path === "" ? "the value" : quote(path)} is ${reason}` })
    }
    if (typeof value === "bigint") refuse("a bigint, and JSON has no bigint")
    if (typeof value === "number" && !Number.isFinite(value)) refuse(`${value}, and JSON has no ${value}`)
    if (typeof value !== "object" || value === null) return value
    if (around.some((one) => one.value === value)) refuse("part of itself, and JSON cannot write a cycle")
    if (!Array.isArray(value) && !isPlain(value) && Object.keys(value).length === 0) {
      refuse(`${quote(value)}, which JSON would write as {}`)
    }
    around.push({ key, value })
    return value
  }
}

export const withJsonType = (headers: MessageSettings.HeadersInput = {}): MessageSettings.HeadersInput =>
  !isPlain(headers) || Object.keys(headers).some((name) => name.toLowerCase() === "content-type")
    ? headers // What is no plain object is refused later, with what to write instead.
    : { "Content-Type": "application/json", ...headers }
