import * as Either from "effect/Either"

/** Reads a list without pages. `what` names an element in error texts. */
export const listOf =
  <A>(what: string, decode: (json: unknown) => Either.Either<A, string>) =>
  (json: unknown): Either.Either<ReadonlyArray<A>, string> => {
    if (!Array.isArray(json)) return Either.left("the body is not a list")
    const found: Array<A> = []
    for (const record of json) {
      const decoded = decode(record)
      if (Either.isLeft(decoded)) return Either.left(`${what} ${found.length} of the list: ${decoded.left}`)
      found.push(decoded.right)
    }
    return Either.right(found)
  }
