import type { Page } from "@effect-qstash/domain/Page"
import * as Effect from "effect/Effect"

/** As many as one call answers whatever the plan. */
export const pageSize = 100

/** Page after page as one, until there are enough items or no more. It has a cursor where more would follow. */
export const collect = <A, E, R>(
  page: (place: { readonly cursor?: string }) => Effect.Effect<Page<A>, E, R>,
  isEnough: (items: ReadonlyArray<A>) => boolean
): Effect.Effect<Page<A>, E, R> =>
  Effect.gen(function* () {
    let found = yield* page({})
    while (found.cursor !== undefined && !isEnough(found.items)) {
      const next: Page<A> = yield* page({ cursor: found.cursor })
      found = { ...next, items: [...found.items, ...next.items] }
    }
    return found
  })
