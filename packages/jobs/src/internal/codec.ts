import { QStashInvalidRequest } from "@effect-qstash/domain/QStashError"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"
import { schemaPath } from "./schemaPath.ts"

/** How the payload, the result and the errors of one job travel: as JSON text. */
export interface Codec {
  readonly encodePayload: (payload: unknown) => Either.Either<string, QStashInvalidRequest>
  /** The reason of a failure names the field and nothing of its value. */
  readonly decodePayload: (text: string) => Either.Either<unknown, string>
  /** Empty for a job without a result. */
  readonly encodeSuccess: (value: unknown) => Either.Either<string, string>
  readonly decodeSuccess: (text: string) => Either.Either<unknown, string>
  /** None for an error that the job does not declare. */
  readonly encodeError: (error: unknown) => Option.Option<{ readonly tag: string; readonly text: string }>
  readonly decodeError: (text: string) => Option.Option<unknown>
}

type AnySchema = Schema.Schema.AnyNoContext

const encoder = (root: string, schema: AnySchema) => {
  const encode = Schema.encodeUnknownEither(Schema.parseJson(schema))
  return (value: unknown): Either.Either<string, string> =>
    Either.mapLeft(encode(value), (error) => `${schemaPath(root, error)} does not match its schema`)
}

const decoder = (root: string, schema: AnySchema) => {
  const decode = Schema.decodeUnknownEither(Schema.parseJson(schema))
  return (text: string): Either.Either<unknown, string> =>
    Either.mapLeft(decode(text), (error) => `${schemaPath(root, error)} does not match its schema`)
}

export const makeCodec = (schemas: {
  readonly payload: AnySchema
  readonly success: AnySchema | undefined
  readonly error: AnySchema | undefined
}): Codec => {
  const { error, payload, success } = schemas
  const encodePayload = encoder("payload", payload)
  const isDeclared = error === undefined ? () => false : Schema.is(error)
  const encodeError = error === undefined ? undefined : encoder("error", error)
  const decodeError = error === undefined ? undefined : decoder("error", error)
  return {
    encodePayload: (value) =>
      Either.mapLeft(encodePayload(value), (reason) => new QStashInvalidRequest({ field: "body", reason })),
    decodePayload: decoder("payload", payload),
    encodeSuccess: success === undefined ? () => Either.right("") : encoder("success", success),
    decodeSuccess: success === undefined ? () => Either.right(undefined) : decoder("success", success),
    encodeError: (value) =>
      encodeError !== undefined && isDeclared(value) && Predicate.hasProperty(value, "_tag")
        ? Option.map(Either.getRight(encodeError(value)), (text) => ({ tag: String(value._tag), text }))
        : Option.none(),
    decodeError: (text) => (decodeError === undefined ? Option.none() : Either.getRight(decodeError(text)))
  }
}
