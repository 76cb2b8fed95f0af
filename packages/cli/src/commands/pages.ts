import type { Page } from "@effect-qstash/domain/Page"
import type { QStashError } from "@effect-qstash/domain/QStashError"
import * as Effect from "effect/Effect"

/** The most items that QStash returns from one call, on any plan. */
export const pageSize = 100

/**
 * Asks for pages of at most so many items. A page that is too large for the client is asked for again with half as many,
 * down to one, and those that follow are no larger.
 */
export const fitting = (most: number) => {
  let count = most
  return <A, R>(
    page: (count: number) => Effect.Effect<Page<A>, QStashError, R>
  ): Effect.Effect<Page<A>, QStashError, R> => {
    const attempt: Effect.Effect<Page<A>, QStashError, R> = Effect.suspend(() => page(count)).pipe(
      Effect.catchTag("QStashResponseTooLarge", (error) => {
        if (count === 1) return Effect.fail(error)
        count = Math.floor(count / 2)
        return attempt
      })
    )
    return attempt
  }
}

/** Page after page as one, until there are enough items or no more. It has a cursor where more would follow. */
export const collect = <A, R>(
  most: number,
  page: (place: {
    readonly cursor?: string
    readonly count: number
  }) => Effect.Effect<Page<A>, QStashError, R>,
  isEnough: (items: ReadonlyArray<A>) => boolean
): Effect.Effect<Page<A>, QStashError, R> =>
  Effect.gen(function* () {
    const ask = fitting(most)
    const items: Array<A> = []
    let cursor: string | undefined
    do {
      const place = cursor === undefined ? {} : { cursor }
      const next: Page<A> = yield* ask((count) => page({ ...place, count }))
      for (const item of next.items) items.push(item)
      cursor = next.cursor
    } while (cursor !== undefined && !isEnough(items))
    return cursor === undefined ? { items } : { items, cursor }
  })
