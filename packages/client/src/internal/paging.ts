import type { Page } from "@effect-qstash/domain/Page"
import { type QStashError, QStashResponseTooLarge } from "@effect-qstash/domain/QStashError"
import type { PageInput } from "@effect-qstash/domain/input/PageInput"
import * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as HashSet from "effect/HashSet"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import type { Parameters } from "./http.ts"

/** Where in a list a call begins, and the cursors of all calls so far. */
export interface Place {
  readonly cursor: string | undefined
  readonly asked: HashSet.HashSet<string>
}

export const placeOf = (cursor: string | undefined): Place => ({
  cursor,
  asked: HashSet.fromIterable(cursor === undefined ? [] : [cursor])
})

export const placeParameters = ({ cursor, count }: PageInput): Parameters => [
  ...(cursor === undefined ? [] : [["cursor", cursor] as const]),
  ...(count === undefined ? [] : [["count", String(count)] as const])
]

/** A cursor that was asked for already would lead round and round. */
export const expectProgress =
  ({ asked }: Place) =>
  <A>(page: Page<A>): Either.Either<Page<A>, string> =>
    page.cursor !== undefined && HashSet.has(asked, page.cursor)
      ? Either.left("the cursor of the next page is one that was asked for already")
      : Either.right(page)

/** All pages of a list, each one asked for when it is wanted. */
export const paginate = <A, E>(page: (place: Place) => Effect.Effect<Page<A>, E>): Stream.Stream<A, E> =>
  Stream.paginateChunkEffect(placeOf(undefined), (place) =>
    Effect.map(page(place), ({ cursor, items }) => [
      Chunk.unsafeFromArray(items),
      Option.map(Option.fromNullable(cursor), (next) => ({
        cursor: next,
        asked: HashSet.add(place.asked, next)
      }))
    ])
  )

/** As many items as QStash documents for a page without a `count`. */
const usualCount = 100

interface Reading extends Place {
  /** Absent until a page was too large: then QStash chooses. */
  readonly count: number | undefined
}

/**
 * The same for calls that only read. A page that is too large for the client is asked for again with half as many
 * items, down to one, and those that follow are no larger.
 */
export const paginateReads = <A>(
  page: (place: Place, count: number | undefined) => Effect.Effect<Page<A>, QStashError>
): Stream.Stream<A, QStashError> => {
  const read = (
    place: Place,
    count: number | undefined
  ): Effect.Effect<readonly [Page<A>, number | undefined], QStashError> =>
    page(place, count).pipe(
      Effect.map((found) => [found, count] as const),
      Effect.catchIf(
        (error) => error instanceof QStashResponseTooLarge && count !== 1,
        () => read(place, Math.floor((count ?? usualCount) / 2))
      )
    )
  const start: Reading = { ...placeOf(undefined), count: undefined }
  return Stream.paginateChunkEffect(start, (at) =>
    Effect.map(read(at, at.count), ([{ cursor, items }, count]) => [
      Chunk.unsafeFromArray(items),
      Option.map(Option.fromNullable(cursor), (next): Reading => ({
        cursor: next,
        asked: HashSet.add(at.asked, next),
        count
      }))
    ])
  )
}
