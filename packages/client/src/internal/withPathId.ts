import type { QStashInvalidRequest } from "@effect-qstash/domain/QStashError"
import * as PathSegment from "@effect-qstash/domain/wire/PathSegment"
import * as Effect from "effect/Effect"
import { isNotFound, type Refusal } from "./refusal.ts"

/** Builds the calls whose path ends with an id or a name. A 404 from QStash means that there is no such id. */
export const withPathId =
  <Id extends string, E>(path: string, field: string, notFound: (id: Id) => E) =>
  <A, F>(
    id: Id,
    send: (call: {
      readonly target: string
      readonly ownError: (refused: Refusal) => E | undefined
    }) => Effect.Effect<A, F>
  ): Effect.Effect<A, F | QStashInvalidRequest> =>
    Effect.flatMap(PathSegment.encode(field, id), (segment) =>
      send({
        target: `${path}/${segment}`,
        ownError: (refused) => (isNotFound(refused) ? notFound(id) : undefined)
      })
    )
