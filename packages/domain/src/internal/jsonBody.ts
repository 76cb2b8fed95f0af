import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type { MessageSettings } from "../MessageSettings.ts"
import { QStashInvalidRequest } from "../QStashError.ts"
import { describe } from "./describe.ts"
import { isPlain } from "./isPlain.ts"
import { quote } from "./quote.ts"

/** A value as JSON text. The error says where it does not encode, and repeats nothing of the value. */
export const encodeJson = <A, I, R>(
  schema: Schema.Schema<A, I, R>,
  value: A
): Effect.Effect<string, QStashInvalidRequest, R> =>
  Schema.encode(schema)(value).pipe(
    Effect.mapError(describe),
    Effect.flatMap((encoded) => Effect.try({ try: () => stringify(encoded), catch: reasonOf })),
    Effect.mapError(
      (reason) => new QStashInvalidRequest({ field: "body", reason: `cannot be encoded: ${reason}` })
    )
  )

class Lossy extends Data.TaggedError("Lossy")<{ readonly reason: string }> {}

/** Other errors of JSON.stringify may repeat the value. */
const reasonOf = (error: unknown): string =>
  error instanceof Lossy ? error.reason : "the JSON is not of the expected shape"

const stringify = (encoded: unknown): string => {
  const text: unknown = JSON.stringify(encoded, refuseLossy)
  if (typeof text === "string") return text
  throw new Lossy({ reason: `JSON has no ${quote(encoded)}` })
}

/** JSON.stringify would write a Map, a Set or a Blob as `{}`. */
const refuseLossy = (key: string, value: unknown): unknown => {
  if (typeof value !== "object" || value === null || Array.isArray(value) || isPlain(value)) return value
  if (Object.keys(value).length > 0) return value
  throw new Lossy({
    reason: `${key === "" ? "the value" : quote(key)} is ${quote(value)}, which JSON would write as {}`
  })
}

export const withJsonType = (headers: MessageSettings.HeadersInput = {}): MessageSettings.HeadersInput =>
  !isPlain(headers) || Object.keys(headers).some((name) => name.toLowerCase() === "content-type")
    ? headers // What is no plain object is refused later, with what to write instead.
    : { "Content-Type": "application/json", ...headers }
