import type { QStashInvalidRequest } from "@effect-qstash/domain"
import * as PathSegment from "@effect-qstash/domain/wire/PathSegment"
import * as Effect from "effect/Effect"
import { isAbsent, type Refusal } from "./refusal.ts"

/**
 * For the calls that have an id or a name at the end of their path, which a 404 of QStash's is about.
 */
export const named =
  <Id extends string, E>(path: string, field: string, notFound: (id: Id) => E) =>
  <A, F>(
    id: Id,
    call: (common: {
      readonly target: string
      readonly ownError: (refused: Refusal) => E | undefined
    }) => Effect.Effect<A, F>
  ): Effect.Effect<A, F | QStashInvalidRequest> =>
    Effect.flatMap(PathSegment.encode(field, id), (segment) =>
      call({
        target: `${path}/${segment}`,
        ownError: (refused) => (isAbsent(refused) ? notFound(id) : undefined)
      })
    )
