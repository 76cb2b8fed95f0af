import * as Either from "effect/Either"

/** Reads a list without pages. `what` names an element in error texts. */
export const listOf =
  <A>(what: string, decode: (json: unknown) => Either.Either<A, string>) =>
  (json: unknown): Either.Either<ReadonlyArray<A>, string> =>
    Array.isArray(json)
      ? Either.all(
          json.map((record, index) =>
            Either.mapLeft(decode(record), (reason) => `${what} ${index} of the list: ${reason}`)
          )
        )
      : Either.left("the body is not a list")
