import type { Page } from "@effect-qstash/domain/Page"
import { QStashInvalidRequest } from "@effect-qstash/domain/QStashError"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import type { StoredPage } from "../../Rows.ts"

/** The time of a row, then its number, as in QStash's own cursors. */
export const cursorOf = (time: number | undefined, last: number | undefined): { readonly cursor?: string } =>
  last === undefined ? {} : { cursor: `${time ?? 0}-${last}` }

export const partsOf = (
  cursor: string | undefined
): Either.Either<readonly [before?: number, number?: number], QStashInvalidRequest> => {
  if (cursor === undefined) return Either.right([])
  const [, before, number] = /^(-?\d{1,15})-(\d{1,15})$/.exec(cursor) ?? []
  return number === undefined
    ? Either.left(
        // Only QStash can know that, so this has its status wherever the engine runs.
        new QStashInvalidRequest({
          field: "cursor",
          reason: "is not the cursor of another page",
          status: 400
        })
      )
    : Either.right([Number(before), Number(number)])
}

export const numberOf = (
  cursor: string | undefined
): Either.Either<number | undefined, QStashInvalidRequest> =>
  Either.map(partsOf(cursor), ([, number]) => number)

export const pageOf = <A, B>(
  { items, last }: StoredPage<A>,
  show: (stored: A) => B,
  timeOf: (stored: A) => number
): Page<B> => {
  const end = items.at(-1)
  return { items: items.map(show), ...cursorOf(end === undefined ? undefined : timeOf(end), last) }
}

export const allPages = <A, E>(
  page: (cursor: string | undefined) => Effect.Effect<Page<A>, E>
): Stream.Stream<A, E> =>
  Stream.paginateEffect(undefined, (cursor: string | undefined) =>
    Effect.map(page(cursor), (found) => [found.items, Option.fromNullable(found.cursor)])
  ).pipe(Stream.flattenIterables)
