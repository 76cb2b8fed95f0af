/**
 * How the signing keys stand in an answer: the JSON object of `GET /v2/keys` and of a rotation. Client and server use
 * the two directions of this one codec.
 *
 * @since 0.1.0
 */
import * as Either from "effect/Either"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { decoder } from "../internal/record.ts"
import type { SigningKeys } from "../SigningKeys.ts"

const readJson = decoder(Schema.Struct({ current: Schema.NonEmptyString, next: Schema.NonEmptyString }))

/**
 * Reads the keys of an answer. The reason of a refusal names the field and nothing of its value.
 *
 * @since 0.1.0
 * @category conversions
 */
export const decode = (json: unknown): Either.Either<SigningKeys, string> =>
  Either.map(readJson(json), ({ current, next }) => ({
    current: Redacted.make(current),
    next: Redacted.make(next)
  }))

/**
 * Writes the keys as QStash answers them, in clear text.
 *
 * @since 0.1.0
 * @category conversions
 */
export const encode = ({ current, next }: SigningKeys): unknown => ({
  current: Redacted.value(current),
  next: Redacted.value(next)
})
