import * as Either from "effect/Either"

/** Checks items in order, and stops at the first that is wrong. */
export const each = <A, B, E>(
  items: Iterable<A>,
  check: (item: A, index: number) => Either.Either<B, E>
): Either.Either<ReadonlyArray<B>, E> => {
  const checked: Array<B> = []
  for (const item of items) {
    const one = check(item, checked.length)
    if (Either.isLeft(one)) return Either.left(one.left)
    checked.push(one.right)
  }
  return Either.right(checked)
}
