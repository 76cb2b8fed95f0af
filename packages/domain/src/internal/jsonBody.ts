import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type { MessageSettings } from "../MessageSettings.ts"
import { QStashInvalidRequest } from "../QStashError.ts"
import { describe } from "./describe.ts"

/** A value as JSON text. The error tells where it does not encode, and nothing of the value. */
export const encodeJson = <A, I, R>(
  schema: Schema.Schema<A, I, R>,
  value: A
): Effect.Effect<string, QStashInvalidRequest, R> =>
  Effect.mapError(
    Schema.encode(Schema.parseJson(schema))(value),
    (error) => new QStashInvalidRequest({ field: "body", reason: `cannot be encoded: ${describe(error)}` })
  )

export const withJsonType = (headers: MessageSettings.HeadersInput = {}): MessageSettings.HeadersInput =>
  Object.keys(headers).some((name) => name.toLowerCase() === "content-type")
    ? headers
    : { "Content-Type": "application/json", ...headers }
