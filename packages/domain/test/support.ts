import { QStashInvalidRequest, RedactedValue } from "@effect-qstash/domain"
import { assertEquals, assertTrue, deepStrictEqual } from "@effect/vitest/utils"
import { DateTime, Either } from "effect"
import { inspect } from "node:util"

export const at = (millis: number): DateTime.Utc => DateTime.unsafeMake(millis)

export const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

export const hash = "0123456789abcdef".repeat(4)
export const redacted = new RedactedValue({ sha256: hash })

/** A JSON value as it arrives at the other end. */
export const overTheWire = (json: unknown): unknown => JSON.parse(JSON.stringify(json))

export const valueOf = <A>(result: Either.Either<A, string>): A =>
  Either.getOrThrowWith(result, (reason) => new Error(reason))

export const checked = <A>(result: Either.Either<A, QStashInvalidRequest>): A =>
  Either.getOrThrowWith(result, (error) => error)

export const refusalOf = (result: Either.Either<unknown, QStashInvalidRequest>): QStashInvalidRequest =>
  Either.match(result, {
    onLeft: (error) => error,
    onRight: (value) => new QStashInvalidRequest({ reason: `no error, but ${inspect(value)}` })
  })

export const isRefused = (
  result: Either.Either<unknown, QStashInvalidRequest>,
  reason: string,
  field?: string
) =>
  deepStrictEqual(
    refusalOf(result),
    new QStashInvalidRequest(field === undefined ? { reason } : { field, reason })
  )

export const isUnreadable = (result: Either.Either<unknown, string>, reason: string) =>
  assertEquals<unknown>(result, Either.left(reason))

const path = String.raw`(?:\w+|\[\d+\])(?:\.\w+|\[\d+\])*`
const quiet = new RegExp(`^(?:the JSON|${path}) is (?:missing|not of the expected shape|not base64)$`)

/** Holds a reader of answers to what it promises of any JSON: a value that can be written, or where it is wrong alone. */
export const isQuiet =
  <A>(decode: (json: unknown) => Either.Either<A, string>, encode: (value: A) => unknown) =>
  (json: unknown) =>
    Either.match(decode(json), {
      onLeft: (reason) => assertTrue(quiet.test(reason), reason),
      onRight: (value) => {
        const again = decode(overTheWire(encode(value)))
        assertTrue(Either.isRight(again), inspect(again))
      }
    })

/** Null, or what else stands for an absent field, under each of the names. */
export const each = <A>(names: ReadonlyArray<string>, value: A): Record<string, A> =>
  Object.fromEntries(names.map((name) => [name, value]))
