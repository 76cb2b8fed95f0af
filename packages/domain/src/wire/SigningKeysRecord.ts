/**
 * The signing keys in a response: the JSON object of `GET /v2/keys` and of a rotation. The client reads, the server
 * writes.
 *
 * @since 0.1.0
 */
import type * as Either from "effect/Either"
import * as Redacted from "effect/Redacted"
import { id } from "../internal/fields.ts"
import { type Field, record, Unreadable } from "../internal/record.ts"
import type { SigningKeys } from "../SigningKeys.ts"

const secret = (name: string): Field<Redacted.Redacted> => {
  const { read, write } = id(name)
  return {
    read: (json) => {
      const found = read(json)
      return found instanceof Unreadable ? found : Redacted.make(found)
    },
    write: (value, json) => write(Redacted.value(value), json)
  }
}

const keys = record<SigningKeys>({ current: secret("current"), next: secret("next") })

/**
 * Reads the keys of a response. The error names the field and contains nothing of its value.
 *
 * @since 0.1.0
 * @category conversions
 */
export const decode: (json: unknown) => Either.Either<SigningKeys, string> = keys.decode

/**
 * Writes the keys as QStash does, in clear text.
 *
 * @since 0.1.0
 * @category conversions
 */
export const encode: (keys: SigningKeys) => unknown = keys.encode
